"""One true history out of all observations of a stretch of time: which are one play, which one wins, what its key is.

A function of the set of observations alone, so that no order of imports and no packing of files can matter. Takes and
returns arrays; a stretch is whole minutes, and nothing in one minute ever meets an extended or account observation of
another.
"""

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd

from stats_core.documents.words import SOURCES
from stats_core.history.items import Item
from stats_core.history.joining import join_reports
from stats_core.history.matching import NONE, CrowdedRow, partners, slots
from stats_core.history.observations import Codes, Ints, Observations, PerValue, Vocabulary

Small = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

_MINUTE_MS: Final = 60_000
_ACCOUNT: Final = SOURCES.index("account")
_API: Final = SOURCES.index("api")
_LEAST_MS: Final = 30_000
"""What the API tells of was listened to for so long, or to its end."""
_NO_ANCHORS: Final = np.empty(0, np.int64)

STRENGTH: Final = np.array([{"extended": 2, "account": 1, "api": 0}[source] for source in SOURCES], np.int8)
"""By position in SOURCES: the stronger source's observation wins."""


@dataclass(frozen=True, eq=False)
class Sightings:
    """Observations and which file holds them: one entry a row of a file. Arrays of one length.

    `file` numbers the files (any numbers, the same for rows of one file); `generation` ranks what wrote it.
    """

    observed: Observations
    file: Ints
    generation: Ints

    def __len__(self) -> int:
        return len(self.file)


@dataclass(frozen=True, eq=False)
class Reconciled:
    """The plays of a stretch. `play` has one entry a sighting; the others one entry a play, in the order of keys."""

    play: Ints
    """Which play each sighting is of."""
    winner: Ints
    """Position of the sighting whose fields the play takes."""
    n: Ints
    """The last part of the key, among plays of one end and ms."""
    ms: Ints
    """Milliseconds listened: the winner's; where only the API told of the play, an estimate."""
    start: Ints
    """ms since 1970."""
    fingerprint: Ints
    """Of the winner's content."""
    signature: npt.NDArray[np.uint64]
    """Of the whole document: winner and others. Equal signatures need no write."""


class Identities:
    """What decides sameness, as codes by item and context.

    The codes of URIs and names are 64-bit digests, the same everywhere: as keys of dictionaries, half a million names
    would take 250 MB.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._items = PerValue(vocabulary.items, 3, _identity)
        self._contexts = PerValue(vocabulary.contexts, 1, lambda context: (SOURCES.index(context.source),))

    def of(self, item: Codes) -> tuple[Ints, Ints, Ints]:
        """Codes of the URI (NONE: has none), of the names with the kind, and of the names alone (0: has none)."""
        uri, names, pair = self._items.of(item).T
        return uri, names, pair

    def sources(self, context: Codes) -> Small:
        """Positions in SOURCES."""
        sources: Small = self._contexts.of(context)[:, 0].astype(np.int8)
        return sources


def told_ends(observed: Observations, identities: Identities) -> Ints:
    """When the API told that each row ended, 0 for what exports tell: of its reports the earliest wins."""
    return np.where(identities.sources(observed.context) == _API, observed.end, 0)


def _identity(item: Item) -> tuple[int, int, int]:
    uri = NONE if item.uri is None else _code(item.uri)
    if item.name is None and item.by is None:
        return uri, 0, 0
    return uri, _code((item.kind, item.name, item.by)), _code((item.name, item.by))


def _code(value: object) -> int:
    """Positive, so that it is neither NONE nor 0."""
    digest = hashlib.blake2b(msgspec.json.encode(value), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1 or 1


def reconciled(
    sightings: Sightings, vocabulary: Vocabulary, identities: Identities, anchors: Ints = _NO_ANCHORS
) -> Reconciled:
    """The plays of a stretch of time, out of every sighting in it; `identities` are the vocabulary's.

    `anchors` are ends of plays outside the stretch: those that may be the last one before a play that the API told.
    """
    observed = sightings.observed
    uri, names, pair = identities.of(observed.item)
    source = identities.sources(observed.context)
    fingerprint = observed.fingerprints(vocabulary)
    rows = pd.DataFrame(
        {
            "end": observed.end,
            "minute": observed.end // _MINUTE_MS,
            "ms": observed.ms,
            "uri": uri,
            "names": names,
            "pair": pair,
            "file": sightings.file,
            "strength": STRENGTH[source],
            "told": told_ends(observed, identities),
            "generation": sightings.generation,
            "fingerprint": fingerprint,
        }
    )
    play = np.full(len(rows), NONE, np.int64)
    account, api = source == _ACCOUNT, source == _API
    extended = ~account & ~api
    play[extended] = _extended_plays(rows[extended])
    if account.any():
        exported = ~api
        joined = play[exported]
        _join_account(rows[exported], account[exported], joined)
        play[exported] = joined
    if api.any():
        join_reports(rows, observed, vocabulary, (extended, account, api), play)
    return _described(rows, observed, play, api, anchors)


def _extended_plays(rows: pd.DataFrame) -> Ints:
    """A play number for each row: same end and ms, and connected by URI or names; as many as the largest file holds."""
    with_uri = (rows["uri"] != NONE).to_numpy()
    same_names, same_uri = _groups(rows, ["end", "ms", "names"]), _groups(rows[with_uri], ["end", "ms", "uri"])
    component = _connected(same_names, with_uri, same_uri)
    return _plays_of_components(rows, component)


def _groups(rows: pd.DataFrame, by: list[str]) -> Ints:
    """The number of each row's group: rows equal in these columns."""
    return rows.groupby(by, sort=False).ngroup().to_numpy().astype(np.int64)


