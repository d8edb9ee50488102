"""The page of a track, artist or album tells what a slow count of the same plays tells."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats_core.clock import instant_ms
from stats_core.documents.plays import Play
from stats_core.errors import InvalidParameter, UnknownEntry
from stats_core.history.columns import History, history_of_plays
from stats_core.history.items import name_key
from stats_core.history.reader import Heard
from stats_core.insights import answer_of
from stats_core.insights import asked as question_of
from stats_core.security.access import Limits
from tests.insights import recount
from tests.insights.answers import ADA, NOW, answer
from tests.insights.catalogues import listened
from tests.insights.listened import Asked, Listened, alike
from tests.insights.plays import CHANGES, keyed, play, utc

Json = dict[str, Any]
Ranked = dict[str, tuple[int, list[Play]]]
Made = tuple[str, Listened, History]

KINDS = {"tracks": "track", "artists": "artist", "albums": "album"}


@pytest.fixture(
    scope="module",
    params=[(zone, seed, part) for zone in CHANGES for seed, part in ((1, 0.0), (1, 1.0), (2, 0.5))],
    ids=lambda one: "-".join(map(str, one)),
)
def made(request: pytest.FixtureRequest) -> Made:
    """A zone and a made-up listener around its change of clocks, with none, half or all of the catalogue."""
    zone, seed, part = request.param
    heard = listened(zone, seed, part)
    shuffled = Random(seed).sample(heard.plays, len(heard.plays))  # noqa: S311
    return zone, heard, heard.history(shuffled)


def questions(heard: Listened, zone: str) -> Iterator[tuple[Asked, str, str]]:
    """What is asked, the measure, and the length of the buckets."""
    change = utc(CHANGES[zone])
    wide = Asked(zone, min_ms=0, private="include", kinds=("track", "episode", "chapter", "unknown"))
    yield Asked(zone), "plays", "year"
    yield replace(wide, start=change - timedelta(days=400), end=change + timedelta(days=200)), "plays", "month"
    yield replace(wide, start=change - timedelta(days=40), end=change + timedelta(days=20)), "plays", "week"
    yield replace(wide, start=change - timedelta(hours=30), end=change + timedelta(hours=30)), "ms", "month"
    yield Asked(zone, start=change - timedelta(days=3_000)), "ms", "year"
    artists = sorted({one for each in heard.plays for one in heard.credited(each)})
    yield replace(wide, artist=tuple(artists[:3]), platform=("android",)), "plays", "year"
    yield Asked(zone, start=change + timedelta(days=30_000)), "plays", "month"


@pytest.mark.parametrize("of", KINDS)
def test_a_page_is_what_a_slow_count_says(made: Made, of: str) -> None:
    zone, heard, history = made
    dice = Random(f"{zone} {of}")  # noqa: S311
    ever = sorted({one for each in heard.plays for one in heard.namer(of)(each)})
    for asked, by, bucket in questions(heard, zone):
        ranked = recount.ranked(heard, of, asked, by)
        over_time = _over_time(heard, of, asked, by, bucket)
        timeline = answer("timeline", history, {**asked.given, "bucket": bucket})["points"]
        best_first = list(ranked)
        chosen = {*best_first[:1], *dice.sample(best_first, min(2, len(best_first))), dice.choice(ever)}
        for identity in sorted(chosen):
            got = answer(f"{of}/{{id}}", history, {**asked.given, "id": identity, "by": by, "bucket": bucket})
            expected = _page(heard, of, identity, asked, by, ranked)
            assert {name: got[name] for name in expected} == expected
            rank = got["rank"] or 0
            assert _told(got["above"], "rank") == _lines(ranked, range(max(1, rank - 5), rank), "rank")
            assert _told(got["below"], "rank") == _lines(ranked, range(rank + 1, rank + 6) if rank else (), "rank")
            assert [(point["start"], point["partial"]) for point in got["ranks"]] == [
                (point["start"], point["partial"]) for point in timeline
            ]
            for point in got["ranks"]:
                name = recount.bucket_of(datetime.fromisoformat(point["start"]).astimezone(UTC), zone, bucket)
                rank, plays = over_time.get(name, {}).get(identity, (None, []))
                assert (point["rank"], point["plays"], point["ms"]) == (rank, len(plays), _ms(plays))


@pytest.mark.parametrize("of", ["artists", "albums"])
def test_a_page_lists_the_tracks_of_its_plays(made: Made, of: str) -> None:
    zone, heard, history = made
    for asked, by, _ in questions(heard, zone):
        for identity, (_, own) in list(recount.ranked(heard, of, asked, by).items())[:4]:
            got = answer(f"{of}/{{id}}", history, {**asked.given, "id": identity, "by": by})
            tracks = recount.ranked_by(heard, "tracks", own, by)
            assert _told(got["tracks"]) == _lines(tracks, range(1, 51))
            assert got["different_tracks"] == len(tracks)
            if of == "artists":
                named = recount.named(heard, of, identity)
                assert (got["provisional"], got["ambiguous"]) == (named["provisional"], named["ambiguous"])


def test_the_page_of_a_track_names_its_artists_albums_and_other_recordings(made: Made) -> None:
    zone, heard, history = made
    asked = Asked(zone, min_ms=0)
    ranked = recount.ranked(heard, "tracks", asked, "plays")
    recordings = {
        track: one for each in heard.plays for track, one in zip(heard.track(each), heard.recording(each), strict=True)
    }
    for identity in sorted(recordings):
        got = answer("tracks/{id}", history, {**asked.given, "id": identity})
        own = [each for each in reversed(heard.plays) if heard.track(each) == [identity]]
        assert got["provisional"] == heard.is_provisional(own[0])
        for group, namer in (("artists", heard.credited), ("albums", heard.album)):
            assert [one["id"] for one in got[group]] == list(dict.fromkeys(one for each in own for one in namer(each)))
        same = {one for one in recordings if recordings[one] == recordings[identity]} - {identity}
        unplayed = [{"id": one, "plays": 0, "ms": 0} for one in sorted(same - set(ranked))]
        played = [one for one in ranked if one in same]
        assert _told(got["recording"]) == _lines(ranked, [ranked[one][0] for one in played]) + unplayed


def _told(entries: list[Json], *more: str) -> list[Json]:
    return [{name: entry[name] for name in ("id", "plays", "ms", *more)} for entry in entries]


def _lines(ranked: Ranked, ranks: Iterable[int], *more: str) -> list[Json]:
    wanted = set(ranks)
    return [
        {"id": identity, "plays": len(plays), "ms": _ms(plays), **dict.fromkeys(more, rank)}
        for identity, (rank, plays) in ranked.items()
        if rank in wanted
    ]


def _over_time(heard: Listened, of: str, asked: Asked, by: str, bucket: str) -> dict[object, Ranked]:
    """Bucket -> the ranks in it."""
    inside: dict[object, list[Play]] = {}
    for each in heard.passing(asked):
        inside.setdefault(recount.bucket_of(each.start, asked.zone, bucket), []).append(each)
    return {name: recount.ranked_by(heard, of, plays, by) for name, plays in inside.items()}


def _page(heard: Listened, of: str, identity: str, asked: Asked, by: str, ranked: Ranked) -> Json:
    rank, own = ranked.get(identity, (None, []))
    passing = heard.passing(asked)
    whole = len(passing) if by == "plays" else _ms(passing)
    value = len(own) if by == "plays" else _ms(own)
    months: dict[str, list[Play]] = {}
    hours = [[[0] * 24 for _ in range(7)] for _ in range(2)]
    for each in own:
        there = recount.local(each.start, asked.zone)
        months.setdefault(f"{there:%Y-%m}".zfill(7), []).append(each)
        hours[0][there.weekday()][there.hour] += 1
        hours[1][there.weekday()][there.hour] += each.ms
    best = sorted(months, key=lambda month: (*_worse_first(months[month], by), month))[:5]
    named = recount.named(heard, of, identity)
    return {
        "kind": KINDS[of],
        "id": identity,
        **{name: named[name] for name in ("name", "image", "url")},
        "by": named["artist"],
        "plays": len(own),
        "ms": _ms(own),
        "share": value / whole if whole else 0.0,
        "rank": rank,
        "total": len(ranked),
        "first_play": recount.written(own[0].start, asked.zone) if own else None,
        "last_play": recount.written(own[-1].start, asked.zone) if own else None,
        "best_months": [{"month": one, "plays": len(months[one]), "ms": _ms(months[one])} for one in best],
        "clock": {"plays": hours[0], "ms": hours[1]},
    }


def _ms(plays: list[Play]) -> int:
    return sum(each.ms for each in plays)


def _worse_first(plays: list[Play], by: str) -> tuple[int, int]:
    return (-len(plays), -_ms(plays)) if by == "plays" else (-_ms(plays), -len(plays))


FOLD = utc("2009-11-01T02:31:00")
"""In St. John's it was 23:01 of 31 October again, one minute into November."""

