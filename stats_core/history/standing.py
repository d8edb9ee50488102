"""What the store holds of a month: the plays' contents, and which imports carry them. Read back as arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from stats_core.documents import GENERATIONS, Observation, Play
from stats_core.history.months import instant_ms, month_end, month_start
from stats_core.history.observations import Ints, Observations, Vocabulary, observations_of
from stats_core.history.reconcile import Sightings, signature_of
from stats_core.store import collections
from stats_core.store.port import Query, Range, Store

FILES_OF_AN_IMPORT: Final = 1 << 20
"""Sightings number their files: this times the import's number, plus the position in the import's `files`."""


@dataclass(frozen=True, eq=False)
class Standing:
    """A month as it stands."""

    keys: pd.DataFrame
    """end, ms, n, start, signature; one row a play, in the order of keys."""
    contents: Observations
    owner: Ints
    """Which play holds each content."""
    sightings: Sightings
    """What every import but one carries."""
    prior: dict[tuple[int, int], int]
    """(file, row) -> state: what that one import's rows ended as in an earlier run."""


def standing_month(store: Store, user: str, month: str, vocabulary: Vocabulary, leave_out: str | None) -> Standing:
    """The plays that end in a UTC month and what is carried of them, without the import `leave_out`."""
    numbers: list[tuple[int, int, int, int]] = []
    counts: list[int] = []

    def contents() -> Iterator[Observation | Play]:
        low, high = (f"{user}|{bound:%Y-%m-%d}" for bound in (month_start(month), month_end(month)))
        for play in store.find(collections.plays, Query(range=Range("_id", low, high), order="_id")):
            n = int(play.id.rpartition("|")[2])
            numbers.append((instant_ms(play.end), play.ms, n, instant_ms(play.start)))
            counts.append(1 + len(play.others))
            yield play
            yield from play.others

    observed = observations_of(contents(), vocabulary)
    owner = np.repeat(np.arange(len(counts)), counts)
    fingerprints = observed.fingerprints(vocabulary)
    winners = np.cumsum(np.array(counts, np.int64)) - np.array(counts, np.int64)
    keys = pd.DataFrame(np.array(numbers, np.int64).reshape(-1, 4), columns=["end", "ms", "n", "start"])
    keys["signature"] = signature_of(fingerprints[winners], owner, fingerprints)
    sightings, prior = _carried(store, user, month, leave_out, observed, fingerprints)
    return Standing(keys, observed, owner, sightings, prior)


def _carried(
    store: Store, user: str, month: str, leave_out: str | None, contents: Observations, fingerprints: Ints
) -> tuple[Sightings, dict[tuple[int, int], int]]:
    """What is carried and held. What a stopped import carried but never wrote is not held, and comes with its rerun."""
    order = np.argsort(fingerprints)
    held = fingerprints[order]
    prior: dict[tuple[int, int], int] = {}
    imports: dict[str, int] = {}
    nothing = np.empty(0, np.int64)
    positions, files, generations = [nothing], [nothing], [nothing]
    for document in store.find(collections.carried, Query(equal={"user": user, "month": month})):
        if document.import_id == leave_out:
            prior.update(zip(zip(document.files, document.rows, strict=True), document.states, strict=True))
            continue
        wanted = np.array(document.fingerprints, np.int64)
        place = np.searchsorted(held, wanted)
        there = place < len(held)
        there[there] = held[place[there]] == wanted[there]
        file = np.array(document.files, np.int64)[there]
        rank = {int(position): GENERATIONS.index(name) for position, name in document.generations.items()}
        positions.append(order[place[there]])
        files.append(imports.setdefault(document.import_id, len(imports) + 1) * FILES_OF_AN_IMPORT + file)
        generations.append(np.array([rank[position] for position in file.tolist()], np.int64))
    observed = contents.take(np.concatenate(positions))
    return Sightings(observed, np.concatenate(files), np.concatenate(generations)), prior
