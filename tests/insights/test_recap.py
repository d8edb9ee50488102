"""A recap is what its parts' own statistics answer."""

import pytest

from stats_core.insights.recap import _PARTS
from tests.insights.answers import answer
from tests.insights.catalogues import LISTENERS, listened
from tests.insights.plays import CHANGES

QUESTIONS: list[dict[str, str]] = [
    {},
    {"min_ms": "0", "private": "include", "completed": "true"},
    {"kinds": "track,episode", "platform": "android,unknown", "tz": "Asia/Kathmandu"},
]


@pytest.mark.parametrize(("zone", "seed"), LISTENERS[::2])
@pytest.mark.parametrize("given", QUESTIONS)
def test_every_part_is_what_its_own_statistic_answers(zone: str, seed: int, given: dict[str, str]) -> None:
    history = listened(zone, seed, 0.5).history()
    asked = {"tz": zone, **given}
    for period in ({"period": "all"}, {"period": CHANGES[zone][:4]}, {"start": CHANGES[zone], "end": "2030-01-01"}):
        whole = answer("recap", history, {**asked, **period, "limit": "3"})
        for name, part in _PARTS.items():
            limit = {"limit": "3"} if part.is_list else {}
            assert whole[name] == answer(part.statistic.name, history, {**asked, **period, **part.given, **limit}), name


def test_the_period_before_stands_beside_a_period_that_has_one() -> None:
    history = listened("Europe/Berlin", 1, 0.0).history()
    asked = {"tz": "Europe/Berlin"}
    assert answer("recap", history, {**asked, "period": "all"})["before"] is None
    before = answer("recap", history, {**asked, "period": "2024"})["before"]
    assert before == answer("summary", history, {**asked, "period": "2023"})
