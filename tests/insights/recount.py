"""The statistics counted the slow way, play by play, as `statistics.md` says: what the arrays are held against."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from stats_core.documents.catalogue import Credit
from stats_core.documents.plays import Play
from tests.insights.listened import Asked, Listened, alike, period_before

Json = dict[str, object]


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


def summary(listened: Listened, asked: Asked) -> Json:
    """The totals."""
    passed = listened.passing(asked)
    return {
        "plays": len(passed),
        "ms": sum(play.ms for play in passed),
        **{
            of: len({identity for play in passed for identity in listened.namer(of)(play)})
            for of in ("tracks", "artists", "albums")
        },
        "active_days": len({local(play.start, asked.zone).date() for play in passed}),
        "first_play": written(passed[0].start, asked.zone) if passed else None,
        "last_play": written(passed[-1].start, asked.zone) if passed else None,
    }


Order = tuple[int, int, datetime, str]


def ranked(listened: Listened, of: str, asked: Asked, by: str) -> dict[str, tuple[int, list[Play]]]:
    """Entry -> rank and plays, best first."""
    return ranked_by(listened, of, listened.passing(asked), by)


def ranked_by(listened: Listened, of: str, plays: Iterable[Play], by: str) -> dict[str, tuple[int, list[Play]]]:
    """Entry -> rank and plays, best first, of some plays."""
    groups: dict[str, list[Play]] = {}
    for play in plays:
        for identity in listened.namer(of)(play):
            groups.setdefault(identity, []).append(play)

    def order(identity: str) -> Order:
        group = groups[identity]
        counts = {"plays": len(group), "ms": sum(play.ms for play in group)}
        other = "ms" if by == "plays" else "plays"
        return -counts[by], -counts[other], min(play.start for play in group), identity

    return {identity: (rank, groups[identity]) for rank, identity in enumerate(sorted(groups, key=order), start=1)}


def top(listened: Listened, of: str, asked: Asked, by: str) -> list[Json]:
    """Every entry, best first, beside the time before where the question has a start and an end."""
    passed = listened.passing(asked)
    whole = {"plays": len(passed), "ms": sum(play.ms for play in passed)}
    before: dict[str, tuple[int, list[Play]]] | None = None
    ever: dict[str, tuple[int, list[Play]]] = {}
    if asked.start is not None:
        # An open end is that of the last play.
        end = asked.end or max(play.end for play in listened.plays if play.start == listened.plays[-1].start)
        before = ranked(listened, of, period_before(replace(asked, end=max(end, asked.start))), by)
        ever = ranked(listened, of, replace(asked, start=None, end=asked.start), by)
    entries = []
    for identity, (rank, group) in ranked(listened, of, asked, by).items():
        counts = {"plays": len(group), "ms": sum(play.ms for play in group)}
        earlier = (before or {}).get(identity)
        entries.append(
            {
                "rank": rank,
                "id": identity,
                **counts,
                "share": counts[by] / whole[by] if whole[by] else 0.0,
                "previous_rank": earlier[0] if earlier else None,
                "previous_plays": None if before is None else len(earlier[1]) if earlier else 0,
                "previous_ms": None if before is None else sum(play.ms for play in earlier[1]) if earlier else 0,
                "new": before is not None and identity not in ever,
                "returned": before is not None and identity in ever and earlier is None,
                **named(listened, of, identity),
            }
        )
    return entries


def named(listened: Listened, of: str, identity: str) -> Json:
    """What an entry is called and shown by: as in its latest play that has a name, or as the catalogue does."""
    plays = [play for play in listened.plays if identity in listened.namer(of)(play)]
    told_by = {"albums": "album", "audiobooks": "audiobook"}.get(of, "name")
    latest = ([play for play in plays if getattr(play, told_by) is not None] or plays)[-1]
    url = (
        None if identity.startswith("~") else f"https://open.spotify.com/{of.rpartition('-')[2].rstrip('s')}/{identity}"
    )
    blank: Json = dict.fromkeys(("name", "artist", "album", "image", "url", "provisional", "ambiguous"))
    match of:
        case "tracks" | "recordings":
            track = listened.tracks.get(identity)
            album = listened.albums.get(track.album) if track and track.album else None
            latest = ([play for play in plays if listened.names_its_track(play)] or plays)[-1]
            told: Json = {
                **track_names(listened, latest), "image": album and album.image,
                "url": url and url.replace("recording", "track"),
            }  # fmt: skip
        case "artists" | "primary-artists":
            artist = listened.artists.get(identity)
            bearers = [one for one, name in listened.artist_names.items() if alike(name) == alike(latest.artist or "")]
            told = {
                "name": listened.artist_names.get(identity, latest.artist), "image": artist and artist.image,
                "url": url,
                "provisional": any(map(listened.is_provisional, plays)),
                "ambiguous": identity.startswith("~") and len(bearers) > 1,
            }  # fmt: skip
        case "albums":
            known = listened.albums.get(identity)
            told = {
                "name": known.name if known else latest.album,
                "artist": (known and by_all(known.artists)) or latest.artist, "image": known and known.image,
                "url": url,
            }  # fmt: skip
        case "shows":
            told = {"name": latest.show}
        case "audiobooks":
            told = {"name": latest.audiobook, "artist": latest.author, "url": url}
        case _:
            told = {"name": identity}
    return {**blank, **told}


def track_names(listened: Listened, latest: Play) -> Json:
    """What a track is called by its latest play; the catalogue fills in what that leaves open."""
    known = listened.tracks.get(listened.title(latest) or "")
    album = listened.albums.get(known.album or "") if known else None
    filled = {"name": known and known.name, "artist": known and by_all(known.artists), "album": album and album.name}
    return {name: filled[name] if (own := getattr(latest, name)) is None else own for name in filled}


def by_all(artists: Sequence[Credit]) -> str | None:
    """The artists as one text."""
    return ", ".join(credit.name for credit in artists) or None


def clock(listened: Listened, asked: Asked) -> tuple[list[list[int]], list[list[int]]]:
    """Plays and ms by weekday and hour."""
    counts, ms = ([[0] * 24 for _ in range(7)] for _ in range(2))
    for play in listened.passing(asked):
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


def timeline(listened: Listened, asked: Asked, bucket: str) -> list[Json]:
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
    totals = sums_by(listened, asked, bucket)
    return [
        {
            "start": written(first[name], asked.zone),
            "plays": totals.get(name, (0, 0))[0],
            "ms": totals.get(name, (0, 0))[1],
            "partial": name in cut,
        }
        for name in sorted(touched, key=lambda name: first[name])
    ]


def sums_by(listened: Listened, asked: Asked, bucket: str) -> dict[object, tuple[int, int]]:
    """Plays and ms of each bucket with a play."""
    totals: dict[object, tuple[int, int]] = {}
    for play in listened.passing(asked):
        name = bucket_of(play.start, asked.zone, bucket)
        count, ms = totals.get(name, (0, 0))
        totals[name] = (count + 1, ms + play.ms)
    return totals
