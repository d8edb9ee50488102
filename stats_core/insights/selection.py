"""The passing plays of a question: those of its period that are left after private, kinds, filters and rule."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from stats_core.documents.words import KINDS, SOURCES
from stats_core.history.by_entry import ByEntry
from stats_core.history.columns import Codes, Flags, History, Ints, TextCodes
from stats_core.history.entries import Entries
from stats_core.history.lengths import UNKNOWN_LENGTH
from stats_core.insights.coverage import coverage_shares
from stats_core.insights.periods import ALL_TIME, Period
from stats_core.insights.question import Question, Told

Reason = Literal["private", "kind", "filter", "min_ms", "min_share", "completed"]
"""Why a play of the period does not count; a play is left out under the first that holds."""

NO_REASON: Final = frozenset({None, "", "unknown"})
"""What Spotify gives where it does not say why a play began or ended."""
FINISHED: Final = "trackdone"
SKIPPED: Final = frozenset({"fwdbtn", "backbtn", "endplay"})
"""Why a play ended that was skipped: somebody went forward, back, or to something else."""
UNKNOWN_COUNTRY: Final = "ZZ"
UNKNOWN_PLATFORM: Final = "unknown"
_API: Final = SOURCES.index("api")
_IS_PRIVATE: Final = 1
_MILLIONTHS: Final = 1_000_000
_LASTING: Final = (
    "positions", "start", "ms", "item", "title", "length", "by_title", "by_artist", "by_album", "_passing",
)  # fmt: skip
"""What hangs on the rule and the period alone, and takes its time."""


@dataclass(frozen=True)
class Totals:
    """Plays and ms of each item or entry, and its first passing play; arrays of one length."""

    plays: Ints
    ms: Ints
    first: Ints
    """Number of the first play within the selection; beyond the last where there is none."""

    def grouped(self, entries: Entries) -> "Totals":
        """The totals of entries, out of those of items."""
        played = self.plays[entries.item] > 0
        item, entry = entries.item[played], entries.entry[played]
        size = len(entries)
        first = np.full(size, np.iinfo(np.int64).max)
        np.minimum.at(first, entry, self.first[item])
        return Totals(sums(entry, self.plays[item], size), sums(entry, self.ms[item], size), first)


@dataclass(frozen=True)
class Selection:
    """The passing plays of a question, as arrays of one length in the history's order (start, key)."""

    history: History
    question: Question

    @cached_property
    def positions(self) -> npt.NDArray[np.intp]:
        """Where they stand in the history."""
        positions: npt.NDArray[np.intp] = np.flatnonzero(self._passing) + self._part.start
        return positions

    @property
    def _flags(self) -> Flags:
        """Of each play of the history, whether it is one of them."""
        if self._part == slice(0, len(self.history)):
            return self._passing
        flags = np.zeros(len(self.history), np.bool_)
        flags[self._part] = self._passing
        return flags

    @cached_property
    def start(self) -> Ints:
        """ms since 1970 UTC, ascending."""
        return self.history.start[self.positions]

    @cached_property
    def ms(self) -> Ints:
        """Milliseconds listened of each."""
        return self.history.ms[self.positions].astype(np.int64)

    @cached_property
    def item(self) -> Codes:
        """Position in `history.items` of each."""
        return self.history.item[self.positions]

    @cached_property
    def title(self) -> Codes:
        """Position in `history.titles` of each; NONE where nothing was named."""
        # Taking by 32 bits is twice as fast as indexing.
        return self.history.titles.of_item.take(self.item)

    @cached_property
    def by_title(self) -> ByEntry:
        """They in the order of their titles."""
        return self.history.by_title.only(self._flags)

    @cached_property
    def by_artist(self) -> ByEntry:
        """They in the order of the artists they credit."""
        return self.history.by_artist.only(self._flags)

    @cached_property
    def by_album(self) -> ByEntry:
        """They in the order of their albums."""
        return self.history.by_album.only(self._flags)

    @cached_property
    def local(self) -> Ints:
        """Start of each in local time, ms; not quite ascending where clocks fall back."""
        if not len(self.start):
            return self.start
        return self.question.zone.offsets(int(self.start[0]), int(self.start[-1])).local(self.start)

    @cached_property
    def totals(self) -> Totals:
        """Plays, ms and first play of every item of the history."""
        size = len(self.history.items)
        first = np.full(size, np.iinfo(np.int64).max)
        # Of several values for one place the last stays, so the plays are written from last to first.
        first[self.item[::-1]] = np.arange(len(self.item) - 1, -1, -1)
        return Totals(np.bincount(self.item, minlength=size), sums(self.item, self.ms, size), first)

    @property
    def ever(self) -> "Selection":
        """What passes of the whole history: itself, where the period holds all of it."""
        # Were this kept, a selection would hold itself, and its arrays would wait for the garbage collector.
        return self if self._part == slice(0, len(self.history)) else self._ever

    @cached_property
    def _ever(self) -> "Selection":
        return self.over(ALL_TIME)

    def over(self, period: Period) -> "Selection":
        """What passes of another period."""
        return selection_of(self.history, self.question.over(period))

    @property
    def told(self) -> Told:
        """What an answer says of its question."""
        question = self.question
        return Told(
            period=question.answered_period,
            rule=msgspec.structs.replace(question.rule, estimated_ms=self._estimated_ms, **self._unjudged()),
            coverage=coverage_shares(self.history, question.period, question.clock),
        )

    @property
    def in_period(self) -> slice:
        """Where the plays of the period stand in the history, passing or not."""
        return self._part

    def left_out(self, among: Flags) -> dict[Reason, int]:
        """How many of these plays of the period do not pass, each under the first reason that holds."""
        left = among.copy()
        counts: dict[Reason, int] = {}
        for reason, passes in self._judged:
            counts[reason] = int((left & ~passes).sum())
            left &= passes
        return counts

    @cached_property
    def length(self) -> Codes:
        """Of each the length of its item, ms; UNKNOWN_LENGTH where nobody tells."""
        return self._length_of_item.take(self.item)

    @cached_property
    def finished(self) -> Flags:
        """Whether each ended because its item did."""
        return _told_by(self.history.reason_ends, {FINISHED}).take(self._reason_end)

    @cached_property
    def skipped(self) -> Flags:
        """Whether each ended because it was skipped."""
        return _told_by(self.history.reason_ends, SKIPPED).take(self._reason_end)

    @cached_property
    def end_explained(self) -> Flags:
        """Whether it is known why each ended."""
        return ~_told_by(self.history.reason_ends, NO_REASON).take(self._reason_end)

    @cached_property
    def _estimated_ms(self) -> int:
        if not self.history.has_estimates:
            return 0
        return int(self.ms[self.history.source[self.positions] == _API].sum())

    @cached_property
    def _reason_end(self) -> TextCodes:
        return self.history.reason_end[self.positions]

    @cached_property
    def _part(self) -> slice:
        sides = self.question.period.sides
        if sides is None:
            return slice(0, 0)
        return slice(*np.searchsorted(self.history.start, sides).tolist())

    @cached_property
    def _passing(self) -> Flags:
        """Of each play of the period, whether it passes all rules."""
        rule, history, part = self.question.rule, self.history, self._part
        passing = history.ms[part] >= rule.min_ms
        if len(rule.kinds) < len(KINDS):
            passing &= self._kind_wanted(part)
        if (items := self._items_wanted) is not None:
            passing &= items.take(history.item[part])
        if rule.private != "include":
            passing &= self._private_wanted(part)
        for values, codes in self._columns_wanted():
            passing &= values.take(codes[part])
        if rule.min_share is not None:
            passing &= self._share_reached(part, rule.min_share)
        if rule.completed:
            passing &= self._ended_by_itself(part)
        return passing

    @cached_property
    def _judged(self) -> list[tuple[Reason, Flags]]:
        """Of each rule, which plays of the period pass it."""
        return list(self._rules(self._part))

    def _rules(self, part: slice) -> Iterator[tuple[Reason, Flags]]:
        """The rules one by one, in the order in which a play is left out by them."""
        rule, history = self.question.rule, self.history
        everything = np.ones(part.stop - part.start, np.bool_)
        yield "private", everything if rule.private == "include" else self._private_wanted(part)
        yield "kind", self._kind_wanted(part)
        items = self._items_wanted
        filtered = everything.copy() if items is None else items.take(history.item[part])
        for values, codes in self._columns_wanted():
            filtered &= values.take(codes[part])
        yield "filter", filtered
        yield "min_ms", history.ms[part] >= rule.min_ms
        yield "min_share", everything if rule.min_share is None else self._share_reached(part, rule.min_share)
        yield "completed", self._ended_by_itself(part) if rule.completed else everything

    def _private_wanted(self, part: slice) -> Flags:
        # Not told counts as not private.
        private: Flags = self.history.private[part] == _IS_PRIVATE
        return private if self.question.rule.private == "only" else ~private

    def _kind_wanted(self, part: slice) -> Flags:
        kind = self.history.kind[part]
        wanted = np.zeros(len(kind), np.bool_)
        for name in self.question.rule.kinds:
            wanted |= kind == KINDS.index(name)
        return wanted

    @cached_property
    def _items_wanted(self) -> Flags | None:
        """Of each item, whether the filters by artist, album and item let it through; None: there are none."""
        rule, history = self.question.rule, self.history
        wanted: Flags | None = None
        for asked, group in ((rule.artist, "artists"), (rule.album, "albums"), (rule.item, "titles")):
            if asked is not None:
                here = _items_of(getattr(history, group), asked, len(history.items))
                wanted = here if wanted is None else wanted & here
        return wanted

    def _columns_wanted(self) -> Iterator[tuple[Flags, npt.NDArray[np.integer]]]:
        """For each filter by a column: what of its values counts, and the column."""
        rule, history = self.question.rule, self.history
        if rule.platform is not None:
            yield _told_by(history.platforms, rule.platform, UNKNOWN_PLATFORM), history.platform
        if rule.country is not None:
            yield _told_by(history.countries, rule.country, UNKNOWN_COUNTRY), history.country
        if rule.source is not None:
            yield _told_by(SOURCES, rule.source), history.source

    def _share_reached(self, part: slice, share: float) -> Flags:
        lengths = self._length_of_item.take(self.history.item[part])
        # In whole numbers: a share has six decimals at most, and a product of floats may lie above what it stands for.
        reached = self.history.ms[part] * np.int64(_MILLIONTHS) >= round(share * _MILLIONTHS) * lengths.astype(np.int64)
        return np.where(lengths == UNKNOWN_LENGTH, self._ended_by_itself(part), reached)

    def _ended_by_itself(self, part: slice) -> Flags:
        return _told_by(self.history.reason_ends, {FINISHED}).take(self.history.reason_end[part])

    @cached_property
    def _length_of_item(self) -> Codes:
        """The length of each item of the history, UNKNOWN_LENGTH where nobody tells."""
        # One more, at which NONE points.
        return np.append(self.history.lengths.ms, np.int32(UNKNOWN_LENGTH))[self.history.titles.of_item]

    def _unjudged(self) -> dict[str, int]:
        """How many plays the rule could not judge, or only by an estimate, of those that came as far."""
        rule, part = self.question.rule, self._part
        if rule.min_share is None and not rule.completed:
            return {}
        left = np.ones(part.stop - part.start, np.bool_)
        unjudged = {}
        for reason, passes in self._judged:
            if reason == "min_share" and rule.min_share is not None:
                items = self.history.item[part]
                unknown = self._length_of_item[items] == UNKNOWN_LENGTH
                unjudged["unknown_length"] = int((left & unknown).sum())
                estimated = np.append(self.history.lengths.estimated, np.False_)[self.history.titles.of_item]
                unjudged["estimated_length"] = int((left & estimated.take(items)).sum())
            elif reason == "completed" and rule.completed:
                unknown = _told_by(self.history.reason_ends, NO_REASON)[self.history.reason_end[part]]
                unjudged["unknown_reason"] = int((left & unknown).sum())
            left &= passes
        return unjudged


