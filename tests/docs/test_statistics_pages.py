"""Every statistic has its page, made from what it declares and really answers."""

import re

import pytest

from scripts.generate_docs import DOCS
from scripts.statistics_pages import pages, sample_listener
from stats_core.insights import STATISTICS
from stats_core.insights.parameters import COMMON

FOLDER = DOCS / "statistics"


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """The pages as the code would write them now."""
    return {path.name: text for path, text in pages(FOLDER, sample_listener())}


def test_the_pages_are_up_to_date(made: dict[str, str]) -> None:
    assert {path.name for path in FOLDER.glob("*.md")} == set(made), "run `make docs`"
    for name, text in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: run `make docs`"


def test_every_statistic_is_in_the_list_and_has_a_page(made: dict[str, str]) -> None:
    for statistic in STATISTICS.values():
        assert f"[`{statistic.name}`]({statistic.id}.md)" in made["README.md"]
        page = made[f"{statistic.id}.md"]
        assert "## Counted by hand" in page
        assert '{"period":' in page


def test_what_holds_for_all_stands_in_the_rules() -> None:
    rules = (DOCS / "statistics.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)`", rules, re.MULTILINE)) >= {parameter.name for parameter in COMMON}
