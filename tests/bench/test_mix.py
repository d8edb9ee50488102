"""The mix is what it says it is, whatever statistics there are."""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from bench.jobs import Question
from bench.mix import A_MONTH_OR_LESS, A_YEAR, ALL_TIME, LEFT_OUT, mix
from bench.questions import TOP_OF, path_of, questions
from stats_core.history.columns import history_of_plays
from stats_core.history.reader import Heard
from stats_core.insights import STATISTICS, answered
from tests.insights.plays import keyed, listener, play

LONGEST: Final = {ALL_TIME: timedelta(days=36_500), A_YEAR: timedelta(days=366), A_MONTH_OR_LESS: timedelta(days=31)}


@pytest.fixture(scope="module")
def heard() -> Heard:
    plays = [play(f"20{year}-07-01T12:00:00", uri="spotify:track:" + "V" * 22, album="B") for year in range(10, 26)]
    return Heard(listener("Europe/Berlin"), history_of_plays(keyed(plays)))


def given_to(question: Question, heard: Heard) -> dict[str, str]:
    if question.about_first_of is None:
        return question.given
    top = msgspec.to_builtins(answered(question.about_first_of, heard, {}, now=0).answer)
    return {**question.given, "id": top["items"][0]["id"]}


def test_every_statistic_but_those_of_no_widget_is_in_it() -> None:
    asked = {question.statistic for question in mix()}
    assert asked == STATISTICS.keys() - LEFT_OUT


def test_a_third_is_over_all_time_a_third_over_a_year_and_the_rest_over_less() -> None:
    assert (len(ALL_TIME), len(A_YEAR), len(A_MONTH_OR_LESS)) == (15, 15, 20)
    assert len({*ALL_TIME, *A_YEAR, *A_MONTH_OR_LESS}) == 50


@pytest.mark.parametrize("question", mix(), ids=lambda question: question.name)
def test_each_is_about_as_much_time_as_it_is_listed_for(question: Question, heard: Heard) -> None:
    now = round(datetime.fromisoformat("2025-11-01T00:00:00+00:00").timestamp() * 1000)
    period = answered(question.statistic, heard, given_to(question, heard), now=now).answer.period
    assert period.start is not None
    assert period.end is not None
    lasts = datetime.fromisoformat(period.end) - datetime.fromisoformat(period.start)
    listed = next(part for part in LONGEST if question.name in part)
    shorter = [most for most in LONGEST.values() if most < LONGEST[listed]]
    assert max(shorter, default=timedelta()) < lasts <= LONGEST[listed] + timedelta(hours=1)


@pytest.mark.parametrize("question", list(questions()), ids=lambda question: question.name)
def test_every_question_that_is_measured_has_an_answer(question: Question, heard: Heard) -> None:
    assert answered(question.statistic, heard, given_to(question, heard), now=1_800_000_000_000).json


def test_an_address_says_who_what_and_how() -> None:
    assert path_of("ada", "summary", {}) == "/v1/listeners/ada/summary"
    path = urlsplit(path_of("ada", "tracks/{id}", {"id": "~a/b", "period": "2024"}))
    assert path.path == "/v1/listeners/ada/tracks/~a%2Fb"
    assert parse_qsl(path.query) == [("period", "2024")]
    assert {statistic for statistic in STATISTICS if "{id}" in statistic} <= TOP_OF.keys()
