"""ZIPs that are odd are read; what is damaged is refused alone; what could fill the machine is refused whole."""

import io
import struct
import zipfile
from pathlib import Path
from unittest.mock import Mock

import pytest

from stats_core.exports import container
from tests.exports.files import AUDIO, MUSIC, Inbox, account, extended, plays_of, text, zip_file

HISTORY = text([extended(5, play) for play in plays_of(300)])
SOUND = (MUSIC, text([account()]))
METHOD_AT, FLAG_AT = 10, 8  # in the list of members at the end; 2 less in a member's own header


def patched(content: bytes, member: str, at: int, value: bytes) -> bytes:
    """The ZIP with some bytes of one member's two headers changed; `at` counts in the list at the end."""
    own = content.index(member.encode()) - 30
    listed = content.rindex(member.encode()) - 46
    changed = bytearray(content)
    changed[own + at - 2 : own + at - 2 + len(value)] = value
    changed[listed + at : listed + at + len(value)] = value
    return bytes(changed)


@pytest.fixture
def packed(tmp_path: Path) -> bytes:
    """A ZIP of a long history and a short sound one."""
    return zip_file(tmp_path / "packed.zip", [(AUDIO, HISTORY), SOUND]).read_bytes()


def partial(inbox: Inbox, content: bytes, why: str) -> None:
    """The history is refused with that reason and leaves nothing; the sound member is imported."""
    document = inbox.drop(content, "my_spotify_data.zip")
    assert (document.status, document.states) == ("partial", {"stored": 1})
    assert [(file.path, file.status, file.rows) for file in document.files] == [
        (AUDIO, "refused", 0),
        (MUSIC, "imported", 1),
    ]
    assert why in (document.files[0].reason or "")
    assert len(inbox.plays()) == 1


def refused_whole(inbox: Inbox, content: bytes, why: str) -> None:
    document = inbox.drop(content, "my_spotify_data.zip")
    assert (document.status, document.files, document.rows) == ("refused", [], 0)
    assert why in (document.reason or "")
    assert inbox.plays() == []
    assert not inbox.archived(document).exists()


def test_an_encrypted_member_is_refused_alone(inbox: Inbox, packed: bytes) -> None:
    partial(inbox, patched(packed, AUDIO, FLAG_AT, b"\x01"), "is encrypted. Unpack the ZIP with its password")


@pytest.mark.parametrize("method", [1, 6, 9, 12, 14, 93, 98])
def test_a_member_packed_by_another_method_is_refused_alone(inbox: Inbox, packed: bytes, method: int) -> None:
    partial(inbox, patched(packed, AUDIO, METHOD_AT, bytes([method, 0])), "is packed in a way that is not read")


