"""Every statistic gives what a slow count of the same plays gives, in zones where clocks do odd things."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from stats_core.documents import Play
from stats_core.history.columns import History, history_of_plays
from tests.insights import recount
from tests.insights.answers import answer
from tests.insights.plays import CHANGES, USER, keyed, play, saved, some_plays, utc
from tests.insights.recount import Asked

Made = tuple[str, list[Play], History]


@pytest.fixture(scope="module", params=[(zone, seed) for zone in CHANGES for seed in "12"], ids="-".join)
def made(request: pytest.FixtureRequest) -> Made:
    """A zone and a made-up listener around its change of clocks."""
    zone, seed = request.param
    plays = some_plays(zone, int(seed))
    shuffled = Random(seed).sample(plays, len(plays))  # noqa: S311
    return zone, plays, history_of_plays(shuffled, saved())


def questions(zone: str) -> Iterator[Asked]:
    """Questions about a listener: all of it, parts of it, other rules."""
    change = utc(CHANGES[zone])
    yield Asked(zone)
    yield Asked(zone, start=change - timedelta(hours=2), end=change + timedelta(hours=2))
    yield Asked(zone, start=change, min_ms=0, private="include", kinds=("track", "episode", "chapter", "unknown"))
    yield Asked(zone, end=change + timedelta(days=3), private="only")
    yield Asked(zone, start=change - timedelta(days=30), min_ms=30_001, kinds=("episode", "chapter"))
    yield Asked(zone, start=change + timedelta(days=30_000))


def test_a_summary_is_what_a_slow_count_says(made: Made) -> None:
    zone, plays, history = made
    for asked in questions(zone):
        got = answer("summary", history, asked.given)
        expected = recount.summary(plays, saved(), asked)
        assert {name: got[name] for name in expected} == expected
        assert got["rule"] == {"min_ms": asked.min_ms, "kinds": list(asked.kinds), "private": asked.private}


@pytest.mark.parametrize("of", ["tracks", "artists", "albums", "shows"])
@pytest.mark.parametrize("by", ["plays", "ms"])
def test_a_top_and_its_pages_are_what_a_slow_count_says(made: Made, of: str, by: str) -> None:
    zone, plays, history = made
    for asked in questions(zone):
        expected = recount.top(of, plays, saved(), asked, by)
        summary = answer("summary", history, asked.given)
        for limit in (100, 7):
            paged = []
            for offset in range(0, len(expected) + 1, limit):
                given = {**asked.given, "by": by, "limit": str(limit), "offset": str(offset)}
                got = answer(f"top/{of}", history, given)
                assert got["total"] == len(expected)
                if of in summary:
                    assert summary[of] == got["total"]
                if of == "artists":
                    assert got["uncredited"] + sum(line["plays"] for line in expected) == summary["plays"]  # type: ignore[misc]
                paged += got["items"]
            assert paged == expected


def test_a_clock_is_what_a_slow_count_says(made: Made) -> None:
    zone, plays, history = made
    for asked in questions(zone):
        got = answer("clock", history, asked.given)
        assert (got["plays"], got["ms"]) == recount.clock(plays, asked)


@pytest.mark.parametrize(("bucket", "hours"), [("hour", (2, 40)), ("day", (30, 120)), ("week", (9, 60))])
def test_a_timeline_of_a_short_period_is_what_a_walk_through_it_says(
    made: Made, bucket: str, hours: tuple[int, int]
) -> None:
    zone, plays, history = made
    dice = Random(f"{zone} {bucket}")  # noqa: S311
    change = utc(CHANGES[zone])
    for _ in range(2):
        before, after = (dice.randint(hours[0] * 60, hours[1] * 60) for _ in range(2))
        begin = change.replace(second=0) - timedelta(minutes=before)
        asked = Asked(zone, begin, begin + timedelta(minutes=before + after))
        got = answer("timeline", history, {**asked.given, "bucket": bucket})
        assert got["points"] == recount.timeline(plays, asked, bucket)


@pytest.mark.parametrize("bucket", ["hour", "day", "week"])
@pytest.mark.parametrize("begin", ["28T15:00", "29T02:30", "29T02:30:30", "29T02:31", "29T02:40"])
@pytest.mark.parametrize("end", ["29T02:31", "29T02:50", "29T03:31", "30T03:30", "31T00:00"])
def test_clocks_that_fall_back_across_midnight_give_a_date_its_last_hour(bucket: str, begin: str, end: str) -> None:
    """At 00:01 of 29 October 2006 (02:31 UTC) it was 23:01 of the 28th again in St. John's."""
    zone = "America/St_Johns"
    plays = keyed(play(f"2006-10-29T{at}") for at in ("02:29:59", "02:30:10", "02:31:00", "03:29:59", "03:30:00"))
    asked = Asked(zone, utc(f"2006-10-{begin}"), utc(f"2006-10-{end}"))
    if asked.start < asked.end:  # type: ignore[operator]
        got = answer("timeline", history_of_plays(plays), {**asked.given, "bucket": bucket})
        assert got["points"] == recount.timeline(plays, asked, bucket)


@pytest.mark.parametrize("bucket", ["day", "week", "month", "year"])
def test_a_timeline_of_years_holds_every_bucket_and_its_plays(made: Made, bucket: str) -> None:
    zone, plays, history = made
    change = utc(CHANGES[zone])
    asked = Asked(zone, change - timedelta(days=1_500), change + timedelta(days=1_500))
    points = answer("timeline", history, {**asked.given, "bucket": bucket})["points"]
    totals = recount.sums_by(plays, asked, bucket)
    starts = [datetime.fromisoformat(point["start"]).astimezone(UTC) for point in points]
    names = [recount.bucket_of(start, zone, bucket) for start in starts]
    assert len(set(names)) == len(names)
    assert [(point["plays"], point["ms"]) for point in points] == [totals.get(name, (0, 0)) for name in names]
    assert set(totals) <= set(names)
    assert starts == sorted(starts)
    for start, name in zip(starts, names, strict=True):
        assert recount.bucket_of(start - timedelta(seconds=1), zone, bucket) != name
    assert all(not point["partial"] for point in points[2:-2])


def test_plays_are_listed_as_they_were_stored(made: Made) -> None:
    zone, plays, history = made
    track_of = recount.track_namer(plays, saved())
    for asked in questions(zone):
        got = answer("plays", history, {**asked.given, "limit": "500"})
        expected = [
            {
                "id": each.id,
                "start": recount.written(each.start, zone),
                "end": recount.written(each.end, zone),
                "ms": each.ms,
                "track": track_of(each),
                **{name: getattr(each, name) for name in FIELDS},
            }
            for each in reversed(recount.passing(plays, asked))
        ]
        assert got["plays"] == expected
        assert all(each["id"].startswith(f"{USER}|") for each in got["plays"])
        assert got["cursor"] is None


FIELDS = (
    *("kind", "name", "artist", "album", "show", "audiobook", "uri", "source", "platform", "country"),
    *("reason_start", "reason_end", "video", "shuffle", "skipped", "offline", "private"),
)
