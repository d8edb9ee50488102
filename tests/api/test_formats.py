"""Answers in every format and coding that a client can ask for."""

import csv
import gzip
import io
import json
from typing import Any

import brotli
import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from stats_api.codings import CODINGS, WORTH_BYTES
from stats_api.formats import columns_of, csv_of
from stats_api.negotiation import preferred
from stats_core.insights import STATISTICS
from tests.api.questions import asked_of
from tests.api.server import ApiServer, problem

LISTED = [name for name, statistic in STATISTICS.items() if statistic.listed]
UNLISTED = [name for name, statistic in STATISTICS.items() if not statistic.listed]
OFFERED = ("application/json", "text/csv", "application/x-ndjson")


class Inner(msgspec.Struct):
    id: str
    share: float | None = None


class Entry(msgspec.Struct):
    name: str | None
    plays: int
    partial: bool
    inner: Inner | None
    tags: list[str]
    value: float | msgspec.UnsetType | None = msgspec.UNSET


class Listing(msgspec.Struct):
    items: list[Entry]


def _flat(entry: Any, column: str) -> Any:
    for part in column.split("."):
        entry = None if entry is None else entry.get(part)
    return entry


def _written(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} and value else value
        case _:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("name", LISTED)
def test_lists_are_lines_in_csv_and_ndjson(server: ApiServer, name: str) -> None:
    client, path = server.client("ada"), asked_of(server, name)
    entries = client.get(path).json()[STATISTICS[name].listed]
    lines = client.get(path, headers={"Accept": "application/x-ndjson"})
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in lines.text.splitlines()] == entries
    table = client.get(path, headers={"Accept": "text/csv"})
    assert table.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    columns, *rows = csv.reader(io.StringIO(table.text, newline=""), strict=True)
    assert tuple(columns) == columns_of(STATISTICS[name].answer, STATISTICS[name].listed or "")
    assert len(rows) == len(entries)
    for row, entry in zip(rows, entries, strict=True):
        for column, cell in zip(columns, row, strict=True):
            value = _flat(entry, column)
            if isinstance(value, float):
                assert float(cell) == value
            else:
                assert cell == _written(value)


@pytest.mark.parametrize("name", LISTED)
def test_format_wins_over_accept(server: ApiServer, name: str) -> None:
    path = asked_of(server, name)
    for form, media_type in zip(("json", "csv", "ndjson"), OFFERED, strict=True):
        for accept in ("application/json", "text/csv", "image/png"):
            answer = server.client("ada").get(f"{path}?format={form}", headers={"Accept": accept})
            assert answer.headers["content-type"].partition(";")[0] == media_type


@pytest.mark.parametrize("name", UNLISTED)
def test_what_is_no_list_is_json_alone(server: ApiServer, name: str) -> None:
    client, path = server.client("ada"), asked_of(server, name)
    answer = client.get(path, headers={"Accept": "text/csv"})
    assert problem(answer, 406, "not-acceptable")["allowed"] == "application/json"
    assert problem(client.get(path, params={"format": "csv"}), 400, "invalid-parameter")["parameter"] == "format"
    assert client.get(path, headers={"Accept": "text/csv, */*;q=0.1"}).headers["content-type"] == "application/json"


def test_a_format_that_is_none_is_refused(server: ApiServer) -> None:
    answer = server.client("ada").get("/v1/listeners/ada/top/tracks?format=xml")
    assert problem(answer, 400, "invalid-parameter")["allowed"] == "json, csv, ndjson"
    answer = server.client("ada").get("/v1/listeners/ada/top/tracks", headers={"Accept": "application/xml"})
    assert problem(answer, 406, "not-acceptable")["allowed"] == ", ".join(OFFERED)


@pytest.mark.parametrize("form", ["json", "csv", "ndjson"])
def test_pages_are_linked_in_every_format(server: ApiServer, form: str) -> None:
    client, seen = server.client("ada"), []
    path: str | None = f"/v1/listeners/ada/plays?limit=400&format={form}"
    while path is not None:
        answer = client.get(path)
        seen.append(answer.text)
        path = answer.links["next"]["url"] if "next" in answer.links else None
        assert form != "json" or (path is None) == (answer.json()["cursor"] is None)
    pages = [len(text.splitlines()) - 1 if form == "csv" else text.count('"id":') for text in seen]
    assert len(pages) > 2
    assert sum(pages) == client.get("/v1/listeners/ada/summary").json()["plays"]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("form", ["json", "csv", "ndjson"])