def test_a_bzip2_bomb_is_never_unpacked(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    content = zip_file(inbox.folder / "x.zip", [(AUDIO, b"[" + b" " * 10_000_000)], zipfile.ZIP_BZIP2)
    monkeypatch.setattr(zipfile.ZipFile, "open", Mock(side_effect=AssertionError))
    document = inbox.drop_path(content)
    assert document.status == "refused"
    assert "packed in a way that is not read" in (document.reason or "")


def test_a_member_with_a_wrong_checksum_is_refused_alone(inbox: Inbox, packed: bytes) -> None:
    partial(inbox, patched(packed, AUDIO, 16, b"\0\1\2\3"), "is damaged inside its ZIP")


def test_a_member_with_damaged_bytes_is_refused_alone(inbox: Inbox, packed: bytes) -> None:
    middle = packed.index(AUDIO.encode()) + 3_000
    partial(inbox, packed[:middle] + b"\xff" * 50 + packed[middle + 50 :], "is damaged inside its ZIP")


def test_a_damaged_member_is_known_by_what_can_still_be_read(inbox: Inbox) -> None:
    path = zip_file(inbox.folder / "x.zip", [("renamed.json", HISTORY), SOUND])
    document = inbox.drop(patched(path.read_bytes(), "renamed.json", 16, b"\0\1\2\3"), "y.zip")
    assert [(file.path, file.status) for file in document.files] == [("renamed.json", "refused"), (MUSIC, "imported")]


@pytest.mark.parametrize("said", [0, 10, len(HISTORY) - 1])
def test_a_member_longer_than_its_header_says_is_refused_alone(inbox: Inbox, packed: bytes, said: int) -> None:
    partial(inbox, patched(packed, AUDIO, 24, struct.pack("<L", said)), "")


def test_a_member_whose_own_header_is_gone_is_refused_alone(inbox: Inbox, packed: bytes) -> None:
    partial(inbox, b"PK\3\4" + b"\0" * 26 + packed[30:], "is damaged inside its ZIP")


def test_a_damaged_member_that_is_no_history_is_ignored(inbox: Inbox) -> None:
    path = zip_file(inbox.folder / "x.zip", [("Userdata.json", b'{"email": "a"}' * 20), SOUND])
    document = inbox.drop(patched(path.read_bytes(), "Userdata.json", 16, b"\0\1\2\3"), "y.zip")
    assert (document.status, [member.path for member in document.ignored]) == ("imported", ["Userdata.json"])


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_a_zip_cut_off_is_refused_whole(inbox: Inbox, packed: bytes, part: float) -> None:
    refused_whole(inbox, packed[: int(len(packed) * part)], "cut off while copying or downloading")


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"PK\x03\x04" + b"\0" * 100,
        b"PK\x05\x06" + b"\xff" * 18,
        b"PK\x07\x08" + b"x" * 99,
    ],
)
def test_what_only_begins_like_a_zip_is_refused(inbox: Inbox, content: bytes) -> None:
    refused_whole(inbox, content, "is a ZIP that cannot be read")


@pytest.mark.parametrize("members", [[], [("a.txt", b"a"), ("Userdata.json", b"{}")], [("MyData/", b"")]])
def test_a_zip_with_no_history_is_refused(inbox: Inbox, members: list[tuple[str, bytes]]) -> None:
    document = inbox.drop_zip(members)
    assert document.status == "refused"
    assert "holds no listening history" in (document.reason or "")


def test_data_descriptors_and_directories_with_content_are_read(inbox: Inbox) -> None:
    class Pipe(io.BytesIO):
        """Cannot seek, so that sizes follow the data."""

        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Spotify Account Data/", b"placeholder")
        archive.writestr(f"Spotify Account Data/{AUDIO}", HISTORY)
    content = pipe.getvalue()
    assert content[6] & 8
    document = inbox.drop(content, "x.zip")
    assert (document.states, document.ignored) == ({"stored": 300}, [])


def test_macos_notes_are_ignored_at_any_depth(inbox: Inbox) -> None:
    notes = ["__MACOSX/MyData/._endsong_0.json", "__MACOSX/endsong_0.json", f"a/__MACOSX/{AUDIO}", "MyData/.DS_Store"]
    document = inbox.drop_zip([*((note, b"\0\5\x16\7") for note in notes), SOUND])
    assert (document.status, [member.path for member in document.ignored]) == ("imported", notes)


@pytest.mark.parametrize(
    "path", ["/etc/endsong_0.json", "../../../endsong_0.json", "C:\\endsong_0.json", "a/../x.json"]
)
def test_nothing_is_ever_unpacked_into_a_folder(inbox: Inbox, path: str) -> None:
    around = set(inbox.folder.parent.iterdir())
    document = inbox.drop_zip([(path, text([extended()]))])
    assert [(file.path, file.states) for file in document.files] == [(path, {"stored": 1})]
    assert set(inbox.folder.parent.iterdir()) == around
    assert not list(inbox.folder.rglob("endsong*"))


