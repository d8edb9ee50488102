"""What is wrong opens one alert, whoever sees it, and closes it when it is over; the webhook hears of each once."""

import logging
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stats_core.alerts.keeping import close_alert, open_alert, open_alerts, settle
from stats_core.alerts.telling import tell
from stats_core.alerts.watching import watch
from stats_core.clock import utc_now
from stats_core.listeners import erase_listener
from stats_core.settings import Settings
from stats_core.spotify.budgets import Budgets
from stats_core.spotify.errors import AppPaused, NeedsLogin, SpotifyError
from stats_core.spotify.tokens import change_account
from stats_core.store import collections
from stats_core.store.port import EVERYTHING, Store
from stats_core.sync.polling import poll
from tests.alerts.conftest import Webhook
from tests.fakes.spotify import FakeSpotify, Fault, World
from tests.spotify.conftest import logged_in

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_missing_premium_is_one_alert_however_often_it_is_tried(
    world: World, store: Store, own: Settings, linked: str, webhook: Webhook
) -> None:
    world.premium = False
    began = utc_now()
    for hour in range(5):
        with time_machine.travel(began + hour * (HOUR + timedelta(minutes=1))):
            with pytest.raises(AppPaused):
                poll(store, own, linked)
            watch(store, own, utc_now())
        with time_machine.travel(began + hour * (HOUR + timedelta(minutes=1)) + HOUR):  # open again, and not asked yet
            watch(store, own, utc_now())
    assert webhook.told == [("app", "opened")]
    assert "Premium" in webhook.taken[0]["text"]
    world.premium = True
    with time_machine.travel(began + 6 * HOUR):
        poll(store, own, linked)
        watch(store, own, utc_now())
        watch(store, own, utc_now())
    assert webhook.told == [("app", "opened"), ("app", "closed")]
    assert webhook.taken[1]["text"].startswith("Spotify Stats: over since")
    assert store.count(collections.alerts) == 1


def test_a_dead_login_and_its_end(
    world: World, store: Store, own: Settings, linked: str, webhook: Webhook, fake: FakeSpotify
) -> None:
    watch(store, own, utc_now())
    world.withdraw("ann")
    world.expire_access()
    with pytest.raises(NeedsLogin):
        poll(store, own, linked)
    watch(store, own, utc_now())
    watch(store, own, utc_now())
    assert webhook.told == [("login|ann", "opened")]
    assert "spotify-stats login --user ann" in webhook.taken[0]["content"]
    logged_in(fake, store, own)
    watch(store, own, utc_now())
    assert webhook.told == [("login|ann", "opened"), ("login|ann", "closed")]


def test_a_login_that_ends_soon_and_polls_that_are_late(
    world: World, store: Store, own: Settings, linked: str, webhook: Webhook
) -> None:
    poll(store, own, linked)
    with time_machine.travel(utc_now() + 3 * HOUR):
        watch(store, own, utc_now())
    assert webhook.told == [("polls|ann", "opened")]
    with time_machine.travel(utc_now() + 4 * HOUR):
        poll(store, own, linked)
        change_account(store, linked, lambda account: {"authorized_at": account.authorized_at - 160 * DAY})
        watch(store, own, utc_now())
        assert set(webhook.told[1:]) == {("polls|ann", "closed"), ("login-ends|ann", "opened")}
        change_account(store, linked, lambda _: {"state": "needs login", "problem": "It ended."})
        watch(store, own, utc_now())
    assert set(webhook.told[3:]) == {("login-ends|ann", "closed"), ("login|ann", "opened")}


@pytest.mark.parametrize("fault", [Fault(503, times=100), Fault(429, "Too many requests", "QUOTA_EXCEEDED", "86207")])
def test_polls_that_fail_for_hours_are_late_however_often_they_are_tried(
    world: World, store: Store, own: Settings, linked: str, webhook: Webhook, fault: Fault
) -> None:
    poll(store, own, linked)
    world.fail("player", fault)
    began = utc_now()
    for quarter in range(1, 13):
        with time_machine.travel(began + quarter * HOUR / 4):
            with suppress(SpotifyError):
                poll(store, own, linked)
            watch(store, own, utc_now())
    assert webhook.told == [("polls|ann", "opened")]
    assert "problem of its own" in webhook.taken[0]["text"] or "quota is used up" in webhook.taken[0]["text"]
    world.mend()
    with time_machine.travel(began + 25 * HOUR):
        poll(store, own, linked)
        watch(store, own, utc_now())
    assert webhook.told == [("polls|ann", "opened"), ("polls|ann", "closed")]


