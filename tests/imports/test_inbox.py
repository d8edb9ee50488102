"""What the inbox promises: whose a file is, when it is asked for, and that nothing is asked for twice in vain."""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from stats_core.errors import InvalidParameter
from stats_core.imports.inbox import (
    FILES_OF_A_LOOK,
    PAUSES,
    Look,
    Seen,
    files_in,
    import_key_of,
    is_complete,
    look,
    parsed_key,
)

DIGEST = "0123456789abcdef" * 4
NOW = 4_000_000_000.0


class Folder:
    """An inbox and who watches it."""

    def __init__(self, inbox: Path) -> None:
        self.inbox = inbox
        self.seen: Mapping[str, Seen] = {}
        self.users = {"anna"}
        self.unfinished: set[str] = set()

    def drop(self, path: str, content: bytes = b"[]", mtime: float = NOW) -> Path:
        target = self.inbox / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        os.utime(target, (mtime, mtime))
        return target

    def look(self, now: float) -> Look:
        found = look(self.inbox, self.users, "me", self.seen, now, unfinished=self.unfinished)
        self.seen = found.seen
        return found

    def asked(self, now: float) -> list[str]:
        return [ready.file.path for ready in self.look(now).ready]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_listeners_own_folder_holds_their_files_and_everything_else_is_the_default_listeners(folder: Folder) -> None:
    for path in ("a.json", "anna/b.json", "anna/deeper/c.json", "my data/anna/d.json", "nobody/e.json"):
        folder.drop(path)
    assert {file.path: file.user for file in files_in(folder.inbox, {"anna"}, "me")} == {
        "a.json": "me",
        "anna/b.json": "anna",
        "anna/deeper/c.json": "anna",
        "my data/anna/d.json": "me",
        "nobody/e.json": "me",
    }


def test_unfinished_and_hidden_files_are_not_there(folder: Folder) -> None:
    for path in (".DS_Store", "a.zip.part", "b.json.crdownload", "c.TMP", ".trash/d.json", ".e.json.12.part"):
        folder.drop(path)
    (folder.inbox / "nowhere.json").symlink_to(folder.inbox / "gone")
    os.mkfifo(folder.inbox / "pipe.json")
    assert not list(files_in(folder.inbox, set(), "me"))
    assert not list(files_in(folder.inbox / "missing", set(), "me"))


def test_a_file_is_asked_for_at_the_second_look_that_finds_it_the_same(folder: Folder) -> None:
    folder.drop("a.json")
    assert folder.asked(NOW) == []
    assert folder.asked(NOW + 1) == [], "left alone for one second only"
    assert folder.asked(NOW + 2) == ["a.json"]
    assert folder.asked(NOW + 7) == []


def test_an_old_file_that_was_moved_in_waits_for_a_second_look_only(folder: Folder) -> None:
    folder.drop("a.json", mtime=NOW - 86_400)
    assert folder.asked(NOW) == []
    assert folder.asked(NOW + 0.1) == ["a.json"]


def test_a_file_from_the_future_does_not_wait_for_it(folder: Folder) -> None:
    folder.drop("a.json", mtime=NOW + 86_400)
    assert folder.asked(NOW) == []
    assert folder.asked(NOW + 2) == ["a.json"]


def test_a_growing_file_waits_until_it_is_whole(folder: Folder) -> None:
    folder.drop("a.json", b"[1,")
    assert folder.asked(NOW) == []
    folder.drop("a.json", b"[1,2,", NOW + 3)
    assert folder.asked(NOW + 3) == []
    assert folder.asked(NOW + 8) == [], "the copy stalls"
    folder.drop("a.json", b"[1,2,3]", NOW + 9)
    assert folder.asked(NOW + 9) == []
    assert folder.asked(NOW + 14) == ["a.json"]


def test_a_file_that_stays_cut_off_is_asked_for_in_the_end_to_be_refused(folder: Folder) -> None:
    folder.drop("a.json", b"")
    assert [folder.asked(NOW + seconds) for seconds in (0, 30, 59)] == [[], [], []]
    assert folder.asked(NOW + 60) == ["a.json"]


@pytest.mark.parametrize(
    ("name", "content", "complete"),
    [
        ("a.json", b'\xef\xbb\xbf[{"a": 1}]\r\n \n', True),
        ("a.json", b'{"tracks": []}', True),
        ("a.json", b'[{"a": 1}', False),
        ("a.json", b"", False),
        ("a.txt", b"[1,", False),
        ("a.txt", b"anything", True),
        ("a.txt", b"", False),
        ("a.zip", b"", False),
        ("a.zip", b"PK\x03\x04 and so on", False),
        ("a", b"PK\x03\x04 and so on", False),
        ("a.json", '[{"ä": 1}]'.encode("utf-16"), True),
    ],
)
def test_completeness_is_told_by_content(tmp_path: Path, name: str, content: bytes, complete: bool) -> None:
    (tmp_path / name).write_bytes(content)
    assert is_complete(tmp_path / name) is complete


