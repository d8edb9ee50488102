"""What is answered from memory passes the same gate as what is computed."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from stats_api.access import BELIEVED_SECONDS
from stats_api.answers import Answers
from stats_core.clock import utc_now
from stats_core.documents.listeners import Listener
from stats_core.documents.words import Scope
from stats_core.history.present import FRESH_SECONDS
from stats_core.security.access import ADMIN
from stats_core.security.consent import agree, withdraw
from stats_core.security.keys import made_key, own_keys, revoke
from stats_core.security.links import made_link
from stats_core.store import collections
from stats_core.store.port import Store
from tests.api.inside import Inside
from tests.api.server import problem

SUMMARY = "/v1/listeners/ada/summary"
Key = Callable[..., str]


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the requests that were not answered from memory."""
    paths: list[str] = []
    really = Answers.reply

    async def noted(self: Answers, passage: Any, access: Any, address: Any) -> Any:
        paths.append(address.path)
        return await really(self, passage, access, address)

    monkeypatch.setattr(Answers, "reply", noted)
    return paths


@pytest.fixture
def started(store: Store, tmp_path: Path) -> Iterator[Callable[..., Inside]]:
    """Starts services over one store of each kind, with two listeners who have no plays."""
    store.insert(collections.listeners, [Listener(id=user, created_at=utc_now()) for user in ("ada", "bob")])
    with asyncio.Runner() as runner:
        yield lambda **chosen: Inside(runner, store, tmp_path, **chosen)


@pytest.fixture
def service(started: Callable[..., Inside]) -> Inside:
    """One of them, which an admin has asked for ada's summary."""
    service = started(rate_limit=0)
    assert service.ask(SUMMARY, service.admin).status_code == 200
    return service


@pytest.fixture
def key(store: Store, started: Callable[..., Inside]) -> Key:
    """Makes a key, as another process would."""

    def made(user: str = "ada", scope: Scope = "read", expires_at: datetime | None = None) -> str:
        return made_key(store, name="test", scopes=[scope], listeners=[user], expires_at=expires_at)[0]

    return made


def link(store: Store, *statistics: str) -> str:
    made, _ = made_link(
        store, "ada", name="x", statistics=statistics, start=None, end=None, expires_at=None, by=ADMIN
    )  # fmt: skip
    return made


def test_whoever_may_is_answered_from_memory(service: Inside, key: Key, computed: list[str]) -> None:
    for other in (key(), key()):
        assert service.ask(SUMMARY, other).status_code == 200  # a new key goes the whole way once
        computed.clear()
        assert service.ask(SUMMARY, other).status_code == 200
        assert computed == []


