"""Coverage: which stretches of a listener's time their imports know, and how well. Works on all imports at once, so
that neither their order nor a repetition matters."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from stats_core.documents.imports import Import, ImportFile
from stats_core.documents.listeners import Covered
from stats_core.documents.sync import Sync
from stats_core.documents.words import COVERAGES, Coverage, Generation
from stats_core.exports.recognise import Series, base_name, has_video_name, numbered
from stats_core.store import collections
from stats_core.store.port import Query, Store

Stretch = tuple[datetime, datetime]

_UNSORTED: Final = frozenset({"extended-1", "extended-2"})
"""Their files each span the whole lifetime: only all of them together cover anything."""


@dataclass(frozen=True)
class _Sorted:
    """A kind of files that are in the order of time, each going on where the one before ends."""

    series: Series
    coverage: Coverage
    longest: timedelta
    """What lies further apart is not of one export."""


_SORTED: Final[Mapping[Generation, _Sorted]] = {
    **dict.fromkeys(("extended-3", "extended-4", "extended-5"), _Sorted("audio", "complete", timedelta.max)),
    "account-music": _Sorted("account", "account", timedelta(days=400)),  # of the last twelve months
}


@dataclass(frozen=True)
class _Part:
    """A file that covers the time from its first to its last row."""

    start: datetime
    end: datetime
    number: int | None
    """Its place among the files of its export, if its name tells."""


Parts = dict[Generation, set[_Part]]
"""Generation -> its files that are in the order of time."""


def known_coverage(
    store: Store, user: str, *, closing: Import | None = None, without: str = "", sync: Sync | None = None
) -> list[Covered]:
    """What a listener's imports and sync know: what is in the store, one import as it is about to be closed, or without
    one, the sync as it is about to be told."""
    left_out = closing.id if closing else without
    stored = store.find(collections.imports, Query(equal={"user": user}))
    imports = [*(each for each in stored if each.id != left_out), *filter(None, [closing])]
    return coverage_of(imports, sync or store.get(collections.syncs, user))


def coverage_of(imports: Iterable[Import], sync: Sync | None = None) -> list[Covered]:
    """The stretches that imports and the sync know, apart from each other, in order; a better known one hides what it
    meets.

    Complete is an extended export: of generations 1 and 2 a whole one, of later ones any file, joined with the next
    where their numbers follow. Account music is of the second class. Video, podcasts and audiobooks tell nothing.
    """
    loose: Parts = {}
    exports: list[list[ImportFile]] = []
    for document in imports:
        if _is_loose(document):
            _collect(document.files, loose)
        else:
            exports += _folders(document.files)
    known: dict[Coverage, list[Stretch]] = {"complete": [], "account": []}
    _cover(loose, known)
    for files in exports:
        known["complete"] += _of_unsorted(files)
        _cover(_mended(files, loose), known)
    if sync is not None:
        known["preview"] = [(seen.start, seen.end) for seen in sync.preview]
        known["gap"] = [(gap.start, gap.end) for gap in sync.gaps]
    covered: list[Covered] = []
    stronger: list[Stretch] = []
    for by in COVERAGES:
        here = _united(left for stretch in _united(known.get(by, [])) for left in _outside(stretch, stronger))
        covered += [Covered(start=start, end=end, by=by) for start, end in here]
        stronger = _united([*stronger, *here])
    return sorted(covered, key=lambda stretch: stretch.start)


def _is_loose(document: Import) -> bool:
    """Whether it is one file on its own, a ZIP around it or not: what else its export holds is not known."""
    return len(document.files) == 1 and not document.ignored and _folder(document.files[0]) == ""


def _folders(files: Iterable[ImportFile]) -> list[list[ImportFile]]:
    """A ZIP's files by folder: somebody may have packed two exports into one."""
    return [list(group) for _, group in groupby(sorted(files, key=_folder), key=_folder)]


def _folder(file: ImportFile) -> str:
    return file.path.removesuffix(base_name(file.path))