def test_a_link_is_its_text_and_never_followed(inbox: Inbox) -> None:
    secret = inbox.folder / "secret.json"
    secret.write_bytes(text([extended()]))
    entry = zipfile.ZipInfo(AUDIO)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(inbox.folder / "x.zip", "w") as archive:
        archive.writestr(entry, str(secret))
    document = inbox.drop_path(inbox.folder / "x.zip")
    assert (document.status, document.rows) == ("refused", 0)


def test_a_zip_within_a_zip_is_ignored_and_says_what_to_do(inbox: Inbox, packed: bytes) -> None:
    document = inbox.drop_zip([("my_spotify_data.zip", packed), SOUND])
    assert [member.reason for member in document.ignored] == ["is a ZIP inside the ZIP: drop it on its own"]


def test_too_many_members_are_refused_whole(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MOST_MEMBERS", 10)
    path = zip_file(inbox.folder / "x.zip", [SOUND, *((f"{n}.txt", b"") for n in range(10))])
    refused_whole(inbox, path.read_bytes(), "too many members")


def test_a_list_of_members_too_long_to_be_held_is_not_read(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "LARGEST_DIRECTORY", 100 << 10)
    path = zip_file(inbox.folder / "x.zip", [SOUND, *((f"{n}" * 1_000, b"") for n in range(110))])
    monkeypatch.setattr(zipfile, "ZipInfo", Mock(side_effect=AssertionError))
    refused_whole(inbox, path.read_bytes(), "too many members")


def bomb(mb: int) -> bytes:
    """A history with far too many blanks in it."""
    return text([extended()])[:-1] + b" " * (mb << 20) + b"]"


def test_a_member_that_grows_300_times_above_10_mb_refuses_the_whole(inbox: Inbox) -> None:
    path = zip_file(inbox.folder / "x.zip", [SOUND, (AUDIO, bomb(12))])
    refused_whole(inbox, path.read_bytes(), "more than 300 times")


def test_a_member_that_grows_300_times_below_10_mb_is_read(inbox: Inbox) -> None:
    assert inbox.drop_zip([(AUDIO, bomb(8))]).states == {"stored": 1}


def test_many_small_bombs_are_one_bomb(inbox: Inbox) -> None:
    path = zip_file(inbox.folder / "x.zip", [SOUND, *((f"{number}.json", bomb(4)) for number in range(4))])
    refused_whole(inbox, path.read_bytes(), "more than 300 times their size")


@pytest.mark.parametrize("at", [20, 24])
def test_a_bombs_lying_header_helps_it_nowhere(inbox: Inbox, at: int) -> None:
    path = zip_file(inbox.folder / "x.zip", [(AUDIO, bomb(12))])
    document = inbox.drop(patched(path.read_bytes(), AUDIO, at, struct.pack("<L", 1 << 30)), "y.zip")
    assert (document.status, document.rows, inbox.plays()) == ("refused", 0, [])


@pytest.mark.parametrize(("limit", "value"), [("LARGEST_MEMBER", 100_000), ("LARGEST_TOGETHER", 150_000)])
def test_a_member_or_members_too_large_refuse_the_whole(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(container, limit, value)
    path = zip_file(inbox.folder / "x.zip", [SOUND, (AUDIO, HISTORY), ("again.json", HISTORY)], zipfile.ZIP_STORED)
    refused_whole(inbox, path.read_bytes(), "could fill the machine")


def test_a_limit_is_for_zips_and_not_for_loose_files(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "LARGEST_MEMBER", 1_000)
    assert inbox.drop(HISTORY).states == {"stored": 300}


def test_any_single_byte_may_be_wrong_and_every_row_is_accounted_for(inbox: Inbox) -> None:
    """Whatever is damaged: the import is refused, partial or sound, and never an error."""
    small = zip_file(inbox.folder / "x.zip", [(AUDIO, text([extended()])), SOUND]).read_bytes()
    for at in range(0, len(small), 29):
        inbox.drop(small[:at] + bytes([small[at] ^ 0x55]) + small[at + 1 :], "damaged.zip")
