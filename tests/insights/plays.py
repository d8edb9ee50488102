"""Plays for the tests of the statistics: one at a time, and whole made-up listeners around the changes of clocks."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from stats_core.documents.imports import SavedItem
from stats_core.documents.listeners import Listener, StreamRule
from stats_core.documents.plays import Play

USER: Final = "ada"

CHANGES: Final = {
    "UTC": "2024-02-29T00:00:00",
    "Europe/Berlin": "2023-10-29T01:00:00",
    "America/St_Johns": "2006-10-29T02:31:00",  # 00:01 falls back to 23:01 of the day before
    "Australia/Lord_Howe": "2024-04-06T15:00:00",  # half an hour back
    "Pacific/Chatham": "2024-09-28T14:00:00",  # +12:45 to +13:45
    "Pacific/Apia": "2011-12-30T10:00:00",  # 30 December 2011 never was
    "America/Sao_Paulo": "2018-11-04T03:00:00",  # midnight to 01:00: no 00:00 that day
    "Asia/Kolkata": "2020-01-01T00:00:00",
    "Asia/Gaza": "2011-08-01T00:00:00",  # three changes within two months
    "Africa/Monrovia": "1972-01-07T00:44:30",  # -00:44:30 until then
}
"""Zones and an instant (UTC) of theirs where a careless count goes wrong."""


def utc(text: str) -> datetime:
    """An instant out of `2024-01-31T18:30:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def listener(timezone: str = "UTC", rule: StreamRule | None = None) -> Listener:
    """A listener with a zone and a rule."""
    return Listener(id=USER, created_at=utc("2024-01-01"), timezone=timezone, rule=rule or StreamRule())


def play(start: str | datetime, ms: int = 180_000, **fields: object) -> Play:
    """A track by Ada unless told otherwise."""
    begin = utc(start) if isinstance(start, str) else start
    observed: dict[str, object] = {"kind": "track", "source": "extended", "name": "Song", "artist": "Ada", **fields}
    end = observed.pop("end", begin + timedelta(milliseconds=ms))
    return Play(id="", user=USER, start=begin, end=end, ms=ms, **observed)  # type: ignore[arg-type]


def keyed(plays: Iterable[Play]) -> list[Play]:
    """The plays with their keys, in the order of (start, key)."""
    counts: Counter[tuple[datetime, int]] = Counter()
    listed = list(plays)
    for each in listed:
        at = (each.end, each.ms)
        each.id = f"{USER}|{each.end:%Y-%m-%dT%H:%M:%SZ}|{each.ms:08}|{counts[at]:04}"
        counts[at] += 1
    return sorted(listed, key=lambda each: (each.start, each.end, each.ms, each.id))


def saved() -> list[SavedItem]:
    """A library that knows one of the songs `some_plays` has names only for."""
    return [SavedItem(uri="spotify:track:" + "S" * 22, name="Song 7", by="Artist 7")]


def some_plays(zone: str, seed: int, count: int = 160) -> list[Play]:
    """A made-up listener: most around the zone's change, some far off; every oddity that exports are known for."""
    dice = Random(f"{zone} {seed}")  # noqa: S311
    change = utc(CHANGES[zone])
    plays = []
    for _ in range(count):
        hours = dice.choice([3, 30, 300, 9_000, 60_000])
        start = change + timedelta(seconds=dice.randint(-hours * 3600, hours * 3600))
        plays.append(_some_play(dice, start))
    flushed = change + timedelta(hours=dice.randint(-5, 5))
    plays += [_some_play(dice, flushed, ms=dice.choice([30_000, 40_000])) for _ in range(56)]
    plays.append(play(change - timedelta(days=40_000), name="Old", artist="Weird"))
    return keyed(plays)


def _some_play(dice: Random, start: datetime, ms: int | None = None) -> Play:
    number = min(int(dice.paretovariate(0.7)), 25)
    fields: dict[str, object] = {
        "name": f"Song {number}",
        "artist": f"Artist {number % 9}",
        "album": dice.choice([None, f"Album {number % 5}", "Album"]),
        "uri": dice.choice([None, f"spotify:track:{number:022d}", f"spotify:track:{number:021d}x"]),
        "source": dice.choice(["extended", "account", "api"]),
        "platform": dice.choice([None, "android", "web_player"]),
        "country": dice.choice([None, "DE", "NZ"]),
        "reason_start": dice.choice([None, "clickrow"]),
        "reason_end": dice.choice([None, "trackdone", "fwdbtn"]),
        "video": dice.random() < 0.1,
        **{flag: dice.choice([None, False, True]) for flag in ("shuffle", "skipped", "offline", "private")},
    }
    odd = dice.random()
    if odd < 0.1:
        fields |= {"artist": "Various Artists"}
    elif odd < 0.2:
        fields |= {"name": None, "artist": None, "album": None, "uri": f"spotify:track:{number:022d}"}
    elif odd < 0.25:
        fields |= {"artist": None, "uri": f"spotify:local:::{number}:9"}
    elif odd < 0.4:
        episode = {"kind": "episode", "show": dice.choice([None, "Show 1", "Show 2"]), "name": f"Episode {number}"}
        fields |= {**episode, "artist": None, "album": None, "uri": f"spotify:episode:{number:022d}"}
    elif odd < 0.45:
        fields |= {"kind": "chapter", "audiobook": "Book", "artist": None, "album": None, "uri": None}
    elif odd < 0.5:
        fields |= {"kind": "unknown", "name": None, "artist": None, "album": None, "uri": None}
    length = dice.choice([0, 29_999, 30_000, dice.randint(0, 600_000)]) if ms is None else ms
    # Whole seconds at the end, as Spotify gives them, or a client's clock at the start.
    end = start + timedelta(seconds=dice.randint(0, 900))
    begin = dice.choice([start, end - timedelta(milliseconds=length)])
    return play(begin, length, end=end, **fields)
