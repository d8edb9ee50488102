"""A file is what it holds, whatever it is called and wherever it lies."""

import os

import pytest

from stats_core.exports.recognise import PEEK_BYTES
from tests.exports.files import (
    AUDIO,
    MUSIC,
    Inbox,
    Row,
    account,
    audiobook,
    extended,
    plays_of,
    podcast,
    text,
    without,
)

ROWS: dict[str, list[Row]] = {
    **{f"extended-{number}": [extended(number)] for number in range(1, 6)},
    "account-music": [account()],
    "account-podcast": [podcast()],
    "account-audiobook": [audiobook()],
}
NAMES = [
    AUDIO,
    "MyData/endsong_0.json",
    "Historique de streaming/écoute.json",
    "再生履歴/файл",
    "a/b/c/d/e/rows.txt",
    "MyData\\endvideo.json",
]
OTHERS = {
    "Marquee.json": [{"artistName": "A", "segment": "Listeners"}],
    "SearchQueries.json": [{"platform": "ANDROID", "searchTime": "2024-01-01T00:00:00Z", "searchQuery": "x"}],
    "Inferences.json": {"inferences": ["1P_x"]},
    "Identity.json": {"displayName": "Sample", "firstName": None},
    "Identifiers.json": {"identifierType": "email", "identifierValue": "a@example.org"},
    "Follow.json": {"userIsFollowing": ["a"], "userIsFollowedBy": [], "userIsBlocking": []},
    "Userdata.json": {"username": "sample", "email": "a@example.org", "country": "DE"},
    "Payments.json": {"payment_method": "card"},
    "Purchases.json": [],
    "Wrapped2023.json": {"topArtists": {"topArtists": ["a"]}, "topTracks": {"tracks": [1]}},
    "PodcastInteractivityRatedShow.json": {"ratedShows": [{"showName": "a", "rating": 5}]},
    "DuoNewFamily.json": {"address": "none"},
    "YourSoundCapsule.json": {"highlights": [], "stats": [{"date": "2024-01-01", "playlists": [1]}]},
    "PlaylistInABottle.json": {"other": {"playlists": [{"name": 5}]}},
    "MessageData.json": {"messages": []},
    "UserPrompts.json": [{"prompt": "x"}],
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("generation", ROWS)
def test_every_generation_is_recognised_in_a_zip_whatever_its_name(inbox: Inbox, generation: str, name: str) -> None:
    document = inbox.drop_zip([(name, text(ROWS[generation]))])
    assert [(file.path, file.generation, file.rows) for file in document.files] == [(name, generation, 1)]
    assert document.status == "imported"
    assert document.generations == [generation]


@pytest.mark.parametrize("generation", ROWS)
def test_every_generation_is_recognised_as_a_loose_file(inbox: Inbox, generation: str) -> None:
    assert inbox.drop_rows(ROWS[generation], "renamed (1).txt").generation == generation


@pytest.mark.parametrize("generation", ROWS)
def test_broken_first_rows_hide_no_generation(inbox: Inbox, generation: str) -> None:
    file = inbox.drop_rows([None, 5, "x", [], {}, *ROWS[generation]], "renamed.json")
    assert (file.generation, file.rows, file.states) == (generation, 6, {"invalid": 5, "stored": 1})


@pytest.mark.parametrize("generation", ROWS)
def test_a_first_row_longer_than_what_is_looked_at_hides_no_history(inbox: Inbox, generation: str) -> None:
    long = {**ROWS[generation][0], "new_field": "x" * 3_000_000}
    file = inbox.drop_rows([long, *ROWS[generation]], "renamed.json")
    assert (file.status, file.rows, file.states.get("invalid")) == ("imported", 2, None)


@pytest.mark.parametrize(
    ("rows", "generation"),
    [
        ([without(extended(2), "offline_timestamp"), without(extended(2), "offline_timestamp")], "extended-3"),
        ([extended(2, play, offline_timestamp=None) for play in reversed(plays_of(2))], "extended-2"),
        ([extended(3, offline_timestamp=1), extended(3, offline_timestamp=1_648_771_000_000)], "extended-2"),
        ([{**extended(2), "username": None, "platform": None, "incognito_mode": None}], "extended-2"),
        ([without(extended(5), "master_metadata_track_name", "platform")], "extended-5"),
        ([{"ts": "2022-03-31T23:59:00Z", "ms_played": 1, "spotify_track_uri": "spotify:track:1"}], "extended-4"),
        ([{"ms_played": 1, "reason_end": "trackdone"}], "extended-1"),
        ([account(podcastName=None, episodeName="")], "account-music"),
        ([podcast(artistName=None, trackName="")], "account-podcast"),
    ],
)
def test_missing_and_null_keys_still_tell_a_generation(inbox: Inbox, rows: list[Row], generation: str) -> None:
    assert inbox.drop_rows(rows, "renamed.json").generation == generation


@pytest.mark.parametrize(
    ("name", "video"),
    [
        (AUDIO, False),
        ("endvideo.json", True),
        ("Streaming_History_Video_2018-2024.json", True),
        ("endsong.json", False),
    ],
)
def test_video_is_told_by_the_name_alone(inbox: Inbox, name: str, video: bool) -> None:
    inbox.drop_rows([extended()], name)
    assert [play.video for play in inbox.plays()] == [video]


def test_one_zip_may_hold_several_exports(inbox: Inbox) -> None:
    rows = [text([extended(1 + number, play)]) for number, play in enumerate(plays_of(5))]
    members = [(f"{folder}/{AUDIO}", content) for folder, content in zip("abcde", rows, strict=True)]
    document = inbox.drop_zip([*members, (f"Account Data/{MUSIC}", text([account(plays_of(6)[5])]))])
    assert document.generations == ["account-music", *(f"extended-{n}" for n in range(1, 6))]
    assert document.states == {"stored": 6}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_twice_in_a_zip_is_two_files(inbox: Inbox) -> None:
    one, two = ([extended(5, play)] for play in plays_of(2))
    document = inbox.drop_zip([(AUDIO, text(one)), (AUDIO, text(two))])
    assert [(file.path, file.states) for file in document.files] == [(AUDIO, {"stored": 1})] * 2
    assert len(inbox.plays()) == 2


def test_other_files_of_the_account_are_ignored(inbox: Inbox) -> None:
    others = [(f"Spotify Account Data/{name}", text(content, indent=2)) for name, content in OTHERS.items()]
    unreadable = [("UserAddress.json", b"List(Map(street -> Sample))"), ("Read_Me_First.pdf", b"%PDF-1.7\n\xff\0")]
    document = inbox.drop_zip([*others, *unreadable, (MUSIC, text([account()]))])
    assert document.status == "imported"
    assert [file.path for file in document.files] == [MUSIC]
    assert [member.path for member in document.ignored] == [name for name, _ in [*others, *unreadable]]


def test_no_more_than_64_kb_of_an_ignored_member_is_read(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    monkeypatch.setattr("stats_core.exports.reading.recognised", lambda head: read.append(len(head)))
    inbox.drop_zip([("SearchQueries.json", text([{"q": "x" * 100}] * 5_000))])
    assert read == [PEEK_BYTES]


def test_a_huge_other_member_is_never_unpacked(inbox: Inbox) -> None:
    bomb = b"{" + b" " * 40_000_000
    document = inbox.drop_zip([("Technical Log/big.json", bomb), (MUSIC, text([account()]))])
    assert (document.status, document.states) == ("imported", {"stored": 1})


@pytest.mark.parametrize("name", [AUDIO, MUSIC, "endsong.json", "StreamingHistory0.json", "x/endvideo_1 (1).json"])
@pytest.mark.parametrize("content", [{"a": 1}, [{"a": 1}], [1], "text", [{"a": "x" * 70_000}], [[]], None])
def test_what_is_called_a_history_and_is_none_is_refused(inbox: Inbox, name: str, content: object) -> None:
    document = inbox.drop_zip([(name, text(content)), ("other.json", text([account()]))])
    assert document.status == "partial"
    assert [(file.path, file.status, file.rows) for file in document.files] == [
        (name, "refused", 0),
        ("other.json", "imported", 1),
    ]
    assert "as Spotify wrote it" in (document.files[0].reason or "")


@pytest.mark.parametrize("content", [b"[]", b" [ \r\n ] \n", b"\xef\xbb\xbf[]"])
@pytest.mark.parametrize("name", [AUDIO, MUSIC, "endvideo.json"])
def test_an_empty_list_under_a_historys_name_is_imported_with_no_rows(inbox: Inbox, name: str, content: bytes) -> None:
    document = inbox.drop(content, name)
    assert (document.status, document.rows, document.states) == ("imported", 0, {})
    assert [(file.status, file.rows, file.generation) for file in document.files] == [("imported", 0, None)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"[]", "holds no listening history"),
        (b'{"a": 1}', "holds no listening history"),
        (b"%PDF-1.7", "holds no listening history"),
        (text([{"artistName": "A", "segment": "B"}]), "holds no listening history"),
        ("[]".encode("utf-16"), "not UTF-8"),
    ],
)
def test_an_unrecognised_loose_file_is_refused_and_says_what_to_do(inbox: Inbox, content: bytes, why: str) -> None:
    document = inbox.drop(content, "notes.json")
    assert (document.status, document.rows) == ("refused", 0)
    assert why in (document.reason or "")
    assert not inbox.archived(document).exists()