def selection_of(history: History, question: Question) -> Selection:
    """The passing plays of a question; worked out once for each rule and period of an answer."""
    terms = (question.rule, question.period)
    selection, known = Selection(history, question), question.shared.get((id(history), *terms))
    if isinstance(known, Selection):
        # All but the question itself, which may be another part's: what is worked out hangs on rule and period alone.
        vars(selection).update({**vars(known), "question": question})
    elif question.lately is not None:
        vars(selection).update(question.lately.about(history, terms))
    question.shared[id(history), *terms] = selection
    return selection


def keep_selection(history: History, question: Question) -> None:
    """Keep what an answer worked out of its passing plays for the next question about them."""
    terms = (question.rule, question.period)
    selection = question.shared.get((id(history), *terms))
    if question.lately is not None and isinstance(selection, Selection):
        worked_out = vars(selection)
        question.lately.keep(history, terms, {name: worked_out[name] for name in _LASTING if name in worked_out})


def sums(codes: npt.NDArray[np.integer], values: Ints, size: int) -> Ints:
    """The values summed by code. As floats they are exact below 2**53: 100 million plays of a whole day each."""
    return np.bincount(codes, weights=values, minlength=size).astype(np.int64)


def _items_of(entries: Entries, identities: Iterable[str], size: int) -> Flags:
    wanted = np.zeros(size, np.bool_)
    for identity in identities:
        for position in entries.positions(identity):
            wanted[entries.items_of(position)] = True
    return wanted


def _told_by(texts: Iterable[str | None], wanted: Collection[str | None], unknown: str | None = None) -> Flags:
    """Of each text, whether it is one of those wanted; a missing one is the unknown one."""
    return np.array([(unknown if text is None else text) in wanted for text in texts], np.bool_)
