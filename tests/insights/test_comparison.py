"""Two sides side by side; and what an agreement keeps to itself."""

from typing import Any

import msgspec
import pytest

from stats_core.documents import Play, StreamRule
from stats_core.errors import InvalidParameter
from stats_core.history.columns import history_of_plays
from stats_core.history.reader import Heard
from stats_core.insights import answer_of, asked
from stats_core.insights.question import Companion
from tests.insights.answers import NOW
from tests.insights.plays import keyed, listener, play, saved, some_plays

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
    question = asked("comparison", {"with": "bob", **given})
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