def test_a_zip_is_whole_with_its_last_byte_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Streaming_History_Audio_2024.json", "[]")
    whole = path.read_bytes()
    assert is_complete(path)
    path.write_bytes(whole[:-1])
    assert not is_complete(path)


def test_the_same_file_dropped_again_asks_again_and_one_look_lost_does_not(folder: Folder) -> None:
    folder.drop("a.json")
    folder.look(NOW)
    before = folder.seen
    first = folder.look(NOW + 5).ready[0]
    folder.seen = before  # the tick died after it had asked
    assert folder.look(NOW + 5).ready[0].run_key == first.run_key
    folder.drop("a.json")
    assert folder.asked(NOW + 10) == []
    again = folder.look(NOW + 15).ready[0]
    assert again.key == first.key
    assert again.run_key != first.run_key


def test_two_different_files_of_one_name_have_different_keys_and_equal_ones_the_same(folder: Folder) -> None:
    folder.drop("one/my_spotify_data.zip.json", b"[1]")
    folder.drop("two/my_spotify_data.zip.json", b"[2]")
    folder.drop("copy of it.json", b"[1]")
    folder.look(NOW)
    copy, one, two = folder.look(NOW + 2).ready
    assert len({copy.key.rpartition("~")[2], one.key.rpartition("~")[2]}) == 1
    assert one.key != two.key
    assert len({copy.run_key, one.run_key, two.run_key}) == 3


def test_a_file_that_came_before_under_another_name_keeps_its_partition(folder: Folder) -> None:
    folder.drop("new.json")
    folder.look(NOW)
    digest12 = parsed_key(look(folder.inbox, set(), "me", folder.seen, NOW + 2).ready[0].key).digest12
    known = {("me", digest12): f"me~old~{digest12}", ("anna", digest12): f"anna~hers~{digest12}"}
    assert look(folder.inbox, set(), "me", folder.seen, NOW + 2, known=known).ready[0].key == f"me~old~{digest12}"


def test_a_file_whose_run_died_is_asked_for_five_times_more_with_growing_pauses(folder: Folder) -> None:
    folder.drop("a.json")
    folder.look(NOW)
    now = NOW + 2
    keys = [folder.look(now).ready[0].run_key]
    for pause in PAUSES:
        folder.unfinished = {keys[-1]}
        now += 10_000
        assert folder.look(now).ready == (), "its run goes on"
        folder.unfinished = set()
        assert folder.asked(now + pause - 1) == []
        now += pause
        keys.append(folder.look(now).ready[0].run_key)
    assert len(set(keys)) == 6
    left = folder.look(now + 1_000_000)
    assert (left.ready, left.sent, left.left) == ((), 1, 1)
    folder.drop("a.json", b"[ ]")
    folder.look(now)
    assert folder.asked(now + 5) == ["a.json"], "a new file starts anew"


def test_a_listener_made_or_erased_changes_whose_the_file_is(folder: Folder) -> None:
    folder.drop("anna/a.json")
    folder.users = set()
    folder.look(NOW)
    folder.users = {"anna"}
    assert folder.asked(NOW + 5) == [], "another listener's file is another file"
    assert [ready.key.partition("~")[0] for ready in folder.look(NOW + 10).ready] == ["anna"]


def test_many_files_come_in_several_looks(folder: Folder) -> None:
    for number in range(FILES_OF_A_LOOK + 3):
        folder.drop(f"{number:03}.json", b"[%d]" % number)
    folder.look(NOW)
    assert len(folder.asked(NOW + 2)) == FILES_OF_A_LOOK
    assert len(folder.asked(NOW + 4)) == 3


def test_what_cannot_be_read_waits(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.drop("a.json")
    folder.look(NOW)

    def denied(*_: object, **__: object) -> None:
        raise PermissionError("denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", denied)
        assert folder.look(NOW + 5).settling == 1
    assert folder.asked(NOW + 10) == ["a.json"]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("my_spotify_data.zip", "my_spotify_data"),
        ("my_spotify_data (1).zip", "my_spotify_data-1"),
        (f"my_spotify_data~{DIGEST[:12]}.zip", "my_spotify_data"),
        ("Hörbücher|x~y.json", "H-rb-cher-x-y"),
        ("音楽.json", "file"),
        ("x" * 200 + ".json", "x" * 40),
    ],
)
def test_keys_are_readable_and_parse_back(name: str, slug: str) -> None:
    key = import_key_of("anna.b_c-d", name, DIGEST)
    assert key.slug == slug
    assert parsed_key(str(key)) == key


@pytest.mark.parametrize("text", ["", "a...b", "me~x", "me~x~0123", "Me~x~0123456789ab", "me~a b~0123456789ab"])
def test_what_is_no_key_is_said_to_be_none(text: str) -> None:
    with pytest.raises(InvalidParameter):
        parsed_key(text)
