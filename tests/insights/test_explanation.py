"""An explanation holds the plays behind a number and leaves every other play out for one reason."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats_core.documents.plays import Play
from stats_core.errors import InvalidParameter, UnknownEntry
from stats_core.history.columns import History
from stats_core.history.items import name_key
from stats_core.insights.explanation import OF
from tests.insights.answers import answer
from tests.insights.catalogues import LISTENERS, PARTS, listened
from tests.insights.listened import Asked, Listened
from tests.insights.plays import CHANGES, utc

REASONS = ("private", "kind", "filter", "min_ms", "min_share", "completed")
KINDS = ("track", "episode", "chapter", "unknown")
DEFAULT_KINDS = {"shows": ("episode",), "audiobooks": ("chapter",)}
Made = tuple[str, Listened, History]


@pytest.fixture(
    scope="module",
    params=[(*one, PARTS[number % 3]) for number, one in enumerate(LISTENERS)],
    ids=lambda one: "-".join(map(str, one)),
)
def made(request: pytest.FixtureRequest) -> Made:
    """A zone and a made-up listener around its change of clocks, with none, half or all of the catalogue."""
    zone, seed, part = request.param
    heard = listened(zone, seed, part)
    return zone, heard, heard.history()


def questions(heard: Listened, zone: str) -> Iterator[Asked]:
    """Questions with every rule and filter."""
    change = utc(CHANGES[zone])
    near = Asked(zone, start=change - timedelta(hours=30), end=change + timedelta(hours=3))
    artists = sorted({one for play in heard.plays for one in heard.credited(play)})
    yield Asked(zone)
    yield replace(near, private="only", min_ms=20_000)
    yield replace(near, kinds=KINDS, min_share=0.5, platform=("android", "unknown"))
    yield Asked(zone, min_ms=0, kinds=KINDS, private="include", completed=True, min_share=0.2)
    yield Asked(zone, end=change, artist=tuple(artists[:3]), country=("DE",))
    yield Asked(zone, start=change + timedelta(days=30_000))


def recounted(heard: Listened, asked: Asked, own: list[Play]) -> dict[str, object]:
    """What an explanation must say of some plays of the period."""
    reasons = [(play, heard.left_out(play, asked)) for play in own]
    counts = Counter(reason for _, reason in reasons)
    return {
        "counted": counts[None],
        "ms": sum(play.ms for play, reason in reasons if reason is None),
        "left_out": {reason: counts[reason] for reason in REASONS},
        "in_period": len(own),
    }


def test_a_total_is_explained_as_a_slow_count_says(made: Made) -> None:
    zone, heard, history = made
    for asked in questions(heard, zone):
        got = answer("explanation", history, {**asked.given, "limit": "500"})
        expected = recounted(heard, asked, heard.of_period(asked))
        assert {name: got[name] for name in expected} == expected
        assert [each["id"] for each in got["plays"]] == [play.id for play in reversed(heard.passing(asked))]
        summary = answer("summary", history, asked.given)
        assert (got["counted"], got["ms"]) == (summary["plays"], summary["ms"])
        assert (got["of"], got["id"], got["name"]) == (None, None, None)


@pytest.mark.parametrize("of", OF.choices)
def test_an_entry_is_explained_as_a_slow_count_says(made: Made, of: str) -> None:
    zone, heard, history = made
    names = heard.namer(of)
    ids = sorted({one for play in heard.plays for one in names(play)})
    for identity in Random(of).sample(ids, min(len(ids), 6)):  # noqa: S311
        for asked in questions(heard, zone):
            own = [play for play in heard.of_period(asked) if identity in names(play)]
            expected = recounted(heard, asked, own)
            got = answer("explanation", history, {**asked.given, "of": of, "id": identity, "limit": "500"})
            assert {name: got[name] for name in expected} == expected
            passing = [play.id for play in reversed(heard.passing(asked)) if identity in names(play)]
            assert [each["id"] for each in got["plays"]] == passing
            assert (got["of"], got["id"]) == (of, identity)


@pytest.mark.parametrize("of", OF.choices)
def test_the_numbers_of_a_top_are_explained_by_its_own_defaults(made: Made, of: str) -> None:
    _, _, history = made
    top = answer(f"top/{of}", history, {"limit": "5"})
    whole = answer("explanation", history, {"of": of})
    assert whole["rule"] == top["rule"]
    assert whole["rule"]["kinds"] == list(DEFAULT_KINDS.get(of, ("track",)))
    for line in top["items"]:
        got = answer("explanation", history, {"of": of, "id": line["id"]})
        assert {name: got[name] for name in ("id", "name", "ms")} == {name: line[name] for name in ("id", "name", "ms")}
        assert got["counted"] == line["plays"]
        assert line["share"] == line["plays"] / whole["counted"]


ZONES = sorted(CHANGES)
HEARD = {zone: listened(zone, 1, 0.5) for zone in ZONES}
HISTORIES = {zone: heard.history() for zone, heard in HEARD.items()}
EVERYTHING = {"min_ms": "0", "kinds": ",".join(KINDS), "private": "include"}
RULES = st.fixed_dictionaries(
    {},
    optional={
        "min_ms": st.integers(0, 200_000).map(str),
        "kinds": st.sets(st.sampled_from(KINDS), min_size=1).map(",".join),
        "private": st.sampled_from(["exclude", "include", "only"]),
        "min_share": st.sampled_from(["0", "0.4", "1"]),
        "completed": st.sampled_from(["true", "false"]),
        "platform": st.sampled_from(["android", "unknown", "tv"]),
        "country": st.sampled_from(["DE", "NZ,ZZ"]),
        "source": st.sampled_from(["api", "account,extended"]),
    },
)


@given(st.sampled_from(ZONES), st.integers(-2_000_000, 2_000_000), st.integers(1, 4_000_000), RULES, st.data())
@settings(max_examples=100, deadline=None)
def test_what_counts_and_what_is_left_out_are_all_plays_of_the_period(
    zone: str, begin: int, seconds: int, rule: dict[str, str], data: st.DataObject
) -> None:
    start = utc(CHANGES[zone]) + timedelta(seconds=begin)
    period = {"start": start.isoformat(), "end": (start + timedelta(seconds=seconds)).isoformat(), "tz": zone}
    got = answer("explanation", HISTORIES[zone], {**period, **rule})
    everything = answer("summary", HISTORIES[zone], {**period, **EVERYTHING})
    assert got["counted"] + sum(got["left_out"].values()) == got["in_period"] == everything["plays"]
    of = data.draw(st.sampled_from(OF.choices))
    ids = sorted({one for play in HEARD[zone].plays for one in HEARD[zone].namer(of)(play)})
    entry = answer("explanation", HISTORIES[zone], {**period, **rule, "of": of, "id": data.draw(st.sampled_from(ids))})
    assert entry["counted"] + sum(entry["left_out"].values()) == entry["in_period"] <= got["in_period"]


@given(st.sampled_from(ZONES), st.integers(1, 60))
@settings(max_examples=20, deadline=None)
def test_pages_of_an_explanation_make_the_whole(zone: str, limit: int) -> None:
    history = HISTORIES[zone]
    asked = {"of": "platforms", "id": "android", **EVERYTHING}
    whole = answer("explanation", history, {**asked, "limit": "500"})
    pages = []
    cursor: dict[str, str] = {}
    for _ in range(len(whole["plays"]) + 1):
        page = answer("explanation", history, {**asked, "limit": str(limit), **cursor})
        assert {**page, "plays": None, "cursor": None} == {**whole, "plays": None, "cursor": None}
        pages += page["plays"]
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}
    assert pages == whole["plays"]
    assert len(pages) == whole["counted"]


def test_what_was_never_played_is_not_explained() -> None:
    for of, identity in (("tracks", "0" * 22), ("shows", "~" + "0" * 20), ("platforms", "tv"), ("countries", "ZA")):
        with pytest.raises(UnknownEntry, match=identity):
            answer("explanation", HISTORIES["UTC"], {"of": of, "id": identity})


def test_an_id_needs_its_top() -> None:
    with pytest.raises(InvalidParameter, match="only with of"):
        answer("explanation", HISTORIES["UTC"], {"id": "0" * 22})


def test_an_old_key_leads_to_what_it_became() -> None:
    heard = listened("UTC", 1, 1.0)
    history = heard.history()
    for identity, name in heard.artist_names.items():
        key = name_key("artist", name)
        bearers = [one for one, other in heard.artist_names.items() if other == name]
        if history.artists.position(key) is not None and len(bearers) == 1:
            assert answer("explanation", history, {"of": "artists", "id": key})["id"] == identity
            return
    pytest.fail("no artist had a key before")
