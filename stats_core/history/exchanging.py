"""Exchanging months: a history in memory follows the store without reading again what stayed as it was."""

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import fields
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from stats_core.history.columns import Codes, History, history_of, narrowed
from stats_core.history.months import month_number, months_of
from stats_core.history.tables import TEXTS, Table

T = TypeVar("T", bound=Hashable)


def exchanged(history: History, gone: Collection[str], tables: Iterable[Table]) -> History:
    """The history with the plays of the tables in place of those that start in the UTC months `gone`.

    Each table holds the plays of such a month. What nobody played any more is forgotten.
    """
    come = history_of(tables)
    stays = np.flatnonzero(~np.isin(months_of(history.start), [month_number(month) for month in gone]))
    columns: dict[str, Any] = {
        field.name: np.concatenate([getattr(history, field.name)[stays], getattr(come, field.name)])
        for field in fields(history)
        if isinstance(getattr(history, field.name), np.ndarray) and field.name not in TEXTS
    }
    for codes, texts in TEXTS.items():
        columns[codes], columns[texts] = _joined(
            getattr(history, codes)[stays], getattr(history, texts), getattr(come, codes), getattr(come, texts)
        )
        if codes != "item":
            columns[codes] = narrowed(columns[codes], len(columns[texts]))
    # Both are in order, and no instant lies in a month of each.
    order = np.argsort(columns["start"], kind="stable")
    for name, column in columns.items():
        if name not in TEXTS.values():
            columns[name] = column[order]
    return History(**columns, saved=history.saved, catalogue=history.catalogue, coverage=history.coverage)


def _joined(
    codes: npt.NDArray[np.integer[Any]], texts: Sequence[T], more: npt.NDArray[np.integer[Any]], others: Sequence[T]
) -> tuple[Codes, list[T]]:
    """One column of codes, and what they stand for, out of two."""
    used = np.flatnonzero(np.bincount(codes, minlength=len(texts)))
    code_of = {texts[code]: number for number, code in enumerate(used.tolist())}
    renumbered = np.zeros(len(texts), np.int32)
    renumbered[used] = np.arange(len(used))
    added = np.array([code_of.setdefault(text, len(code_of)) for text in others], np.int32)
    return cast("Codes", np.concatenate([renumbered[codes], added[more]])), list(code_of)