few_plays = st.lists(
    st.tuples(
        st.integers(-70, 10) | st.integers(-4_000, 4_000),  # s from FOLD
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from([None, "x", "y"]),
        st.sampled_from([0, 1, 2]),
    ),
    min_size=1,
    max_size=14,
)


@given(few_plays, st.sampled_from(["plays", "ms"]), st.sampled_from(["week", "month", "year"]))
@settings(max_examples=200, deadline=None)
def test_ties_and_dates_that_come_twice_are_ranked_as_a_slow_count_does(
    heard: list[tuple[int, str, str | None, int]], by: str, bucket: str
) -> None:
    zone = "America/St_Johns"
    plays = keyed(
        play(FOLD + timedelta(seconds=second), ms, name=name, artist=artist) for second, name, artist, ms in heard
    )
    whole, asked = Listened(plays), Asked(zone, min_ms=0)
    for of in ("tracks", "artists"):
        over_time = _over_time(whole, of, asked, by, bucket)
        for identity in recount.ranked(whole, of, asked, by):
            got = answer(f"{of}/{{id}}", whole.history(), {**asked.given, "id": identity, "by": by, "bucket": bucket})
            told = {
                recount.bucket_of(datetime.fromisoformat(point["start"]).astimezone(UTC), zone, bucket): point["rank"]
                for point in got["ranks"]
            }
            assert told == {name: over_time.get(name, {}).get(identity, (None,))[0] for name in told}
            assert set(over_time) <= set(told)
            assert got["rank"] == recount.ranked(whole, of, asked, by)[identity][0]


