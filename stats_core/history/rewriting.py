"""Bringing the plays of some months in line with all their observations: read, reconcile, write the difference.

The order of writes makes every stop safe. Marks first; then what the import carries, so that a rerun finds how it had
counted; then new and changed plays; weaker ones go last. What a play held is never gone before it stands elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from stats_core.documents.imports import Carried
from stats_core.documents.words import GENERATIONS, Generation
from stats_core.history.edges import ends_before, stale_after, widened
from stats_core.history.keys import play_ids
from stats_core.history.ledger import states_of
from stats_core.history.marks import mark_months
from stats_core.history.months import month_name, months_of
from stats_core.history.observations import Codes, Ints, Observations, Vocabulary, concatenated
from stats_core.history.play_documents import PlayDocuments, Positions
from stats_core.history.reconcile import STRENGTH, Identities, Reconciled, Sightings, reconciled, told_ends
from stats_core.history.standing import Standing, standing_months
from stats_core.store import collections
from stats_core.store.leases import Held
from stats_core.store.port import Query, Store

_NO_ENDS: Final = np.empty(0, np.int64)
_WRITE_BATCH: Final = 5_000
_PART: Final = 50_000
"""Rows of a document of `carried`: well below MongoDB's 16 MB."""


@dataclass(frozen=True, eq=False)
class Arriving:
    """The rows an import brings to some months: parallel arrays, in the order of `end`.

    What it brought to these months before is replaced; where it `adds`, they come besides, in one document a month.
    """

    import_id: str
    observed: Observations
    file: Codes
    """Position in the import's `files`."""
    row: Codes
    generations: dict[int, Generation]
    """Of each file."""
    adds: bool = False

    def sightings(self) -> Sightings:
        """The rows as sightings; no other import's files have these numbers."""
        ranks = np.zeros(max(self.generations, default=0) + 1, np.int64)
        for file, generation in self.generations.items():
            ranks[file] = GENERATIONS.index(generation)
        return Sightings(self.observed, self.file.astype(np.int64), ranks[self.file])