def _connected(label: Ints, joined: npt.NDArray[np.bool_], group: Ints) -> Ints:
    """Components: rows of one label belong together, and so do rows (where `joined`) of one group."""
    base = label
    while True:
        least = _least(label[joined], group)
        lowered = label.copy()
        lowered[joined] = least
        lowered = _least(lowered, base)
        if np.array_equal(lowered, label):
            return label
        label = lowered


def _least(values: Ints, group: Ints) -> Ints:
    """For each row the least value of its group; groups are numbered from 0."""
    if len(values) == 0:
        return values
    least = np.full(int(group.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, group, values)
    return least[group]


def _plays_of_components(rows: pd.DataFrame, component: Ints) -> Ints:
    """A play number for each row: a component holds as many plays as one file has rows of it at most."""
    component = pd.factorize(component)[0].astype(np.int64)
    in_file = pd.DataFrame({"component": component, "file": rows["file"].to_numpy()})
    counts = in_file.groupby(["component", "file"], sort=False).size()
    most = counts.groupby(level="component").max().sort_index().to_numpy().astype(np.int64)
    play = (np.cumsum(most) - most)[component]
    crowded = np.flatnonzero(most[component] > 1)
    if len(crowded):
        play[crowded] += _slots_of(rows.iloc[crowded], component[crowded])
    return play


def _slots_of(rows: pd.DataFrame, component: Ints) -> Ints:
    """Which of its component's plays each row is, counted from 0. Equal rows need no matching, only counting."""
    content = rows["fingerprint"].to_numpy()
    equal = rows.groupby(component)["fingerprint"].transform("nunique").to_numpy() == 1
    slot = rows.groupby([component, rows["file"].to_numpy()]).cumcount().to_numpy().astype(np.int64)
    columns = [rows[name].to_numpy() for name in ("uri", "names", "file", "generation")]
    different = np.flatnonzero(~equal)
    for positions in _grouped(different, component[different]):
        values = (column[positions].tolist() for column in (content, *columns))
        slot[positions] = slots([CrowdedRow(*row) for row in zip(*values, strict=True)])
    return slot


def _grouped(positions: npt.NDArray[np.intp], group: Ints) -> list[npt.NDArray[np.intp]]:
    order = np.argsort(group, kind="stable")
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    return np.split(positions[order], cuts) if len(positions) else []


def _join_account(rows: pd.DataFrame, account: npt.NDArray[np.bool_], play: Ints) -> None:
    """Give account rows their plays, in place: those of extended rows of the same minute, ms and names, one to one."""
    group = _groups(rows, ["minute", "ms", "pair"])
    met = np.zeros(int(group.max()) + 1, bool)
    met[group[account]] = True
    near = met[group]
    positions = np.flatnonzero(near)
    # Joined: account rows of one group, and extended plays (by whatever of their rows) with them.
    label = group[positions]
    is_extended = ~account[positions]
    component = _connected(label, is_extended, pd.factorize(play[positions[is_extended]])[0].astype(np.int64))
    component = pd.factorize(component)[0].astype(np.int64)
    account_component = component[~is_extended]
    account_positions = positions[~is_extended]
    account_rows = rows.iloc[account_positions]
    weak = _plays_of_components(account_rows, account_component)

    weak_counts = np.bincount(_firsts(account_component, weak), minlength=int(component.max()) + 1)
    strong_component, strong_play = component[is_extended], play[positions[is_extended]]
    strong_counts = np.bincount(_firsts(strong_component, strong_play), minlength=len(weak_counts))
    new_number = int(play[~account].max()) + 1 if (~account).any() else 0
    play[account_positions] = new_number + weak

    simple = (weak_counts == 1) & (strong_counts == 1)
    of_component = np.zeros(len(weak_counts), np.int64)
    of_component[strong_component] = strong_play
    joined = simple[account_component]
    play[account_positions[joined]] = of_component[account_component[joined]]

    hard = np.flatnonzero(((strong_counts > 0) & ~simple)[component])
    contents_of = _contents_of(rows, play, np.unique(play[positions[hard]]))
    for members in _grouped(hard, component[hard]):
        _join_component(rows, account, play, positions[members], contents_of)


def _contents_of(rows: pd.DataFrame, play: Ints, wanted: Ints) -> dict[int, set[tuple[int, int, int]]]:
    """All that some plays were seen as, each once: what orders them, however often and in which order files came."""
    seen = np.flatnonzero(np.isin(play, wanted))
    columns = (rows[name].to_numpy()[seen].tolist() for name in ("end", "fingerprint", "generation"))
    contents: dict[int, set[tuple[int, int, int]]] = defaultdict(set)
    for number, *content in zip(play[seen].tolist(), *columns, strict=True):
        contents[number].add(tuple(content))
    return contents


def _firsts(component: Ints, play: Ints) -> Ints:
    """The component of each distinct play."""
    _, first = np.unique(play, return_index=True)
    return component[first]


def _join_component(
    rows: pd.DataFrame,
    account: npt.NDArray[np.bool_],
    play: Ints,
    positions: npt.NDArray[np.intp],
    contents_of: dict[int, set[tuple[int, int, int]]],
) -> None:
    """Pair account plays with extended plays that share names, as many as can be, in canonical order."""
    pairs_of: dict[int, set[int]] = defaultdict(set)
    weak: dict[int, list[int]] = defaultdict(list)
    for position, pair in zip(positions.tolist(), rows["pair"].to_numpy()[positions].tolist(), strict=True):
        number = int(play[position])
        pairs_of[number].add(pair)
        if account[position]:
            weak[number].append(position)
    ordered = sorted(pairs_of, key=lambda number: sorted(contents_of[number]))
    for number, strong in partners(ordered, set(weak), pairs_of).items():
        play[weak[number]] = strong


def _described(rows: pd.DataFrame, observed: Observations, play: Ints, api: Flags, anchors: Ints) -> Reconciled:
    """Winners, keys and signatures of the plays."""
    order = np.lexsort(
        (
            rows["fingerprint"].to_numpy(),
            -rows["generation"].to_numpy(),
            rows["told"].to_numpy(),
            -rows["strength"].to_numpy(),
            play,
        )
    )
    ordered_play = play[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = ordered_play[1:] != ordered_play[:-1]
    winner = order[is_first]
    number = np.empty(int(play.max()) + 1 if len(play) else 0, np.int64)
    number[ordered_play[is_first]] = np.arange(len(winner))
    dense = number[play] if len(play) else play
    fingerprint = rows["fingerprint"].to_numpy()[winner]
    contents = pd.DataFrame({"play": dense, "content": rows["fingerprint"].to_numpy()}).drop_duplicates()
    others = _sums(contents["play"].to_numpy(), contents["content"].to_numpy(), len(winner))
    end, ms = rows["end"].to_numpy()[winner], rows["ms"].to_numpy()[winner]
    start = observed.take(winner).starts()
    estimated = api[winner]
    if estimated.any():
        ms = np.where(estimated, estimates(end, ms, np.concatenate((end, anchors))), ms)
        start = np.where(estimated, end - ms, start)
    by_key = np.lexsort((others, fingerprint, ms, end))
    position = np.empty(len(by_key), np.int64)
    position[by_key] = np.arange(len(by_key))
    # A key holds the second of the end.
    keys = pd.DataFrame({"end": end[by_key] // 1_000, "ms": ms[by_key]})
    n = keys.groupby(["end", "ms"], sort=False).cumcount().to_numpy().astype(np.int64)
    signature = _signature(fingerprint, others)
    return Reconciled(
        position[dense] if len(dense) else dense,
        winner[by_key],
        n,
        ms[by_key],
        start[by_key],
        fingerprint[by_key],
        signature[by_key],
    )


def estimates(end: Ints, length: Ints, ends: Ints) -> Ints:
    """How long plays of a track's length were listened to: until the last end before theirs, among `ends`.

    At least half a minute, or all of it: shorter ones the API does not tell of.
    """
    ordered = np.sort(ends)
    place = np.searchsorted(ordered, end)
    before = np.concatenate(([np.iinfo(np.int64).min // 2], ordered))[place]
    return np.maximum(np.minimum(length, end - before), np.minimum(length, _LEAST_MS))


def signature_of(winners: Ints, owner: Ints, contents: Ints) -> npt.NDArray[np.uint64]:
    """The signatures of stored plays: the winner's fingerprint of each; of each content its owner and fingerprint."""
    return _signature(winners, _sums(owner, contents, len(winners)))


def _signature(winners: Ints, sums: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    return _spread(winners.view(np.uint64)) * np.uint64(3) + sums


def _sums(owner: Ints, contents: Ints, plays: int) -> npt.NDArray[np.uint64]:
    sums = np.zeros(plays, np.uint64)
    np.add.at(sums, owner, _spread(contents.view(np.uint64)))
    return sums


def _spread(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The numbers, their bits mixed, so that sums of them tell sets apart."""
    values = (values ^ (values >> np.uint64(32))) * np.uint64(0x9FB21C651E98DF25)
    return values ^ (values >> np.uint64(28))