def test_a_login_after_weeks_is_not_late_at_once_and_a_scope_that_is_missing_is_told(
    world: World, store: Store, own: Settings, linked: str, webhook: Webhook, fake: FakeSpotify
) -> None:
    poll(store, own, linked)
    with time_machine.travel(utc_now() + 21 * DAY):
        logged_in(fake, store, own)
        watch(store, own, utc_now())
        assert webhook.told == []
        change_account(store, linked, lambda _: {"refused": ["user-read-recently-played"]})
        watch(store, own, utc_now())
    assert webhook.told == [("login|ann", "opened")]
    erase_listener(store, own, linked)
    assert store.count(collections.alerts) == 0


def test_a_long_pause_of_the_app_is_one_alert_until_spotify_answers(
    world: World, store: Store, own: Settings, linked: str, webhook: Webhook
) -> None:
    began = utc_now()
    Budgets(store, own.spotify_budgets).close("app", HOUR, "Spotify says that the app asks too fast.")
    for minutes in (0, 55, 61):
        with time_machine.travel(began + timedelta(minutes=minutes)):
            watch(store, own, utc_now())
    assert webhook.told == [("app", "opened")]
    with time_machine.travel(began + timedelta(minutes=62)):
        poll(store, own, linked)
        watch(store, own, utc_now())
    assert webhook.told == [("app", "opened"), ("app", "closed")]


def test_what_the_webhook_does_not_take_is_tried_again_in_order(
    store: Store, own: Settings, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    began = utc_now()
    webhook.status = 503
    open_alert(store, "run|nightly", "It failed.", began, is_told=True)
    assert tell(store, own, began) == 0
    (alert,) = open_alerts(store)
    assert (alert.problem, alert.tries, alert.again_at) == (
        "The webhook answered 503.", 1, began + timedelta(minutes=1)
    )  # fmt: skip
    close_alert(store, "run|nightly", began + HOUR, is_told=True)
    webhook.status = 204
    assert tell(store, own, began + timedelta(seconds=59)) == 0
    assert tell(store, own, began + timedelta(seconds=60)) == 2
    assert webhook.told == [("run|nightly", "opened"), ("run|nightly", "closed")]
    assert tell(store, own, began + 2 * DAY) == 0
    webhook.close()
    assert not open_alert(store, "run|nightly", "It failed before it succeeded.", began, is_told=True)
    later = began + 3 * HOUR
    open_alert(store, "run|nightly", "It failed again.", later, is_told=True)
    assert not close_alert(store, "run|nightly", later - HOUR, is_told=True)
    assert tell(store, own, later) == 0
    (alert,) = open_alerts(store)
    assert alert.number == 2
    assert alert.problem == "The webhook could not be reached: ConnectError."
    assert "s3cret" not in str(alert) + caplog.text


def test_without_a_webhook_alerts_are_kept_and_nothing_is_owed_later(
    store: Store, own: Settings, webhook: Webhook
) -> None:
    silent = own.model_copy(update={"alert_webhook": None})
    now = utc_now()
    open_alert(store, "app", "paused", now, is_told=False)
    assert tell(store, silent, now) == 0
    assert tell(store, own, now) == 0
    close_alert(store, "app", now, is_told=False)
    assert store.count(collections.alerts) == 1
    tell(store, own, now + 401 * DAY)
    assert store.count(collections.alerts) == 0


def test_who_tells_at_once_tells_once(store: Store, own: Settings, webhook: Webhook) -> None:
    now = utc_now()
    for number in range(3):
        open_alert(store, f"run|{number}", "It failed.", now, is_told=True)
    gate = threading.Barrier(4)

    def send() -> None:
        gate.wait()
        tell(store, own, now)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(webhook.told) == [(f"run|{number}", "opened") for number in range(3)]


def test_who_sees_it_at_once_opens_it_once(store: Store) -> None:
    now, opened = utc_now(), []
    gate = threading.Barrier(6)

    def see() -> None:
        gate.wait()
        opened.append(open_alert(store, "app", "paused", now, is_told=True))

    threads = [threading.Thread(target=see) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(opened) == [False] * 5 + [True]
    assert store.count(collections.alerts) == 1


@given(st.lists(st.sets(st.sampled_from(["app", "login|ann", "login|ben", "polls|ann"])), max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_beginning_and_every_end_is_owed_one_message(sqlite_store: Store, rounds: list[set[str]]) -> None:
    store = sqlite_store
    store.delete(collections.alerts, EVERYTHING)
    open_alert(store, "run|nightly", "not of the sync", utc_now(), is_told=False)
    now, before, expected = utc_now(), set[str](), 0
    for wrong in rounds:
        now += HOUR
        settle(store, dict.fromkeys(wrong, "bad"), ("app", "login|", "polls|"), now, is_told=True)
        expected += len(wrong ^ before)
        before = wrong
        assert {alert.subject for alert in open_alerts(store)} == {*wrong, "run|nightly"}
    assert sum(len(alert.owed) for alert in store.find(collections.alerts)) == expected
