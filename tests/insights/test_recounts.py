"""Every statistic gives what a slow count of the same plays gives, in zones where clocks do odd things."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from stats_core.history.columns import History, history_of_plays
from tests.insights import recount
from tests.insights.answers import answer
from tests.insights.catalogues import LISTENERS, PARTS, listened
from tests.insights.listened import NOT_TOLD, Asked, Listened
from tests.insights.plays import CHANGES, USER, keyed, play, utc

Made = tuple[str, Listened, History]


@pytest.fixture(
    scope="module",
    params=[(*one, part) for one in LISTENERS for part in PARTS],
    ids=lambda one: "-".join(map(str, one)),
)
def made(request: pytest.FixtureRequest) -> Made:
    """A zone and a made-up listener around its change of clocks, with none, half and all of the catalogue."""
    zone, seed, part = request.param
    heard = listened(zone, seed, part)
    shuffled = Random(seed).sample(heard.plays, len(heard.plays))  # noqa: S311
    return zone, heard, heard.history(shuffled)


@pytest.fixture(scope="module", params=LISTENERS, ids=lambda one: "-".join(map(str, one)))
def plain(request: pytest.FixtureRequest) -> Made:
    """A zone and a made-up listener of whom nothing is known but what the exports say."""
    zone, seed = request.param
    heard = listened(zone, seed, 0.0)
    return zone, heard, heard.history()


def questions(zone: str) -> Iterator[Asked]:
    """Questions about a listener: all of it, parts of it, other rules."""
    change = utc(CHANGES[zone])
    yield Asked(zone)
    yield Asked(zone, start=change - timedelta(hours=2), end=change + timedelta(hours=2))
    yield Asked(zone, start=change, min_ms=0, private="include", kinds=("track", "episode", "chapter", "unknown"))
    yield Asked(zone, end=change + timedelta(days=3), private="only")
    yield Asked(zone, start=change - timedelta(days=30), min_ms=30_001, kinds=("episode", "chapter"))
    yield Asked(zone, start=change + timedelta(days=30_000))


def filtered(heard: Listened, zone: str) -> Iterator[Asked]:
    """Questions with filters and rules."""
    change = utc(CHANGES[zone])
    wide = Asked(zone, min_ms=0, private="include", kinds=("track", "episode", "chapter", "unknown"))
    yield replace(wide, min_share=0.5)
    yield replace(wide, min_share=1.0, completed=True)
    yield replace(wide, completed=True, start=change - timedelta(days=9))
    yield replace(wide, platform=("android", "unknown"))
    yield replace(wide, country=("NZ",), source=("extended", "api"))
    yield replace(wide, country=("DE", "ZZ"), private="exclude")
    artists = sorted({one for play in heard.plays for one in heard.credited(play)})
    albums = sorted({one for play in heard.plays for one in heard.album(play)})
    titles = sorted({one for play in heard.plays if (one := heard.title(play)) is not None})
    yield replace(wide, artist=tuple(artists[:2]), min_share=0.3)
    yield replace(wide, album=tuple(albums[1:3]), artist=(artists[-1],))
    yield replace(wide, item=tuple(titles[::5][:40]), min_ms=20_000)
    yield replace(wide, item=("~" + "0" * 20,))


def test_a_summary_is_what_a_slow_count_says(made: Made) -> None:
    zone, heard, history = made
    for asked in (*questions(zone), *filtered(heard, zone)):
        got = answer("summary", history, asked.given)
        expected = recount.summary(heard, asked)
        assert {name: got[name] for name in expected} == expected
        assert got["rule"].items() >= {"min_ms": asked.min_ms, "kinds": list(asked.kinds)}.items()


def test_what_a_rule_could_not_judge_is_told(made: Made) -> None:
    zone, heard, history = made
    for asked in filtered(heard, zone):
        reasons = [(play, heard.left_out(play, asked)) for play in heard.of_period(asked)]
        judged = [(play, reason) for play, reason in reasons if reason in {None, "completed", "min_share"}]
        rule = answer("summary", history, asked.given)["rule"]
        unknown = sum(heard.length(play) is None for play, _ in judged) if asked.min_share is not None else 0
        assert rule.get("unknown_length", 0) == unknown
        untold = sum(play.reason_end in NOT_TOLD for play, reason in judged if reason != "min_share")
        assert rule.get("unknown_reason", 0) == (untold if asked.completed else 0)


@pytest.mark.parametrize(
    "of",
    [
        *("tracks", "recordings", "artists", "primary-artists", "albums"),
        *("shows", "audiobooks", "platforms", "countries"),
    ],
)
@pytest.mark.parametrize("by", ["plays", "ms"])
def test_a_top_and_its_pages_are_what_a_slow_count_says(made: Made, of: str, by: str) -> None:
    zone, heard, history = made
    change = utc(CHANGES[zone])
    compared = Asked(zone, start=change - timedelta(hours=30), end=change + timedelta(hours=3), min_ms=0)
    for asked in (*questions(zone), replace(compared, private="include", kinds=("track", "episode", "chapter"))):
        expected = recount.top(heard, of, asked, by)
        summary = answer("summary", history, asked.given)
        for limit in (100, 7):
            paged = []
            for offset in range(0, len(expected) + 1, limit):
                given = {**asked.given, "by": by, "limit": str(limit), "offset": str(offset)}
                got = answer(f"top/{of}", history, given)
                assert got["total"] == len(expected)
                if of in summary:
                    assert summary[of] == got["total"]
                if of.endswith("artists"):
                    uncredited = sum(not heard.credited(play) for play in heard.passing(asked))
                    assert got["uncredited"] == uncredited
                paged += got["items"]
            assert paged == expected


def test_a_clock_is_what_a_slow_count_says(plain: Made) -> None:
    zone, heard, history = plain
    for asked in questions(zone):
        got = answer("clock", history, asked.given)
        assert (got["plays"], got["ms"]) == recount.clock(heard, asked)


@pytest.mark.parametrize(("bucket", "hours"), [("hour", (2, 40)), ("day", (30, 120)), ("week", (9, 60))])
def test_a_timeline_of_a_short_period_is_what_a_walk_through_it_says(
    plain: Made, bucket: str, hours: tuple[int, int]
) -> None:
    zone, heard, history = plain
    dice = Random(f"{zone} {bucket}")  # noqa: S311
    change = utc(CHANGES[zone])
    for _ in range(2):
        before, after = (dice.randint(hours[0] * 60, hours[1] * 60) for _ in range(2))
        begin = change.replace(second=0) - timedelta(minutes=before)
        asked = Asked(zone, begin, begin + timedelta(minutes=before + after))
        got = answer("timeline", history, {**asked.given, "bucket": bucket})
        assert got["points"] == recount.timeline(heard, asked, bucket)


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
        assert got["points"] == recount.timeline(Listened(plays), asked, bucket)


@pytest.mark.parametrize("bucket", ["day", "week", "month", "year"])
def test_a_timeline_of_years_holds_every_bucket_and_its_plays(plain: Made, bucket: str) -> None:
    zone, heard, history = plain
    change = utc(CHANGES[zone])
    asked = Asked(zone, change - timedelta(days=1_500), change + timedelta(days=1_500))
    points = answer("timeline", history, {**asked.given, "bucket": bucket})["points"]
    totals = recount.sums_by(heard, asked, bucket)
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
    zone, heard, history = made
    for asked in questions(zone):
        got = answer("plays", history, {**asked.given, "limit": "500"})
        expected = [
            {
                "id": each.id,
                "start": recount.written(each.start, zone),
                "end": recount.written(each.end, zone),
                "ms": each.ms,
                "track": next(iter(heard.track(each)), None),
                "estimated": each.source == "api",
                "supersedes": [],
                **{name: getattr(each, name) for name in FIELDS},
            }
            for each in reversed(heard.passing(asked))
        ]
        assert got["plays"] == expected
        assert all(each["id"].startswith(f"{USER}|") for each in got["plays"])
        assert got["cursor"] is None


FIELDS = (
    *("kind", "name", "artist", "album", "show", "audiobook", "uri", "source", "platform", "country"),
    *("reason_start", "reason_end", "video", "shuffle", "skipped", "offline", "private"),
)
