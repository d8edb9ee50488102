"""The files of an account data export of the same listener: twelve months, names only, to the minute."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import msgspec
import numpy as np

from stats_core.sample.dice import Bools
from stats_core.sample.extended import Member
from stats_core.sample.generations import times
from stats_core.sample.listening import CHAPTER, EPISODE, TRACK, UNKNOWN, History

ROWS_A_FILE = 10_000
DAYS = 365
_FOLDER = "Spotify Account Data"
_LIKED = 200
_LISTED = 40


def account_members(history: History, until: date) -> Iterator[Member]:
    """The members of an account data export made after the day `until`, one at a time."""
    # Spotify's own ZIPs hold such an entry: a folder with 11 bytes in it.
    yield Member(f"{_FOLDER}/", b"placeholder")
    yield from _streams(history, until)
    yield Member(f"{_FOLDER}/YourLibrary.json", _library(history))
    yield Member(f"{_FOLDER}/Playlist1.json", _playlists(history, until))
    yield Member(f"{_FOLDER}/UserAddress.json", b"List(Map(street -> 1 Sample Street, city -> Sampleville))\n")
    userdata = {"username": "sample-listener", "email": "sample@example.invalid", "country": "ZZ", "birthdate": None}
    yield Member(f"{_FOLDER}/Userdata.json", msgspec.json.format(msgspec.json.encode(userdata), indent=2))


def _streams(history: History, until: date) -> Iterator[Member]:
    since = (until - timedelta(days=DAYS - 1) - date(1970, 1, 1)).days * 86_400
    # Account data never says the same row twice where the extended history repeats one.
    recent = (history.end >= since) & ~history.repeats
    tracks, episodes, chapters = history.tracks, history.episodes, history.chapters

    at = np.flatnonzero(recent & ((history.kind == TRACK) | (history.kind == UNKNOWN)))
    item = history.of_kind(TRACK, at)
    artist = [name or "Unknown Artist" for name in tracks.artist[item].tolist()]
    name = [name or "Unknown Track" for name in tracks.name[item].tolist()]
    columns = {"artistName": artist, "trackName": name}
    yield from _files("music", _minutes(history, at), columns, history.ms[at].tolist())

    # These files have no word for a missing show: such an episode is left out.
    shown = recent & (history.kind == EPISODE) & _has_show(history)
    at = np.flatnonzero(shown)
    item = history.of_kind(EPISODE, at)
    columns = {"podcastName": episodes.show[item].tolist(), "episodeName": episodes.name[item].tolist()}
    yield from _files("podcast", _minutes(history, at), columns, history.ms[at].tolist())

    at = np.flatnonzero(recent & (history.kind == CHAPTER))
    item = history.of_kind(CHAPTER, at)
    columns = {
        "audiobookName": chapters.book[item].tolist(),
        "chapterName": chapters.name[item].tolist(),
        "authorName": chapters.author[item].tolist(),
    }
    if len(at):
        yield from _files("audiobook", _minutes(history, at), columns, history.ms[at].tolist())


def _has_show(history: History) -> Bools:
    at = np.arange(len(history))
    return np.array([show is not None for show in history.episodes.show.tolist()])[history.of_kind(EPISODE, at)]


def _minutes(history: History, at: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str]:
    return [f"{text[:10]} {text[11:16]}" for text in times(history.end[at])]


def _files(what: str, ends: list[str], names: dict[str, list[str]], ms: list[int]) -> Iterator[Member]:
    """Files of ROWS_A_FILE rows, at least one, in the hand of another JSON printer: a space before the colon."""
    fields = "".join(f'    "{key}" : %s,\n' for key in names)
    row = f'  {{\n    "endTime" : "%s",\n{fields}    "msPlayed" : %d\n  }}'
    encode = msgspec.json.Encoder().encode
    for number, start in enumerate(range(0, max(len(ends), 1), ROWS_A_FILE)):
        part = slice(start, start + ROWS_A_FILE)
        quoted = ([encode(text).decode() for text in column[part]] for column in names.values())
        rows = [row % values for values in zip(ends[part], *quoted, ms[part], strict=True)]
        text = "[\n" + ",\n".join(rows) + "\n]" if rows else "[ ]"
        yield Member(f"{_FOLDER}/StreamingHistory_{what}_{number}.json", text.encode(), len(rows))


def _favourites(history: History) -> list[dict[str, str]]:
    item = history.of_kind(TRACK, np.arange(len(history)))
    most = np.argsort(-np.bincount(item[item >= 0]), kind="stable")[:_LIKED]
    tracks = history.tracks
    columns = (column[most].tolist() for column in (tracks.artist, tracks.album, tracks.name, tracks.uri))
    return [
        dict(zip(("artist", "album", "track", "uri"), values, strict=True)) for values in zip(*columns, strict=True)
    ]


def _library(history: History) -> bytes:
    lists: dict[str, Sequence[object]] = {
        "tracks": _favourites(history),
        **{key: [] for key in ("albums", "shows", "episodes", "bannedTracks", "artists", "bannedArtists", "other")},
    }
    return msgspec.json.format(msgspec.json.encode(lists), indent=2)


def _playlists(history: History, until: date) -> bytes:
    items = [
        {
            "track": {
                "trackName": track["track"],
                "artistName": track["artist"],
                "albumName": track["album"],
                "trackUri": track["uri"],
            },
            "episode": None,
            "localTrack": None,
            "addedDate": (until - timedelta(days=number)).isoformat(),
        }
        for number, track in enumerate(_favourites(history)[:_LISTED])
    ]
    playlist = {
        "name": "Made-up favourites",
        "lastModifiedDate": until.isoformat(),
        "items": items,
        "description": None,
        "numberOfFollowers": 0,
    }
    return msgspec.json.format(msgspec.json.encode({"playlists": [playlist]}), indent=2)
