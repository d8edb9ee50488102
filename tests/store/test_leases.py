"""Leases: one writer at a time, whoever it is and however it ends."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from stats_core.clock import utc_now
from stats_core.documents.upkeep import Lease
from stats_core.errors import LeaseLost, StoreUnavailable
from stats_core.store import collections, leases, open_store
from stats_core.store.leases import TERM, is_dead, lease, this_host
from stats_core.store.port import Store
from tests.store.things import DECLARED
from tests.store.workers import line_of, working

NAME = "plays|me"


def kept(store: Store) -> Lease:
    found = store.get(collections.leases, NAME)
    assert found is not None
    return found


def of_another(**fields: object) -> Lease:
    made = Lease(
        id=NAME, owner="elsewhere:1:x", host="elsewhere", pid=1, purpose="syncing", expires_at=utc_now() + TERM,
        revision=5,
    )  # fmt: skip
    return msgspec.structs.replace(made, **fields)


def test_a_lease_is_held_and_released(store: Store) -> None:
    with lease(store, NAME, purpose="importing x.zip"):
        found = kept(store)
        assert (found.purpose, found.pid, found.host) == ("importing x.zip", os.getpid(), this_host())
        assert timedelta(seconds=55) < found.expires_at - utc_now() <= TERM
    assert store.count(collections.leases) == 0


def test_a_failure_releases_it_too(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), lease(store, NAME, purpose="failing"):
        raise ZeroDivisionError
    assert store.count(collections.leases) == 0


def test_different_things_are_leased_at_once(store: Store) -> None:
    with lease(store, NAME, purpose="one"), lease(store, "plays|you", purpose="two", timeout=0):
        assert store.count(collections.leases) == 2


def test_another_waits_and_is_told_once_for_whom(store: Store) -> None:
    told: list[Lease] = []
    heard = threading.Event()
    order: list[str] = []

    def waiting(holder: Lease) -> None:
        told.append(holder)
        heard.set()

    def second() -> None:
        with lease(store, NAME, purpose="second", waiting=waiting):
            order.append("second")

    with ThreadPoolExecutor(1) as pool:
        with lease(store, NAME, purpose="first"):
            waiter = pool.submit(second)
            assert heard.wait(10)
            time.sleep(0.5)
            order.append("first")
        waiter.result(10)
    assert order == ["first", "second"]
    assert [holder.purpose for holder in told] == ["first"]


def test_only_one_of_many_holds_it_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "POLL", 0.01)
    inside: list[int] = []
    most = []

    def work(number: int) -> None:
        with lease(store, NAME, purpose=str(number)):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.01)
            inside.remove(number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(12)))
    assert most == [1] * 12


def test_waiting_ends_with_the_holders_name(store: Store) -> None:
    store.insert(collections.leases, [of_another()])
    with (
        pytest.raises(StoreUnavailable, match=r"syncing \(process 1 on elsewhere\)"),
        lease(store, NAME, purpose="importing", timeout=0.3),
    ):
        pass
    assert kept(store).owner == "elsewhere:1:x"


def test_an_expired_lease_is_taken_over(store: Store) -> None:
    store.insert(collections.leases, [of_another(expires_at=utc_now() - timedelta(seconds=1))])
    with lease(store, NAME, purpose="importing", timeout=0):
        assert kept(store).pid == os.getpid()


def test_the_lease_of_a_killed_process_is_taken_over_at_once(store: Store, store_uri: str) -> None:
    with working("hold", store_uri, NAME) as worker:
        assert line_of(worker) == "held"
        with pytest.raises(StoreUnavailable, match="holding still"), lease(store, NAME, purpose="x", timeout=0.3):
            pass
        worker.kill()
        worker.wait()
        with lease(store, NAME, purpose="importing", timeout=0):
            assert kept(store).pid == os.getpid()
    assert store.count(collections.leases) == 0


def test_a_pid_that_another_process_was_given_keeps_no_lease() -> None:
    mine = {"host": this_host(), "pid": os.getpid()}
    assert not is_dead(of_another(**mine))
    # Last renewed before this process began, and with a term of years: the pid must be another process's.
    before = utc_now() - timedelta(days=1)
    assert is_dead(of_another(host=this_host(), pid=2**22 + 1))
    assert not is_dead(of_another(pid=2**22 + 1))  # nobody can tell on another host
    assert is_dead(of_another(**mine, expires_at=before))


def test_a_reused_pid_is_told_by_its_age(monkeypatch: pytest.MonkeyPatch) -> None:
    holder = of_another(host=this_host(), pid=os.getpid())
    monkeypatch.setattr("psutil.Process.create_time", lambda self: time.time() + 10)
    assert is_dead(holder)


def test_renewing_costs_nothing_until_ten_seconds_passed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with lease(store, NAME, purpose="importing") as held:
        before = kept(store)
        held.renew()
        assert kept(store) == before
        later = utc_now() + timedelta(seconds=11)
        monkeypatch.setattr(leases, "utc_now", lambda: later)
        held.renew()
        assert kept(store).expires_at == later + TERM
        assert kept(store).revision == before.revision + 1
    assert store.count(collections.leases) == 0


def test_a_lease_that_was_taken_over_is_lost_and_left_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with lease(store, NAME, purpose="importing") as held:
        store.put(collections.leases, [of_another()])
        later = utc_now() + timedelta(seconds=11)
        monkeypatch.setattr(leases, "utc_now", lambda: later)
        with pytest.raises(LeaseLost, match="importing"):
            held.renew()
    assert kept(store) == of_another(expires_at=kept(store).expires_at)


def test_a_lease_released_and_taken_anew_is_not_the_old_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with lease(store, NAME, purpose="slow") as held:
        store.drop(collections.leases)
        with lease(store, NAME, purpose="quick", timeout=0):
            later = utc_now() + timedelta(seconds=11)
            monkeypatch.setattr(leases, "utc_now", lambda: later)
            with pytest.raises(LeaseLost):
                held.renew()


def test_releasing_hides_no_error(sqlite_uri: str) -> None:
    store = open_store(sqlite_uri, DECLARED)

    def fail() -> None:
        with lease(store, NAME, purpose="failing"):
            store.close()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
