"""From Spotify's rows to observations: every row becomes one, or is invalid with its row number, field and reason."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec
import numpy as np

from stats_core.documents.imports import InvalidRow
from stats_core.exports import pages
from stats_core.exports.fields import (
    InvalidField,
    account_item,
    clock_ms,
    end_time_ms,
    extended_item,
    flag,
    listened_ms,
    text,
    ts_ms,
)
from stats_core.exports.platforms import kept_platform, platform_of
from stats_core.exports.rows import AccountRow, ExtendedRow, Scalar, tolerant
from stats_core.exports.unkept import UnkeptRows
from stats_core.history.observations import NO_CLOCK, Context, Observations, Vocabulary

Row = TypeVar("Row", ExtendedRow, AccountRow)

INVALID_KEPT: Final = 1_000
INVALID_KEPT_TOGETHER: Final = 20_000
_MEMO_SIZE: Final = 50_000
_INFINITE: Final = (float("inf"), float("-inf"))


@dataclass
class ParsedFile:
    """The rows of one JSON file."""

    observations: Observations
    rows: "np.ndarray[tuple[int], np.dtype[np.int32]]"
    """Row number of each observation, counted from 1, ascending."""
    total: int
    invalid: list[InvalidRow]
    """The first INVALID_KEPT, and fewer where an import's files hold more than INVALID_KEPT_TOGETHER."""
    unkept: UnkeptRows
    """What may be kept of the invalid rows: for the archive."""


@dataclass
class Parser:
    """Parses the files of one import into one vocabulary.

    `now_ms`: rows that end later lie in the future and are invalid. `keep_country`: whether `conn_country` is kept.
    """

    vocabulary: Vocabulary
    now_ms: int
    keep_country: bool = True
    _invalid_left: int = field(default_factory=lambda: INVALID_KEPT_TOGETHER)
    _item_codes: dict[tuple[Scalar, ...], int] = field(default_factory=dict)
    _context_codes: dict[tuple[Scalar, ...], int] = field(default_factory=dict)

    def extended(self, chunks: Iterable[list[ExtendedRow] | list[object]], *, video: bool) -> ParsedFile:
        """The rows of an extended streaming history."""
        columns = self._columns()
        item_codes, context_codes = self._item_codes, self._context_codes
        for chunk in chunks:
            for raw in chunk:
                columns.total += 1
                row = _as_row(ExtendedRow, raw)
                try:
                    end = ts_ms(row)
                    if end > self.now_ms:
                        raise InvalidField("ts", "lies in the future")
                    ms = listened_ms(row.ms_played, "ms_played")
                except InvalidField as error:
                    columns.reject(error, raw, row)
                    continue
                what = (
                    row.spotify_track_uri, row.master_metadata_track_name, row.master_metadata_album_artist_name,
                    row.master_metadata_album_album_name, row.spotify_episode_uri, row.episode_name,
                    row.episode_show_name, row.audiobook_chapter_uri, row.audiobook_chapter_title,
                    row.audiobook_title, row.audiobook_uri,
                )  # fmt: skip
                item = item_codes.get(what)
                if item is None:
                    if len(item_codes) > _MEMO_SIZE:
                        item_codes.clear()
                    item = item_codes[what] = self.vocabulary.items.code(extended_item(row))
                how = (
                    video, row.platform, row.conn_country, row.reason_start, row.reason_end,
                    row.shuffle, row.skipped, row.offline, row.incognito_mode,
                )  # fmt: skip
                context = context_codes.get(how)
                if context is None:
                    if len(context_codes) > _MEMO_SIZE:
                        context_codes.clear()
                    context = context_codes[how] = self.vocabulary.contexts.code(self._extended_context(row, video))
                columns.keep(end, ms, clock_ms(row.offline_timestamp), item, context)
        return self._parsed(columns)

    def account(self, chunks: Iterable[list[AccountRow] | list[object]]) -> ParsedFile:
        """The rows of an account data history: music, podcasts or audiobooks."""
        columns = self._columns()
        context = self.vocabulary.contexts.code(Context("account"))
        for chunk in chunks:
            for raw in chunk:
                columns.total += 1
                row = _as_row(AccountRow, raw)
                try:
                    end = end_time_ms(row)
                    if end > self.now_ms:
                        raise InvalidField("endTime", "lies in the future")
                    ms = listened_ms(row.msPlayed, "msPlayed")
                    item = account_item(row)
                except InvalidField as error:
                    columns.reject(error, raw, row)
                    continue
                columns.keep(end, ms, NO_CLOCK, self.vocabulary.items.code(item), context)
        return self._parsed(columns)

    def played(self, entries: Iterable[object]) -> ParsedFile:
        """The entries of a page of recently played tracks; `ms` is the track's length."""
        columns = self._columns()
        for raw in entries:
            columns.total += 1
            if not isinstance(raw, dict):
                columns.reject_as(InvalidField("row", "is not an object"), b"null")
                continue
            try:
                end = pages.end_ms(raw)
                if end > self.now_ms:
                    raise InvalidField("played_at", "lies in the future")
                length, item = pages.length_ms(raw), pages.played_item(raw)
            except InvalidField as error:
                columns.reject_as(error, pages.kept_entry(raw))
                continue
            context = self.vocabulary.contexts.code(pages.played_context(raw))
            columns.keep(end, length, NO_CLOCK, self.vocabulary.items.code(item), context)
        return self._parsed(columns)

    @staticmethod
    def nothing() -> ParsedFile:
        """What an empty list holds."""
        return _Columns(0, keep_country=False).parsed()

    def _columns(self) -> "_Columns":
        return _Columns(min(INVALID_KEPT, self._invalid_left), self.keep_country)

    def _parsed(self, columns: "_Columns") -> ParsedFile:
        parsed = columns.parsed()
        self._invalid_left -= len(parsed.invalid)
        return parsed

    def _extended_context(self, row: ExtendedRow, video: bool) -> Context:
        platform, model = platform_of(row.platform) if isinstance(row.platform, str) and row.platform else (None, None)
        return Context(
            "extended",
            video=video,
            platform=platform,
            model=model,
            country=text(row.conn_country) if self.keep_country else None,
            reason_start=text(row.reason_start),
            reason_end=text(row.reason_end),
            shuffle=flag(row.shuffle),
            skipped=flag(row.skipped),
            offline=flag(row.offline),
            private=flag(row.incognito_mode),
        )


