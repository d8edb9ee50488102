"""What the store holds of some months: the plays' contents, and which imports carry them. Read back as arrays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd

from stats_core.clock import instant_ms
from stats_core.documents.imports import Carried
from stats_core.documents.plays import Observation, Play
from stats_core.documents.words import GENERATIONS
from stats_core.history.keys import ending_within, number_of
from stats_core.history.months import month_end, month_start
from stats_core.history.observations import Ints, Observations, Vocabulary, observations_of
from stats_core.history.reconcile import Sightings, signature_of
from stats_core.store import collections
from stats_core.store.port import Query, Store

FILES_OF_AN_IMPORT: Final = 1 << 20
"""Sightings number their files: this times the import's number, plus the position in the import's `files`."""


@dataclass(frozen=True, eq=False)
class Standing:
    """Months as they stand."""

    keys: pd.DataFrame
    """end, second (of the end), ms, n, start, signature; one row a play, in the order of keys."""
    contents: Observations
    owner: Ints
    """Which play holds each content."""
    sightings: Sightings
    """What every import but one carries."""
    prior: dict[tuple[int, int], int]
    """(file, row) -> state: what that one import's rows ended as in an earlier run."""
    unheld: list[Carried]
    """What of `carried` names contents that no play holds, without them: left by an import that was stopped."""


def standing_months(store: Store, user: str, months: Mapping[str, str | None], vocabulary: Vocabulary) -> Standing:
    """The plays that end in these UTC months and what is carried of them; of each month one import may be left out."""
    numbers: list[tuple[int, int, int, int]] = []
    counts: list[int] = []

    def contents() -> Iterator[Observation | Play]:
        for month in months:
            span = ending_within(user, month_start(month), month_end(month))
            for play in store.find(collections.plays, Query(range=span, order="_id")):
                numbers.append((instant_ms(play.end), play.ms, number_of(play.id), instant_ms(play.start)))
                counts.append(1 + len(play.others))
                yield play
                yield from play.others

    observed = observations_of(contents(), vocabulary)
    owner = np.repeat(np.arange(len(counts)), counts)
    fingerprints = observed.fingerprints(vocabulary)
    winners = np.cumsum(np.array(counts, np.int64)) - np.array(counts, np.int64)
    keys = pd.DataFrame(np.array(numbers, np.int64).reshape(-1, 4), columns=["end", "ms", "n", "start"])
    keys["second"] = keys["end"] // 1_000
    keys["signature"] = signature_of(fingerprints[winners], owner, fingerprints)
    carried = _Carried(fingerprints)
    for month, leave_out in months.items():
        for document in store.find(collections.carried, Query(equal={"user": user, "month": month})):
            carried.add(document, left_out=document.import_id == leave_out)
    return Standing(keys, observed, owner, carried.sightings(observed), carried.prior, carried.unheld)


class _Carried:
    """What is carried and held. What a stopped import carried but never wrote is not held, and comes with its rerun."""

    def __init__(self, fingerprints: Ints) -> None:
        self._order = np.argsort(fingerprints)
        self._held = fingerprints[self._order]
        self._imports: dict[str, int] = {}
        nothing = np.empty(0, np.int64)
        self._positions, self._files, self._generations = [nothing], [nothing], [nothing]
        self.prior: dict[tuple[int, int], int] = {}
        self.unheld: list[Carried] = []

    def add(self, document: Carried, *, left_out: bool) -> None:
        """Take in one document; of an import that is left out only what its rows ended as."""
        if left_out:
            self.prior.update(zip(zip(document.files, document.rows, strict=True), document.states, strict=True))
            return
        wanted = np.array(document.fingerprints, np.int64)
        place = np.searchsorted(self._held, wanted)
        there = place < len(self._held)
        there[there] = self._held[place[there]] == wanted[there]
        if not there.all():
            self.unheld.append(_only(document, there))
        file = np.array(document.files, np.int64)[there]
        rank = {int(position): GENERATIONS.index(name) for position, name in document.generations.items()}
        number = self._imports.setdefault(document.import_id, len(self._imports) + 1)
        self._positions.append(self._order[place[there]])
        self._files.append(number * FILES_OF_AN_IMPORT + file)
        self._generations.append(np.array([rank[position] for position in file.tolist()], np.int64))

    def sightings(self, contents: Observations) -> Sightings:
        """All that was taken in."""
        observed = contents.take(np.concatenate(self._positions))
        return Sightings(observed, np.concatenate(self._files), np.concatenate(self._generations))


def _only(document: Carried, kept: npt.NDArray[np.bool_]) -> Carried:
    """The document with some of its rows."""
    lists = {
        name: [value for value, keep in zip(getattr(document, name), kept.tolist(), strict=True) if keep]
        for name in ("fingerprints", "files", "rows", "states")
    }
    return msgspec.structs.replace(document, **lists)