def test_large_bodies_are_compressed_where_the_client_reads_it(server: ApiServer, coding: str, form: str) -> None:
    path = f"/v1/listeners/ada/plays?limit=100&format={form}"
    client = server.client("ada")
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with client.stream("GET", path, headers={"Accept-Encoding": f"{coding}, deflate"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == coding
    assert int(answer.headers["content-length"]) == len(raw) < len(plain.content)
    read = {"br": brotli.decompress, "gzip": gzip.decompress, "zstd": zstandard.ZstdDecompressor().decompress}
    assert read[coding](raw) == plain.content


def test_small_bodies_and_unread_codings_go_out_as_they_are(server: ApiServer) -> None:
    small = server.client("ada").get("/v1/listeners/ada/summary", headers={"Accept-Encoding": "br"})
    assert len(small.content) < WORTH_BYTES
    large = server.client("ada").get("/v1/listeners/ada/plays", headers={"Accept-Encoding": "deflate, br;q=0"})
    assert len(large.content) > WORTH_BYTES
    assert "content-encoding" not in small.headers.keys() | large.headers.keys()


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, "application/json"),
        (b"", None),
        (b"*/*", "application/json"),
        (b"text/csv", "text/csv"),
        (b"TEXT/CSV; charset=utf-8", "text/csv"),
        (b"text/*", "text/csv"),
        (b"text/csv, application/json", "application/json"),
        (b"text/csv;q=0.9, application/json;q=0.8", "text/csv"),
        (b"application/json;q=0, */*", "text/csv"),
        (b"*/*;q=0.1, application/x-ndjson", "application/x-ndjson"),
        (b"text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
        (b"text/csv;q=nonsense, application/json;q=0.001", "application/json"),
        (b"text/csv;q=2", None),
        (b"application/*;q=0.5, application/json;q=0.1", "application/x-ndjson"),
        (b"image/png", None),
        (b";;;,,,=\xff", None),
    ],
)
def test_a_client_gets_what_it_wants_most(header: bytes | None, chosen: str | None) -> None:
    assert preferred(header, OFFERED) == chosen


@given(st.binary(max_size=200))
def test_any_header_can_be_read(header: bytes) -> None:
    assert preferred(header, OFFERED) in {None, *OFFERED}


_entries = st.builds(
    Entry,
    name=st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10) | st.sampled_from(
        ["=1+1", "-", "+49", "@me", 'a"b', "a,b", "a\r\nb", "'", "", "\n=1", "\r=1"]
    ),
    plays=st.integers(-(2**53), 2**53),
    partial=st.booleans(),
    inner=st.none() | st.builds(Inner, id=st.text("abc", max_size=3), share=st.none() | st.floats(0, 1)),
    tags=st.lists(st.text("ab", max_size=2), max_size=2),
    value=st.none() | st.just(msgspec.UNSET) | st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip


@given(st.lists(_entries, max_size=5))
def test_csv_holds_every_value_and_no_formula(entries: list[Entry]) -> None:
    text = csv_of(Listing, entries, "items").decode()
    assert text.endswith("\r\n")
    columns, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert columns == ["name", "plays", "partial", "inner.id", "inner.share", "tags", "value"]
    for row, entry in zip(rows, entries, strict=True):
        name, plays, partial, inner_id, share, tags, value = row
        assert name == _written(entry.name)
        assert int(plays) == entry.plays
        assert partial == str(entry.partial).lower()
        assert inner_id == (entry.inner.id if entry.inner else "")
        assert (float(share) if share else None) == (entry.inner.share if entry.inner else None)
        assert json.loads(tags) == entry.tags
        assert (float(value) if value else None) == (None if entry.value is msgspec.UNSET else entry.value)
        assert not name.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
