import hashlib
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from stats_core.documents.imports import Import
from stats_core.documents.words import STATES
from stats_core.imports.importer import Dropped, import_file
from stats_core.store import collections
from tests.api.server import LIMIT_MB, ApiServer, problem

LIMIT = LIMIT_MB << 20


def _inbox(server: ApiServer, user: str) -> list[Path]:
    return sorted((server.settings.inbox_dir / user).iterdir())


def _unique_json() -> bytes:
    return json.dumps([{"ts": "2024-01-01T00:00:00Z", "ms_played": 60_000, "noise": uuid4().hex}]).encode()


def test_an_upload_waits_in_the_inbox_under_its_digest(server: ApiServer, fresh: str, export: Path) -> None:
    data = export.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    client = server.client(fresh)
    answer = client.post(f"/v1/listeners/{fresh}/imports", params={"name": "my_spotify_data.zip"}, content=data)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/listeners/{fresh}/imports/{digest}"
    body = answer.json()
    assert (body["id"], body["name"], body["status"]) == (digest, "my_spotify_data.zip", "waiting")
    assert (body["rows"], body["size"], body["files"], body["finished_at"]) == (0, len(data), [], None)
    assert body["states"] == dict.fromkeys(STATES, 0)
    assert client.get(answer.headers["location"]).json() == body
    [file] = _inbox(server, fresh)
    assert file.name == f"my_spotify_data~{digest[:12]}.zip"
    assert file.read_bytes() == data


def test_what_the_pipelines_make_of_it_is_seen_at_its_address(server: ApiServer, fresh: str, export: Path) -> None:
    client = server.client(fresh)
    answer = client.post(f"/v1/listeners/{fresh}/imports?name=mine.zip", content=export.read_bytes())
    [file] = _inbox(server, fresh)
    import_file(server.store, server.settings, fresh, Dropped(file, file.name))
    body = client.get(answer.headers["location"]).json()
    assert (body["status"], body["name"]) == ("imported", "mine.zip")
    assert body["received_at"] == answer.json()["received_at"] < body["finished_at"]
    assert body["rows"] == sum(body["states"].values()) == sum(file["rows"] for file in body["files"]) > 1_000
    assert list(body["states"]) == list(STATES)
    for file_body in body["files"]:
        assert file_body["rows"] == sum(file_body["states"].values())
        assert len(file_body["invalid"]) == file_body["states"]["invalid"]
    assert client.get(f"/v1/listeners/{fresh}/summary").json()["plays"] > 0


def test_an_imported_file_is_not_dropped_again(server: ApiServer, fresh: str, later_export: Path) -> None:
    server.bring(fresh, later_export)
    client = server.client(fresh)
    answer = client.post(f"/v1/listeners/{fresh}/imports?name=other.zip", content=later_export.read_bytes())
    assert answer.status_code == 202
    assert answer.json() == client.get(answer.headers["location"]).json()
    assert answer.json()["status"] == "imported"
    assert not _inbox(server, fresh)


def test_a_waiting_file_sent_again_waits_once(server: ApiServer, fresh: str) -> None:
    data = _unique_json()
    first, second = (server.client(fresh).post(f"/v1/listeners/{fresh}/imports", content=data) for _ in range(2))
    assert first.json() == second.json()
    assert len(_inbox(server, fresh)) == 1


