"""The statistics counted the slow way, play by play, as `statistics.md` says: what the arrays are held against."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from stats_core.documents import Play, SavedItem
from stats_core.history.items import name_key, uri_id

Json = dict[str, object]


@dataclass(frozen=True)
class Asked:
    """A question the slow count understands."""

    zone: str = "UTC"
    start: datetime | None = None
    end: datetime | None = None
    min_ms: int = 30_000
    kinds: tuple[str, ...] = ("track",)
    private: str = "exclude"

    @property
    def given(self) -> dict[str, str]:
        """The same question as texts."""
        given = {"tz": self.zone, "min_ms": str(self.min_ms), "kinds": ",".join(self.kinds), "private": self.private}
        for name, side in (("start", self.start), ("end", self.end)):
            if side is not None:
                given[name] = side.isoformat()
        return given


def passing(plays: Iterable[Play], asked: Asked) -> list[Play]:
    """The plays that pass, in the order of (start, key)."""
    passed = []
    for play in plays:
        if asked.start is not None and play.start < asked.start:
            continue
        if asked.end is not None and play.start >= asked.end:
            continue
        if play.kind not in asked.kinds or play.ms < asked.min_ms:
            continue
        if asked.private == "only" and play.private is not True:
            continue
        if asked.private == "exclude" and play.private is True:
            continue
        passed.append(play)
    return passed


def local(instant: datetime, zone: str) -> datetime:
    """The instant on the zone's clocks."""
    return instant.astimezone(ZoneInfo(zone))


def written(instant: datetime, zone: str) -> str:
    """The instant as answers write it."""
    there = local(instant, zone)
    offset = there.utcoffset()
    assert offset is not None
    in_utc = zone == "UTC" or offset.seconds % 60 != 0
    if in_utc:
        there = instant.astimezone(UTC)
    spec = "milliseconds" if there.microsecond else "seconds"
    text = there.isoformat(timespec=spec)
    return text.replace("+00:00", "Z") if in_utc else text


Namer = Callable[[Play], str | None]


def track_namer(plays: Sequence[Play], saved: Sequence[SavedItem]) -> Namer:
    """What names the track of a play: its URI, else the one other plays of these names have, else its names."""
    counts: dict[str, int] = {}
    known: dict[tuple[str | None, str | None], set[str]] = {}
    for play in plays:
        if play.uri is not None:
            counts[play.uri] = counts.get(play.uri, 0) + 1
            if play.kind == "track" and play.name is not None:
                known.setdefault((play.artist, play.name), set()).add(play.uri)
    for item in saved:
        known.setdefault((item.by, item.name), set()).add(item.uri)

    def name_of(play: Play) -> str | None:
        if play.kind != "track":
            return None
        uris = [play.uri] if play.uri else sorted(known.get((play.artist, play.name), ()))
        if not uris:
            return name_key("track", play.artist, play.name)
        return uri_id(max(uris, key=lambda uri: counts.get(uri, 0)))

    return name_of


def artist_of(play: Play) -> str | None:
    """What names the artist of a play."""
    credited = play.kind == "track" and play.artist is not None and play.artist != "Various Artists"
    return name_key("artist", play.artist) if credited else None


def album_of(play: Play) -> str | None:
    """What names the album of a play."""
    return name_key("album", play.artist, play.album) if play.kind == "track" and play.album is not None else None


def show_of(play: Play) -> str | None:
    """What names the show of a play."""
    return name_key("show", play.show) if play.kind == "episode" and play.show is not None else None


def namer(of: str, plays: Sequence[Play], saved: Sequence[SavedItem]) -> Namer:
    """What names the entries of a top."""
    return {"tracks": track_namer(plays, saved), "artists": artist_of, "albums": album_of, "shows": show_of}[of]


def summary(plays: Sequence[Play], saved: Sequence[SavedItem], asked: Asked) -> Json:
    """The totals."""
    passed = passing(plays, asked)
    return {
        "plays": len(passed),
        "ms": sum(play.ms for play in passed),
        **{
            of: len({identity for play in passed if (identity := namer(of, plays, saved)(play)) is not None})
            for of in ("tracks", "artists", "albums")
        },
        "active_days": len({local(play.start, asked.zone).date() for play in passed}),
        "first_play": written(passed[0].start, asked.zone) if passed else None,
        "last_play": written(passed[-1].start, asked.zone) if passed else None,
    }


