"""Bringing the plays of a month in line with all its observations: read, reconcile, write the difference.

The order of writes makes every stop safe. Marks first; then what the import carries, so that a rerun finds how it had
counted; then new and changed plays; weaker ones go last. What a play held is never gone before it stands elsewhere.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from stats_core.documents import GENERATIONS, Carried, Generation
from stats_core.history.ledger import states_of
from stats_core.history.marks import mark_months
from stats_core.history.months import month_name, months_of
from stats_core.history.observations import Codes, Observations, Vocabulary, concatenated
from stats_core.history.play_documents import PlayDocuments, Positions, play_ids
from stats_core.history.reconcile import STRENGTH, Identities, Reconciled, Sightings, reconciled
from stats_core.history.standing import Standing, standing_month
from stats_core.store import collections
from stats_core.store.leases import Held
from stats_core.store.port import Query, Store

_WRITE_BATCH: Final = 5_000
_CARRIED_ROWS: Final = 50_000


@dataclass(frozen=True, eq=False)
class Arriving:
    """The rows an import brings to a month: parallel arrays."""

    import_id: str
    observed: Observations
    file: Codes
    """Position in the import's `files`."""
    row: Codes
    generations: dict[int, Generation]
    """Of each file."""

    def sightings(self) -> Sightings:
        """The rows as sightings; no other import's files have these numbers."""
        ranks = np.zeros(max(self.generations, default=0) + 1, np.int64)
        for file, generation in self.generations.items():
            ranks[file] = GENERATIONS.index(generation)
        return Sightings(self.observed, self.file.astype(np.int64), ranks[self.file])


@dataclass(frozen=True, eq=False)
class Rewritten:
    """What became of a month."""

    states: npt.NDArray[np.int8]
    """Position in STATES, one an arriving row."""
    months: set[str]
    """UTC months of start in which plays changed."""


class Rewriter:
    """Rewrites months of one listener while their lease is held."""

    def __init__(self, store: Store, user: str, held: Held, vocabulary: Vocabulary | None = None) -> None:
        self._store = store
        self._user = user
        self._held = held
        self._vocabulary = vocabulary or Vocabulary()
        self._identities = Identities(self._vocabulary)

    def rewrite(self, month: str, arriving: Arriving | None = None, without: str | None = None) -> Rewritten:
        """Bring the plays that end in a UTC month in line with what all imports carry, one arriving or one left out.

        Raises LeaseLost before writing if another process took over.
        """
        changed_by = arriving.import_id if arriving else without
        standing = standing_month(self._store, self._user, month, self._vocabulary, changed_by)
        sightings = _joined(standing.sightings, arriving.sightings()) if arriving else standing.sightings
        plays = reconciled(sightings, self._vocabulary, self._identities)
        keys = _keys_of(sightings.observed, plays)
        states = self._states(sightings, plays, standing, arriving) if arriving else np.empty(0, np.int8)
        to_write, to_delete, months = _difference(standing.keys, keys)

        self._held.renew()
        mark_months(self._store, self._user, months, changed_by)
        if arriving is not None:
            self._carry(month, arriving, states)
        documents = PlayDocuments(self._user, sightings.observed, plays, keys, self._vocabulary)
        self._write(documents, standing, keys, to_write)
        self._delete(standing.keys.iloc[to_delete])
        if without is not None:
            self._store.delete(collections.carried, Query(one_of={"_id": self._carried_ids(without, month)}))
        return Rewritten(states, months)

    def _states(
        self, sightings: Sightings, plays: Reconciled, standing: Standing, arriving: Arriving
    ) -> npt.NDArray[np.int8]:
        observed = sightings.observed
        _, names, _ = self._identities.of(observed.item)
        states = states_of(
            plays.play,
            STRENGTH[self._identities.sources(observed.context)],
            sightings.generation,
            observed.fingerprints(self._vocabulary),
            names != 0,
            first=len(standing.sightings),
        )
        if standing.prior:
            rows = zip(arriving.file.tolist(), arriving.row.tolist(), states.tolist(), strict=True)
            states = np.array([standing.prior.get((file, row), state) for file, row, state in rows], np.int8)
        return states

    def _carry(self, month: str, arriving: Arriving, states: npt.NDArray[np.int8]) -> None:
        fingerprints = arriving.observed.fingerprints(self._vocabulary)
        parts = []
        for part, at in enumerate(range(0, len(states), _CARRIED_ROWS)):
            here = slice(at, at + _CARRIED_ROWS)
            files = arriving.file[here].tolist()
            parts.append(
                Carried(
                    id=f"{arriving.import_id}|{month}|{part:03}",
                    user=self._user,
                    import_id=arriving.import_id,
                    month=month,
                    part=part,
                    fingerprints=fingerprints[here].tolist(),
                    files=files,
                    rows=arriving.row[here].tolist(),
                    states=states[here].tolist(),
                    generations={str(file): arriving.generations[file] for file in sorted(set(files))},
                )
            )
        self._held.renew()
        self._store.put(collections.carried, parts)

    def _carried_ids(self, import_id: str, month: str) -> list[str]:
        carried = self._store.find(collections.carried, Query(equal={"user": self._user, "month": month}))
        return [document.id for document in carried if document.import_id == import_id]

    def _write(self, documents: PlayDocuments, standing: Standing, keys: pd.DataFrame, to_write: Positions) -> None:
        for moved, contents in _moved(standing, keys, to_write):
            self._held.renew()
            self._store.put(collections.plays, documents.holding_all(moved, contents))
        for at in range(0, len(to_write), _WRITE_BATCH):
            self._held.renew()
            self._store.put(collections.plays, documents.of(to_write[at : at + _WRITE_BATCH]))

    def _delete(self, gone: pd.DataFrame) -> None:
        ids = play_ids(self._user, gone["end"].to_numpy(), gone["ms"].to_numpy(), gone["n"].to_numpy())
        for at in range(0, len(ids), _WRITE_BATCH):
            self._held.renew()
            self._store.delete(collections.plays, Query(one_of={"_id": ids[at : at + _WRITE_BATCH]}))


