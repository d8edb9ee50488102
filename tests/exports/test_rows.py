"""What each field of a row may say, and when a row is invalid."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stats_core.documents.imports import InvalidRow
from tests.exports.files import MUSIC, Inbox, Row, account, audiobook, extended, podcast, text, without
from tests.imports.exported import BASE

URI = "spotify:track:0000000000000000000001"
NAMES = (
    "master_metadata_track_name",
    "master_metadata_album_artist_name",
    "master_metadata_album_album_name",
)
NAMELESS = dict.fromkeys((*NAMES, "spotify_track_uri", "spotify_episode_uri", "episode_name"))
UNREADABLE = "is not a time like 2024-01-31T23:59:59Z"
NO_MINUTE = "is not a time like 2024-01-31 23:59"
NOT_WHOLE = "is not a whole number of milliseconds"
SOON = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)


def invalid(inbox: Inbox, row: object, name: str = "rows.json", sound: Row | None = None) -> tuple[str, str]:
    """(field, reason) of a row between two sound ones of which nothing is lost."""
    sound = sound or extended()
    file = inbox.drop_rows([sound, row, sound], name)
    assert (file.rows, file.states) == (3, {"stored": 2, "invalid": 1})
    (found,) = file.invalid
    assert found.row == 2
    return found.field, found.reason


@pytest.mark.parametrize("row", [None, 5, 1.5, "text", True, [], [{}], 10**400])
def test_a_row_that_is_no_object_is_invalid(inbox: Inbox, row: object) -> None:
    assert invalid(inbox, row) == ("row", "is not an object")


@pytest.mark.parametrize(
    ("ts", "reason"),
    [
        (None, "is missing"),
        ([], "is missing"),
        (1_648_771_140, "is not a time"),
        (True, "is not a time"),
        ("", UNREADABLE),
        ("yesterday", UNREADABLE),
        ("2022-03-31", UNREADABLE),
        ("2022-02-30T00:00:00Z", UNREADABLE),
        ("2022-13-01T00:00:00Z", UNREADABLE),
        ("2016-12-31T23:59:60Z", UNREADABLE),
        ("2024-W05-1T10:00:00Z", UNREADABLE),
        ("2024-01-31T24:00:00Z", UNREADABLE),
        ("٢٠٢٤-01-31T10:00:00Z", UNREADABLE),
        ("2022-03-31T25:00:00Z", UNREADABLE),
        ("2022-03-31T23:59:00", UNREADABLE),
        ("2022-03-31T23:59:00+02:00", UNREADABLE),
        ("٢٠٢٢-03-31 23:59:00 UTC", UNREADABLE),
        ("0000-00-00T00:00:00Z", UNREADABLE),
        ("10000-01-01T00:00:00Z", UNREADABLE),
        ("1969-12-31T23:59:59Z", "lies before 1970"),
        ("0001-01-01T00:00:00Z", "lies before 1970"),
        ("9999-12-31T23:59:59Z", "lies in the future"),
        pytest.param(f"{SOON:%Y-%m-%dT%H:%M:%SZ}", "lies in the future", id="soon"),
    ],
)
def test_a_ts_that_is_no_past_time_makes_the_row_invalid(inbox: Inbox, ts: object, reason: str) -> None:
    assert invalid(inbox, extended(5, ts=ts)) == ("ts", reason)


@pytest.mark.parametrize(
    "ts",
    [
        "2022-03-31T23:59:00Z",
        "2022-03-31 23:59:00 UTC",
        "2022-03-31 23:59:00UTC",
        "2022-03-31T23:59:00.999Z",
        "2022-03-31T23:59:00+00:00",
        " 2022-03-31T23:59:00Z ",
    ],
)
def test_a_ts_may_be_written_in_both_formats(inbox: Inbox, ts: str) -> None:
    inbox.drop_rows([extended(5, ts=ts)])
    assert [play.end for play in inbox.plays()] == [BASE]


def test_the_first_second_of_1970_is_a_time(inbox: Inbox) -> None:
    inbox.drop_rows([extended(5, ts="1970-01-01T00:00:00Z", ms_played=86_400_000)])
    assert [play.start for play in inbox.plays()] == [datetime(1969, 12, 31, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("end_time", "reason"),
    [
        (None, "is missing"),
        (5, "is not a time"),
        ("", NO_MINUTE),
        ("2022-03-31", NO_MINUTE),
        ("2022-03-31 24:59", NO_MINUTE),
        ("2022-02-30 23:59", NO_MINUTE),
        ("31.03.2022 23:59", NO_MINUTE),
        ("1969-12-31 23:59", "lies before 1970"),
        ("9999-12-31 23:59", "lies in the future"),
    ],
)
def test_an_end_time_that_is_no_past_time_makes_the_row_invalid(inbox: Inbox, end_time: object, reason: str) -> None:
    assert invalid(inbox, account(endTime=end_time), MUSIC, account()) == ("endTime", reason)


@pytest.mark.parametrize(
    "end_time", ["2022-03-31 23:59", "2022-03-31T23:59", "2022-03-31 23:59:59", " 2022-03-31 23:59 UTC"]
)
def test_an_end_time_is_cut_to_its_minute(inbox: Inbox, end_time: str) -> None:
    inbox.drop_rows([account(endTime=end_time)])
    assert [play.end for play in inbox.plays()] == [BASE]


MS: list[tuple[Any, str]] = [
    (None, "is missing"),
    ("", NOT_WHOLE),
    ("180000", NOT_WHOLE),
    (1.5, NOT_WHOLE),
    (True, NOT_WHOLE),
    (float("1e308") * 1.0, "is more than 24 hours"),
    (-1, "is negative"),
    (-1.0, "is negative"),
    (86_400_001, "is more than 24 hours"),
    (10**30, "is more than 24 hours"),
    (10**18 * 10, "is more than 24 hours"),
    (-(10**30), "is negative"),
]


@pytest.mark.parametrize(("ms", "reason"), MS)
def test_ms_that_are_no_time_listened_make_the_row_invalid(inbox: Inbox, ms: object, reason: str) -> None:
    assert invalid(inbox, extended(5, ms_played=ms)) == ("ms_played", reason)
    assert invalid(inbox, account(msPlayed=ms), MUSIC, account(trackName="Two")) == ("msPlayed", reason)


@pytest.mark.parametrize("written", ["1e400", "-1e400", "1" * 5_000])
def test_a_number_beyond_all_limits_spoils_its_row_alone(inbox: Inbox, written: str) -> None:
    content = text([extended(), extended(5, ms_played="HERE"), extended()]).replace(b'"HERE"', written.encode())
    assert inbox.drop(content).states == {"stored": 2, "invalid": 1}


@pytest.mark.parametrize(
    ("written", "ms"), [("0", 0), ("-0", 0), ("1.0", 1), ("1e5", 100_000), ("86400000", 86_400_000)]
)
def test_whole_numbers_may_be_written_in_any_way(inbox: Inbox, written: str, ms: int) -> None:
    inbox.drop(text([extended(5, ms_played="HERE")]).replace(b'"HERE"', written.encode()))
    assert [play.ms for play in inbox.plays()] == [ms]


@pytest.mark.parametrize(
    "row",
    [
        without(account(), "trackName"),
        account(artistName=""),
        account(trackName=None),
        account(trackName=1999),
        podcast(podcastName=""),
        podcast(episodeName=None),
        audiobook(chapterName=None),
        audiobook(audiobookName=["x"]),
    ],
)
def test_account_data_without_a_name_is_invalid(inbox: Inbox, row: Row) -> None:
    assert invalid(inbox, row, "rows.json", account())[1] == "is missing"


@pytest.mark.parametrize(
    ("names", "state"),
    [
        ({"artistName": "Unknown Artist", "trackName": "Unknown Track"}, "unidentified"),
        ({"artistName": "Unknown Artist", "trackName": "One"}, "stored"),
        ({"artistName": "A", "trackName": "Unknown Track"}, "stored"),
    ],
)
def test_unknown_artist_and_track_are_no_names(inbox: Inbox, names: Row, state: str) -> None:
    assert inbox.drop_rows([account(**names)]).states == {state: 1}
    assert not any("Unknown" in (name or "") for play in inbox.plays() for name in (play.name, play.artist))


@pytest.mark.parametrize(
    ("fields", "state", "kind", "told"),
    [
        (NAMELESS, "unidentified", "unknown", None),
        ({**NAMELESS, "spotify_track_uri": URI}, "unidentified", "track", URI),
        ({**NAMELESS, "spotify_episode_uri": "spotify:episode:1"}, "unidentified", "episode", "spotify:episode:1"),
        ({"spotify_track_uri": ""}, "stored", "track", None),
        ({"spotify_track_uri": "spotify:local:A:B:C:1"}, "stored", "track", "spotify:local:A:B:C:1"),
        ({**NAMELESS, "episode_name": "Pilot"}, "stored", "episode", None),
        ({**NAMELESS, "audiobook_chapter_title": "1", "audiobook_title": "Book"}, "stored", "chapter", None),
        ({**NAMELESS, "audiobook_chapter_uri": "spotify:chapter:1"}, "unidentified", "chapter", "spotify:chapter:1"),
        (dict.fromkeys(NAMELESS, ""), "unidentified", "unknown", None),
        (dict.fromkeys(NAMELESS, 5), "unidentified", "unknown", None),
        ({name: {"nested": []} for name in NAMELESS}, "unidentified", "unknown", None),
    ],
)
def test_a_row_is_what_its_uri_or_else_its_names_say(
    inbox: Inbox, fields: Row, state: str, kind: str, told: str | None
) -> None:
    assert inbox.drop_rows([extended(5, **fields)]).states == {state: 1}
    assert [(play.kind, play.uri) for play in inbox.plays()] == [(kind, told)]


def test_an_anonymised_file_is_imported(inbox: Inbox) -> None:
    nothing = dict.fromkeys(without(extended(2), "ts", "ms_played", "spotify_track_uri"))
    file = inbox.drop_rows([{**extended(2), **nothing}])
    assert (file.generation, file.states) == ("extended-3", {"unidentified": 1})


def test_rows_with_nothing_but_time_are_imported(inbox: Inbox) -> None:
    rows = [{"ts": "2022-03-31T23:59:00Z", "ms_played": 5}, {"ts": "2022-03-31T23:59:00Z", "ms_played": 5}]
    assert inbox.drop_rows(rows).states == {"unidentified": 2}


def test_audiobooks_are_kept_whole(inbox: Inbox) -> None:
    book = {"audiobook_title": "Book", "audiobook_uri": "spotify:show:1"}
    chapter = {"audiobook_chapter_title": "One", "audiobook_chapter_uri": "spotify:episode:2"}
    inbox.drop_rows([extended(5, **NAMELESS, **book, **chapter)])
    inbox.drop_rows([audiobook(endTime="2021-01-01 00:00")])
    one, two = inbox.plays()
    assert (one.kind, one.audiobook, one.name, one.author) == ("chapter", "Book", "One", "Author")
    assert (two.audiobook_uri, two.uri, two.audiobook, two.name) == (
        "spotify:show:1",
        "spotify:episode:2",
        "Book",
        "One",
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [(True, True), (False, False), (1, True), (0, False), (1.0, True), (None, None), ("", None), (2, None), ([], None)],
)
def test_yes_and_no_may_be_numbers_or_missing(inbox: Inbox, written: object, read: bool | None) -> None:
    flags = dict.fromkeys(("shuffle", "skipped", "offline", "incognito_mode"), written)
    inbox.drop_rows([extended(5, **flags)])
    (play,) = inbox.plays()
    assert [play.shuffle, play.skipped, play.offline, play.private] == [read] * 4


@pytest.mark.parametrize(
    ("written", "seconds_before_end"),
    [
        (None, 200),
        (0, 200),
        (1, 200),
        (-5, 200),
        ("", 200),
        (1.5, 200),
        (True, 200),
        (10**30, 200),
        (9_999_999_999_999_999, 200),
        (1_648_771_140 - 3_600, 3_600),
        (1_648_771_140_123 - 3_600_000, 3_600),
        (float(1_648_771_140 - 3_600), 3_600),
        (1_648_771_140 - 32 * 86_400, 200),
        (1_648_771_140 + 3_600, 200),
        (99_999_999_999, 200),
    ],
)
def test_a_client_clock_in_seconds_or_ms_tells_the_start_where_it_is_sane(
    inbox: Inbox, written: object, seconds_before_end: int
) -> None:
    assert inbox.drop_rows([extended(5, offline_timestamp=written)]).states == {"stored": 1}
    (play,) = inbox.plays()
    assert (play.end - play.start).total_seconds() == seconds_before_end


def test_nul_and_every_other_character_in_names_survives(inbox: Inbox) -> None:
    name = "a\0b\u2028\U0001f3b5\ufffe\x7f\u202e"
    inbox.drop_rows([extended(5, **dict.fromkeys(NAMES, name), platform=name, reason_end="\0", conn_country="\0")])
    (play,) = inbox.plays()
    assert (play.name, play.artist, play.album, play.reason_end) == (name, name, name, "\0")


def test_the_first_1000_invalid_rows_are_kept_and_all_are_counted(inbox: Inbox) -> None:
    file = inbox.drop_rows([extended(), *([None, extended(5, ms_played=-1)] * 600)])
    assert (file.rows, file.states) == (1_201, {"stored": 1, "invalid": 1_200})
    assert file.invalid == [
        InvalidRow(row=row, field="ms_played", reason="is negative")
        if row % 2
        else InvalidRow(row=row, field="row", reason="is not an object")
        for row in range(2, 1_002)
    ]


def test_an_imports_document_does_not_grow_with_ever_more_invalid_rows(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stats_core.exports.parse.INVALID_KEPT", 10)
    monkeypatch.setattr("stats_core.exports.parse.INVALID_KEPT_TOGETHER", 25)
    broken = text([extended(), *[None] * 20])
    document = inbox.drop_zip([(f"{number}.json", broken) for number in range(4)])
    assert [len(file.invalid) for file in document.files] == [10, 10, 5, 0]
    assert document.states["invalid"] == 80
