"""What an answer was made from goes with it: arrays of megabytes must not wait for the garbage collector."""

import gc
from collections.abc import Iterator

import numpy as np
import pytest

from bench.jobs import Question
from bench.questions import questions
from stats_core.history.columns import history_of_plays
from stats_core.history.reader import Heard
from stats_core.insights import answered
from tests.bench.test_mix import given_to
from tests.insights.plays import listener, saved, some_plays


@pytest.fixture(scope="module")
def heard() -> Heard:
    zone = "Europe/Berlin"
    plays = [play for play in some_plays(zone, 7) if play.start.year > 2000]
    return Heard(listener(zone), history_of_plays(plays, saved()))


@pytest.fixture(scope="module", autouse=True)
def _only_what_comes_now() -> Iterator[None]:
    """To look through all that the tests before made takes seconds each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def unreachable() -> Iterator[list[object]]:
    """Whatever the garbage collector finds meanwhile."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield gc.garbage
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


@pytest.mark.parametrize("question", list(questions()), ids=lambda question: question.name)
def test_no_answer_leaves_arrays_behind(question: Question, heard: Heard, unreachable: list[object]) -> None:
    given = given_to(question, heard)
    answered(question.statistic, heard, given, now=1_800_000_000_000)  # what the history keeps is made now
    gc.collect()
    unreachable.clear()
    assert answered(question.statistic, heard, given, now=1_800_000_000_000).json
    gc.collect()
    held = [one for left in unreachable for one in gc.get_referents(left) if isinstance(one, np.ndarray)]
    assert not held
