"""From Spotify's rows to observations: every row becomes one, or is invalid with its row number, field and reason."""

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec
import numpy as np

from stats_core.documents import InvalidRow
from stats_core.exports.platforms import kept_platform, platform_of
from stats_core.exports.rows import AccountRow, ExtendedRow, Scalar, tolerant
from stats_core.history.items import Item
from stats_core.history.observations import NO_CLOCK, Context, Observations, Vocabulary

Row = TypeVar("Row", ExtendedRow, AccountRow)

INVALID_KEPT: Final = 1_000
_LONGEST_MS: Final = 86_400_000
_CLOCK_IN_MS: Final = 10**11
_MEMO_SIZE: Final = 50_000
_TS_LENGTH: Final = len("2024-01-31T23:59:59Z")
_OTHER_TS: Final = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)?(?: ?UTC|Z|\+00:00)")
_END_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(?::\d\d)?")
_NO_NAMES: Final = {"Unknown Artist", "Unknown Track"}


class InvalidField(Exception):
    """A row cannot be kept because of one field."""


@dataclass
class ParsedFile:
    """The rows of one JSON file."""

    observations: Observations
    rows: "np.ndarray[tuple[int], np.dtype[np.int32]]"
    """Row number of each observation, counted from 1, ascending."""
    total: int
    invalid: list[InvalidRow]
    """The first INVALID_KEPT."""
    unkept: dict[int, bytes]
    """Row number -> what may be kept of an invalid row, as JSON: for the archive."""


@dataclass
class Parser:
    """Parses the files of one import into one vocabulary.

    `now_ms`: rows that end later lie in the future and are invalid. `keep_country`: whether `conn_country` is kept.
    """

    vocabulary: Vocabulary
    now_ms: int
    keep_country: bool = True
    _item_codes: dict[tuple[Scalar, ...], int] = field(default_factory=dict)
    _context_codes: dict[tuple[Scalar, ...], int] = field(default_factory=dict)

    def extended(self, chunks: Iterable[list[ExtendedRow] | list[object]], *, video: bool) -> ParsedFile:
        """The rows of an extended streaming history."""
        columns = _Columns()
        item_codes, context_codes = self._item_codes, self._context_codes
        for chunk in chunks:
            for raw in chunk:
                columns.total += 1
                row = _as_row(ExtendedRow, raw)
                try:
                    end = _ts_ms(row)
                    if end > self.now_ms:
                        raise InvalidField("ts", "lies in the future")
                    ms = _ms(row.ms_played, "ms_played")
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
                    item = item_codes[what] = self.vocabulary.items.code(_extended_item(row))
                how = (
                    video, row.platform, row.conn_country, row.reason_start, row.reason_end,
                    row.shuffle, row.skipped, row.offline, row.incognito_mode,
                )  # fmt: skip
                context = context_codes.get(how)
                if context is None:
                    if len(context_codes) > _MEMO_SIZE:
                        context_codes.clear()
                    context = context_codes[how] = self.vocabulary.contexts.code(self._extended_context(row, video))
                columns.keep(end, ms, _clock_ms(row.offline_timestamp), item, context)
        return columns.parsed()

    def account(self, chunks: Iterable[list[AccountRow] | list[object]]) -> ParsedFile:
        """The rows of an account data history: music, podcasts or audiobooks."""
        columns = _Columns()
        context = self.vocabulary.contexts.code(Context("account"))
        for chunk in chunks:
            for raw in chunk:
                columns.total += 1
                row = _as_row(AccountRow, raw)
                try:
                    end = _end_time_ms(row)
                    if end > self.now_ms:
                        raise InvalidField("endTime", "lies in the future")
                    ms = _ms(row.msPlayed, "msPlayed")
                    item = _account_item(row)
                except InvalidField as error:
                    columns.reject(error, raw, row)
                    continue
                columns.keep(end, ms, NO_CLOCK, self.vocabulary.items.code(item), context)
        return columns.parsed()

    @staticmethod
    def nothing() -> ParsedFile:
        """What an empty list holds."""
        return _Columns().parsed()

    def _extended_context(self, row: ExtendedRow, video: bool) -> Context:
        platform, model = platform_of(row.platform) if isinstance(row.platform, str) and row.platform else (None, None)
        return Context(
            "extended",
            video=video,
            platform=platform,
            model=model,
            country=_text(row.conn_country) if self.keep_country else None,
            reason_start=_text(row.reason_start),
            reason_end=_text(row.reason_end),
            shuffle=_flag(row.shuffle),
            skipped=_flag(row.skipped),
            offline=_flag(row.offline),
            private=_flag(row.incognito_mode),
        )


