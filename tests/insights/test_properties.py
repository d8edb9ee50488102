"""What must hold of any listener and any period."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats_core.history.columns import History, history_of_plays
from stats_core.history.keys import play_ids
from tests.insights.answers import answer
from tests.insights.plays import CHANGES, USER, keyed, play, saved, some_plays, utc

EVERYTHING = {"min_ms": "0", "kinds": "track,episode,chapter,unknown", "private": "include"}
ZONES = sorted(CHANGES)
HISTORIES: dict[str, History] = {zone: history_of_plays(some_plays(zone, 7), saved()) for zone in ZONES}

near = st.tuples(
    st.sampled_from(ZONES), st.lists(st.integers(-2_000_000, 2_000_000), min_size=3, max_size=3, unique=True)
)


def instants(zone: str, seconds: list[int]) -> list[str]:
    """Instants in order, so many seconds from the zone's change."""
    return [(utc(CHANGES[zone]) + timedelta(seconds=each)).isoformat() for each in sorted(seconds)]


@given(near)
@settings(max_examples=60, deadline=None)
def test_adjacent_periods_add_up(case: tuple[str, list[int]]) -> None:
    zone, seconds = case
    start, middle, end = instants(zone, seconds)
    whole, first, second = (
        {"start": low, "end": high, "tz": zone} for low, high in ((start, end), (start, middle), (middle, end))
    )
    history = HISTORIES[zone]
    for measure in ("plays", "ms"):
        totals = [answer("summary", history, period)[measure] for period in (whole, first, second)]
        assert totals[0] == totals[1] + totals[2]
    clocks = [answer("clock", history, period)["ms"] for period in (whole, first, second)]
    assert clocks[0] == [[a + b for a, b in zip(*rows, strict=True)] for rows in zip(*clocks[1:], strict=True)]
    tops: list[dict[str, int]] = []
    for period in (whole, first, second):
        items = answer("top/tracks", history, {**period, "limit": "100"})["items"]
        tops.append({line["id"]: line["plays"] for line in items})
    assert tops[0] == {name: tops[1].get(name, 0) + tops[2].get(name, 0) for name in {**tops[1], **tops[2]}}


@given(near, st.sampled_from(["hour", "day", "week", "month", "year"]))
@settings(max_examples=80, deadline=None)
def test_a_timeline_sums_to_the_summary_and_the_clock(case: tuple[str, list[int]], bucket: str) -> None:
    zone, seconds = case
    start, _, end = instants(zone, seconds)
    asked = {"start": start, "end": end, "tz": zone, **EVERYTHING}
    history = HISTORIES[zone]
    summary, clock = answer("summary", history, asked), answer("clock", history, asked)
    points = answer("timeline", history, {**asked, "bucket": bucket})["points"]
    for measure in ("plays", "ms"):
        assert sum(point[measure] for point in points) == summary[measure] == sum(map(sum, clock[measure]))
    if bucket == "day":
        assert sum(point["plays"] > 0 for point in points) == summary["active_days"]


@given(st.sampled_from(ZONES), st.integers(1, 500))
@settings(max_examples=40, deadline=None)
def test_pages_of_plays_make_the_whole_list(zone: str, limit: int) -> None:
    history = HISTORIES[zone]
    asked = {**EVERYTHING, "tz": zone}
    whole = answer("plays", history, {**asked, "limit": "500"})["plays"]
    assert len(whole) == len(history)
    pages = []
    cursor: dict[str, str] = {}
    for _ in range(len(whole) + 1):
        page = answer("plays", history, {**asked, "limit": str(limit), **cursor})
        assert page["plays"]
        pages += page["plays"]
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}
    assert pages == whole


@pytest.mark.parametrize("zone", ZONES)
def test_plays_are_listed_under_the_keys_they_are_stored_under(zone: str) -> None:
    history = HISTORIES[zone]
    listed = answer("plays", history, {**EVERYTHING, "tz": zone, "limit": "500"})["plays"]
    stored = play_ids(USER, history.end, history.ms, history.n.astype("int64"))
    assert [each["id"] for each in listed] == stored[::-1]


def test_a_cursor_stays_where_it_was_when_plays_come_or_go() -> None:
    plays = keyed(play(utc("2024-01-01") + timedelta(minutes=minute)) for minute in range(10))
    page = answer("plays", history_of_plays(plays), {"limit": "4"})
    for changed in ([*plays, play("2024-01-02", name="New")], plays[:6] + plays[7:]):
        rest = answer("plays", history_of_plays(keyed(changed)), {"cursor": page["cursor"]})
        assert [each["start"] for each in rest["plays"]] == [
            f"2024-01-01T00:0{minute}:00Z" for minute in range(5, -1, -1)
        ]


@pytest.mark.parametrize("of", ["tracks", "artists", "albums"])
def test_a_tie_at_the_edge_of_a_page_is_cut_by_first_play_then_id(of: str) -> None:
    minute = timedelta(minutes=5)
    same = [play("2024-01-01", name=f"S{n}", artist=f"A{n}", album=f"B{n}") for n in range(56)]
    late = [play(utc("2024-01-01") + minute * n, name=f"L{n}", artist=f"C{n}", album=f"D{n}") for n in range(1, 20)]
    history = history_of_plays(keyed(same + late))
    whole = answer(f"top/{of}", history, {"limit": "100"})["items"]
    ids = [line["id"] for line in whole]
    assert ids[:56] == sorted(ids[:56])
    assert [line["name"][1:] for line in whole[56:]] == [str(n) for n in range(1, 20)]
    for limit in (1, 10, 55, 56, 57):
        for offset in (0, 1, 50, 55, 56, 74, 75, 1_000):
            page = answer(f"top/{of}", history, {"limit": str(limit), "offset": str(offset)})
            assert page["items"] == whole[offset : offset + limit]
            assert page["total"] == 75


def test_shares_of_a_top_are_of_all_passing_plays() -> None:
    plays = [play("2024-01-01", name="A"), play("2024-01-02", name="B", artist="Various Artists", ms=60_000)]
    plays += [play("2024-01-03", name=None, artist=None, uri="spotify:track:" + "x" * 22), play("2024-01-04", name="C")]
    got = answer("top/artists", history_of_plays(keyed(plays)), {})
    assert [(line["name"], line["plays"], line["share"]) for line in got["items"]] == [("Ada", 2, 0.5)]
    assert got["uncredited"] == 2
    by_ms = answer("top/tracks", history_of_plays(keyed(plays)), {"by": "ms"})
    assert [line["share"] for line in by_ms["items"]] == [0.3, 0.3, 0.3, 0.1]
    assert [line["name"] for line in by_ms["items"]] == ["A", None, "C", "B"]


def test_odd_years_are_counted_like_any() -> None:
    old = [play(datetime(1, 1, 1, 0, 30, tzinfo=UTC)), play("1850-06-01"), play("1969-12-31T23:59:59")]
    history = history_of_plays(keyed([*old, play("2024-01-01")]))
    for zone in ("UTC", "America/New_York", "Pacific/Kiritimati", "Europe/Amsterdam"):
        assert answer("summary", history, {"tz": zone})["active_days"] == 4
        assert sum(map(sum, answer("clock", history, {"tz": zone})["plays"])) == 4
        points = answer("timeline", history, {"tz": zone, "bucket": "year"})["points"]
        assert sum(point["plays"] for point in points) == 4
        assert len(answer("plays", history, {"tz": zone})["plays"]) == 4