def _joined(first: Sightings, second: Sightings) -> Sightings:
    return Sightings(
        concatenated([first.observed, second.observed]),
        np.concatenate([first.file, second.file]),
        np.concatenate([first.generation, second.generation]),
    )


def _keys_of(observed: Observations, plays: Reconciled) -> pd.DataFrame:
    winners = observed.take(plays.winner)
    return pd.DataFrame(
        {
            "end": winners.end,
            "ms": winners.ms,
            "n": plays.n,
            "start": winners.starts(),
            "signature": plays.signature,
        }
    )


def _difference(old: pd.DataFrame, new: pd.DataFrame) -> tuple[Positions, Positions, set[str]]:
    """Which new plays are to be written, which old ones to be deleted, and the months of start that this changes."""
    key = ["end", "ms", "n"]
    both = old[key].assign(old=np.arange(len(old))).merge(new[key].assign(new=np.arange(len(new))), on=key)
    in_old, in_new = both["old"].to_numpy(), both["new"].to_numpy()
    same = old["signature"].to_numpy()[in_old] == new["signature"].to_numpy()[in_new]
    gone, changed, written = np.ones(len(old), bool), np.ones(len(old), bool), np.ones(len(new), bool)
    gone[in_old] = changed[in_old[same]] = written[in_new[same]] = False
    starts = np.concatenate([old["start"].to_numpy()[changed], new["start"].to_numpy()[written]])
    months = np.unique(months_of(starts.astype(np.int64)))
    return np.flatnonzero(written), np.flatnonzero(gone), {month_name(month) for month in months.tolist()}


def _moved(standing: Standing, keys: pd.DataFrame, to_write: Positions) -> list[tuple[Positions, Observations]]:
    """Where several plays of one end and ms trade places: the plays to be written there, and all contents they had.

    Written one after the other they could overwrite what another is still to hold, and a stop in between would lose it.
    """
    key = ["end", "ms"]
    old, new = standing.keys, keys
    if not len(old) or not len(to_write):
        return []
    old_crowd = old[key].assign(play=np.arange(len(old)), old=old.groupby(key)["n"].transform("size"))
    new_crowd = new[key].assign(position=np.arange(len(new)), new=new.groupby(key)["n"].transform("size"))
    met = old_crowd.merge(new_crowd.iloc[to_write], on=key)
    met = met[(met["old"] > 1) | (met["new"] > 1)]
    moved = []
    for _, group in met.groupby(key):
        contents = np.isin(standing.owner, group["play"].unique())
        moved.append((group["position"].unique().astype(np.intp), standing.contents.take(contents)))
    return moved
