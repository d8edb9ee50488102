"""Saved library and playlists: what they call a URI, so that plays with names only find theirs."""

from collections.abc import Iterable
from typing import Final

import msgspec

from stats_core.documents.imports import SavedItem
from stats_core.errors import Refused
from stats_core.exports.json_rows import BOM, lenient

LARGEST_SAVED: Final = 128 << 20


class _LibraryTrack(msgspec.Struct):
    uri: str | None = None
    track: str | None = None
    artist: str | None = None


class _LibraryEpisode(msgspec.Struct):
    uri: str | None = None
    name: str | None = None
    show: str | None = None


class _PlaylistTrack(msgspec.Struct):
    trackUri: str | None = None  # noqa: N815
    trackName: str | None = None  # noqa: N815
    artistName: str | None = None  # noqa: N815


class _PlaylistEpisode(msgspec.Struct):
    episodeUri: str | None = None  # noqa: N815
    episodeName: str | None = None  # noqa: N815
    showName: str | None = None  # noqa: N815


class _PlaylistItem(msgspec.Struct):
    track: _PlaylistTrack | None = None
    episode: _PlaylistEpisode | None = None


class _Playlist(msgspec.Struct):
    items: list[_PlaylistItem] = []


class _Saved(msgspec.Struct):
    tracks: list[_LibraryTrack] = []
    episodes: list[_LibraryEpisode] = []
    playlists: list[_Playlist] = []


_decoder = msgspec.json.Decoder(_Saved)


def saved_items(blocks: Iterable[bytes]) -> list[SavedItem]:
    """The tracks and episodes of a library or playlist file, each once, in order of URI; raises Refused."""
    text = bytearray()
    for block in blocks:
        text += block
        if len(text) > LARGEST_SAVED:
            raise Refused(f"is larger than {LARGEST_SAVED >> 20} MB, which no library of Spotify's is")
    try:
        saved = _saved(bytes(text).removeprefix(BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"is not the library or playlist file it looks like ({error})") from error
    named = [(track.uri, track.track, track.artist) for track in saved.tracks]
    named += [(episode.uri, episode.name, episode.show) for episode in saved.episodes]
    for playlist in saved.playlists:
        for item in playlist.items:
            if item.track is not None:
                named.append((item.track.trackUri, item.track.trackName, item.track.artistName))
            if item.episode is not None:
                named.append((item.episode.episodeUri, item.episode.episodeName, item.episode.showName))
    told = {(uri, name, by) for uri, name, by in named if uri and name and by}
    return [SavedItem(uri=uri, name=name, by=by) for uri, name, by in sorted(told)]


def _saved(text: bytes) -> _Saved:
    try:
        return _decoder.decode(text)
    except msgspec.DecodeError:
        allowed = lenient(text)
        if allowed is None:
            raise
        return msgspec.convert(allowed, _Saved)


def library_bytes(items: Iterable[SavedItem]) -> bytes:
    """The items as a library file, for the archive: `saved_items` reads the same from it."""
    tracks: list[_LibraryTrack] = []
    episodes: list[_LibraryEpisode] = []
    for item in items:
        if item.uri.startswith("spotify:episode:"):
            episodes.append(_LibraryEpisode(item.uri, item.name, item.by))
        else:
            tracks.append(_LibraryTrack(item.uri, item.name, item.by))
    return msgspec.json.encode({"tracks": tracks, "episodes": episodes})
