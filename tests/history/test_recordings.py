"""Which tracks are one recording, case by case."""

import pytest

from stats_core.documents.catalogue import Credit, Track
from stats_core.history.catalogue import Catalogue
from stats_core.history.columns import history_of_plays
from stats_core.history.entries import Entries
from tests.insights.answers import answer
from tests.insights.plays import keyed, play

ADA = [Credit(id="a" * 22, name="Ada")]
BOB = [Credit(id="b" * 22, name="Bob")]


def recordings(*tracks: Track, **names: str) -> list[str]:
    """The recordings of tracks that were played, as the first letters of their tracks; `names` other than Song."""
    plays = [play("2024-01-01", uri=f"spotify:track:{one.id}", name=names.get(one.id[0], "Song")) for one in tracks]
    history = history_of_plays(keyed(plays), catalogue=Catalogue.of(tracks))
    groups: dict[int, str] = {}
    for item, code in zip(history.item.tolist(), history.recordings.of_item[history.item].tolist(), strict=True):
        groups[code] = groups.get(code, "") + _letter(history.titles, item)
    return sorted("".join(sorted(group)) for group in groups.values())


def _letter(titles: Entries, item: int) -> str:
    return titles.entries[int(titles.of_item[item])].id[0]


def track(letter: str, length: int | None, isrc: str | None = None, artists: list[Credit] = ADA) -> Track:
    """A track whose id is this letter over and over."""
    return Track(id=letter * 22, revision=1, name="Song", artists=artists, length=length, isrc=isrc)


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ((60_000, 62_000), ["AB"]),
        ((60_000, 62_001), ["A", "B"]),
        ((60_000, 62_000, 64_000), ["ABC"]),
        ((60_000, 64_000, 62_000), ["ABC"]),
        ((60_000, 62_001, 64_001), ["A", "BC"]),
        ((None, None), ["A", "B"]),
        ((60_000, None, 60_000), ["AC", "B"]),
    ],
)
def test_without_isrc_lengths_must_follow_within_two_seconds(lengths: list[int | None], expected: list[str]) -> None:
    assert recordings(*(track(letter, length) for letter, length in zip("ABCD", lengths, strict=False))) == expected


def test_equal_isrcs_are_one_whatever_else_differs() -> None:
    assert recordings(track("A", 60_000, "X"), track("B", 99_000, "X", BOB), A="Song", B="Chanson") == ["AB"]


def test_different_isrcs_are_never_one() -> None:
    assert recordings(track("A", 60_000, "X"), track("B", 60_000, "Y")) == ["A", "B"]


def test_what_has_no_isrc_joins_the_one_recording_it_equals() -> None:
    assert recordings(track("A", 60_000, "X"), track("B", 62_000)) == ["AB"]
    assert recordings(track("A", 60_000, "X"), track("B", 62_001)) == ["A", "B"]
    assert recordings(track("A", 60_000, "X"), track("B", 62_000), track("C", 64_000)) == ["ABC"]


def test_what_equals_two_recordings_joins_neither() -> None:
    assert recordings(track("A", 60_000, "X"), track("B", 62_000), track("C", 64_000, "Y")) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("name", "together"), [("SONG", True), ("Ｓong", True), ("Song ", False), ("Song (Live)", False)]
)
def test_names_are_equal_but_for_case_and_width(name: str, together: bool) -> None:
    got = recordings(track("A", 60_000), track("B", 60_000), B=name)
    assert got == (["AB"] if together else ["A", "B"])


def test_primary_artists_must_be_the_same() -> None:
    assert recordings(track("A", 60_000), track("B", 60_000, artists=BOB)) == ["A", "B"]
    assert recordings(track("A", 60_000), track("B", 60_000, artists=ADA + BOB)) == ["AB"]


def test_a_recording_is_named_by_its_smallest_id_and_every_track_leads_to_it() -> None:
    plays = [play(f"2024-01-0{day}", uri=f"spotify:track:{letter * 22}") for day, letter in enumerate("BAC", start=1)]
    tracks = [track(letter, 60_000) for letter in "ABC"]
    history = history_of_plays(keyed([*plays, play("2024-02-01", name="Else")]), catalogue=Catalogue.of(tracks))
    assert answer("top/recordings", history, {})["items"][0]["id"] == "A" * 22
    found = {history.recordings.position(letter * 22) for letter in "ABC"}
    assert len(found) == 1
    assert found != {None}
    assert history.recordings.position("Z" * 22) is None


@pytest.mark.parametrize("of", ["tracks", "recordings", "artists", "primary-artists", "albums", "shows", "audiobooks"])
def test_who_played_nothing_that_has_a_name_has_empty_tops(of: str) -> None:
    history = history_of_plays(keyed([play("2024-01-01", kind="unknown", name=None, artist=None)]))
    got = answer(f"top/{of}", history, {"kinds": "track,episode,chapter,unknown"})
    assert (got["items"], got["total"]) == ([], 0)
