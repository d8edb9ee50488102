"""How figures are shown, and that the README shows those of the results."""

from pathlib import Path

import msgspec
import pytest

from bench.figures import results_from, rounded, write_results
from bench.readme import README, RESULTS, render, rendered, table_in
from bench.table import grid_of, markdown
from tests.bench.results import made_up_results


def test_a_row_a_figure_and_a_column_a_size() -> None:
    grid = grid_of(made_up_results().figures)
    assert grid.columns == ["250,000 plays, SQLite", "1,000,000 plays, SQLite"]
    assert grid.rows == [("import", ["21,000 rows/s", "19,000 rows/s"]), ("summary", ["1.00 (1.00) ms", "–"])]
    assert grid.others == ["the demo: 31.2 s"]


def test_the_readme_names_the_command_the_machine_and_the_commit() -> None:
    text = markdown(made_up_results())
    for told in ("`make bench`", "`abc123`", "A CPU, 2 cores, 8 GB", "Python 3.12.1, numpy 2.2.0", "100 times"):
        assert told in text
    assert "| import | 21,000 rows/s | 19,000 rows/s |" in text


def test_only_what_is_between_the_markers_is_rewritten(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# Title\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n")
    assert render(readme, made_up_results())
    assert render(readme, made_up_results())
    table = f"\n{markdown(made_up_results())}"
    assert readme.read_text() == f"# Title\n<!-- bench -->{table}<!-- /bench -->\nafter\n"


@pytest.mark.parametrize("text", ["", "# Title\n", "<!-- bench -->\n", "<!-- /bench -->\n<!-- bench -->\n"])
def test_a_readme_without_both_markers_is_left_as_it_is(text: str, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text)
    assert not render(readme, made_up_results())
    assert readme.read_text() == text


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_results(tmp_path / "results.json", made_up_results())
    assert results_from(tmp_path / "results.json") == made_up_results()
    (tmp_path / "results.json").write_text("{}")
    with pytest.raises(msgspec.DecodeError):
        results_from(tmp_path / "results.json")


@pytest.mark.parametrize(("value", "kept"), [(23_456.7, 23_457.0), (1.23456, 1.235), (0.0, 0.0), (432.14, 432.1)])
def test_figures_are_kept_to_digits_that_say_something(value: float, kept: float) -> None:
    assert rounded(value) == kept


def test_the_readme_shows_the_results() -> None:
    results = results_from(RESULTS)
    assert results.figures
    assert all(figure.name and figure.unit for figure in results.figures)
    text = README.read_text(encoding="utf-8")
    assert table_in(text) is not None
    assert rendered(text, results) == text, "run `.venv/bin/python -m bench --render`"
