"""A history's rows as each generation of the extended export writes them: the same plays in other clothes.

The generations and their fields: G1 (2020) with places and without URIs, G2 (2021-2023), G3 (2023-2024) with other file
names, G4 (2024-2025) without user name and agent, G5 (since 2025) with audiobooks.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec
import numpy as np

from stats_core.sample.catalogue import Texts
from stats_core.sample.dice import Bools, Ints
from stats_core.sample.listening import (
    CHAPTER,
    COUNTRIES,
    DEVICES,
    EPISODE,
    REASONS_END,
    REASONS_START,
    TRACK,
    History,
)

GENERATIONS = (1, 2, 3, 4, 5)
_NAMES = (
    "master_metadata_track_name",
    "master_metadata_album_artist_name",
    "master_metadata_album_album_name",
)
_EPISODE = ("episode_name", "episode_show_name")
_BOOK = ("audiobook_title", "audiobook_uri", "audiobook_chapter_uri", "audiobook_chapter_title")
_HOW = (
    *("reason_start", "reason_end", "shuffle", "skipped"),
    *("offline", "offline_timestamp", "incognito_mode"),
)
_PLACE = ("city", "region", "metro_code", "longitude", "latitude")
_PERSONAL = (
    *("ts", "username", "platform", "ms_played"),
    *("conn_country", "ip_addr_decrypted", "user_agent_decrypted"),
)
_SPARE = ("ts", "platform", "ms_played", "conn_country", "ip_addr")
_WITH_URIS = (*_NAMES, "spotify_track_uri", *_EPISODE, "spotify_episode_uri")
FIELDS: dict[int, tuple[str, ...]] = {
    1: (*_PERSONAL, *_NAMES, *_EPISODE, *_HOW, *_PLACE),
    2: (*_PERSONAL, *_WITH_URIS, *_HOW),
    3: (*_PERSONAL, *_WITH_URIS, *_HOW),
    4: (*_SPARE, *_WITH_URIS, *_HOW),
    5: (*_SPARE, *_WITH_URIS, *_BOOK, *_HOW),
}
"""A row's fields in the order in which each generation writes them."""

_CHUNK = 10_000
_VERBOSE = (
    ("Android OS 10 API 29 (Fairphone, FP3)", "Android OS 12 API 31 (Fairphone, FP4)"),
    ("OS X 10.15.7 [x86 8]", "OS X 12.6.0 [arm 2]"),
    ("web_player linux undefined;firefox 78.0;desktop", "web_player linux undefined;firefox 102.0;desktop"),
    ("Partner amazon_salmon Amazon;Echo_Dot;sample-device-1;;tpapi",) * 2,
    ("Partner google cast_tv;Chromecast_Ultra;;",) * 2,
    ("Partner scei_playstation_4 PS4", "Partner scei_playstation_5 PS5"),
    ("Windows 10 (10.0.19041; x64; AppX)", "Windows 10 (10.0.22000; x64)"),
    ("not_applicable",) * 2,
)
_SHORT = ("android", "osx", "web_player", "not_applicable", "cast", "playstation", "windows", "not_applicable")


def _at(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}T00:00:00+00:00").timestamp())


_SKIPS_SAID_SINCE = _at("2022-10-17")
_NEW_PHONE = _at("2021-06-01")
_SHORT_SINCE = np.array(
    [_at(f"2022-{10 + n}-17") if n < 3 else _at(f"2023-{n - 2:02}-17") for n in range(len(DEVICES))]
)
"""Each device changed to the short names in a month of its own."""
_SKIPPING = np.isin(REASONS_END, ["fwdbtn", "backbtn", "endplay"])


def rows_of(history: History, at: Ints, generation: int) -> Iterator[bytes]:
    """The rows at these positions as compact JSON objects."""
    keys = FIELDS[generation]
    encode = msgspec.json.Encoder().encode
    for start in range(0, len(at), _CHUNK):
        part = at[start : start + _CHUNK]
        columns = (_WRITTEN[key](history, part, generation) for key in keys)
        for values in zip(*columns, strict=True):
            yield encode(dict(zip(keys, values, strict=True)))


def times(seconds: Ints) -> list[str]:
    """`2024-02-29T23:59:59Z`."""
    texts = np.datetime_as_string(seconds.astype("datetime64[s]"))
    return [f"{text}Z" for text in texts.tolist()]


Column = list[object]
Writer = Callable[[History, Ints, int], Column]


def _ts(history: History, at: Ints, _: int) -> Column:
    return list(times(history.end[at]))