def top(of: str, plays: Sequence[Play], saved: Sequence[SavedItem], asked: Asked, by: str) -> list[Json]:
    """Every entry, best first."""
    name_of = namer(of, plays, saved)
    passed = passing(plays, asked)
    groups: dict[str, list[Play]] = {}
    for play in passed:
        identity = name_of(play)
        if identity is not None:
            groups.setdefault(identity, []).append(play)
    shown: dict[str, Play] = {}
    for play in plays:
        identity = name_of(play)
        if identity is not None and (play.name is not None or identity not in shown or shown[identity].name is None):
            shown[identity] = play
    whole = {"plays": len(passed), "ms": sum(play.ms for play in passed)}
    entries = []
    for identity, group in groups.items():
        counts = {"plays": len(group), "ms": sum(play.ms for play in group)}
        other = "ms" if by == "plays" else "plays"
        order = (-counts[by], -counts[other], min(play.start for play in group), identity)
        latest = shown[identity]
        entry: Json = {"id": identity}
        if of == "tracks":
            entry |= {"name": latest.name, "artist": latest.artist, "album": latest.album}
        elif of == "albums":
            entry |= {"name": latest.album, "artist": latest.artist}
        else:
            entry |= {"name": latest.artist if of == "artists" else latest.show}
        entries.append((order, entry | counts | {"share": counts[by] / whole[by] if whole[by] else 0.0}))
    entries.sort(key=lambda line: line[0])
    return [{"rank": rank, **entry} for rank, (_, entry) in enumerate(entries, start=1)]


def clock(plays: Sequence[Play], asked: Asked) -> tuple[list[list[int]], list[list[int]]]:
    """Plays and ms by weekday and hour."""
    counts, ms = ([[0] * 24 for _ in range(7)] for _ in range(2))
    for play in passing(plays, asked):
        there = local(play.start, asked.zone)
        counts[there.weekday()][there.hour] += 1
        ms[there.weekday()][there.hour] += play.ms
    return counts, ms


def bucket_of(instant: datetime, zone: str, bucket: str) -> object:
    """What names the bucket an instant lies in."""
    there = local(instant, zone)
    day: date = there.date()
    return {
        "hour": (there.utcoffset(), day, there.hour),
        "day": day,
        "week": day.isocalendar()[:2],
        "month": (day.year, day.month),
        "year": day.year,
    }[bucket]


def timeline(plays: Sequence[Play], asked: Asked, bucket: str) -> list[Json]:
    """Every bucket of a short period, by walking through the time around it in steps of half a minute."""
    assert asked.start is not None
    assert asked.end is not None
    step = timedelta(seconds=30)
    margin = {"hour": timedelta(hours=3), "day": timedelta(days=3), "week": timedelta(days=9)}[bucket]
    first: dict[object, datetime] = {}
    touched: dict[object, None] = {}
    cut: set[object] = set()
    at = asked.start - margin
    while at < asked.end + margin:
        name = bucket_of(at, asked.zone, bucket)
        first.setdefault(name, at)
        if asked.start <= at < asked.end:
            touched[name] = None
        else:
            cut.add(name)
        at += step
    totals = sums_by(plays, asked, bucket)
    return [
        {
            "start": written(first[name], asked.zone),
            "plays": totals.get(name, (0, 0))[0],
            "ms": totals.get(name, (0, 0))[1],
            "partial": name in cut,
        }
        for name in sorted(touched, key=lambda name: first[name])
    ]


def sums_by(plays: Sequence[Play], asked: Asked, bucket: str) -> dict[object, tuple[int, int]]:
    """Plays and ms of each bucket with a play."""
    totals: dict[object, tuple[int, int]] = {}
    for play in passing(plays, asked):
        name = bucket_of(play.start, asked.zone, bucket)
        count, ms = totals.get(name, (0, 0))
        totals[name] = (count + 1, ms + play.ms)
    return totals
