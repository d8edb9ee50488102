"""An import read again from the archive is the same import: its observations, its ledger and its plays."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stats_core.documents.imports import Import
from stats_core.errors import ArchiveMissing
from stats_core.exports.parse import Parser
from stats_core.exports.reading import ReadExport, read_export
from stats_core.history.observations import Vocabulary
from stats_core.imports.archive import read_archive, write_archive
from stats_core.imports.importer import import_archived
from stats_core.settings import Settings
from stats_core.store import collections
from stats_core.store.port import Query, Store
from tests.exports.files import (
    AUDIO,
    MUSIC,
    Inbox,
    account,
    audiobook,
    extended,
    fresh_inbox,
    plays_of,
    podcast,
    text,
    without,
    zip_file,
)


@pytest.fixture
def inbox(sqlite_store: Store, tmp_path: Path) -> Inbox:
    return Inbox(sqlite_store, Settings(data_dir=tmp_path / "data"), tmp_path)


few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOW = 1_800_000_000_000

ODD: list[Any] = [
    *(None, "", 0, 1, -1, 1.0, 1.5, True, False, 10**30, 5, "text", "180000", [], {"nested": "x"}, "Unknown Track"),
    *(
        "Unknown Artist",
        "a\0\n\"b'\u2028\U0001f3b5",
        "\ud800",
        86_400_000,
        86_400_001,
        1_648_771_140,
        1_648_771_140_999,
    ),
    *("2022-03-31T23:59:00Z", "2022-03-31 23:59:00 UTC", "2022-03-31T23:59:59.5Z", "2022-03-31 23:59", "9999-12-31"),
    *("Partner roku_tv TCL;Roku TV (5);secret;;", "Android OS 12 API 31 (a\nb, c)", "iOS 14 (iPhone12,1)", "ios ((x)"),
    *("spotify:track:0000000000000000000001", "spotify:local:a:b:c:5", 99_999_999_999, 100_000_000_001),
]
TEMPLATES = [
    *(extended(generation) for generation in range(1, 6)),
    extended(5, audiobook_chapter_title="One", audiobook_title="Book", spotify_track_uri=None),
    account(),
    podcast(),
    audiobook(),
]


@st.composite
def rows(draw: st.DrawFn, template: dict[str, Any]) -> Any:
    """A row of one generation in which some fields are odd or gone; or no row at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(ODD))
    names = draw(st.lists(st.sampled_from([*template, "audiobook_uri", "authorName"]), max_size=3))
    gone = draw(st.lists(st.sampled_from(sorted(template)), max_size=1))
    return without({**template, **{name: draw(st.sampled_from(ODD)) for name in names}}, *gone)


@st.composite
def members(draw: st.DrawFn) -> tuple[str, bytes]:
    template = draw(st.sampled_from(TEMPLATES))
    content = text([template, *draw(st.lists(rows(template), max_size=8))])
    if draw(st.integers(0, 9)) == 0:
        content = draw(st.sampled_from([content[:-3], b"[]", b"", text({"a": 1}), text(LIBRARY)]))
    name = draw(st.sampled_from([AUDIO, MUSIC, "endvideo.json", "x/y.json", "é.json"]))
    return f"{draw(st.integers(0, 99))}/{name}", content


LIBRARY = {
    "tracks": [{"uri": "spotify:track:1", "track": "T", "artist": "A"}, {"uri": "spotify:local:x", "track": "\0"}],
    "episodes": [{"uri": "spotify:episode:1", "name": "E", "show": "S"}, {"uri": None}],
}


def said(export: ReadExport, vocabulary: Vocabulary) -> object:
    """All that an import is made of."""
    files = []
    for file in export.files:
        parsed = file.parsed
        rows: object = None
        if parsed is not None:
            prints = parsed.observations.fingerprints(vocabulary).tolist()
            rows = (parsed.rows.tolist(), prints, parsed.total, parsed.invalid, list(parsed.unkept))
        files.append((file.path, file.status, file.generation, file.video, file.reason, file.saved, rows))
    return files, export.ignored


def round_trips(path: Path, *, keep_country: bool = True) -> None:
    parser = Parser(Vocabulary(), NOW, keep_country)
    export = read_export(path, path.name, parser)
    write_archive(path.with_suffix(".kept"), ("n", "d", 1), export, parser.vocabulary)
    again = Parser(Vocabulary(), NOW, keep_country)
    assert said(read_archive(path.with_suffix(".kept"), again), again.vocabulary) == said(export, parser.vocabulary)


@few
@given(st.lists(members(), min_size=1, max_size=4, unique_by=lambda member: member[0]), st.booleans())
def test_whatever_was_read_is_read_again_from_the_archive(drawn: list[tuple[str, bytes]], kept: bool) -> None:
    with fresh_inbox() as inbox:
        sound = ("sound.json", text([extended()]))
        round_trips(zip_file(inbox.folder / "x.zip", [*drawn, sound, ("Userdata.json", b"{}")]), keep_country=kept)


def test_a_long_file_with_thousands_of_invalid_rows_is_read_again(tmp_path: Path) -> None:
    content = [extended(5, play, **({"ts": "x"} if n % 3 else {})) for n, play in enumerate(plays_of(12_000))]
    round_trips(zip_file(tmp_path / "x.zip", [(AUDIO, text([None, *content, 5]))]))


def test_numbers_without_limits_are_read_again(tmp_path: Path) -> None:
    odd = json.dumps([extended(), extended(5, ms_played=-7)]).replace("-7", "1e999").encode()
    round_trips(zip_file(tmp_path / "x.zip", [(AUDIO, odd), (MUSIC, odd.replace(b"1e999", b"9" * 999))]))


def document(inbox: Inbox, digest: str) -> bytes:
    (found,) = inbox.store.find(collections.imports, Query(equal={"_id": f"me|{digest}"}))
    return msgspec.json.encode(found)


MIXED = [
    (
        AUDIO,
        text([extended(5, play) for play in plays_of(3)] + [None, extended(5, ts="x"), extended(5, ms_played=None)]),
    ),
    ("endvideo.json", text([extended(2, platform="Partner x TCL;Roku TV;secret;;", conn_country="ZZ")])),
    (MUSIC, text([account(), account(endTime=5), account(trackName="Unknown Track")])),
    ("podcast.json", text([podcast()])),
    ("audiobook.json", text([audiobook()])),
    ("endsong_9.json", b"[]"),
    ("endsong_10.json", b"[{"),
    ("YourLibrary.json", text(LIBRARY)),
    ("Userdata.json", b"{}"),
]


@pytest.mark.parametrize("drop", [MIXED, MIXED[:1], MIXED[2:3]])
def test_an_import_run_again_from_the_archive_changes_nothing(inbox: Inbox, drop: list[tuple[str, bytes]]) -> None:
    inbox.drop(text([account(plays_of(1)[0]), extended(1, plays_of(2)[1])]), "earlier.json")
    first = inbox.drop_zip(drop)
    before, plays = document(inbox, first.digest), inbox.plays()
    for _ in range(2):
        again: Import = import_archived(inbox.store, inbox.settings, "me", first.digest)
        assert again.states == first.states
        assert document(inbox, first.digest) == before
        assert inbox.plays() == plays


def test_a_refused_import_is_not_archived(inbox: Inbox) -> None:
    refused = inbox.drop(b"[{", AUDIO)
    with pytest.raises(ArchiveMissing, match="not in the archive"):
        import_archived(inbox.store, inbox.settings, "me", refused.digest)