class _Columns:
    """Rows as they are read: numbers in arrays, nothing per row that Python must keep alive."""

    def __init__(self, invalid_kept: int, keep_country: bool) -> None:
        self.total = 0
        self._invalid_kept = invalid_kept
        self._keep_country = keep_country
        self._numbers = array("q")
        self._codes = array("i")
        self._invalid: list[InvalidRow] = []
        self._unkept = UnkeptRows()

    def keep(self, end: int, ms: int, clock: int, item: int, context: int) -> None:
        self._numbers.extend((end, ms, clock))
        self._codes.extend((self.total, item, context))

    def reject(self, error: InvalidField, raw: object, row: ExtendedRow | AccountRow) -> None:
        if isinstance(raw, dict | msgspec.Struct):
            self.reject_as(error, _unkept_row(row, self._keep_country))
        else:
            self.reject_as(InvalidField("row", "is not an object"), b"null")

    def reject_as(self, error: InvalidField, kept: bytes) -> None:
        """The next row is invalid; `kept` may be kept of it, as JSON."""
        name, reason = error.args
        self._unkept.add(self.total, kept)
        if len(self._invalid) < self._invalid_kept:
            self._invalid.append(InvalidRow(row=self.total, field=name, reason=reason))

    def parsed(self) -> ParsedFile:
        numbers = np.frombuffer(self._numbers, np.int64).reshape(-1, 3) if self._numbers else np.empty((0, 3), np.int64)
        codes = np.frombuffer(self._codes, np.int32).reshape(-1, 3) if self._codes else np.empty((0, 3), np.int32)
        end, ms, clock = (np.ascontiguousarray(column) for column in numbers.T)
        row, item, context = (np.ascontiguousarray(column) for column in codes.T)
        return ParsedFile(Observations(end, ms, clock, item, context), row, self.total, self._invalid, self._unkept)


def _as_row(row_type: type[Row], raw: object) -> Row:
    if isinstance(raw, row_type):
        return raw
    return tolerant(row_type, raw) if isinstance(raw, dict) else row_type()


def _unkept_row(row: ExtendedRow | AccountRow, keep_country: bool) -> bytes:
    kept = {name: value for name in row.__struct_fields__ if (value := getattr(row, name)) is not None}
    platform = kept.pop("platform", None)
    if isinstance(platform, str):
        kept["platform"] = kept_platform(*platform_of(platform))
    if not keep_country:
        kept.pop("conn_country", None)
    # JSON has no infinity: a text is no number either.
    told = {name: str(value) if value in _INFINITE else value for name, value in kept.items()}
    return msgspec.json.encode(told)
