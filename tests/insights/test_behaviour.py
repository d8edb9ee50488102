"""How one listens, why plays began and ended, and on what, as a slow count says."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from stats_core.documents.plays import Play
from tests.insights import recount
from tests.insights.answers import answer
from tests.insights.catalogues import LISTENERS, PARTS, listened
from tests.insights.listened import NOT_TOLD, Asked, Listened
from tests.insights.plays import CHANGES, utc

SKIPS = ("fwdbtn", "backbtn", "endplay")
EVERY_PRIVACY: dict[str, Any] = {"private": "include", "min_ms": 0, "min_share": None, "completed": False}


def questions(zone: str) -> Iterator[Asked]:
    """All of it, parts of it, other rules; from 0 ms on."""
    change = utc(CHANGES[zone])
    yield Asked(zone, min_ms=0)
    yield Asked(zone, min_ms=0, start=change - timedelta(hours=30), end=change + timedelta(hours=4), private="only")
    yield Asked(zone, min_ms=0, kinds=("track", "episode", "chapter", "unknown"), end=change, completed=True)
    yield Asked(zone, min_ms=30_000, platform=("android", "unknown"), min_share=0.4, private="include")
    yield Asked(zone, min_ms=0, start=change + timedelta(days=40_000))


def share(true: int, false: int) -> float | None:
    """A share of what is known."""
    return true / (true + false) if true + false else None


def measures(heard: Listened, plays: Sequence[Play], everything: Sequence[Play]) -> dict[str, Any]:
    """The slow count of one group of plays."""
    known = [play for play in plays if play.reason_end not in NOT_TOLD]
    shares = [min(1.0, play.ms / length) for play in plays if (length := heard.length(play)) is not None]
    told: dict[str, Any] = {
        "plays": len(plays),
        "ms": sum(play.ms for play in plays),
        "skip_rate": share(
            sum(play.reason_end in SKIPS for play in known), sum(p.reason_end not in SKIPS for p in known)
        ),
        "completion_rate": share(
            sum(play.reason_end == "trackdone" for play in known), sum(play.reason_end != "trackdone" for play in known)
        ),
        "mean_share": sum(shares) / len(shares) if shares else None,
    }
    unknown = {"reason": len(plays) - len(known), "length": len(plays) - len(shares)}
    for flag, counted in (("shuffle", plays), ("offline", plays), ("private", everything)):
        values = [getattr(play, flag) for play in counted]
        told[f"{flag}_share"] = share(values.count(True), values.count(False))
        unknown[flag] = values.count(None)
    return {**told, "unknown": unknown}


def near(told: Any) -> Any:
    """Sums of shares are as near as floats can tell."""
    if isinstance(told, dict):
        return {name: near(value) for name, value in told.items()}
    return pytest.approx(told) if isinstance(told, float) else told


def grouped(plays: Sequence[Play], names: Callable[[Play], Sequence[str]]) -> dict[str, list[Play]]:
    """The plays of each entry."""
    groups: dict[str, list[Play]] = {}
    for play in plays:
        for identity in names(play):
            groups.setdefault(identity, []).append(play)
    return groups


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("zone", "seed"), LISTENERS)
def test_behaviour_and_its_hours_are_what_a_slow_count_says(zone: str, seed: int, part: float) -> None:
    heard = listened(zone, seed, part)
    history = heard.history()
    for asked in questions(zone):
        plays, everything = heard.passing(asked), heard.passing(replace(asked, **EVERY_PRIVACY))
        got = answer("behaviour", history, {**asked.given, "of": "hours"})
        assert got["all"] == near(measures(heard, plays, everything))
        by_hour = [
            [[play for play in some if recount.local(play.start, zone).hour == hour] for some in (plays, everything)]
            for hour in range(24)
        ]
        assert [line["measures"] for line in got["hours"]] == [near(measures(heard, *some)) for some in by_hour]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("zone", "seed"), LISTENERS[::2])
@pytest.mark.parametrize("of", ["items", "artists"])
@pytest.mark.parametrize("sort", ["skip_rate", "completion_rate", "mean_share", "plays"])
def test_behaviour_of_entries_is_what_a_slow_count_says(zone: str, seed: int, part: float, of: str, sort: str) -> None:
    heard = listened(zone, seed, part)
    history = heard.history()

    def names(play: Play) -> list[str]:
        # A track and an episode may bear the same id.
        title = heard.title(play)
        return heard.credited(play) if of == "artists" else [f"{play.kind} {title}"] if title else []

    for asked in list(questions(zone))[:4]:
        groups = grouped(heard.passing(asked), names)
        every = grouped(heard.passing(replace(asked, **EVERY_PRIVACY)), names)
        slow = [
            (measures(heard, plays, every[identity]), min(play.start for play in plays), identity.rpartition(" ")[2])
            for identity, plays in groups.items()
            if len(plays) >= 3
        ]
        slow = [line for line in slow if line[0][sort] is not None]
        slow.sort(key=lambda line: (-line[0][sort], -line[0]["plays"], -line[0]["ms"], line[1], line[2]))
        given = {**asked.given, "of": of, "sort": sort, "min_plays": "3"}
        paged: list[dict[str, Any]] = []
        for offset in range(0, len(slow) + 1, 7):
            got = answer("behaviour", history, {**given, "limit": "7", "offset": str(offset)})
            assert got["total"] == len(slow)
            paged += got["entries"]
        assert [line["rank"] for line in paged] == list(range(1, len(slow) + 1))
        assert [(line["id"], line["measures"]) for line in paged] == [(one, near(told)) for told, _, one in slow]


def told_by(reason: str) -> Callable[[Play], list[str]]:
    """What a play says of that."""
    return lambda play: [getattr(play, reason) or "unknown"]


@pytest.mark.parametrize(("zone", "seed"), LISTENERS)
def test_reasons_are_what_a_slow_count_says(zone: str, seed: int) -> None:
    heard = listened(zone, seed, 0.5)
    for asked in questions(zone):
        plays = heard.passing(asked)
        got = answer("reasons", heard.history(), asked.given)
        assert (got["plays"], got["ms"]) == (len(plays), sum(play.ms for play in plays))
        for field, reason in (("started", "reason_start"), ("ended", "reason_end")):
            groups = grouped(plays, told_by(reason))
            unknown = len(groups.pop("unknown", []))
            lines: list[dict[str, Any]] = [
                {
                    "reason": name, "plays": len(some), "ms": sum(play.ms for play in some),
                    "share": len(some) / (len(plays) - unknown),
                }
                for name, some in groups.items()
            ]  # fmt: skip
            lines.sort(key=lambda line: (-line["plays"], -line["ms"], line["reason"]))
            assert got[field] == {"reasons": lines, "unknown": unknown}


@pytest.mark.parametrize("bucket", ["day", "month"])
@pytest.mark.parametrize(("zone", "seed"), LISTENERS)
def test_devices_are_what_a_slow_count_says(zone: str, seed: int, bucket: str) -> None:
    heard = listened(zone, seed, 0.0)
    change = utc(CHANGES[zone])
    asked = Asked(zone, start=change - timedelta(days=100), end=change + timedelta(days=50))
    got = answer("devices", heard.history(), {**asked.given, "bucket": bucket})
    plays = heard.passing(asked)
    totals = grouped(plays, heard.platform)
    assert got["platforms"] == sorted(totals, key=lambda name: (-len(totals[name]), name))
    line = answer("timeline", heard.history(), {**asked.given, "bucket": bucket})["points"]
    assert [(point["start"], point["partial"]) for point in got["points"]] == [
        (at["start"], at["partial"]) for at in line
    ]
    buckets = grouped(plays, lambda play: [str(recount.bucket_of(play.start, zone, bucket))])
    for point in got["points"]:
        here = buckets.get(str(recount.bucket_of(datetime.fromisoformat(point["start"]), zone, bucket)), [])
        of_platform = grouped(here, heard.platform)
        assert point["plays"] == [len(of_platform.get(name, [])) for name in got["platforms"]]
        assert point["ms"] == [sum(play.ms for play in of_platform.get(name, [])) for name in got["platforms"]]