class _Columns:
    """Rows as they are read: numbers in arrays, nothing per row that Python must keep alive."""

    def __init__(self) -> None:
        self.total = 0
        self._numbers = array("q")
        self._codes = array("i")
        self._invalid: list[InvalidRow] = []
        self._unkept: dict[int, bytes] = {}

    def keep(self, end: int, ms: int, clock: int, item: int, context: int) -> None:
        self._numbers.extend((end, ms, clock))
        self._codes.extend((self.total, item, context))

    def reject(self, error: InvalidField, raw: object, row: ExtendedRow | AccountRow) -> None:
        name, reason = error.args
        if isinstance(raw, dict | msgspec.Struct):
            self._unkept[self.total] = _unkept_row(row)
        else:
            name, reason = "row", "is not an object"
            self._unkept[self.total] = b"null"
        if len(self._invalid) < INVALID_KEPT:
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


def _unkept_row(row: ExtendedRow | AccountRow) -> bytes:
    kept = {name: value for name in row.__struct_fields__ if (value := getattr(row, name)) is not None}
    if isinstance(kept.get("platform"), str):
        kept["platform"] = kept_platform(*platform_of(kept["platform"]))
    return msgspec.json.encode(kept)


def _ts_ms(row: ExtendedRow) -> int:
    ts = row.ts
    if not isinstance(ts, str):
        raise InvalidField("ts", "is missing" if ts is None else "is not a time")
    if not (len(ts) == _TS_LENGTH and ts[10] == "T" and ts[19] == "Z"):
        other = _OTHER_TS.fullmatch(ts.strip())
        if other is None:
            raise InvalidField("ts", "is not a time like 2024-01-31T23:59:59Z")
        ts = f"{other[1]}T{other[2]}Z"
    try:
        end = int(datetime.fromisoformat(ts).timestamp()) * 1000
    except ValueError:
        raise InvalidField("ts", "is not a time like 2024-01-31T23:59:59Z") from None
    if end < 0:
        raise InvalidField("ts", "lies before 1970")
    return end


def _end_time_ms(row: AccountRow) -> int:
    value = row.endTime
    if not isinstance(value, str):
        raise InvalidField("endTime", "is missing" if value is None else "is not a time")
    found = _END_TIME.fullmatch(value.strip())
    try:
        if found is None:
            raise ValueError
        end = int(datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        raise InvalidField("endTime", "is not a time like 2024-01-31 23:59") from None
    if end < 0:
        raise InvalidField("endTime", "lies before 1970")
    return end


def _ms(value: Scalar, name: str) -> int:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        missing = value is None
        raise InvalidField(name, "is missing" if missing else "is not a whole number of milliseconds")
    if value < 0:
        raise InvalidField(name, "is negative")
    if value > _LONGEST_MS:
        raise InvalidField(name, "is more than 24 hours")
    return value


def _clock_ms(value: Scalar) -> int:
    """The client's clock in ms, cut to seconds: generations 1 and 2 give ms, later ones seconds; 0 and 1 mean none."""
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not 1 < value < 100 * _CLOCK_IN_MS:
        return NO_CLOCK
    return value // 1000 * 1000 if value > _CLOCK_IN_MS else value * 1000


def _extended_item(row: ExtendedRow) -> Item:
    track, artist = _name(row.master_metadata_track_name), _name(row.master_metadata_album_artist_name)
    album = _text(row.master_metadata_album_album_name)
    episode, show = _text(row.episode_name), _text(row.episode_show_name)
    chapter, book = _text(row.audiobook_chapter_title), _text(row.audiobook_title)
    track_uri, episode_uri = _text(row.spotify_track_uri), _text(row.spotify_episode_uri)
    chapter_uri, book_uri = _text(row.audiobook_chapter_uri), _text(row.audiobook_uri)
    for told in ((track_uri, episode_uri, chapter_uri), (track or artist, episode or show, chapter or book)):
        if told[0]:
            return Item("track", uri=track_uri, name=track, artist=artist, album=album)
        if told[1]:
            return Item("episode", uri=episode_uri, name=episode, show=show)
        if told[2]:
            return Item("chapter", uri=chapter_uri, name=chapter, audiobook=book, audiobook_uri=book_uri)
    return Item("unknown")


def _account_item(row: AccountRow) -> Item:
    if row.podcastName is not None or row.episodeName is not None:
        name, show = _told(row.episodeName, "episodeName"), _told(row.podcastName, "podcastName")
        return Item("episode", name=_name(name), show=_name(show))
    if row.audiobookName is not None or row.chapterName is not None:
        name, book = _told(row.chapterName, "chapterName"), _told(row.audiobookName, "audiobookName")
        return Item("chapter", name=name, audiobook=book, author=_text(row.authorName))
    title, artist = _name(_told(row.trackName, "trackName")), _name(_told(row.artistName, "artistName"))
    if title is None and artist is None:
        return Item("unknown")
    return Item("track", name=title, artist=artist)


def _told(value: Scalar, name: str) -> str:
    text = _text(value)
    if text is None:
        raise InvalidField(name, "is missing")
    return text


def _text(value: Scalar) -> str | None:
    return value if isinstance(value, str) and value else None


def _name(value: Scalar) -> str | None:
    text = _text(value)
    return None if text in _NO_NAMES else text


def _flag(value: Scalar) -> bool | None:
    return bool(value) if isinstance(value, bool | int | float) and value in {0, 1} else None
