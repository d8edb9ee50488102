"""Joining reports: the API's rows of a stretch, brought together with the plays that exports tell of."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from stats_core.history.matching import NONE
from stats_core.history.observations import Ints, Observations, Vocabulary
from stats_core.history.reports import (
    NEAR_MS,
    Report,
    Strong,
    account_partners,
    extended_partners,
    folded_names,
    told_of,
)

Flags = npt.NDArray[np.bool_]


def join_reports(
    rows: pd.DataFrame,
    observed: Observations,
    vocabulary: Vocabulary,
    of_source: tuple[Flags, Flags, Flags],
    play: Ints,
) -> None:
    """Give the API's rows their plays, in place: those of extended rows, else of account rows, else their own.

    `of_source` flags the extended, the account and the API's rows; `play` numbers the plays of the first two.
    """
    extended, account, api = of_source
    told = told_of(_reports(rows, observed, vocabulary, np.flatnonzero(api)))
    exported = int(play[~api].max()) + 1 if (~api).any() else 0
    near = _near(rows["end"].to_numpy(), np.array([one.second for one in told]), NEAR_MS)
    by_track, without_uri = _by_track(rows, np.flatnonzero(extended & near), play)
    partner = extended_partners(told, by_track, _by_names(rows, observed, vocabulary, without_uri, play))
    left = [position for position in range(len(told)) if position not in partner]
    # Account rows that are extended ones too stand for nothing more.
    alone = np.flatnonzero(account & ~np.isin(play, play[extended]))
    by_names = _by_names(rows, observed, vocabulary, alone, play)
    for place, number in account_partners([told[position] for position in left], by_names).items():
        partner[left[place]] = number
    for position, one in enumerate(told):
        play[[report.row for report in one.reports]] = partner.get(position, exported + position)


def _reports(
    rows: pd.DataFrame, observed: Observations, vocabulary: Vocabulary, positions: npt.NDArray[np.intp]
) -> Iterator[Report]:
    columns = (positions, *(rows[name].to_numpy()[positions] for name in ("end", "uri", "fingerprint")))
    for position, end, uri, content in zip(*(column.tolist() for column in columns), strict=True):
        item = vocabulary.items.values[int(observed.item[position])]
        yield Report(position, end, uri, content, folded_names(item.name, item.artist, item.primary_artist))


def _near(ends: Ints, seconds: Ints, distance: int) -> Flags:
    """Which ends lie near any of these seconds."""
    ordered = np.sort(seconds)
    after = np.searchsorted(ordered, ends)
    far = np.iinfo(np.int64).max // 4
    around = np.concatenate(([-far], ordered, [far]))
    near: Flags = np.minimum(ends - around[after], around[after + 1] - ends) <= distance
    return near


def _by_track(
    rows: pd.DataFrame, positions: npt.NDArray[np.intp], play: Ints
) -> tuple[dict[int, list[Strong]], npt.NDArray[np.intp]]:
    """The plays of some rows by each URI they bear; and the rows of those that bear none."""
    strong = _strong(rows, positions, play)
    tracks: dict[int, set[int]] = defaultdict(set)
    uris = rows["uri"].to_numpy()[positions]
    for number, uri in zip(play[positions].tolist(), uris.tolist(), strict=True):
        tracks[number].add(uri)
    found: dict[int, list[Strong]] = defaultdict(list)
    for number, some in tracks.items():
        for track in some - {NONE}:
            found[track].append(strong[number])
    nameless = np.array([number for number, some in tracks.items() if some == {NONE}], np.int64)
    return found, positions[np.isin(play[positions], nameless)]


def _by_names(
    rows: pd.DataFrame, observed: Observations, vocabulary: Vocabulary, positions: npt.NDArray[np.intp], play: Ints
) -> dict[tuple[str, str], list[Strong]]:
    """The plays of some rows by title and artist."""
    found: dict[tuple[str, str], dict[int, Strong]] = defaultdict(dict)
    strong = _strong(rows, positions, play)
    for position, number in zip(positions.tolist(), play[positions].tolist(), strict=True):
        item = vocabulary.items.values[int(observed.item[position])]
        for names in folded_names(item.name, item.artist):
            found[names][number] = strong[number]
    return {names: list(plays.values()) for names, plays in found.items()}


def _strong(rows: pd.DataFrame, positions: npt.NDArray[np.intp], play: Ints) -> dict[int, Strong]:
    """The plays of some rows of one source, by number; rows of one play agree in end and ms."""
    wanted = np.flatnonzero(np.isin(play, play[positions]))
    contents: dict[int, set[int]] = defaultdict(set)
    for number, content in zip(play[wanted].tolist(), rows["fingerprint"].to_numpy()[wanted].tolist(), strict=True):
        contents[number].add(content)
    columns = (play[positions], *(rows[name].to_numpy()[positions] for name in ("end", "ms")))
    return {
        number: Strong(number, end, ms, tuple(sorted(contents[number])))
        for number, end, ms in zip(*(column.tolist() for column in columns), strict=True)
    }
