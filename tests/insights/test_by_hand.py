"""Every statistic has an example counted by hand, and answers it so."""

import pytest

from scripts.by_hand import FOLDER, asked, example_of
from stats_core.insights import STATISTICS


@pytest.mark.parametrize("name", STATISTICS)
def test_a_statistic_answers_what_was_counted_by_hand(name: str) -> None:
    example = example_of(STATISTICS[name].id)
    assert example.words.strip()
    assert example.count.strip()
    assert example.answer
    compared = asked(name, example)
    assert compared.answer == compared.expected


def test_no_example_is_of_a_statistic_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {statistic.id for statistic in STATISTICS.values()}