def _of_unsorted(files: Iterable[ImportFile]) -> list[Stretch]:
    """What an export of generation 1 or 2 covers: all from its first to its last row, if no number is missing."""
    files = [file for file in files if _is_unsorted(file)]
    numbers = {_number(file, "endsong") for file in files}
    there = {_number(file, "endsong") for file in files if file.status == "imported"}
    spans = [span for file in files if (span := _span(file)) is not None]
    if not spans or not numbers == there == set(range(len(there))):
        return []
    return [(min(start for start, _ in spans), max(end for _, end in spans))]


def _is_unsorted(file: ImportFile) -> bool:
    if _number(file, "endsong") is not None:
        return True
    return file.generation in _UNSORTED and not has_video_name(file.path)


def _collect(files: Iterable[ImportFile], parts: Parts) -> None:
    """Take in the files that are in the order of time."""
    for file in files:
        span = _span(file)
        if file.generation is None or span is None or has_video_name(file.path) or _is_unsorted(file):
            continue
        if kind := _SORTED.get(file.generation):
            parts.setdefault(file.generation, set()).add(_Part(*span, _number(file, kind.series)))


def _mended(files: list[ImportFile], loose: Parts) -> Parts:
    """A ZIP's files that are in the order of time, and for those that it lacks loose ones of their numbers."""
    parts: Parts = {}
    _collect(files, parts)
    for generation, own in parts.items():
        claimed = [_number(file, _SORTED[generation].series) for file in files]
        numbers = [number for number in claimed if number is not None]
        there = {part.number for part in own}
        own |= {
            part
            for part in loose.get(generation, ())
            if numbers and part.number is not None and part.number not in there
            if min(numbers) <= part.number <= max(numbers)
        }
    return parts


def _cover(parts: Parts, known: dict[Coverage, list[Stretch]]) -> None:
    """Add what files cover, and the silence between one and the next of the same export."""
    for generation, files in parts.items():
        kind = _SORTED[generation]
        known[kind.coverage] += [(part.start, part.end) for part in files]
        numbers: dict[int, list[_Part]] = {}
        for part in files:
            if part.number is not None:
                numbers.setdefault(part.number, []).append(part)
        for number, ones in numbers.items():
            known[kind.coverage] += _silences(ones, numbers.get(number + 1, []), kind.longest)


def _silences(ones: list[_Part], nexts: list[_Part], longest: timedelta) -> Iterator[Stretch]:
    """The time between files and those that follow them. Where several exports have files of these numbers, the next
    is the nearest one that has none nearer itself."""
    pairs = [
        (one, following)
        for one in ones
        for following in nexts
        if one.start <= following.start and one.end <= following.end and following.end - one.start <= longest
    ]
    begins: dict[_Part, datetime] = {}
    ends: dict[_Part, datetime] = {}
    for one, following in pairs:
        begins[one] = min(begins.get(one, following.start), following.start)
        ends[following] = max(ends.get(following, one.end), one.end)
    yield from ((one.end, after.start) for one, after in pairs if (one.end, after.start) == (ends[after], begins[one]))


def _number(file: ImportFile, series: Series) -> int | None:
    """The file's number, where its name is one of the series."""
    place = numbered(file.path)
    return place[1] if place and place[0] == series else None


def _span(file: ImportFile) -> Stretch | None:
    """From the start of a file's first play to the end of its last; imports of before did not keep that end."""
    end = file.last_end or file.last_play
    if file.status != "imported" or file.first_play is None or end is None:
        return None
    return file.first_play, end


def _united(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The stretches that hold any time as few that don't touch each other, in order."""
    united: list[Stretch] = []
    for start, end in sorted(stretch for stretch in stretches if stretch[0] < stretch[1]):
        if united and start <= united[-1][1]:
            united[-1] = united[-1][0], max(united[-1][1], end)
        else:
            united.append((start, end))
    return united


def _outside(stretch: Stretch, others: Iterable[Stretch]) -> Iterator[Stretch]:
    """What is left of a stretch outside of others, which are in order; some of it may hold no time."""
    start, end = stretch
    for begin, finish in others:
        if begin < end and start < finish:
            yield start, begin
            start = finish
    yield start, end
