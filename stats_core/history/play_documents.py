"""Plays as documents, made when they are written and not before: a month may hold hundreds of thousands."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stats_core.clock import instant
from stats_core.documents.plays import Observation, Play
from stats_core.history.items import Item
from stats_core.history.keys import play_ids
from stats_core.history.observations import NO_CLOCK, Context, Observations, Vocabulary
from stats_core.history.reconcile import Reconciled

Positions = npt.NDArray[np.intp]


class PlayDocuments:
    """The documents of reconciled plays. `keys` has end, ms, n and start of each."""

    def __init__(
        self, user: str, observed: Observations, plays: Reconciled, keys: pd.DataFrame, vocabulary: Vocabulary
    ) -> None:
        self._user = user
        self._observed = observed
        self._plays = plays
        self._keys = keys
        self._vocabulary = vocabulary
        self._fingerprints = observed.fingerprints(vocabulary)
        self._sightings_of = np.argsort(plays.play, kind="stable")
        counts = np.bincount(plays.play, minlength=len(keys))
        self._first = np.cumsum(counts) - counts
        self._count = counts

    def of(self, which: Positions) -> Iterator[Play]:
        """The documents of these plays."""
        keys = self._keys.iloc[which]
        ids = play_ids(self._user, keys["end"].to_numpy(), keys["ms"].to_numpy(), keys["n"].to_numpy())
        winners = self._plays.winner[which]
        seen = self._observed.take(winners)
        columns = (which, winners, self._count[which] == 1, keys["start"], seen.end, keys["ms"], seen.ms, seen.clock)
        items = (self._vocabulary.items.values[code] for code in seen.item.tolist())
        contexts = (self._vocabulary.contexts.values[code] for code in seen.context.tolist())
        rows = zip(ids, *(column.tolist() for column in columns), items, contexts, strict=True)
        for identity, play, winner, single, start, end, ms, told_ms, clock, item, context in rows:
            yield Play(
                id=identity,
                user=self._user,
                start=instant(start),
                length=told_ms if context.source == "api" else None,
                others=[] if single else self._others(play, winner),
                **_fields(end, ms, clock, item, context),
            )

    def holding(self, spares: Mapping[int, Observations]) -> Iterator[Play]:
        """The documents of these plays, each holding its spares besides its own: for a moment, to lose nothing."""
        for play, contents in zip(self.of(np.array(list(spares), np.intp)), spares.values(), strict=True):
            _, distinct = np.unique(contents.fingerprints(self._vocabulary), return_index=True)
            play.others = [*play.others, *observations(contents.take(distinct), self._vocabulary)]
            yield play

    def _others(self, play: int, winner: int) -> list[Observation]:
        """Every other observation that says something else, once, in the order of fingerprints."""
        first = self._first[play]
        sightings = self._sightings_of[first : first + self._count[play]]
        told = {int(self._fingerprints[winner])}
        others: list[int] = []
        for sighting in sightings[np.argsort(self._fingerprints[sightings], kind="stable")].tolist():
            if int(self._fingerprints[sighting]) not in told:
                told.add(int(self._fingerprints[sighting]))
                others.append(sighting)
        return list(observations(self._observed.take(np.array(others, np.intp)), self._vocabulary))


def observations(observed: Observations, vocabulary: Vocabulary) -> Iterable[Observation]:
    """Observations as they are stored."""
    columns = (observed.end, observed.ms, observed.clock, observed.item, observed.context)
    for end, ms, clock, item, context in zip(*(column.tolist() for column in columns), strict=True):
        yield Observation(**_fields(end, ms, clock, vocabulary.items.values[item], vocabulary.contexts.values[context]))


def _fields(end: int, ms: int, clock: int, item: Item, context: Context) -> dict[str, Any]:
    """What a play and an observation both hold."""
    return {
        "end": instant(end), "ms": ms, "source": context.source, "kind": item.kind, "uri": item.uri,
        "name": item.name, "artist": item.artist, "album": item.album, "show": item.show,
        "audiobook": item.audiobook, "audiobook_uri": item.audiobook_uri, "author": item.author,
        "primary_artist": item.primary_artist, "context": context.played_from, "video": context.video,
        "platform": context.platform, "model": context.model, "country": context.country,
        "reason_start": context.reason_start, "reason_end": context.reason_end, "shuffle": context.shuffle,
        "skipped": context.skipped, "offline": context.offline, "private": context.private,
        "client_clock": None if clock == NO_CLOCK else instant(clock),
    }  # fmt: skip