def test_a_key_of_names_leads_to_what_it_has_become() -> None:
    heard = listened("Europe/Berlin", 1, 1.0)
    history = heard.history()
    bearers: dict[str, set[str]] = {}
    for identity, name in heard.artist_names.items():
        bearers.setdefault(alike(name), set()).add(identity)
    led = 0
    for each in heard.plays:
        if each.kind == "track" and each.artist is not None and each.artist != "Various Artists":
            found = bearers.get(alike(each.artist), set()) & set(heard.credited(each))
            if len(found) == 1 == len(bearers[alike(each.artist)]):
                asked = {"id": name_key("artist", each.artist), "min_ms": "0"}
                assert answer("artists/{id}", history, asked)["id"] == found.pop()
                led += 1
    assert led


@pytest.mark.parametrize("of", KINDS)
def test_what_was_never_played_has_no_page(of: str) -> None:
    episode = play(
        "2024-01-01", kind="episode", name="Talk", show="Talk", artist=None, uri="spotify:episode:" + "E" * 22
    )
    history = history_of_plays(keyed([episode, play("2024-01-02", album="Tides")]))
    for identity in ("E" * 22, "0" * 22, name_key("track", "Ada", "Else"), name_key("show", "Talk")):
        with pytest.raises(UnknownEntry, match=identity):
            answer(f"{of}/{{id}}", history, {"id": identity, "kinds": "track,episode"})
    with pytest.raises(UnknownEntry):
        answer(f"{of}/{{id}}", history_of_plays([]), {"id": "0" * 22})


def test_a_track_is_told_from_an_episode_of_the_same_id() -> None:
    uri = "S" * 22
    plays = [
        play(f"2024-01-0{day}", kind="episode", name="Talk", show="T", uri=f"spotify:episode:{uri}") for day in (1, 2)
    ]
    history = history_of_plays(keyed([*plays, play("2024-01-03", uri=f"spotify:track:{uri}")]))
    got = answer("tracks/{id}", history, {"id": uri, "kinds": "track,episode"})
    assert (got["name"], got["plays"], got["rank"], got["total"]) == ("Song", 1, 1, 1)
    assert [point["rank"] for point in got["ranks"]] == [1]


def test_what_was_not_played_in_the_period_still_has_a_page() -> None:
    history = history_of_plays(keyed([play("2023-01-01", name="Old"), play("2024-01-01", name="New")]))
    got = answer("tracks/{id}", history, {"id": name_key("track", "Ada", "Old"), "period": "2024"})
    assert (got["plays"], got["rank"], got["total"], got["share"]) == (0, None, 1, 0.0)
    assert (got["first_play"], got["above"], got["below"], got["best_months"]) == (None, [], [], [])
    assert [point["rank"] for point in got["ranks"]] == [None] * 12


def test_what_lies_outside_a_sharing_link_has_no_page() -> None:
    history = history_of_plays(keyed([play("2023-01-01", name="Old"), play("2024-01-01", name="New")]))
    question = question_of("tracks/{id}", {"id": name_key("track", "Ada", "Old")})
    limits = Limits(instant_ms(utc("2024-01-01")), None)
    with pytest.raises(UnknownEntry):
        answer_of(question, Heard(ADA, history), now=NOW, limits=limits)


def test_more_weeks_than_10000_are_refused() -> None:
    history = history_of_plays(keyed([play("2023-01-01")]))
    given = {"id": name_key("track", "Ada", "Song"), "start": "1800-01-01", "end": "2199-12-31"}
    with pytest.raises(InvalidParameter, match="10,000 points"):
        answer("tracks/{id}", history, {**given, "bucket": "week"})
    assert len(answer("tracks/{id}", history, {**given, "bucket": "month"})["ranks"]) == 4_800
