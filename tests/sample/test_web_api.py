"""The made-up catalogue: what it must hold for the statistics to be tried on, and that it grows without changing."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats_core.errors import InvalidParameter
from stats_core.history.catalogue import folded
from stats_core.history.items import VARIOUS_ARTISTS
from stats_core.sample import MadeUpCatalogue, sample_catalogue
from tests.sample.reading import PLAYS, SEED, YEARS, Sample, sound_rows

URI, ARTIST = "spotify_track_uri", "master_metadata_album_artist_name"


def of_part(part: float) -> MadeUpCatalogue:
    return sample_catalogue(PLAYS, YEARS, SEED, part)


def by_id(known: MadeUpCatalogue) -> dict[str, bytes]:
    """Every document as it would be written."""
    return {document.id: msgspec.json.encode(document) for part in known for document in part}


@pytest.fixture(scope="module")
def whole() -> MadeUpCatalogue:
    return of_part(1)


def test_the_same_arguments_give_the_same_catalogue(whole: MadeUpCatalogue) -> None:
    assert of_part(1) == whole
    assert sample_catalogue(PLAYS, YEARS, SEED + 1, 1) != whole


def test_all_of_it_knows_every_track_of_the_export_and_none_of_it_nothing(
    sample: Sample, whole: MadeUpCatalogue
) -> None:
    played = {row[URI].rpartition(":")[2] for row in sound_rows(sample()) if row[URI]}
    assert {track.id for track in whole.tracks} == played
    assert of_part(0) == ([], [], [])
    assert abs(len(of_part(0.5).tracks) - len(played) / 2) <= 1


@settings(max_examples=10, deadline=None)
@given(parts=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_larger_part_holds_the_smaller_document_by_document(parts: tuple[float, float]) -> None:
    smaller, larger = (by_id(of_part(part)) for part in sorted(parts))
    assert smaller.items() <= larger.items()


def test_every_difficulty_of_real_catalogues_occurs_unless_told_otherwise() -> None:
    tracks, albums, artists = sample_catalogue(25_000, 6, 1, 1)
    by_isrc = Counter(track.isrc for track in tracks if track.isrc)
    assert max(by_isrc.values()) >= 3, "a single, an album and a later one share a recording"
    published = {track.album for track in tracks if track.isrc == by_isrc.most_common(1)[0][0]}
    assert len(published - {None}) >= 2
    assert {len(track.artists) for track in tracks} == {0, 1, 2, 3}
    for field in ("isrc", "length", "album"):
        missing = [getattr(track, field) is None for track in tracks]
        assert 0 < sum(missing) < len(tracks) / 4
    bearers = Counter(
        folded(name) for name in {credit.id: credit.name for t in tracks for credit in t.artists}.values()
    )
    assert max(bearers.values()) == 2, "two artists bear one name"
    compiled = {album.id for album in albums if album.artists[0].name == VARIOUS_ARTISTS}
    credited = {credit.name for track in tracks if track.album in compiled for credit in track.artists}
    assert credited
    assert VARIOUS_ARTISTS not in credited
    for documents in (albums, artists):
        images = [document.image for document in documents]
        assert any(image is None for image in images)
        assert all(image.startswith("https://images.example.invalid/") for image in images if image)
    assert {track.album for track in tracks if track.album} > {album.id for album in albums}
    assert {credit.id for track in tracks for credit in track.artists} > {artist.id for artist in artists}


def test_primary_artists_and_lengths_are_those_of_the_export(sample: Sample, whole: MadeUpCatalogue) -> None:
    known = {track.id: track for track in whole.tracks}
    for row in sound_rows(sample()):
        if row[URI]:
            track = known[row[URI].rpartition(":")[2]]
            assert not track.artists or track.artists[0].name == row[ARTIST]
            if track.length and row["reason_end"] == "trackdone" and not row["episode_name"]:
                assert row["ms_played"] in {0, track.length} or row["offline"] is None


def test_no_two_documents_share_an_id_and_all_ids_have_spotifys_form(whole: MadeUpCatalogue) -> None:
    assert len(by_id(whole)) == len(whole.tracks) + len(whole.albums) + len(whole.artists)
    assert all(len(identity) == 22 and identity.isalnum() for identity in by_id(whole))


@pytest.mark.parametrize("part", [-0.1, 1.01, float("nan")])
def test_a_part_lies_between_nothing_and_all(part: float) -> None:
    with pytest.raises(InvalidParameter, match="catalogue"):
        of_part(part)
