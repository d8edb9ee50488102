"""A part of a history as if there were no other: what a sharing link may see."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Final, TypeVar

import msgspec
import numpy as np

from stats_core.clock import instant
from stats_core.history.columns import History

T = TypeVar("T")

_IS_PRIVATE: Final = 1


def within(history: History, start: int | None, end: int | None) -> History:
    """The plays that start in [start, end), ms since 1970, but private ones; of the items only those they played.

    Names, lengths and firsts of all that is told then come from these plays alone: nothing outside can show through.
    """
    kept = history.private != _IS_PRIVATE
    if start is not None:
        kept &= history.start >= start
    if end is not None:
        kept &= history.start < end
    columns = {
        field.name: getattr(history, field.name)[kept]
        for field in fields(history)
        if isinstance(getattr(history, field.name), np.ndarray)
    }
    played, columns["item"] = np.unique(columns["item"], return_inverse=True)
    columns["item"] = columns["item"].astype(np.int32)
    coverage = [
        msgspec.structs.replace(stretch, start=begin, end=finish)
        for stretch in history.coverage
        if (begin := stretch.start if start is None else max(stretch.start, instant(start)))
        < (finish := stretch.end if end is None else min(stretch.end, instant(end)))
    ]
    return replace(history, **columns, items=_taken(history.items, played), saved=[], coverage=coverage)


def _taken(values: Sequence[T], positions: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> list[T]:
    return [values[position] for position in positions.tolist()]
