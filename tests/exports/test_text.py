"""Whole JSON is read however it is written; of a file that is not whole, nothing is stored."""

import json
from pathlib import Path

import pytest

from stats_core.exports.parse import Parser
from stats_core.exports.reading import read_export
from stats_core.history.observations import Vocabulary
from tests.exports.files import AUDIO, MUSIC, Inbox, Row, account, extended, plays_of, text

ROWS = [extended(5, play) for play in plays_of(3)]
WHOLE = text(ROWS)
MANY = [extended(5, play) for play in plays_of(6_000)]


def refusal(inbox: Inbox, content: bytes) -> str:
    """Why the file is refused, with nothing of it stored while the other member is."""
    document = inbox.drop_zip([(AUDIO, content), (MUSIC, text([account()]))])
    assert document.status == "partial"
    assert [(file.status, file.rows) for file in document.files] == [("refused", 0), ("imported", 1)]
    assert len(inbox.plays()) == 1
    return document.files[0].reason or ""


@pytest.mark.parametrize(
    "content",
    [
        text(ROWS, indent=2),
        text(ROWS, separators=(" : ", " , ")[::-1]),
        text(ROWS, indent=4).replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + text(ROWS),
        b"\n\n  " + text(ROWS) + b"\n\n",
        b" " * 2_000 + text(ROWS),
        text(ROWS, ensure_ascii=False),
        b"\xef\xbb\xbf" + text(ROWS, indent="\t").replace(b"\n", b"\r"),
    ],
)
def test_whitespace_bom_and_line_ends_do_not_matter(inbox: Inbox, content: bytes) -> None:
    assert inbox.drop(content).states == {"stored": 3}


@pytest.mark.parametrize("indent", [None, 2])
def test_files_of_many_chunks_lose_no_row(inbox: Inbox, indent: int | None) -> None:
    document = inbox.drop(text([None, *MANY, {"x": [{"y": {}}, {"y": {}}]}], indent=indent))
    assert (document.rows, document.states) == (6_002, {"stored": 6_000, "invalid": 2})
    assert [row.row for row in document.files[0].invalid] == [1, 6_002]


def test_rows_of_several_mb_and_names_that_look_like_the_end_of_a_row(inbox: Inbox) -> None:
    trap = '"},{"ts":"},\n{' * 50
    fields = {"new": [{"deep": [{"deeper": "}, {"}] * 40_000}], "episode_show_name": trap}
    rows = [
        extended(5, play, **(fields if number in {3, 4_000} else {})) for number, play in enumerate(plays_of(5_000))
    ]
    assert inbox.drop(text(rows)).states == {"stored": 5_000}


@pytest.mark.parametrize("cut", [2, 15, len(WHOLE) // 2, len(WHOLE) - 1, len(WHOLE) - 2, len(text(ROWS[:1])) - 1])
def test_a_file_cut_off_says_so(inbox: Inbox, cut: int) -> None:
    assert refusal(inbox, WHOLE[:cut]).startswith("ends in the middle")


def test_a_file_cut_off_anywhere_is_refused_and_says_so(tmp_path: Path) -> None:
    content = text([extended(5, episode_name="Ünï [Live]")], ensure_ascii=False, indent=2)
    for cut in range(1, len(content)):
        path = tmp_path / AUDIO
        path.write_bytes(content[:cut])
        (file,) = read_export(path, path.name, Parser(Vocabulary(), 2**42)).files
        assert file.status == "refused"
        assert "cut off" in (file.reason or ""), content[:cut]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("cut", [1, 2, 3, 700, 1_000_000])
def test_a_long_file_cut_off_late_leaves_nothing(inbox: Inbox, cut: int, indent: int | None) -> None:
    assert "cut off" in refusal(inbox, text(MANY, indent=indent)[:-cut])


def test_a_file_cut_off_in_the_middle_of_a_character(inbox: Inbox) -> None:
    content = text([extended(5, episode_name="日本")], ensure_ascii=False)
    assert refusal(inbox, content[: content.index("本".encode()) + 2]).startswith("ends in the middle")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (WHOLE[:-1] + b",]", "is not JSON"),
        (WHOLE[:-1] + b",\n  ]\n", "is not JSON"),
        (WHOLE.replace(b"}, {", b"} {"), "is not JSON"),
        (WHOLE.replace(b"}, {", b"},, {"), "is not JSON"),
        (WHOLE.replace(b"31000", b"NaN"), "is not JSON"),
        (WHOLE.replace(b"31000", b"NaN").replace(b"Name", b"\\ud800"), "is not JSON"),
        (WHOLE.replace(b"31000", b"-Infinity"), "is not JSON"),
        (WHOLE.replace(b"31000", b"031"), "is not JSON"),
        (WHOLE.replace(b'"', b"'"), "is not JSON"),
        (WHOLE.replace(b"Name", b"Na\nme"), "is not JSON"),
        (WHOLE.replace(b"Name", b"Na\xe9me"), "is not UTF-8"),
        (WHOLE + b"garbage", "goes on after the end"),
        (WHOLE + WHOLE, "goes on after the end"),
        (WHOLE + b"\n" + WHOLE, "goes on after the end"),
        (WHOLE + b"\0" * 100, "goes on after the end"),
        (WHOLE[1:-1], "is JSON, but not a list"),
        (b"\n".join(text(row) for row in ROWS), "is JSON, but not a list"),
        (text({"rows": ROWS}), "is JSON, but not a list"),
        (text(ROWS).decode().encode("utf-16"), "is not UTF-8"),
        (text(ROWS).decode().encode("utf-16-be"), "is not JSON"),
        (WHOLE[:-2] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "is not JSON"),
        (b"<html>Sign in</html>", "is not JSON"),
    ],
)
def test_what_is_not_a_json_list_is_refused_with_its_reason(inbox: Inbox, content: bytes, why: str) -> None:
    assert refusal(inbox, content).startswith(why)


@pytest.mark.parametrize("spoil", [b"garbage", b",]", WHOLE, b"\xff"])
def test_a_long_file_that_is_spoilt_at_its_end_leaves_nothing(inbox: Inbox, spoil: bytes) -> None:
    content = text(MANY)
    refusal(inbox, (content[:-1] if spoil == b",]" else content) + spoil)


def test_a_long_file_that_is_spoilt_in_its_middle_leaves_nothing(inbox: Inbox) -> None:
    content = text(MANY)
    middle = content.index(b"}, {", len(content) // 2)
    refusal(inbox, content[: middle + 1] + content[middle + 2 :])


@pytest.mark.parametrize("nested", [50, 400])
def test_unknown_fields_may_be_nested(inbox: Inbox, nested: int) -> None:
    deep: Row = {}
    for _ in range(nested):
        deep = {"inner": [deep, 1.5e3, None, "}, {"]}
    assert inbox.drop(text([extended(5, new_field=deep)])).states == {"stored": 1}


def test_of_a_key_told_twice_the_last_counts(inbox: Inbox) -> None:
    content = text([extended()]).replace(b'"ms_played": 200000', b'"ms_played": 1, "ms_played": 200000')
    inbox.drop(content)
    assert [play.ms for play in inbox.plays()] == [200_000]


def test_half_a_surrogate_pair_becomes_a_replacement_character(inbox: Inbox) -> None:
    rows = [extended(5, plays_of(1)[0], episode_show_name="x", master_metadata_track_name="a\ud83cb"), None, ROWS[1]]
    document = inbox.drop(json.dumps(rows).encode())
    assert document.states == {"stored": 2, "invalid": 1}
    assert {play.name for play in inbox.plays()} == {"a\ufffdb", "Name 1"}
