"""What is measured, how often, and in which order; every measurement in a fresh process."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.figures import Figure, distribution_of, figure_of
from bench.jobs import Ask, Asked, Import, Imported, Made, Make, Start, Started, done
from bench.questions import questions
from bench.stores import Measured

_YEARS: Final = 12
"""What a history spans that is large enough."""
_PLAYS_OF_A_YEAR: Final = 20_000
SEED: Final = 8
GENERATION: Final = 5
_OTHER_GENERATION: Final = 3
_IMPORTED_ROWS: Final = 750_000
"""How many rows the repeated imports of one size bring together, at least one import."""
_MOST_IMPORTS: Final = 3


@dataclass(frozen=True)
class Effort:
    """How often things are repeated."""

    imports: int | None = None
    """None: three times at 250,000 plays, once at 1,000,000."""
    starts: int = 7
    answers: int = 60
    listeners: int = 5
    """Under load."""
    rounds: int = 3
    """Of load, the best of which counts."""
    seconds: int = 5
    """That a round of load lasts."""

    def imports_of(self, plays: int) -> int:
        """How often an export of a size is imported."""
        return self.imports or max(1, min(_MOST_IMPORTS, _IMPORTED_ROWS // plays))


QUICK: Final = Effort(imports=1, starts=1, answers=3, listeners=2, rounds=1, seconds=1)
"""Enough to see that everything works."""


@dataclass(frozen=True)
class Step:
    """What comes next, for a progress bar."""

    name: str
    size: int
    """In plays worked through, roughly."""


class Plan:
    """Measures everything at some sizes on some stores; `tell` is told each step before it begins."""

    def __init__(
        self,
        folder: Path,
        stores: Sequence[Measured],
        sizes: Sequence[int],
        effort: Effort,
        tell: Callable[[Step], None],
    ) -> None:
        self._folder = folder
        self._stores = stores
        self._sizes = sizes
        self._effort = effort
        self._tell = tell

    @property
    def size(self) -> int:
        """The sizes of all steps together."""
        of_a_store = [plays * (self._effort.imports_of(plays) + 2) for plays in self._sizes]
        return len(self._stores) * sum(of_a_store) + 3 * sum(self._sizes)

    def figures(self) -> Iterator[Figure]:
        """Every figure, as it is measured."""
        for plays in self._sizes:
            newer, older = (self._export(plays, generation) for generation in (GENERATION, _OTHER_GENERATION))
            for number, store in enumerate(self._stores):
                yield from self._of_store(store, plays, newer, older, with_answers=number == 0)
            newer.unlink()
            older.unlink()

    def _export(self, plays: int, generation: int) -> Path:
        self._tell(Step(f"making an export of {plays:,} plays", plays))
        path = self._folder / f"{plays}-extended{generation}.zip"
        done(Make(plays, years_of(plays), SEED, generation, str(path)), Made)
        return path

    def _of_store(
        self, store: Measured, plays: int, newer: Path, older: Path, *, with_answers: bool
    ) -> Iterator[Figure]:
        """The figures of one size on one store; answers come from memory, whatever the store."""
        label = store.label
        imports = []
        for _ in range(self._effort.imports_of(plays)):
            uri = store.fresh()
            imports.append(self._imported(label, plays, uri, newer))
        rates = [one.rows / one.seconds for one in imports]
        cpu_rates = [one.rows / one.cpu_seconds for one in imports]
        yield figure_of("import, from file to queryable columns", "rows/s", rates, label, plays)
        yield figure_of("import, by second of CPU", "rows/s", cpu_rates, label, plays)
        yield figure_of("peak memory of the importing process", "MB", [one.memory_mb for one in imports], label, plays)
        self._tell(Step(f"{label}: starting on {plays:,} plays", plays))
        starts = [done(Start(uri), Started) for _ in range(self._effort.starts)]
        yield figure_of("cold start of a listener, first answer", "ms", [s.answered_ms for s in starts], label, plays)
        if with_answers:
            yield from self._answers(uri, plays)
        again = self._imported(label, plays, uri, older)
        yield figure_of(
            "import of the same listening as an older export", "rows/s", [again.rows / again.seconds], label, plays
        )

    def _imported(self, label: str, plays: int, uri: str, export: Path) -> Imported:
        self._tell(Step(f"{label}: importing {plays:,} plays", plays))
        return done(Import(uri, str(self._folder / "data"), str(export)), Imported)

    def _answers(self, uri: str, plays: int) -> Iterator[Figure]:
        self._tell(Step(f"asking a listener of {plays:,} plays", plays))
        asked = list(questions())
        answered = done(Ask(uri, asked, self._effort.answers), Asked)
        for question, times in zip(asked, answered.answers_ms, strict=True):
            yield distribution_of(question.name, "ms", times, plays)


def years_of(plays: int) -> int:
    """The years that a history of a size spans: twelve from 240,000 plays on, two at least."""
    return max(2, min(_YEARS, plays // _PLAYS_OF_A_YEAR))