def test_what_is_asked_again_before_the_next_look_at_the_store_is_given_as_it_is(
    service: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []
    really = Answers.at_hand

    async def noted(self: Answers, passage: Any) -> Any:
        found.append(passage.method)
        return await really(self, passage)

    monkeypatch.setattr(Answers, "at_hand", noted)
    monkeypatch.setattr("stats_core.history.present.FRESH_SECONDS", 60)
    service.ask(SUMMARY, service.admin)
    found.clear()
    given = service.ask(SUMMARY, service.admin)
    assert (given.status_code, found) == (200, [])
    head = service.ask(SUMMARY, service.admin, method="HEAD")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", given.headers["etag"])
    unchanged = service.ask(SUMMARY, service.admin, headers={"If-None-Match": given.headers["etag"]})
    assert (unchanged.status_code, found) == (304, [])
    problem(service.ask(SUMMARY), 401, "no-access")
    problem(service.ask(SUMMARY, "A" * 43), 401, "no-access")
    assert service.ask(SUMMARY, service.admin, headers={"Accept": "text/csv"}).status_code == 406
    assert service.ask(SUMMARY, service.admin, method="GET", content=b"x").status_code == 200
    assert len(found) == 3


def test_no_key_is_kept_once_nobody_asks(service: Inside, key: Key) -> None:
    own = key()
    for _ in range(3):
        assert service.ask(SUMMARY, own).status_code == 200
    assert own in repr(service.answers._given)
    time.sleep(0.5)
    service.run(service.answers.notice())
    assert own not in repr(service.answers._given)


def test_no_key_is_kept_though_no_answer_is_either(service: Inside, key: Key) -> None:
    own = key()
    for _ in range(3):
        assert service.ask(SUMMARY, own).status_code == 200
    service.answers.cache.clear()
    time.sleep(0.5)
    service.run(service.answers.notice())
    assert own not in repr(service.answers._given)


def test_a_key_that_must_be_looked_up_anew_is_still_answered_from_memory(
    service: Inside, key: Key, store: Store, computed: list[str]
) -> None:
    other = key()
    assert service.ask(SUMMARY, other).status_code == 200
    computed.clear()
    key()  # whatever changes of the keys
    time.sleep(FRESH_SECONDS)
    assert service.ask(SUMMARY, other).status_code == 200
    time.sleep(BELIEVED_SECONDS)
    assert service.ask(SUMMARY, other).status_code == 200
    assert computed == []


def test_who_may_not_is_refused_all_the_same(service: Inside, key: Key, store: Store) -> None:
    for closed in (key("bob"), key(scope="write"), link(store, "clock")):
        for _ in range(2):
            problem(service.ask(SUMMARY, closed), 403, "outside-key")
    for _ in range(2):
        problem(service.ask(SUMMARY), 401, "no-access")
        problem(service.ask(SUMMARY, "A" * 43), 401, "no-access")


def test_a_revoked_key_is_refused(service: Inside, key: Key, store: Store) -> None:
    revoked = key()
    assert {service.ask(SUMMARY, revoked).status_code for _ in range(2)} == {200}
    for document in own_keys(store, ADMIN):
        revoke(store, document)
    time.sleep(FRESH_SECONDS)
    problem(service.ask(SUMMARY, revoked), 401, "no-access")


def test_an_expired_key_is_refused(service: Inside, key: Key) -> None:
    ends = utc_now() + timedelta(hours=1)
    short = key(expires_at=ends)
    assert {service.ask(SUMMARY, short).status_code for _ in range(2)} == {200}
    with time_machine.travel(ends, tick=False):
        problem(service.ask(SUMMARY, short), 401, "no-access")


def test_a_key_that_asks_too_often_is_refused(started: Callable[..., Inside], key: Key, computed: list[str]) -> None:
    service, often = started(rate_limit=1.5), key()
    assert service.ask(SUMMARY, service.admin).status_code == 200
    assert [service.ask(SUMMARY, often).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert len(computed) == 2


def test_a_link_is_answered_from_memory_and_nothing_of_it_is_kept_there(
    service: Inside, store: Store, computed: list[str]
) -> None:
    shared = f"{SUMMARY}?min_ms=0&share={link(store, 'summary')}"
    first = service.ask(shared)
    computed.clear()
    again = service.ask(shared)
    assert computed == []
    own = {"x-request-id"}
    assert [(name, value) for name, value in again.headers.items() if name not in own] == [
        (name, value) for name, value in first.headers.items() if name not in own
    ]
    assert again.headers["referrer-policy"] == "no-referrer"
    assert service.ask(shared, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert computed == []
    assert "link_" not in repr(service.answers._spellings) + repr(service.gate._known)


def test_what_a_link_opens_stays_closed_without_it(
    service: Inside, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stats_core.history.present.FRESH_SECONDS", 60)
    shared = f"{SUMMARY}?share={link(store, 'summary')}"
    assert {service.ask(shared).status_code for _ in range(3)} == {200}
    problem(service.ask(SUMMARY), 401, "no-access")
    problem(service.ask(f"{SUMMARY}?share={link(store, 'clock')}"), 403, "outside-key")


def test_another_link_to_the_same_is_answered_from_memory_and_one_to_less_is_not(
    service: Inside, store: Store, computed: list[str]
) -> None:
    one, two = link(store, "summary"), link(store, "summary", "clock")
    assert {service.ask(f"{SUMMARY}?share={each}").status_code for each in (one, two)} == {200}
    computed.clear()
    assert {service.ask(f"{SUMMARY}?share={each}").status_code for each in (one, two)} == {200}
    assert computed == []
    problem(service.ask(f"{SUMMARY}?share={link(store, 'clock')}"), 403, "outside-key")


def test_a_comparison_ends_at_once_in_every_process(
    started: Callable[..., Inside], key: Key, store: Store, computed: list[str]
) -> None:
    one, two, own = started(rate_limit=0), started(rate_limit=0), key(scope="read")
    write = key(scope="write")
    path = "/v1/listeners/ada/comparison?with=bob"
    for user, other in (("ada", "bob"), ("bob", "ada")):
        agree(store, user, other)
    for service in (one, two):
        assert service.ask(path, own).status_code == 200
        computed.clear()
        assert service.ask(path, own).status_code == 200
        assert computed == []
    assert one.ask("/v1/listeners/ada/comparisons/bob", write, method="DELETE").status_code == 204
    problem(one.ask(path, own), 403, "outside-key")
    time.sleep(FRESH_SECONDS)
    problem(two.ask(path, own), 403, "outside-key")


def test_what_two_agreed_to_is_not_mistaken_for_all(started: Callable[..., Inside], key: Key, store: Store) -> None:
    service, own = started(rate_limit=0), key()
    for user, other in (("ada", "bob"), ("bob", "ada")):
        agree(store, user, other)
    path = "/v1/listeners/ada/comparison?with=bob"
    for _ in range(2):
        assert service.ask(path, service.admin).json()["agreed"] is False
        assert service.ask(path, own).json()["agreed"] is True
    withdraw(store, "bob", "ada")
    time.sleep(FRESH_SECONDS)
    problem(service.ask(path, own), 403, "outside-key")
    assert service.ask(path, service.admin).status_code == 200
