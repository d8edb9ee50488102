"""What a link or an agreement may see: nothing outside shows through, and nothing is said of what cannot be known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats_core.clock import instant_ms
from stats_core.documents.listeners import Covered, Listener, StreamRule
from stats_core.documents.plays import Play
from stats_core.history.columns import history_of_plays
from stats_core.history.reader import Heard
from stats_core.insights import answer_of
from stats_core.insights import asked as asked_of
from stats_core.insights.question import Companion
from stats_core.security.access import Limits
from tests.insights.answers import NOW, answer
from tests.insights.plays import keyed, listener, play, utc

YEAR = Limits(instant_ms(utc("2024-01-01")), instant_ms(utc("2025-01-01")))
HISTORY = history_of_plays(
    keyed(
        [
            play("2023-05-01T10:00:00"),
            play("2024-05-01T10:00:00", private=False),
            play("2024-05-01T12:00:00", private=True),
        ]
    )
)


def linked(statistic: str, limits: Limits | None = YEAR, **given: str) -> dict[str, Any]:
    """What a link's holder is answered."""
    told = answer_of(asked_of(statistic, given), Heard(listener(), HISTORY), now=NOW, limits=limits)
    decoded: dict[str, Any] = msgspec.json.decode(told.json)
    return decoded


def test_whom_a_link_is_for_is_advised_nothing() -> None:
    covered = [Covered(start=utc("2024-01-01"), end=utc("2024-06-01"), by="preview")]
    heard = Heard(listener(), replace(HISTORY, coverage=covered))
    for limits, is_advised in ((None, True), (YEAR, False)):
        told = answer_of(asked_of("coverage", {}), heard, now=NOW, limits=limits)
        assert (msgspec.json.decode(told.json)["advice"] is not None) == is_advised


@pytest.mark.parametrize("statistic", ["top/tracks", "movers"])
def test_a_period_before_that_a_link_does_not_show_is_not_compared_with(statistic: str) -> None:
    assert linked(statistic, None, period="2024")["before"] is not None
    assert linked(statistic, period="2024")["before"] is None
    assert linked(statistic, period="2024-05")["before"] is not None


def test_nothing_is_new_where_a_link_cannot_tell() -> None:
    (entry,) = linked("top/tracks", period="2024")["items"]
    assert (entry["new"], entry["previous_plays"]) == (False, None)


def test_the_share_of_private_plays_is_not_told_to_a_link() -> None:
    assert linked("behaviour", None, period="2024")["all"]["private_share"] == 0.5
    assert linked("behaviour", period="2024")["all"]["private_share"] is None


def test_coverage_ends_with_the_link() -> None:
    covered = [Covered(start=utc("2020-01-01"), end=utc("2026-01-01"), by="complete")]
    history = replace(history_of_plays(keyed([play("2024-05-01T10:00:00")])), coverage=covered)
    told = answer_of(asked_of("coverage", {}), Heard(listener(), history), now=NOW, limits=YEAR)
    assert msgspec.json.decode(told.json)["coverage"]["complete"] == 1.0


def agreed(mine: list[Play], theirs: list[Play], who: Listener | None = None, **given: str) -> dict[str, Any]:
    """What ada's key is told of bob, where both agreed."""
    bob = Heard(msgspec.structs.replace(listener(), id="bob"), history_of_plays(theirs))
    question = asked_of("comparison", {"with": "bob", **given})
    ada = Heard(who or listener(), history_of_plays(mine))
    decoded: dict[str, Any] = msgspec.json.decode(
        answer_of(question, ada, now=NOW, companion=Companion(bob, True)).json
    )
    return decoded


def test_ones_own_settings_do_not_probe_anothers_plays() -> None:
    mine = keyed([play("2024-01-15T10:00:00", ms=200_000)])
    theirs = keyed([play("2024-01-31T20:30:00", ms=123_456)])
    first = agreed(mine, theirs, period="2024-01")
    for who in (
        listener(rule=StreamRule(min_ms=123_457)),
        listener(timezone="Etc/GMT-4"),
        listener(rule=StreamRule(kinds=("episode",))),
    ):
        assert agreed(mine, theirs, who, period="2024-01") == first
    assert first["affinity"]["affinity"] == 1.0


def test_nothing_hangs_on_anothers_private_plays() -> None:
    open_one, hidden = ("spotify:track:" + letter * 22 for letter in "BA")
    mine = keyed([play("2024-01-15T10:00:00", uri=hidden)])
    theirs = keyed([play("2024-01-16T10:00:00", uri=open_one), play("2024-01-17T10:00:00", uri=hidden, private=True)])
    known = agreed(mine, theirs, period="2024-01")
    assert known == agreed(mine, theirs[:1], period="2024-01")
    assert hidden.rpartition(":")[2] not in str(agreed(theirs[:1], theirs, period="2024-01"))


@given(st.integers(1, 600), st.integers(0, 1_000_000))
def test_a_share_is_reached_exactly(seconds: int, millionths: int) -> None:
    length = seconds * 1_000
    text = f"{millionths / 1_000_000:.6f}"
    least = -(-Fraction(text) * length // 1)  # the smallest whole number of milliseconds that reaches it
    at = datetime(2024, 1, 1, tzinfo=UTC)
    told = [play(at + timedelta(hours=number), ms=length, reason_end="trackdone") for number in range(2)]
    tried = [int(least) - 1, int(least)] if least > 0 else [0]
    plays = [play(at + timedelta(hours=10 + number), ms=ms, reason_end="fwdbtn") for number, ms in enumerate(tried)]
    history = history_of_plays(keyed([*told, *plays]))
    got = answer("summary", history, {"min_ms": "0", "min_share": text})
    assert got["plays"] == 3
    assert got["rule"]["estimated_length"] == len(told) + len(plays)
