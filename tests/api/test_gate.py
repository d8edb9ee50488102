"""The gate: who is slowed, who never is, and how soon every process knows what a key opens."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from stats_api.access import BELIEVED_SECONDS
from stats_core.clock import utc_now
from stats_core.documents.listeners import Listener
from stats_core.errors import StoreUnavailable
from stats_core.history.present import FRESH_SECONDS
from stats_core.security.keys import NOTED_AFTER, key_digest, made_key
from stats_core.store import collections
from stats_core.store.port import Query, Store
from tests.api.inside import Inside
from tests.api.server import problem

Started = Callable[..., Inside]
WRONG = "A" * 43
ADA = "/v1/listeners/ada"


@pytest.fixture
def started(store: Store, tmp_path: Path) -> Iterator[Started]:
    """Starts services over one store of each kind, with a listener `ada`."""
    store.insert(collections.listeners, [Listener(id="ada", created_at=utc_now())])
    with asyncio.Runner() as runner:
        yield lambda **chosen: Inside(runner, store, tmp_path, **chosen)


@pytest.fixture
def key(store: Store, started: Started) -> str:
    return made_key(store, name="test", scopes=["read"], listeners=["ada"])[0]


def last_use(store: Store, key: str) -> Any:
    document = store.get(collections.access_keys, key_digest(key.encode()))
    return document and document.last_used_at


def test_only_failed_attempts_are_slowed_and_only_from_their_address(started: Started, key: str) -> None:
    service = started(failed_attempts=3)
    for _ in range(3):
        problem(service.ask(ADA, WRONG), 401, "no-access")
    slowed = service.ask(ADA, WRONG)
    problem(slowed, 429, "too-many-failures")
    assert 1 <= int(slowed.headers["retry-after"]) <= 20
    assert service.ask(ADA, key).status_code == 200
    assert service.ask(ADA, service.admin).status_code == 200
    problem(service.ask(ADA), 401, "no-access")
    problem(service.ask(ADA, WRONG, peer="192.0.2.2"), 401, "no-access")


def test_whoever_claims_to_be_forwarded_is_not_believed(started: Started) -> None:
    service = started(failed_attempts=1)
    problem(service.ask(ADA, WRONG, headers={"X-Forwarded-For": "198.51.100.1"}), 401, "no-access")
    problem(service.ask(ADA, WRONG, headers={"X-Forwarded-For": "198.51.100.2"}), 429, "too-many-failures")


def test_behind_a_trusted_proxy_clients_are_told_apart(started: Started) -> None:
    service = started(failed_attempts=1, trusted_proxies="192.0.2.0/24")
    for client in ("198.51.100.1", "198.51.100.2"):
        for status, name in ((401, "no-access"), (429, "too-many-failures")):
            problem(service.ask(ADA, WRONG, headers={"X-Forwarded-For": client}), status, name)


def test_a_key_asks_so_often_and_no_more(started: Started, store: Store, key: str) -> None:
    other, _ = made_key(store, name="other", scopes=["read"], listeners=["ada"])
    service = started(rate_limit=0.5)
    assert service.ask(ADA, key).status_code == 200
    refused = service.ask(ADA, key)
    problem(refused, 429, "too-many-requests")
    assert refused.headers["retry-after"] == "2"
    assert service.ask(ADA, other).status_code == 200
    assert service.ask(ADA, service.admin).status_code == 200
    problem(service.ask(ADA, service.admin), 429, "too-many-requests")
    assert started(rate_limit=0.5).ask(ADA, key).status_code == 200
    assert service.ask("/health/live").status_code == 200


def test_a_rate_limit_of_0_is_none(started: Started, key: str) -> None:
    service = started(rate_limit=0)
    assert {service.ask(ADA, key).status_code for _ in range(50)} == {200}


def test_every_process_hears_of_a_key_and_of_its_end(started: Started) -> None:
    one, two = started(), started()
    body = {"name": "phone", "scopes": ["read"], "listeners": ["ada"]}
    two.ask(ADA, two.admin)
    made = one.ask("/v1/keys", one.admin, method="POST", json=body).json()
    for service in (one, two, one, two):
        assert service.ask(ADA, made["key"]).status_code == 200
    assert one.ask(f"/v1/keys/{made['id']}", one.admin, method="DELETE").status_code == 204
    problem(one.ask(ADA, made["key"]), 401, "no-access")
    time.sleep(FRESH_SECONDS)
    problem(two.ask(ADA, made["key"]), 401, "no-access")


def test_a_key_removed_by_other_means_is_closed_within_a_second(started: Started, store: Store, key: str) -> None:
    service = started(rate_limit=0)
    assert service.ask(ADA, key).status_code == 200
    removed = time.monotonic()
    store.delete(collections.access_keys, Query(equal={"_id": key_digest(key.encode())}))
    while service.ask(ADA, key).status_code == 200:
        assert time.monotonic() < removed + 1
    problem(service.ask(ADA, key), 401, "no-access")


def test_a_key_expires_to_the_moment(started: Started, store: Store) -> None:
    ends = utc_now() + timedelta(hours=1)
    key, _ = made_key(store, name="short", scopes=["read"], listeners=["ada"], expires_at=ends)
    service = started()
    with time_machine.travel(ends - timedelta(milliseconds=1), tick=False) as clock:
        assert service.ask(ADA, key).status_code == 200
        clock.move_to(ends)
        problem(service.ask(ADA, key), 401, "no-access")
    assert service.ask(ADA, key).status_code == 200


def test_the_last_use_is_noted_once_a_minute(started: Started, store: Store, key: str) -> None:
    service = started()
    began = utc_now()
    assert last_use(store, key) is None
    service.ask(ADA, key)
    noted = _noted(service, store, key)
    assert noted >= began
    time.sleep(1.01)
    service.ask(ADA, key)
    time.sleep(0.1)
    assert last_use(store, key) == noted
    store.update(collections.access_keys, key_digest(key.encode()), {"last_used_at": began - NOTED_AFTER})
    time.sleep(1.01)
    service.ask(ADA, key)
    assert _noted(service, store, key, after=began - NOTED_AFTER) > noted


def test_an_expired_key_is_not_used(started: Started, store: Store, key: str) -> None:
    service = started()
    store.update(collections.access_keys, key_digest(key.encode()), {"expires_at": utc_now()})
    for _ in range(20):
        problem(service.ask(ADA, key), 401, "no-access")
    assert last_use(store, key) is None


def _noted(service: Inside, store: Store, key: str, after: Any = None) -> Any:
    """The last use, once it is another than that."""
    patient_until = time.monotonic() + 10
    while (noted := last_use(store, key)) == after:
        assert time.monotonic() < patient_until
        service.ask("/health/live")  # the loop runs while it is asked
    return noted


def test_a_use_that_cannot_be_written_is_nobodys_trouble(
    started: Started, store: Store, key: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: object) -> bool:
        raise StoreUnavailable("gone")

    service = started()
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR, "stats_api"):
        patch.setattr(store, "update", failing)
        patient_until = time.monotonic() + 10
        while "could not be written" not in caplog.text:
            assert service.ask(ADA, key).status_code == 200
            assert time.monotonic() < patient_until
    time.sleep(1.01)
    assert service.ask(ADA, key).status_code == 200
    assert _noted(service, store, key)


def test_a_known_key_needs_no_store(started: Started, store: Store, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = started()
    asked: list[str] = []
    really = store.get

    def counted(collection: Any, identity: str) -> Any:
        asked.append(collection.name)
        return really(collection, identity)

    monkeypatch.setattr(store, "get", counted)
    patient_until = time.monotonic() + 30
    while time.monotonic() < patient_until:
        began = time.monotonic()
        assert service.ask(ADA, key).status_code == 200
        asked.clear()
        service.ask("/v1/listeners", key)
        service.ask("/v1/listeners", key)
        if time.monotonic() - began < BELIEVED_SECONDS:  # a slow machine may take longer, and then proves nothing
            break
    assert "access_keys" not in asked
