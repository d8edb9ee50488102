"""Aggregates say what the questions answer."""

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats_core.aggregates.counting import daily_totals_of, listener_totals_of, monthly_tops_of
from stats_core.documents.listeners import Listener, StreamRule
from stats_core.documents.plays import Play
from stats_core.history.columns import history_of_plays
from stats_core.history.reader import Heard
from stats_core.insights import answered
from stats_core.insights.summary import Summary
from stats_core.insights.top import Top

BASE = datetime(2006, 10, 27, tzinfo=UTC)
"""Some days before clocks fall back, in St. John's across midnight."""


@st.composite
def plays(draw: st.DrawFn) -> list[Play]:
    drawn = draw(
        st.lists(st.tuples(st.integers(0, 60 * 24 * 9), st.integers(0, 4), st.integers(0, 60_000)), max_size=30)
    )
    made = []
    for number, (minutes, track, ms) in enumerate(sorted(drawn)):
        start = BASE + timedelta(minutes=minutes)
        made.append(
            Play(
                id=f"me|x|{ms:08}|{number:04}", user="me", start=start, end=start + timedelta(milliseconds=ms), ms=ms,
                source="extended", kind="episode" if track == 4 else "track", name=f"T{track}", artist=f"A{track % 2}",
                uri=f"spotify:track:{track:022}", private=track == 3,
            )
        )  # fmt: skip
    return made


@given(
    plays(),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Chatham", "Pacific/Apia"]),
    st.sampled_from([StreamRule(), StreamRule(min_ms=0, private="include", kinds=("track", "episode"))]),
)
def test_a_days_total_is_what_the_summary_of_that_date_says(played: list[Play], zone: str, rule: StreamRule) -> None:
    listener = Listener(id="me", created_at=BASE, timezone=zone, rule=rule)
    heard = Heard(listener, history_of_plays(played))
    totals = {total.date: total for total in daily_totals_of(heard)}
    whole = listener_totals_of(heard)
    assert len(totals) == whole.active_days
    assert sum(total.plays for total in totals.values()) == whole.plays
    assert sum(total.ms for total in totals.values()) == whole.ms
    if zone == "America/St_Johns":  # a date there can come in two pieces: no period is exactly that date
        return
    for number in range(-1, 12):
        day = (BASE + timedelta(days=number)).date()
        given = {"start": f"{day}", "end": f"{day + timedelta(days=1)}"}
        said = cast("Summary", answered("summary", heard, given, now=0).answer)
        total = totals.get(f"{day}")
        counted = (total.plays, total.ms, total.tracks, total.artists) if total else (0, 0, 0, 0)
        assert counted == (said.plays, said.ms, said.tracks, said.artists)


@given(plays())
def test_a_months_top_is_the_top_of_that_month(played: list[Play]) -> None:
    listener = Listener(id="me", created_at=BASE, timezone="Europe/Berlin")
    heard = Heard(listener, history_of_plays(played))
    tops = {(top.month, top.of): top for top in monthly_tops_of(heard)}
    for month, end in (("2006-10", "2006-11-01"), ("2006-11", "2006-12-01")):
        given = {"start": f"{month}-01", "end": end, "limit": "100"}
        said = cast("Top", answered("top/tracks", heard, given, now=0).answer)
        top = tops.get((month, "tracks"))
        lines = [(line.rank, line.id, line.name, line.artist, line.plays, line.ms) for line in said.items]
        kept = top.entries if top else []
        assert [(line.rank, line.id, line.name, line.artist, line.plays, line.ms) for line in kept] == lines
        assert (top.total if top else 0) == said.total


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_nobody_listened(zone: str) -> None:
    listener = Listener(id="me", created_at=BASE, timezone=zone)
    heard = Heard(listener, history_of_plays([]))
    assert not list(daily_totals_of(heard))
    assert not list(monthly_tops_of(heard))
    assert listener_totals_of(heard).first_play is None
