"""What was worked out for the question before changes no answer, and holds no history."""

import gc
import weakref
from typing import Any, Final

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats_core.history.columns import History, history_of_plays
from stats_core.history.reader import Heard
from stats_core.insights import STATISTICS, answer_of, asked, lately
from stats_core.insights.lately import Lately
from tests.insights.answers import ADA, NOW
from tests.insights.plays import saved, some_plays

PLAYS: Final = some_plays("Europe/Berlin", 3)
OTHERS: Final = some_plays("Europe/Berlin", 4)
HISTORIES: Final = tuple(history_of_plays(plays, saved()) for plays in (PLAYS, OTHERS))
RULES: Final[tuple[dict[str, str], ...]] = (
    {},
    {"min_ms": "0", "private": "include"},
    {"kinds": "track,episode,unknown"},
    {"period": "2023-10", "tz": "Europe/Berlin"},
    {"period": "2023-10", "tz": "America/St_Johns"},
    {"min_share": "0.5", "platform": "android,unknown"},
)
_TOPS: Final = {"tracks/{id}": "top/tracks", "artists/{id}": "top/artists", "albums/{id}": "top/albums"}
_NEEDED: Final[dict[str, dict[str, str]]] = {"search": {"q": "song"}, "comparison": {"other_period": "2023"}}


def answer(statistic: str, history: History, given: dict[str, str], kept: Lately | None = None) -> Any:
    heard = Heard(ADA, history)
    return msgspec.json.decode(answer_of(asked(statistic, given), heard, now=NOW, lately=kept).json)


def of(statistic: str, history: History, rule: dict[str, str], kept: Lately | None = None) -> object:
    given = {**_NEEDED.get(statistic, {}), **rule}
    if statistic in _TOPS:
        given["id"] = answer(_TOPS[statistic], history, {"min_ms": "0", "limit": "1"})["items"][0]["id"]
    return answer(statistic, history, given, kept)


questions = st.tuples(st.sampled_from(sorted(STATISTICS)), st.sampled_from([0, 1]), st.sampled_from(RULES))


@given(st.lists(questions, min_size=2, max_size=8))
@settings(max_examples=60, deadline=None)
def test_an_answer_is_the_same_whatever_was_asked_before(questions: list[tuple[str, int, dict[str, str]]]) -> None:
    kept = Lately()
    in_turn = [of(statistic, HISTORIES[number], rule, kept) for statistic, number, rule in questions]
    for (statistic, number, rule), told in zip(questions, in_turn, strict=True):
        assert of(statistic, HISTORIES[number], rule) == told


def test_a_question_about_the_same_plays_finds_what_was_worked_out() -> None:
    history, kept = history_of_plays(PLAYS), Lately()
    answer("top/tracks", history, {}, kept)
    assert answer("records", history, {}, kept)["day"] is not None
    assert kept._kept is not None
    assert {"positions", "start", "title"} <= kept._kept.worked_out.keys()
    positions = kept._kept.worked_out["positions"]
    answer("rediscoveries", history, {}, kept)
    assert kept._kept.worked_out["positions"] is positions


def test_it_holds_no_history_and_goes_when_nobody_asks() -> None:
    history, kept = history_of_plays(PLAYS), Lately()
    gone = weakref.ref(history)
    answer("top/tracks", history, {}, kept)
    del history
    gc.collect()
    assert gone() is None
    kept.tidy()
    assert kept._kept is not None
    kept.tidy()
    assert kept._kept is None


def test_more_than_fits_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, history = Lately(), HISTORIES[0]
    monkeypatch.setattr(lately, "MOST_BYTES", 100)
    kept.keep(history, "these", {"positions": np.zeros(12)})
    assert kept.about(history, "these")
    assert not kept.about(history, "others")
    assert not kept.about(HISTORIES[1], "these")
    kept.keep(history, "these", {"positions": np.zeros(13)})
    assert not kept.about(history, "these")