@dataclass(frozen=True, eq=False)
class Rewritten:
    """What became of some months."""

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

    def rewrite(self, months: Sequence[str], arriving: Arriving | None = None, without: str | None = None) -> Rewritten:
        """Bring the plays that end in these UTC months in line with what all imports carry, one arriving or left out.

        With neither, what a stopped import carried but never wrote is forgotten: its rerun brings it. Raises LeaseLost
        before writing if another process took over.
        """
        changed_by = arriving.import_id if arriving else without
        told = _NO_ENDS if arriving is None else told_ends(arriving.observed, self._identities)
        together = widened(self._store, self._user, months, told[told > 0])
        # Of the months beside, the import that changes these has its say as it was.
        replaced = None if arriving is not None and arriving.adds else changed_by
        left_out = {month: replaced if month in months else None for month in together}
        standing = standing_months(self._store, self._user, left_out, self._vocabulary)
        sightings = _joined(standing.sightings, arriving.sightings()) if arriving else standing.sightings
        before = ends_before(self._store, self._user, together)
        plays = reconciled(sightings, self._vocabulary, self._identities, before)
        keys = _keys_of(sightings.observed, plays)
        states = self._states(sightings, plays, standing, arriving) if arriving else np.empty(0, np.int8)
        to_write, to_delete, changed = _difference(standing.keys, keys)

        self._held.renew()
        mark_months(self._store, self._user, changed, changed_by)
        if arriving is not None:
            self._carry(arriving, states)
        elif without is None:
            self._store.put(collections.carried, standing.unheld)
        documents = PlayDocuments(self._user, sightings.observed, plays, keys, self._vocabulary)
        self._write(documents, standing, keys, to_write)
        self._delete(standing.keys.iloc[to_delete])
        if without is not None:
            self._store.delete(collections.carried, Query(one_of={"_id": self._carried_ids(without, months)}))
        for month in sorted(stale_after(self._store, self._user, together)):
            changed |= self.rewrite([month]).months
        return Rewritten(states, changed)

    def _states(
        self, sightings: Sightings, plays: Reconciled, standing: Standing, arriving: Arriving
    ) -> npt.NDArray[np.int8]:
        observed = sightings.observed
        _, names, _ = self._identities.of(observed.item)
        states = states_of(
            plays.play,
            STRENGTH[self._identities.sources(observed.context)],
            told_ends(observed, self._identities),
            sightings.generation,
            observed.fingerprints(self._vocabulary),
            names != 0,
            first=len(standing.sightings),
        )
        if standing.prior:
            rows = zip(arriving.file.tolist(), arriving.row.tolist(), states.tolist(), strict=True)
            states = np.array([standing.prior.get((file, row), state) for file, row, state in rows], np.int8)
        return states

    def _carry(self, arriving: Arriving, states: npt.NDArray[np.int8]) -> None:
        fingerprints = arriving.observed.fingerprints(self._vocabulary)
        month = months_of(arriving.observed.end)
        if arriving.adds:
            self._held.renew()
            self._store.put(collections.carried, self._added(arriving, fingerprints, states))
            return
        numbers, firsts = np.unique(month, return_index=True)
        ends = [*firsts[1:].tolist(), len(month)]
        self._held.renew()
        self._store.put(
            collections.carried,
            (
                self._carried(arriving, month_name(number), part, fingerprints, states, slice(at, min(at + _PART, end)))
                for number, first, end in zip(numbers.tolist(), firsts.tolist(), ends, strict=True)
                for part, at in enumerate(range(first, end, _PART))
            ),
        )

    def _added(self, arriving: Arriving, fingerprints: Ints, states: npt.NDArray[np.int8]) -> Iterator[Carried]:
        """What the import carried of each month, and what it brings besides."""
        month = months_of(arriving.observed.end)
        for number in np.unique(month).tolist():
            brought = self._carried(arriving, month_name(number), 0, fingerprints, states, month == number)
            before = self._store.get(collections.carried, brought.id)
            if before is not None:
                for name in ("fingerprints", "files", "rows", "states"):
                    setattr(brought, name, [*getattr(before, name), *getattr(brought, name)])
            yield brought

    def _carried(
        self,
        arriving: Arriving,
        month: str,
        part: int,
        fingerprints: Ints,
        states: npt.NDArray[np.int8],
        here: slice | npt.NDArray[np.bool_],
    ) -> Carried:
        files = arriving.file[here].tolist()
        return Carried(
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

    def _carried_ids(self, import_id: str, months: Sequence[str]) -> list[str]:
        of_months = Query(equal={"user": self._user}, one_of={"month": months})
        return [part.id for part in self._store.find(collections.carried, of_months) if part.import_id == import_id]

    def _write(self, documents: PlayDocuments, standing: Standing, keys: pd.DataFrame, to_write: Positions) -> None:
        """Where plays trade places, one of them holds for a moment what all of them held: first of all, and last."""
        spares = _spares(standing, keys, to_write)
        self._held.renew()
        self._store.put(collections.plays, documents.holding(spares))
        holders = np.array(sorted(spares), np.intp)
        for positions in (np.setdiff1d(to_write, holders), holders):
            for at in range(0, len(positions), _WRITE_BATCH):
                self._held.renew()
                self._store.put(collections.plays, documents.of(positions[at : at + _WRITE_BATCH]))

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
    return pd.DataFrame(
        {
            "end": observed.end[plays.winner],
            "second": observed.end[plays.winner] // 1_000,
            "ms": plays.ms,
            "n": plays.n,
            "start": plays.start,
            "signature": plays.signature,
        }
    )


def _difference(old: pd.DataFrame, new: pd.DataFrame) -> tuple[Positions, Positions, set[str]]:
    """Which new plays are to be written, which old ones to be deleted, and the months of start that this changes."""
    key = ["second", "ms", "n"]
    both = old[key].assign(old=np.arange(len(old))).merge(new[key].assign(new=np.arange(len(new))), on=key)
    in_old, in_new = both["old"].to_numpy(), both["new"].to_numpy()
    same = old["signature"].to_numpy()[in_old] == new["signature"].to_numpy()[in_new]
    gone, changed, written = np.ones(len(old), bool), np.ones(len(old), bool), np.ones(len(new), bool)
    gone[in_old] = changed[in_old[same]] = written[in_new[same]] = False
    starts = np.concatenate([old["start"].to_numpy()[changed], new["start"].to_numpy()[written]])
    months = np.unique(months_of(starts.astype(np.int64)))
    return np.flatnonzero(written), np.flatnonzero(gone), {month_name(month) for month in months.tolist()}


def _spares(standing: Standing, keys: pd.DataFrame, to_write: Positions) -> dict[int, Observations]:
    """Where several plays of one end and ms trade places: one play to be written there -> all contents they had.

    Written one after the other they could overwrite what another is still to hold, and a stop in between would lose it.
    """
    key = ["second", "ms"]
    old, new = standing.keys, keys
    if not len(old) or not len(to_write):
        return {}
    old_crowd = old[key].assign(play=np.arange(len(old)), old=old.groupby(key)["n"].transform("size"))
    new_crowd = new[key].assign(position=np.arange(len(new)), new=new.groupby(key)["n"].transform("size"))
    holders = new_crowd.iloc[to_write].drop_duplicates(key)
    met = old_crowd.merge(holders, on=key)
    met = met[(met["old"] > 1) | (met["new"] > 1)]
    holder_of = np.full(len(old), -1, np.int64)
    holder_of[met["play"].to_numpy()] = met["position"].to_numpy()
    holder = holder_of[standing.owner]
    order = np.argsort(holder, kind="stable")
    order = order[holder[order] >= 0]
    numbers, firsts = np.unique(holder[order], return_index=True)
    parts = np.split(order, firsts[1:]) if len(numbers) else []
    return {number: standing.contents.take(part) for number, part in zip(numbers.tolist(), parts, strict=True)}
