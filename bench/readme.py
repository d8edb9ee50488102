"""The README's table: what stands between its two markers."""

from pathlib import Path
from typing import Final

from bench.figures import Results
from bench.machine import PROJECT
from bench.table import markdown

README: Final = PROJECT / "README.md"
RESULTS: Final = PROJECT / "bench" / "results.json"
"""What the README's table is made from."""
BEGIN: Final = "<!-- bench -->"
END: Final = "<!-- /bench -->"


def table_in(text: str) -> str | None:
    """What stands between the markers; None where they are missing."""
    _, begin, rest = text.partition(BEGIN)
    between, end, _ = rest.partition(END)
    return between if begin and end else None


def rendered(text: str, results: Results) -> str | None:
    """The text with the table of these results between its markers; None where they are missing."""
    if table_in(text) is None:
        return None
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{markdown(results)}{END}{after}"


def render(readme: Path, results: Results) -> bool:
    """Rewrite the table in the README; says whether the markers were there."""
    text = rendered(readme.read_text(encoding="utf-8"), results) if readme.exists() else None
    if text is not None:
        readme.write_text(text, encoding="utf-8")
    return text is not None
