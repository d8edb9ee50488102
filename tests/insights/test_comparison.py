"""Two sides side by side; and what an agreement keeps to itself."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from stats_core.documents.listeners import StreamRule
from stats_core.documents.plays import Play
from stats_core.errors import InvalidParameter
from stats_core.history.columns import history_of_plays
from stats_core.history.reader import Heard
from stats_core.insights import answer_of
from stats_core.insights import asked as asked_of
from stats_core.insights.question import Companion
from tests.insights.answers import NOW, answer
from tests.insights.catalogues import LISTENERS, PARTS, listened, with_catalogue
from tests.insights.listened import Asked, Listened
from tests.insights.plays import CHANGES, keyed, listener, play, saved, some_plays, utc

ADA = keyed(
    [
        *(play(f"2024-0{month}-15T10:00:00", name=f"Song {month}", artist="Both") for month in range(1, 5)),
        *(play(f"2024-05-1{day}T10:00:00", name="Mine", artist="Hers") for day in range(4)),
        play("2024-05-20T10:00:00", name="Secret", artist="Private", private=True),
    ]
)
BOB = keyed(
    [
        *(play(f"2024-0{month}-20T10:00:00", name=f"Song {month}", artist="Both") for month in (1, 2)),
        play("2024-05-20T11:00:00", name="Secret", artist="Private"),
        play("2024-05-21T11:00:00", name="His", artist="Only His"),
    ]
)


def compared(mine: list[Play], theirs: list[Play], given: dict[str, str], *, agreed: bool) -> dict[str, Any]:
    """The comparison of two listeners."""
    bob = Heard(msgspec.structs.replace(listener(), id="bob"), history_of_plays(theirs))
    ada = Heard(listener(rule=StreamRule(private="include") if agreed else None), history_of_plays(mine, saved()))
    question = asked_of("comparison", {"with": "bob", **given})
    assert question.companion == "bob"
    told: dict[str, Any] = msgspec.json.decode(answer_of(question, ada, now=NOW, companion=Companion(bob, agreed)).json)
    return told


def test_who_may_read_both_is_told_everything() -> None:
    got = compared(ADA, BOB, {"period": "2024"}, agreed=False)
    assert (got["other_user"], got["agreed"]) == ("bob", False)
    assert got["totals"] == {"plays": 8, "ms": 1_440_000, "recordings": 5, "artists": 2}
    assert got["other_totals"] == {"plays": 4, "ms": 720_000, "recordings": 4, "artists": 3}
    assert [(line["name"], line["plays"], line["other_plays"]) for line in got["artists"]["both"]] == [("Both", 4, 2)]
    assert [line["name"] for line in got["artists"]["only"]] == ["Hers"]
    assert [line["name"] for line in got["artists"]["other_only"]] == ["Private", "Only His"]
    assert got["affinity"] == {"artists": 0.5, "recordings": 0.25, "affinity": 0.375}


def test_an_agreement_tells_shares_of_what_both_played_and_nothing_else() -> None:
    got = compared(ADA, BOB, {"period": "2024"}, agreed=True)
    assert got["agreed"]
    assert (got["totals"], got["other_totals"]) == (None, None)
    for group in ("artists", "recordings"):
        assert (got[group]["only"], got[group]["other_only"]) == (None, None)
        for line in got[group]["both"]:
            assert {line[name] for name in ("plays", "other_plays", "ms", "other_ms")} == {None}
    text = msgspec.json.encode(got).decode()
    for name in ("Hers", "Only His", "His", "Mine", "Secret", "Private"):
        assert f'"{name}"' not in text, "one has it alone, or had it in private"
    assert [(line["name"], line["share"], line["other_share"]) for line in got["artists"]["both"]] == [
        ("Both", 0.5, 0.5)
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Apia", "America/St_Johns"])
def test_shares_of_an_agreement_tell_a_tenth_of_a_percent_at_most(zone: str) -> None:
    mine, theirs = some_plays(zone, 1), some_plays(zone, 2)
    got = compared(mine, theirs, {"period": "all"}, agreed=True)
    shares = [line[name] for group in ("artists", "recordings") for line in got[group]["both"] for name in SHARES]
    assert shares
    assert all(round(share, 3) == share for share in [*shares, *got["affinity"].values()])


SHARES = ("share", "other_share")


@pytest.mark.parametrize(
    "given",
    [
        {"start": "2024-01-02", "end": "2024-03-01"},
        {"period": "2024-W12"},
        {"period": "last_30_days"},
        {"start": "2024-01-01T00:00:00Z", "end": "2024-03-01T00:00:01Z"},
        {"tz": "Asia/Kathmandu"},
        {"country": "DE"},
        {"platform": "ios"},
        {"source": "api"},
        {"artist": "~" + "0" * 20},
        {"item": "~" + "0" * 20},
        {"min_ms": "0"},
        {"min_share": "0.5"},
        {"completed": "true"},
        {"private": "include"},
        {"other_period": "2023"},
    ],
)
def test_an_agreement_answers_whole_months_and_no_narrower_question(given: dict[str, str]) -> None:
    with pytest.raises(InvalidParameter):
        compared(ADA, BOB, given, agreed=True)


def test_an_open_period_of_an_agreement_is_widened_to_whole_months() -> None:
    got = compared(ADA, BOB, {"period": "all"}, agreed=True)
    assert got["period"] == {"start": "2024-01-01T00:00:00Z", "end": "2024-06-01T00:00:00Z", "timezone": "UTC"}
    assert got["other_period"] == got["period"]


def test_recordings_of_two_listeners_are_joined_by_the_tracks_they_share() -> None:
    uris = [f"spotify:track:{number:022}" for number in range(3)]
    # Of hers two tracks are one recording by their lengths; he has each of them alone, too short to tell.
    mine = keyed(
        play(f"2024-01-0{day}", uri=uris[day % 2], artist="Ada", name="Same", reason_end="trackdone")
        for day in range(1, 5)
    )
    theirs = keyed([play("2024-01-05", uri=uris[0], artist="Ada", name="Same"), play("2024-01-06", uri=uris[1])])
    got = compared(mine, theirs, {"period": "all"}, agreed=False)
    assert got["recordings"]["total"] == 1
    [line] = got["recordings"]["both"]
    assert (line["id"], line["plays"], line["other_plays"]) == (f"{0:022}", 4, 2)
    assert got["affinity"]["recordings"] == 1


def counted(listened: Listened, asked: Asked, of: str) -> dict[str, list[Play]]:
    """Entry -> its passing plays."""
    groups: dict[str, list[Play]] = {}
    for each in listened.passing(asked):
        for identity in listened.namer(of)(each):
            groups.setdefault(identity, []).append(each)
    return groups


def common_ids(*sides: Listened) -> dict[str, str]:
    """Recording -> what both listeners call it: those that share a track or an ISRC are one."""
    members: dict[str, set[str]] = {}
    for side in sides:
        for each in side.plays:
            for track in side.track(each):
                known = side.tracks.get(track)
                keys = {track, *({known.isrc} if known and known.isrc else ())}
                members.setdefault(side.recording(each)[0], {side.recording(each)[0]}).update(keys)
    groups: list[set[str]] = []
    for keys in members.values():
        touching = [group for group in groups if group & keys]
        groups = [group for group in groups if not group & keys] + [keys.union(*touching)]
    return {one: min(group) for group in groups for one in group}


def expected(sides: tuple[Listened, Listened], questions: tuple[Asked, Asked], limit: int) -> dict[str, Any]:
    """The slow count of a comparison."""
    wholes = [len(side.passing(asked)) for side, asked in zip(sides, questions, strict=True)]
    told: dict[str, Any] = {}
    shares = []
    for field, of in (("artists", "primary-artists"), ("recordings", "recordings")):
        mine, theirs = (counted(side, asked, of) for side, asked in zip(sides, questions, strict=True))
        if of == "recordings" and sides[0] is not sides[1]:
            heads = common_ids(*sides)
            mine, theirs = (joined(side, heads) for side in (mine, theirs))
        both: list[dict[str, Any]] = [
            {
                "id": one, "share": len(mine[one]) / wholes[0], "other_share": len(theirs[one]) / wholes[1],
                "plays": len(mine[one]), "other_plays": len(theirs[one]), "ms": ms(mine[one]),
                "other_ms": ms(theirs[one]),
            }
            for one in mine.keys() & theirs.keys()
        ]  # fmt: skip
        both.sort(
            key=lambda line: (
                -min(line["share"], line["other_share"]),
                -max(line["share"], line["other_share"]),
                line["id"],
            )
        )
        shares.append(sum(min(line["share"], line["other_share"]) for line in both))
        told[field] = {
            "both": both[:limit], "total": len(both),
            "only": alone(mine, theirs)[:limit], "other_only": alone(theirs, mine)[:limit],
        }  # fmt: skip
    affinity = [*shares, sum(shares) / 2]
    told["affinity"] = dict(zip(("artists", "recordings", "affinity"), affinity, strict=True)) if all(wholes) else None
    return told


def ms(plays: list[Play]) -> int:
    """Milliseconds listened."""
    return sum(each.ms for each in plays)


def joined(groups: dict[str, list[Play]], heads: dict[str, str]) -> dict[str, list[Play]]:
    """The same plays by common ids."""
    found: dict[str, list[Play]] = {}
    for identity, plays in groups.items():
        found.setdefault(heads[identity], []).extend(plays)
    return found


def alone(mine: dict[str, list[Play]], theirs: dict[str, list[Play]]) -> list[dict[str, Any]]:
    """What one side has alone, the most played first."""
    keys = [one for one in mine if one not in theirs]
    keys.sort(key=lambda one: (-len(mine[one]), -ms(mine[one]), min(each.start for each in mine[one]), one))
    return [{"id": one, "plays": len(mine[one]), "ms": ms(mine[one])} for one in keys]


def bare(told: Any) -> Any:
    """Without names, and with sums of shares as near as floats can tell."""
    if isinstance(told, dict):
        return {name: bare(value) for name, value in told.items() if name not in {"name", "artist"}}
    if isinstance(told, list):
        return [bare(each) for each in told]
    return pytest.approx(told) if isinstance(told, float) else told


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("zone", "seed"), LISTENERS)
def test_two_periods_are_what_a_slow_count_says(zone: str, seed: int, part: float) -> None:
    heard = listened(zone, seed, part)
    change = utc(CHANGES[zone])
    for asked, other in (
        (Asked(zone, start=change, end=change + timedelta(days=400)), Asked(zone, end=change)),
        (
            Asked(zone, start=change - timedelta(hours=3), end=change + timedelta(hours=30), min_ms=0),
            Asked(zone, start=change - timedelta(hours=36), end=change - timedelta(hours=3), min_ms=0),
        ),
    ):
        others = {f"other_{name}": value for name, value in other.given.items() if name in {"start", "end"}}
        got = answer("comparison", heard.history(), {**asked.given, **others, "limit": "7"})
        slow = expected((heard, heard), (asked, other), 7)
        assert bare({name: got[name] for name in slow}) == bare(slow)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("zone", CHANGES)
def test_two_listeners_are_what_a_slow_count_says(zone: str, part: float) -> None:
    plays, other_plays = some_plays(zone, 1), some_plays(zone, 2)
    known = with_catalogue([*plays, *other_plays], part, zone)  # one catalogue for both
    mine, theirs = (replace(known, plays=one) for one in (plays, other_plays))
    asked = Asked(zone, min_ms=0, private="include")
    bob = Heard(msgspec.structs.replace(listener(), id="bob"), theirs.history())
    question = asked_of("comparison", {**asked.given, "with": "bob", "period": "all", "limit": "9"})
    told = answer_of(question, Heard(listener(), mine.history()), now=NOW, companion=Companion(bob, shares_only=False))
    got = msgspec.json.decode(told.json)
    slow = expected((mine, theirs), (asked, asked), 9)
    assert bare({name: got[name] for name in slow}) == bare(slow)
