"""Small made-up observations, as files of them, for everything that must not depend on their order."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from stats_core.documents import GENERATIONS, Generation
from stats_core.history.items import Item
from stats_core.history.observations import Context, Observations, Vocabulary
from stats_core.history.reconcile import Sightings


@dataclass(frozen=True)
class Row:
    """One observation: seconds, ms, what and how."""

    end: int
    ms: int
    item: Item
    context: Context
    clock: int = 0


@dataclass(frozen=True)
class File:
    """One JSON file's rows."""

    generation: Generation
    rows: tuple[Row, ...]


def track(uri: str | None, names: str | None) -> Item:
    return Item("track" if uri or names else "unknown", uri=uri, name=names, artist=names and f"by {names}")


seconds = st.sampled_from([0, 1, 59, 60])
listened = st.sampled_from([0, 40_000])
extended_items = st.builds(
    track, st.sampled_from([None, "spotify:track:1", "spotify:track:2"]), st.sampled_from([None, "one", "two", "three"])
)
account_items = st.builds(track, st.none(), st.sampled_from([None, "one", "two", "three"]))
contexts = st.builds(Context, st.just("extended"), reason_end=st.sampled_from([None, "trackdone"]))
extended_rows = st.builds(Row, seconds, listened, extended_items, contexts)
account_rows = st.builds(Row, st.sampled_from([0, 60]), listened, account_items, st.just(Context("account")))
files = st.one_of(
    st.builds(
        File,
        st.sampled_from([name for name in GENERATIONS if name.startswith("extended")]),
        st.lists(extended_rows, min_size=1, max_size=5).map(tuple),
    ),
    st.builds(File, st.just("account-music"), st.lists(account_rows, min_size=1, max_size=4).map(tuple)),
)


def sightings_of(many: list[File], vocabulary: Vocabulary) -> tuple[Sightings, list[tuple[int, Row]]]:
    """The files' rows as sightings, and each sighting's (file, row)."""
    listed = [(number, row) for number, file in enumerate(many) for row in file.rows]
    observed = Observations(
        np.array([row.end * 1000 for _, row in listed], np.int64),
        np.array([row.ms for _, row in listed], np.int64),
        np.array([row.clock for _, row in listed], np.int64),
        np.array([vocabulary.items.code(row.item) for _, row in listed], np.int32),
        np.array([vocabulary.contexts.code(row.context) for _, row in listed], np.int32),
    )
    ranks = [GENERATIONS.index(many[number].generation) for number, _ in listed]
    numbers = np.array([number for number, _ in listed], np.int64)
    return Sightings(observed, numbers, np.array(ranks, np.int64)), listed
