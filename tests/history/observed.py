"""Small made-up observations, as files of them, for everything that must not depend on their order."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from hypothesis import strategies as st

from stats_core.documents.words import GENERATIONS, Generation
from stats_core.history.items import Item
from stats_core.history.observations import Context, Observations, Vocabulary
from stats_core.history.reconcile import Sightings

_MONTH_MS: Final = 31 * 86_400_000


@dataclass(frozen=True)
class Row:
    """One observation: seconds, ms, what and how; only the API tells the milliseconds of an end."""

    end: int
    ms: int
    item: Item
    context: Context
    clock: int = 0
    millis: int = 0

    @property
    def end_ms(self) -> int:
        """When it ended, ms since 1970."""
        return 1000 * self.end + self.millis


@dataclass(frozen=True)
class File:
    """One JSON file's rows."""

    generation: Generation
    rows: tuple[Row, ...]


def track(uri: str | None, names: str | None) -> Item:
    return Item("track" if uri or names else "unknown", uri=uri, name=names, artist=names and f"by {names}")


def episode(uri: str | None, names: str) -> Item:
    """Named as the track of these names."""
    return Item("episode", uri=uri, name=names, show=f"by {names}")


seconds = st.sampled_from([0, 1, 59, 60])
listened = st.sampled_from([0, 40_000])
uris = st.sampled_from([None, "spotify:track:1", "spotify:track:2"])
titles = st.sampled_from(["one", "two", "three"])
clocks = st.sampled_from([0, -4_999, -5_000, -45_000, -_MONTH_MS, -_MONTH_MS - 1])
"""Milliseconds around 5 s and 31 days before some of the starts."""

extended_items = st.one_of(
    st.builds(track, uris, st.one_of(st.none(), titles)),
    st.builds(track, uris, titles),
    st.builds(episode, st.sampled_from([None, "spotify:track:1"]), titles),
)
account_items = st.builds(track, st.none(), st.sampled_from([None, "one", "two", "three"]))
contexts = st.builds(Context, st.just("extended"), reason_end=st.sampled_from([None, "trackdone"]))
extended_rows = st.builds(Row, seconds, listened, extended_items, contexts, clocks)
account_rows = st.builds(Row, st.sampled_from([0, 60]), listened, account_items, st.just(Context("account")))
podcast_rows = st.builds(
    Row, st.sampled_from([0, 60]), listened, st.builds(episode, st.none(), titles), st.just(Context("account"))
)
crowded_rows = st.builds(Row, st.sampled_from([0, 1]), st.just(0), extended_items, contexts)
"""Of one minute and ms, so that most of them meet."""

api_rows = st.builds(
    Row,
    st.sampled_from([0, 1, 2, 5, 6, 7, 59, 60, 61, 65, 130]),
    st.sampled_from([20_000, 40_000, 200_000]),
    st.builds(track, st.sampled_from(["spotify:track:1", "spotify:track:2"]), titles),
    st.builds(Context, st.just("api"), played_from=st.sampled_from([None, "spotify:playlist:1"])),
    st.just(0),
    st.sampled_from([0, 460, 999]),
)
api_files = st.builds(File, st.just("recently-played"), st.lists(api_rows, min_size=1, max_size=5).map(tuple))

extended_generations = st.sampled_from([name for name in GENERATIONS if name.startswith("extended")])
account_files = st.one_of(
    st.builds(File, st.just("account-music"), st.lists(account_rows, min_size=1, max_size=4).map(tuple)),
    st.builds(File, st.just("account-podcast"), st.lists(podcast_rows, min_size=1, max_size=3).map(tuple)),
)
extended_files = st.builds(File, extended_generations, st.lists(extended_rows, min_size=1, max_size=5).map(tuple))
files = st.one_of(extended_files, account_files, api_files)

crowded_files = st.one_of(
    st.builds(File, extended_generations, st.lists(crowded_rows, min_size=1, max_size=4).map(tuple)),
    st.builds(
        File,
        st.just("account-music"),
        st.lists(
            st.builds(Row, st.just(0), st.just(0), account_items, st.just(Context("account"))), min_size=1, max_size=3
        ).map(tuple),
    ),
)
many_files = st.one_of(
    st.lists(files, min_size=1, max_size=5),
    st.lists(crowded_files, min_size=2, max_size=6),
)
"""Rows all over, or in few heaps."""


def sightings_of(many: list[File], vocabulary: Vocabulary) -> tuple[Sightings, list[tuple[int, Row]]]:
    """The files' rows as sightings, and each sighting's (file, row)."""
    listed = [(number, row) for number, file in enumerate(many) for row in file.rows]
    observed = Observations(
        np.array([row.end_ms for _, row in listed], np.int64),
        np.array([row.ms for _, row in listed], np.int64),
        np.array([row.clock for _, row in listed], np.int64),
        np.array([vocabulary.items.code(row.item) for _, row in listed], np.int32),
        np.array([vocabulary.contexts.code(row.context) for _, row in listed], np.int32),
    )
    ranks = [GENERATIONS.index(many[number].generation) for number, _ in listed]
    numbers = np.array([number for number, _ in listed], np.int64)
    return Sightings(observed, numbers, np.array(ranks, np.int64)), listed
