"""Who, what and which recording: whatever is played, and whatever the catalogue knows, as a slow look at it says."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from random import Random
from typing import Final, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stats_core.documents.catalogue import Album, Artist, Credit, Track
from stats_core.documents.imports import SavedItem
from stats_core.documents.plays import Play
from stats_core.history.catalogue import Catalogue
from stats_core.history.columns import History, history_of, history_of_plays
from stats_core.history.items import name_key
from stats_core.history.tables import table_of
from tests.insights import recount
from tests.insights.answers import answer
from tests.insights.listened import Listened, alike
from tests.insights.plays import keyed, play, utc

T = TypeVar("T")

IDS: Final = [letter * 22 for letter in "AbZ09"]
ARTISTS: Final = ["p" * 22, "q" * 22, "r" * 22, "v" * 22]
ALBUMS: Final = ["k" * 22, "l" * 22]
NAMES: Final = ["Ada", "ADA", "Ａda", "Straße", "STRASSE", "Various Artists", "VARIOUS artists"]
TITLES: Final = ["Song", "SONG", "Song ", "ﬁn", "fin"]
LENGTHS: Final = [30_000, 31_999, 32_000, 32_001, 34_000, 34_001]
"""Two seconds apart, and a little more or less."""
GROUPS: Final = ("titles", "tracks", "recordings", "artists", "primary_artists", "albums", "shows", "audiobooks")

maybe_title, maybe_name = st.sampled_from([None, *TITLES]), st.sampled_from([None, *NAMES])
heard_ms = st.sampled_from([0, *LENGTHS])
reasons = st.sampled_from([None, "fwdbtn", "trackdone", "trackdone", "trackdone"])
track_plays = st.fixed_dictionaries(
    {
        "name": maybe_title,
        "artist": maybe_name,
        "album": st.sampled_from([None, "Ada", "ADA", "Blue"]),
        "uri": st.sampled_from([None, "spotify:local:::Song:9", *(f"spotify:track:{one}" for one in IDS)]),
        "ms": heard_ms,
        "reason_end": reasons,
        "private": st.sampled_from([None, True]),
    }
)
other_plays = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["episode", "chapter", "unknown"]),
        "name": maybe_title,
        "artist": st.none(),
        "show": st.sampled_from([None, "Ada", "ADA"]),
        "audiobook": st.sampled_from([None, "Ada", "ADA"]),
        "audiobook_uri": st.sampled_from([None, "spotify:audiobook:" + "h" * 22]),
        "author": st.sampled_from([None, "Ada"]),
        # An episode may bear the id of a track.
        "uri": st.sampled_from([None, f"spotify:episode:{IDS[0]}"]),
        "ms": heard_ms,
        "reason_end": reasons,
    }
)


@st.composite
def plays(draw: st.DrawFn) -> list[Play]:
    """A few plays, some at the very same time."""
    found = draw(st.lists(st.one_of(track_plays, track_plays, track_plays, other_plays), max_size=12))
    hours = draw(st.lists(st.integers(0, 2_000), min_size=len(found), max_size=len(found)))
    return keyed(
        play(utc("2024-01-01") + timedelta(hours=hour), **fields)  # type: ignore[arg-type]
        for hour, fields in zip(hours, found, strict=True)
    )


credited = st.lists(st.builds(Credit, id=st.sampled_from(ARTISTS), name=st.sampled_from(NAMES)), max_size=3)
revisions = st.integers(1, 2)
known_tracks = st.builds(
    Track,
    id=st.sampled_from(IDS),
    revision=revisions,
    name=st.sampled_from(TITLES),
    artists=credited,
    album=st.sampled_from([None, *ALBUMS]),
    length=st.sampled_from([None, 0, *LENGTHS]),
    isrc=st.sampled_from([None, None, "ISRC1", "ISRC2"]),
)
known_albums = st.builds(
    Album,
    id=st.sampled_from(ALBUMS),
    revision=revisions,
    name=st.sampled_from(["Ada", "ADA", "Blue"]),
    artists=credited,
)
known_artists = st.builds(Artist, id=st.sampled_from(ARTISTS), revision=revisions, name=st.sampled_from(NAMES))
libraries = st.lists(
    st.builds(
        SavedItem,
        uri=st.sampled_from([f"spotify:track:{one}" for one in IDS]),
        name=st.sampled_from(TITLES),
        by=st.sampled_from(NAMES),
    ),
    max_size=2,
)


@st.composite
def listeners(draw: st.DrawFn) -> Listened:
    """A listener with a library and a catalogue, in which almost everything is almost equal."""
    return Listened(
        draw(plays()),
        draw(libraries),
        {one.id: one for one in draw(st.lists(known_tracks, max_size=5))},
        {one.id: one for one in draw(st.lists(known_albums, max_size=2))},
        {one.id: one for one in draw(st.lists(known_artists, max_size=4))},
    )


def told(history: History) -> dict[str, object]:
    """All that a history says of its plays, with nothing in it that hangs on where something is kept."""
    everything: dict[str, object] = {}
    for group in GROUPS:
        entries = getattr(history, group)
        number, code = entries.of_plays(history.item)
        of_play: list[list[str]] = [[] for _ in range(len(history))]
        for play_number, entry in zip(number.tolist(), code.tolist(), strict=True):
            of_play[play_number].append(entries.entries[entry].id)
        everything[group] = of_play
        everything[f"{group} shown"] = {
            (
                entry.kind,
                entry.id,
                entry.name,
                entry.artist,
                entry.album,
                entries.provisional[at],
                entries.ambiguous[at],
            )
            for at, entry in enumerate(entries.entries)
        }
    lengths, titles = history.lengths, history.titles
    everything["lengths"] = {
        (entry.kind, entry.id, int(lengths.ms[at]), bool(lengths.estimated[at]))
        for at, entry in enumerate(titles.entries)
    }
    return everything


@given(listeners())
@settings(max_examples=400, deadline=None)
def test_each_play_belongs_to_what_a_slow_look_says(heard: Listened) -> None:
    history = heard.history()
    got = told(history)
    assert got["titles"] == [[title] if (title := heard.title(each)) is not None else [] for each in heard.plays]
    for group in GROUPS[1:]:
        namer = heard.namer(group.replace("_", "-"))
        assert got[group] == [namer(each) for each in heard.plays], group


@given(listeners())
@settings(max_examples=200, deadline=None)
def test_each_entry_is_called_what_a_slow_look_says(heard: Listened) -> None:
    history = heard.history()
    for group in GROUPS[1:]:
        of = group.replace("_", "-")
        entries = getattr(history, group)
        for code in entries.by_id.tolist():
            entry = entries.entries[code]
            named = recount.named(heard, of, entry.id)
            assert (entry.name, entry.artist, entry.album) == (named["name"], named["artist"], named["album"]), group
            if group.endswith("artists"):
                assert bool(entries.provisional[code]) == named["provisional"]
                assert bool(entries.ambiguous[code]) == named["ambiguous"]


@given(listeners())
@settings(max_examples=200, deadline=None)
def test_each_length_is_what_a_slow_look_says(heard: Listened) -> None:
    history = heard.history()
    for each, item in zip(heard.plays, history.item.tolist(), strict=True):
        title = int(history.titles.of_item[item])
        if title >= 0:
            known = heard.tracks.get(heard.title(each) or "")
            is_known = each.kind == "track" and known is not None and bool(known.length)
            length = heard.length(each)
            assert int(history.lengths.ms[title]) == (length or 0)
            assert bool(history.lengths.estimated[title]) == (length is not None and not is_known)


@given(listeners(), st.randoms(use_true_random=False), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_neither_the_order_of_plays_nor_of_the_catalogue_matters(heard: Listened, dice: Random, months: int) -> None:
    mixed = dice.sample(list(heard.plays), len(heard.plays))
    tables = [table_of(mixed[part::months]) for part in range(months)]
    turned = Catalogue(1, _turned(heard.tracks), _turned(heard.albums), _turned(heard.artists))
    assert told(history_of(tables, list(reversed(heard.saved)), turned)) == told(heard.history())


@given(listeners())
@settings(max_examples=200, deadline=None)
def test_a_key_of_names_leads_to_what_plays_of_these_names_have_become(heard: Listened) -> None:
    history = heard.history()
    for each in heard.plays:
        expected: dict[str, tuple[str, set[str]]] = {}
        if each.kind != "unknown" and each.name is not None:
            by = {"track": each.artist, "episode": each.show, "chapter": each.audiobook}[each.kind]
            key = name_key(each.kind, by, each.name)
            expected["titles"] = key, {heard.title(replace(each, uri=None)) or ""}
        for group, key, own in _names(each):
            alike_named = [one for one in heard.plays if (group, key) in {named[:2] for named in _names(one)}]
            ids = {identity for one in alike_named for identity in heard.namer(group)(one)}
            if group == "artists":
                ids = {one for one in ids if one == key or alike(heard.artist_names[one]) == alike(own)}
            expected[group] = key, {key} if key in ids else ids
        for group, (key, ids) in expected.items():
            entries = getattr(history, group)
            found = {entries.entries[code].id for code in entries.positions(key)}
            assert found == (ids if len(ids) == 1 else set()), group
        for track in heard.track(each):
            position = history.recordings.position(track)
            assert position is not None
            assert history.recordings.entries[position].id == heard.recording(each)[0]


def test_the_old_key_of_a_track_leads_to_the_uri_that_was_played_most() -> None:
    uris = [f"spotify:track:{one}" for one in (IDS[0], IDS[1], IDS[1], IDS[2], IDS[2])]
    history = history_of_plays(keyed(play(f"2024-01-0{day}", uri=uri) for day, uri in enumerate(uris, start=1)))
    for entries in (history.titles, history.tracks, history.recordings):
        code = entries.position(name_key("track", "Ada", "Song"))
        assert code is not None
        assert entries.entries[code].id == min(IDS[1:3])


def test_the_catalogue_fills_in_what_plays_leave_open_and_no_more() -> None:
    album = Album(id=ALBUMS[0], revision=1, name="Known album")
    credits_of = [Credit(id=ARTISTS[0], name="Ada"), Credit(id=ARTISTS[1], name="Bo")]
    tracks = [Track(id=one, revision=1, name="Known", artists=credits_of, album=ALBUMS[0]) for one in IDS[:2]]
    unnamed = play("2024-01-01", name=None, artist=None, uri=f"spotify:track:{IDS[0]}")
    named = play("2024-01-02", name="Heard", artist="Ada", uri=f"spotify:track:{IDS[1]}")
    history = history_of_plays(keyed([unnamed, named]), catalogue=Catalogue.of(tracks, [album]))
    got = {line["id"]: line for line in answer("top/tracks", history, {})["items"]}
    told = {one: [got[one][field] for field in ("name", "artist", "album")] for one in got}
    assert told == {IDS[0]: ["Known", "Ada, Bo", "Known album"], IDS[1]: ["Heard", "Ada", "Known album"]}


@pytest.mark.parametrize("name", ["Various Artists", "VARIOUS artists", "Ｖarious Artists"])
def test_various_artists_are_nobody_however_they_are_written(name: str) -> None:
    known = Track(id=IDS[0], revision=1, name="Song", artists=[Credit(id="v" * 22, name="Various Artists")])
    plays = [play("2024-01-01", artist=name), play("2024-01-02", artist=name, uri=f"spotify:track:{IDS[0]}")]
    for catalogue in (Catalogue(), Catalogue.of([known])):
        got = answer("top/artists", history_of_plays(keyed(plays), catalogue=catalogue), {})
        assert (got["items"], got["uncredited"]) == ([], 2)


def _names(each: Play) -> Iterator[tuple[str, str, str]]:
    """Group, key and own name of whatever a play names besides its title."""
    if each.kind == "track" and each.artist is not None:
        yield "artists", name_key("artist", each.artist), each.artist
    if each.kind == "track" and each.album is not None:
        yield "albums", name_key("album", each.artist, each.album), each.album
    if each.kind == "chapter" and each.audiobook is not None:
        yield "audiobooks", name_key("audiobook", each.audiobook), each.audiobook


def _turned(known: Mapping[str, T]) -> dict[str, T]:
    return dict(reversed(list(known.items())))
