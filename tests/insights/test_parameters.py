"""A wrong question is told what was wrong and what is allowed; every declaration says what it does."""

import re

import pytest

from scripts.path_ids import path_given
from stats_core.errors import InvalidParameter
from stats_core.history.columns import history_of_plays
from stats_core.history.reader import Heard
from stats_core.insights import STATISTICS, answered
from stats_core.insights.parameters import Parameter
from tests.insights.answers import NOW
from tests.insights.plays import keyed, listener, play

URI = "spotify:track:0000000000000000000001"
HEARD = Heard(
    listener(),
    history_of_plays(keyed(play(day, album="Tides", uri=URI) for day in ("2024-01-01", "2024-06-01"))),
)
BESIDE = {("explanation", "id"): {"of": "tracks"}}
"""What a parameter means nothing without."""
IN_PATH = {name: path_given(name, HEARD, now=NOW) for name in STATISTICS}
DECLARED = [
    (name, parameter)
    for name, statistic in STATISTICS.items()
    for parameter in (*statistic.path_parameters, *statistic.parameters)
]
IDS = [f"{name}-{parameter.name}" for name, parameter in DECLARED]

MOMENTS: tuple[str, ...] = (
    "",
    "now",
    "2024",
    "2024-1-1",
    "2024-02-30",
    "2024-01-01T25:00",
    "2024-01-01T24:00:00Z",
    "20240101",
)
MOMENTS += ("2024-01-01T00:00:60Z", "2024-01-01T00:00+24:00", "1799-12-31", "2200-01-01", "0000-01-01", "٢٠٢٤-01-01")
COUNTS = ("", "-1", "1.5", "1e3", "ten", "+5", " 5", "٥", "9" * 400)
WRONG: dict[str, tuple[str, ...]] = {
    "start": MOMENTS,
    "end": MOMENTS,
    "tz": ("", "Mars", "europe/berlin", "../etc/passwd", "/etc/localtime", "Europe", "Europe/Berlin\0", "x" * 5_000),
    "min_ms": (*COUNTS, "86400001"),
    "kinds": ("", ",", "song", "track,", "track,song", "Track"),
    "period": (
        "",
        "24",
        "2024-13",
        "2024-W54",
        "2023-W53",
        "1799",
        "2200-01",
        "tomorrow",
        "last_0_days",
        "last_36501_days",
    ),
    "with": ("", "Bob", "../bob", "é", "x" * 65),
    "min_share": (*COUNTS, "1.1", "0.1234567", ".5", "50%"),
    "completed": ("", "yes", "True", "1"),
    "platform": ("", ",", "symbian", "android,"),
    "country": ("", "de", "DEU", "DE,", "D1"),
    "source": ("", "radio", "Extended"),
    **dict.fromkeys(("artist", "album", "item"), ("", "x", "~xyz", "0" * 22 + ",", "é" * 22)),
    "private": ("", "yes", "Include"),
    "by": ("", "share", "PLAYS"),
    "limit": (*COUNTS, "0", "501"),
    "offset": COUNTS,
    "of": ("", "songs", "Artists", "tracks,artists"),
    "sort": ("", "oldest", "Plays"),
    "n": (*COUNTS, "1", "10001"),
    "min_plays": (*COUNTS, "0", "1000001"),
    "bucket": ("", "decade", "Day"),
    "q": ("x" * 201,),
    "id": ("", "x", "~xyz", "0" * 22 + ",", "é" * 22),
    "measure": ("", "fame", "Plays", "plays,ms"),
    "window": (*COUNTS, "0", "1001"),
    "gap": (*COUNTS, "0", "1441"),
    "cursor": ("", "x", "A" * 31, "!" * 32, "é" * 32, "A" * 4_000),
}

WRONG |= {f"other_{name}": WRONG[name] for name in ("period", "start", "end")}


@pytest.mark.parametrize(("statistic", "parameter"), DECLARED, ids=IDS)
def test_every_wrong_value_is_refused_with_what_is_allowed(statistic: str, parameter: Parameter[object]) -> None:
    for text in WRONG[parameter.name]:
        with pytest.raises(InvalidParameter) as caught:
            answered(statistic, HEARD, {**IN_PATH[statistic], parameter.name: text}, now=NOW)
        assert (caught.value.parameter, caught.value.value) == (parameter.name, text)
        assert caught.value.allowed == parameter.allowed


@pytest.mark.parametrize(("statistic", "parameter"), DECLARED, ids=IDS)
def test_every_declaration_is_complete_and_its_example_works(statistic: str, parameter: Parameter[object]) -> None:
    assert parameter.description.endswith(".")
    in_path = parameter in STATISTICS[statistic].path_parameters
    assert ("Without it: " in parameter.description) == (parameter.default is None and not in_path)
    if not in_path:
        beside = {**IN_PATH[statistic], **BESIDE.get((statistic, parameter.name), {})}
        answered(statistic, HEARD, {**beside, parameter.name: parameter.example}, now=NOW)
    schema = parameter.schema
    assert schema["type"] in {"string", "integer", "boolean"}
    for text in filter(None, (parameter.example, parameter.default)):
        parameter.read(text)
        if "pattern" in schema:
            assert re.fullmatch(str(schema["pattern"]), text)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_an_unknown_parameter_is_refused_with_the_known_ones(statistic: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        answered(statistic, HEARD, {**IN_PATH[statistic], "strat": "2024-01-01"}, now=NOW)
    assert (caught.value.parameter, caught.value.value) == ("strat", "2024-01-01")
    assert all(parameter.name in caught.value.allowed for parameter in STATISTICS[statistic].parameters)


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("end", ["2024-01-01", "2023-12-31", "2024-01-01T00:00:00+01:00"])
def test_a_period_that_ends_before_it_begins_is_refused(statistic: str, end: str) -> None:
    with pytest.raises(InvalidParameter, match="later than start, 2024-01-01T00:00:00Z"):
        answered(statistic, HEARD, {**IN_PATH[statistic], "start": "2024-01-01", "end": end}, now=NOW)


@pytest.mark.parametrize(
    ("bucket", "end", "points"),
    [("hour", "2001-02-20T16:00:00Z", 10_000), ("hour", "2001-02-20T17:00:00Z", 10_001), ("day", "2027-05-19", 10_000)],
)
def test_a_timeline_has_at_most_10000_points(bucket: str, end: str, points: int) -> None:
    given = {"start": "2000-01-01", "end": end, "bucket": bucket}
    if points > 10_000:
        with pytest.raises(InvalidParameter, match="10,000 points"):
            answered("timeline", HEARD, given, now=NOW)
    else:
        answer = answered("timeline", HEARD, given, now=NOW).answer
        assert len(answer.points) == points  # type: ignore[attr-defined]


@pytest.mark.parametrize("bucket", ["hour", "day", "week"])
def test_the_longest_period_is_refused_at_once(bucket: str) -> None:
    given = {"start": "1800-01-01", "end": "2199-12-31", "bucket": bucket, "tz": "America/St_Johns"}
    with pytest.raises(InvalidParameter, match="10,000 points"):
        answered("timeline", HEARD, given, now=NOW)


def test_an_unknown_statistic_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="top/tracks"):
        answered("top/songs", HEARD, {}, now=NOW)
