"""Keys by the command line."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stats_core.clock import utc_now
from stats_core.documents.keys import AccessKey
from stats_core.security.keys import key_digest, short_id
from stats_core.store import collections, open_store
from stats_core.store.revisions import revisions
from tests.cli.conftest import Run
from tests.cli.test_import import history


@pytest.fixture
def data(run: Run, tmp_path: Path) -> Path:
    """A data folder with two listeners."""
    for user in ("me", "anna"):
        assert run("import", history(tmp_path / f"{user}.json"), "--user", user).exit_code == 0
    return tmp_path / "data"


def stored(data: Path) -> list[AccessKey]:
    store = open_store(f"sqlite:///{data / 'stats.sqlite'}")
    found = list(store.find(collections.access_keys))
    store.close()
    return found


def test_a_key_opens_its_listener_and_is_printed_alone(run: Run, data: Path) -> None:
    result = run("key", "--user", "me")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}\n", result.stdout)
    [document] = stored(data)
    assert document.id == key_digest(result.stdout.strip().encode())
    assert (document.scopes, document.listeners, document.expires_at) == (["read", "write"], ["me"], None)
    assert result.stdout.strip().encode() not in (data / "stats.sqlite").read_bytes()


def test_a_key_has_the_rights_that_were_said(run: Run, data: Path) -> None:
    for said in (
        ("--user", "me", "--user", "anna", "--scope", "read", "--scope", "metrics", "--name", "board"),
        ("--admin",),
        ("--scope", "metrics"),
    ):
        assert run("key", *said).exit_code == 0
    assert {(tuple(each.scopes), tuple(each.listeners or "*"), each.name) for each in stored(data)} == {
        (("metrics", "read"), ("anna", "me"), "board"),
        (("admin",), ("*",), "command line"),
        (("metrics",), ("*",), "command line"),
    }
    assert [each.listeners for each in stored(data) if each.scopes == ["metrics"]] == [[]]


def test_a_key_ends_when_it_was_said(run: Run, data: Path) -> None:
    for until, at in (("2100-01-31", "2100-01-31"), ("2100-01-31T18:30:00+02:00", "2100-01-31T16:30:00")):
        assert run("key", "--user", "me", "--expires-at", until, "--name", until).exit_code == 0
        [document] = [each for each in stored(data) if each.name == until]
        assert document.expires_at == datetime.fromisoformat(at).replace(tzinfo=UTC)
    for after, hours in (("90m", 1.5), ("12h", 12), ("3d", 72), ("2w", 336)):
        began = utc_now()
        assert run("key", "--user", "me", "--expires-in", after, "--name", after).exit_code == 0
        [document] = [each for each in stored(data) if each.name == after]
        assert document.expires_at is not None
        assert timedelta() <= document.expires_at - began - timedelta(hours=hours) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ((), "--user"),
        (("--admin", "--user", "me"), "--user"),
        (("--user", "me", "--scope", "everything"), "everything"),
        (("--user", "me", "--expires-in", "soon"), "90d"),
        (("--user", "me", "--expires-in", "0d"), "90d"),
        (("--user", "me", "--expires-at", "tomorrow"), "2030-01-31"),
        (("--user", "me", "--expires-at", "2020-01-01"), "ahead"),
        (("--user", "me", "--expires-at", "2100-01-01", "--expires-in", "1d"), "not both"),
        (("--user", "me", "--name", "a\nb"), "printable"),
        (("--user", "me", "--scope", "metrics"), "none without"),
    ],
)
def test_what_no_key_can_be_is_told(run: Run, data: Path, said: tuple[str, ...], told: str) -> None:
    result = run("key", *said)
    assert result.exit_code == 2
    assert told in result.stderr
    assert not stored(data)


def test_a_key_for_nobody_is_told(run: Run, data: Path) -> None:
    result = run("key", "--user", "nobody")
    assert result.exit_code == 1
    assert "POST /v1/listeners" in result.stderr
    assert "import a file" in result.stderr


def test_keys_are_listed_without_the_keys(run: Run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    keys = [run("key", "--user", user, "--name", f"[red]of {user}").stdout.strip() for user in ("me", "anna")]
    listed = run("keys").stdout
    for key, user in zip(keys, ("me", "anna"), strict=True):
        assert re.search(rf"{short_id(key_digest(key.encode()))} .*\[red\]of {user} .* read, write .* {user} ", listed)
        assert key not in listed


def test_a_revoked_key_is_gone(run: Run, data: Path) -> None:
    keys = [run("key", "--user", user).stdout.strip() for user in ("me", "anna")]
    identity = short_id(key_digest(keys[0].encode()))
    assert run("revoke", identity).exit_code == 0
    assert [each.listeners for each in stored(data)] == [["anna"]]
    store = open_store(f"sqlite:///{data / 'stats.sqlite'}")
    assert revisions(store)["keys"] == 3
    store.close()
    result = run("revoke", identity)
    assert result.exit_code == 1
    assert identity in result.stderr