def test_a_refused_file_sent_again_waits_again(server: ApiServer, fresh: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_bytes(b"{" + uuid4().hex.encode())
    document, _ = import_file(server.store, server.settings, fresh, Dropped(file, file.name))
    assert document.status == "refused"
    answer = server.client(fresh).post(f"/v1/listeners/{fresh}/imports", content=file.read_bytes())
    assert (answer.json()["status"], answer.json()["reason"]) == ("waiting", None)
    assert len(_inbox(server, fresh)) == 1


@pytest.mark.parametrize(
    ("query", "disposition", "name", "stem"),
    [
        ("", None, "upload.json", "upload"),
        ("?name=a.json", None, "a.json", "a"),
        ("?name=C:%5Cstuff%5Cmy data (1).ZIP", None, "my data (1).ZIP", "my_data_1"),
        ("?name=..%2F..%2Fetc%2Fpasswd", None, "passwd", "passwd"),
        ("?name=.hidden.part", None, ".hidden.part", "hidden_part"),
        ("?name=Größe.json", None, "Größe.json", "Gr_e"),
        ("?name=%E2%82%AC.zip", None, "€.zip", "upload"),
        ("?name=" + "n" * 200, None, "n" * 200, "n" * 80),
        ("", 'attachment; filename="b.json"', "b.json", "b"),
        ("", "attachment; filename*=UTF-8''%C3%A4/b%20c.json", "b c.json", "b_c"),
        ("", "attachment", "upload.json", "upload"),
        ("?name=query.json", 'attachment; filename="header.json"', "query.json", "query"),
    ],
)
def test_names_are_kept_and_files_named_safely(
    server: ApiServer, fresh: str, query: str, disposition: str | None, name: str, stem: str
) -> None:
    headers = {"Content-Disposition": disposition} if disposition else {}
    data = _unique_json()
    answer = server.client(fresh).post(f"/v1/listeners/{fresh}/imports{query}", content=data, headers=headers)
    assert answer.status_code == 202, answer.text
    assert answer.json()["name"] == name
    [file] = _inbox(server, fresh)
    assert file.name == f"{stem}~{hashlib.sha256(data).hexdigest()[:12]}.json"


@pytest.mark.parametrize("name", ["", "%20", "a%0Ab", "a/", "n" * 201])
def test_a_name_that_is_none_is_refused(server: ApiServer, fresh: str, name: str) -> None:
    answer = server.client(fresh).post(f"/v1/listeners/{fresh}/imports?name={name}", content=b"x")
    assert problem(answer, 400, "invalid-parameter")["parameter"] == "name"


def test_an_empty_upload_is_refused(server: ApiServer, fresh: str) -> None:
    problem(server.client(fresh).post(f"/v1/listeners/{fresh}/imports"), 400, "empty-upload")
    assert not _inbox(server, fresh)


def test_a_form_is_refused_with_advice(server: ApiServer, fresh: str) -> None:
    answer = server.client(fresh).post(f"/v1/listeners/{fresh}/imports", files={"file": b"x"})
    assert "curl -T" in problem(answer, 415, "wrong-media")["detail"]


def test_an_announced_size_above_the_limit_is_refused_unread(server: ApiServer, fresh: str) -> None:
    head = (
        f"POST /v1/listeners/{fresh}/imports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.keys[fresh]}\r\n"
        f"Content-Length: {LIMIT + 1}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"application/problem+json" in answer
    assert f"at most {LIMIT:,} bytes".encode() in answer
    assert not _inbox(server, fresh)


def test_received_bytes_count_where_none_were_announced(server: ApiServer, fresh: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(LIMIT // 65_536 + 1):
            yield b"x" * 65_536

    answer = server.client(fresh).post(f"/v1/listeners/{fresh}/imports", content=endless())
    assert problem(answer, 413, "too-large")["allowed"] == f"at most {LIMIT:,} bytes"
    assert not _inbox(server, fresh)


def test_an_upload_of_just_the_limit_arrives(server: ApiServer, fresh: str) -> None:
    data = os.urandom(LIMIT)
    answer = server.client(fresh).post(f"/v1/listeners/{fresh}/imports", content=data)
    assert answer.status_code == 202
    assert answer.json()["id"] == hashlib.sha256(data).hexdigest()


def test_a_broken_upload_leaves_nothing(server: ApiServer, fresh: str) -> None:
    head = (
        f"POST /v1/listeners/{fresh}/imports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.keys[fresh]}\r\n"
        "Content-Length: 100000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode() + b"x" * 5_000)
        patient_until = time.monotonic() + 5
        while not _inbox(server, fresh) and time.monotonic() < patient_until:
            time.sleep(0.01)
        assert [file.suffix for file in _inbox(server, fresh)] == [".part"]
    while _inbox(server, fresh) and time.monotonic() < patient_until:
        time.sleep(0.01)
    assert not _inbox(server, fresh)
    assert server.client(fresh).get(f"/v1/listeners/{fresh}/imports").json()["imports"] == []


def test_other_requests_are_answered_while_a_body_trickles_in(server: ApiServer, fresh: str) -> None:
    def slowly() -> Iterator[bytes]:
        for _ in range(5):
            assert server.client("bob").get("/v1/listeners/bob/summary").status_code == 200
            yield os.urandom(1_000)

    assert server.client(fresh).post(f"/v1/listeners/{fresh}/imports", content=slowly()).status_code == 202


def test_an_upload_is_never_whole_in_memory(server: ApiServer, fresh: str) -> None:
    [process] = server.workers()
    data = os.urandom(LIMIT)
    server.client(fresh).post(f"/v1/listeners/{fresh}/imports", content=data)  # loads what uploads need
    before = process.memory_info().rss
    for _ in range(12):
        server.client(fresh).post(f"/v1/listeners/{fresh}/imports", content=data)
    assert process.memory_info().rss - before < 6 * LIMIT


def test_imports_are_listed_newest_first_in_pages(server: ApiServer, fresh: str) -> None:
    client, path = server.client(fresh), f"/v1/listeners/{fresh}/imports"
    sent = [client.post(path, content=_unique_json()).json()["id"] for _ in range(5)]
    # Two of the very same millisecond, one on each side of a page's end.
    documents = [server.store.get(collections.imports, f"{fresh}|{digest}") for digest in sent]
    middle = next(document for document in documents if document and document.digest == sent[2])
    twin = Import(
        id=f"{fresh}|{'0' * 64}", user=fresh, digest="0" * 64, name="twin", status="imported",
        received_at=middle.received_at,
    )  # fmt: skip
    server.store.put(collections.imports, [twin])
    seen: list[str] = []
    query = {"limit": "3"}
    while True:
        page = client.get(path, params=query).json()
        seen += [each["id"] for each in page["imports"]]
        if page["cursor"] is None:
            break
        query["cursor"] = page["cursor"]
    assert len(seen) == len(set(seen)) == 6
    received = {each["id"]: each["received_at"] for each in client.get(path).json()["imports"]}
    assert [received[each] for each in seen] == sorted(received.values(), reverse=True)


@pytest.mark.parametrize("cursor", ["", "x", "A" * 100, "é" * 95])
def test_a_cursor_that_is_none_is_refused(server: ApiServer, cursor: str) -> None:
    answer = server.client("ada").get("/v1/listeners/ada/imports", params={"cursor": cursor})
    assert problem(answer, 400, "invalid-parameter")["parameter"] == "cursor"


@pytest.mark.parametrize("digest", ["0" * 64, "x", "A" * 64, "%00", "a|b"])
def test_an_unknown_import_is_told(server: ApiServer, digest: str) -> None:
    answer = server.client("ada").get(f"/v1/listeners/ada/imports/{digest}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/schema#unknown-import"
