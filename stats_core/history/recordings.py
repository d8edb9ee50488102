"""Recordings: which tracks are the same one, published more than once."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np

from stats_core.history.catalogue import Catalogue, folded
from stats_core.history.entries import NONE, Codes, Entries, Entry
from stats_core.history.lengths import UNKNOWN_LENGTH, Lengths

_SAME_LENGTH_MS: Final = 2_000


@dataclass(frozen=True)
class _Track:
    """A track as it is compared."""

    position: int
    """In the tracks."""
    id: str
    names: tuple[str, int] | None
    """Folded name and primary artist; None where either is missing: then it is like no other."""
    length: int
    isrc: str | None


def recordings_of(
    tracks: Entries, primary_artists: Entries, lengths: Lengths, played: Codes, catalogue: Catalogue
) -> Entries:
    """The recordings of a history's tracks, each named by the track of it that was played last.

    Tracks of equal ISRC are one. Others need equal name, primary artist and length, within two seconds from one to the
    next; what they make joins the one recording with an ISRC that it equals so. A recording's id is the smallest of its
    tracks'; every one of these leads to it.
    """
    known = [_Track(*each) for each in _compared(tracks, primary_artists, lengths, catalogue)]
    groups = _grouped(known)
    latest = np.full(len(tracks.of_item), -1, np.int64)
    latest[played] = np.arange(len(played))
    entries: list[Entry] = []
    # One more, at which NONE points.
    recording = np.full(len(tracks) + 1, NONE, np.int32)
    shown = []
    for group in groups:
        newest = max(
            (tracks.entries[track.position].name is not None, latest[tracks.shown[track.position]], track.position)
            for track in group
        )[-1]
        named = tracks.entries[newest]
        identity = min(track.id for track in group)
        is_named_so = identity == named.id
        entries.append(named if is_named_so else Entry("track", identity, named.name, named.artist, named.album))
        shown.append(tracks.shown[newest])
        recording[[track.position for track in group]] = len(entries) - 1
    nothing = np.zeros(len(entries), np.bool_)

    def led_to(key: str) -> Collection[int]:
        position = tracks.position(key)
        return () if position is None else [int(recording[position])]

    return Entries(
        entries,
        tracks.item,
        recording[tracks.entry],
        recording[tracks.of_item],
        np.array(shown, np.int32),
        nothing,
        nothing,
        led_to,
    )


def _compared(
    tracks: Entries, primary_artists: Entries, lengths: Lengths, catalogue: Catalogue
) -> Iterator[tuple[int, str, tuple[str, int] | None, int, str | None]]:
    for position in np.unique(tracks.entry).tolist():
        entry = tracks.entries[position]
        artist = int(primary_artists.of_item[tracks.shown[position]])
        names = (folded(entry.name), artist) if entry.name is not None and artist != NONE else None
        known = catalogue.tracks.get(entry.id)
        yield position, entry.id, names, int(lengths.ms[position]), known.isrc if known else None


def _grouped(tracks: list[_Track]) -> list[list[_Track]]:
    by_isrc: dict[str, list[_Track]] = {}
    for track in tracks:
        if track.isrc:
            by_isrc.setdefault(track.isrc, []).append(track)
    named: dict[tuple[str, int], list[str]] = {}
    for isrc, recording in by_isrc.items():
        for said in {track.names for track in recording if track.names}:
            named.setdefault(said, []).append(isrc)
    apart: list[list[_Track]] = []
    joining: dict[str, list[_Track]] = {}
    for group in _alike([track for track in tracks if not track.isrc]):
        names = group[0].names
        equal = [isrc for isrc in named.get(names, ()) if _are_near(by_isrc[isrc], group)] if names else []
        if len(equal) == 1:
            joining.setdefault(equal[0], []).extend(group)
        else:
            apart.append(group)
    return [*([*recording, *joining.get(isrc, ())] for isrc, recording in by_isrc.items()), *apart]


def _alike(tracks: list[_Track]) -> Iterator[list[_Track]]:
    """Tracks of equal names whose lengths follow one another closely; those that can't be compared are alone."""
    comparable = [track for track in tracks if track.names and track.length != UNKNOWN_LENGTH]
    yield from ([track] for track in tracks if not track.names or track.length == UNKNOWN_LENGTH)
    comparable.sort(key=lambda track: (track.names, track.length, track.id))
    for _, equal in groupby(comparable, key=lambda track: track.names):
        group: list[_Track] = []
        for track in equal:
            if group and track.length - group[-1].length > _SAME_LENGTH_MS:
                yield group
                group = []
            group.append(track)
        yield group


def _are_near(recording: list[_Track], group: list[_Track]) -> bool:
    """Whether a track of the recording equals one of the group in names and, within two seconds, in length."""
    return any(
        one.names == other.names
        and UNKNOWN_LENGTH not in (one.length, other.length)
        and abs(one.length - other.length) <= _SAME_LENGTH_MS
        for one in recording
        for other in group
    )