def test_a_file_whose_name_is_no_utf_8_is_imported(inbox: Inbox) -> None:
    path = inbox.folder / os.fsdecode(b"caf\xe9.json")
    path.write_bytes(text([extended()]))
    document = inbox.drop_path(path)
    assert (document.name, document.states) == ("caf\ufffd.json", {"stored": 1})


def test_library_and_playlists_are_listed_without_rows(inbox: Inbox) -> None:
    track = {"artist": "A", "album": "B", "track": "C", "uri": "spotify:track:1"}
    library = {"tracks": [track], "albums": [], "shows": [], "episodes": [], "other": ["x"]}
    item = {"track": {"trackName": "C", "artistName": "A", "trackUri": "spotify:track:1"}, "episode": None}
    playlists = {"playlists": [{"name": "P", "items": [item, {"track": None, "localTrack": {"uri": "x"}}]}]}
    document = inbox.drop_zip([("renamed.json", text(library)), ("x/Playlist1.json", text(playlists, indent=2))])
    assert [(file.generation, file.rows, file.states) for file in document.files] == [
        ("library", 0, {}),
        ("playlists", 0, {}),
    ]
    assert document.status == "imported"


@pytest.mark.parametrize(
    "content", [b'{"tracks": [{"uri": 5}]}', b'{"tracks": [', b'{"playlists": [5]}', b'{"tracks": [NaN]}']
)
def test_a_broken_library_is_refused_alone(inbox: Inbox, content: bytes) -> None:
    document = inbox.drop_zip([("YourLibrary.json", content), (MUSIC, text([account()]))])
    assert [file.status for file in document.files] == ["refused", "imported"]


def test_half_a_surrogate_in_a_library_refuses_nothing(inbox: Inbox) -> None:
    content = rb'{"tracks": [{"artist": "A", "track": "\ud83c C", "uri": "spotify:track:1"}]}'
    assert inbox.drop(content, "YourLibrary.json").status == "imported"