def _platform(history: History, at: Ints, _: int) -> Column:
    device, end = history.device[at], history.end[at]
    verbose = np.array(_VERBOSE, dtype=object)[device, (end >= _NEW_PHONE).astype(np.int64)]
    return _list(np.where(end >= _SHORT_SINCE[device], np.array(_SHORT, dtype=object)[device], verbose))


def _address(history: History, at: Ints, _: int) -> Column:
    # 192.0.2.0/24 is set aside for documentation: nobody lives there.
    return [f"192.0.2.{day % 254 + 1}" for day in (history.end[at] // 86_400).tolist()]


def _agent(history: History, at: Ints, _: int) -> Column:
    return ["sample-agent" if web else None for web in (history.device[at] == DEVICES.index("web")).tolist()]


def _skipped(history: History, at: Ints, generation: int) -> Column:
    skipped = _SKIPPING[history.reason_end[at]] & (history.end[at] >= _SKIPS_SAID_SINCE)
    silent = (history.bits[at] % np.uint64(100) < 92) & (generation <= 2)
    return _except(silent, skipped)


def _offline(history: History, at: Ints, _: int) -> Column:
    return _except(history.video[at], history.offline[at])


def _offline_timestamp(history: History, at: Ints, generation: int) -> Column:
    clock = history.clock[at] if generation <= 2 else history.clock[at] // 1000
    lot = (history.bits[at] >> np.uint64(8)) % np.uint64(1000)
    online = ~history.offline[at]
    told = np.select([online & (lot < 3), online & (lot < 6)], [0, 1], clock)
    return _except(history.video[at] | (online & (lot > 980)), told)


def _city(history: History, at: Ints, _: int) -> Column:
    return ["Sampleville" if located else None for located in _located(history, at).tolist()]


def _degrees(history: History, at: Ints, _: int) -> Column:
    return [0.0 if located else None for located in _located(history, at).tolist()]


def _located(history: History, at: Ints) -> Bools:
    return (history.bits[at] >> np.uint64(20)) % np.uint64(3) > 0


def _except(missing: Bools, values: Bools | Ints) -> Column:
    """The values, None where they are missing."""
    return [None if none else value for none, value in zip(missing.tolist(), values.tolist(), strict=True)]


def _same(value: str | None) -> Writer:
    return lambda _, at, __: [value] * len(at)


def _named(kind: int, texts: Callable[[History], Texts]) -> Writer:
    return lambda history, at, _: _list(texts(history)[history.of_kind(kind, at)])


def _coded(words: tuple[str | None, ...], codes: Callable[[History], Ints]) -> Writer:
    return lambda history, at, _: _list(np.array(words, dtype=object)[codes(history)[at]])


def _list(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Column:
    listed: Column = values.tolist()
    return listed


_WRITTEN: dict[str, Writer] = {
    "ts": _ts,
    "username": _same("sample-listener"),
    "platform": _platform,
    "ms_played": lambda history, at, _: _list(history.ms[at]),
    "conn_country": _coded(COUNTRIES, lambda history: history.country),
    "ip_addr_decrypted": _address,
    "ip_addr": _address,
    "user_agent_decrypted": _agent,
    "master_metadata_track_name": _named(TRACK, lambda history: history.tracks.name),
    "master_metadata_album_artist_name": _named(TRACK, lambda history: history.tracks.artist),
    "master_metadata_album_album_name": _named(TRACK, lambda history: history.tracks.album),
    "spotify_track_uri": _named(TRACK, lambda history: history.tracks.uri),
    "episode_name": _named(EPISODE, lambda history: history.episodes.name),
    "episode_show_name": _named(EPISODE, lambda history: history.episodes.show),
    "spotify_episode_uri": _named(EPISODE, lambda history: history.episodes.uri),
    "audiobook_title": _named(CHAPTER, lambda history: history.chapters.book),
    "audiobook_uri": _named(CHAPTER, lambda history: history.chapters.book_uri),
    "audiobook_chapter_uri": _named(CHAPTER, lambda history: history.chapters.uri),
    "audiobook_chapter_title": _named(CHAPTER, lambda history: history.chapters.name),
    "reason_start": _coded(REASONS_START, lambda history: history.reason_start),
    "reason_end": _coded(REASONS_END, lambda history: history.reason_end),
    "shuffle": lambda history, at, _: _list(history.shuffle[at]),
    "skipped": _skipped,
    "offline": _offline,
    "offline_timestamp": _offline_timestamp,
    "incognito_mode": lambda history, at, _: _list(history.private[at]),
    "city": _city,
    "region": _same(None),
    "metro_code": _same(None),
    "longitude": _degrees,
    "latitude": _degrees,
}
