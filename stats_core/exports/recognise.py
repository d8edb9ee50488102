"""What a JSON file is, told from its first bytes and never from its name."""

import json
import re
from collections.abc import Mapping
from typing import Final, Literal

from stats_core.documents.words import Generation
from stats_core.exports.json_rows import BOM

Series = Literal["endsong", "audio", "account"]
"""The files that hold an export's music, numbered from 0: extended history of generations 1 and 2, later ones, account
data."""

PEEK_BYTES: Final = 64 << 10
"""Of a file that holds no history, no more than this is looked at."""

_HISTORY_NAME: Final = re.compile(
    r"(?:endsong(_\d+)?|endvideo(_\d+)?|Streaming_History_(Audio|Video)_.*|StreamingHistory\d*"
    r"|StreamingHistory_(music|podcast|audiobook)_?\d*)(?: ?\(\d+\))?",
    re.IGNORECASE,
)
_VIDEO_NAME: Final = re.compile(r"endvideo.*|Streaming_?History_Video.*", re.IGNORECASE)
_NUMBERED: Final[Mapping["Series", re.Pattern[str]]] = {
    "endsong": re.compile(r"endsong(?:_(\d{1,9})(?!\d)|(?![_\d]))", re.IGNORECASE),
    "audio": re.compile(r"Streaming_History_Audio_\d{4}(?:-\d{4})?_(\d{1,9})(?!\d)", re.IGNORECASE),
    "account": re.compile(r"StreamingHistory(?:_music_)?(\d{1,9})(?!\d)", re.IGNORECASE),
}
_GEO: Final = {"city", "region", "metro_code", "longitude", "latitude"}
_URIS: Final = {"spotify_track_uri", "spotify_episode_uri"}
_OLD_PERSONAL: Final = {"username", "user_agent_decrypted", "ip_addr_decrypted"}
_EXTENDED_KEYS: Final = {"conn_country", "master_metadata_track_name", "episode_name", "reason_end", *_URIS}
_CLOCK_IN_MS: Final = 10**11
_KEY: Final = re.compile(r'"(\w+)"\s*:')


def base_name(path: str) -> str:
    """A member's own name; some programs write Windows' separators into a ZIP."""
    return re.split(r"[/\\]", path)[-1]


def has_history_name(path: str) -> bool:
    """Whether Spotify gives its history files such a name; anything of that name must be read or refused."""
    stem, _, ending = base_name(path).rpartition(".")
    return ending.lower() == "json" and _HISTORY_NAME.fullmatch(stem) is not None


def has_video_name(path: str) -> bool:
    """Whether the file is one of video: nothing in its rows tells."""
    return _VIDEO_NAME.match(base_name(path)) is not None


def numbered(path: str) -> tuple[Series, int] | None:
    """Which series a file is of by its name, and its number there. Browsers and uploads put something behind."""
    for series, pattern in _NUMBERED.items():
        if name := pattern.match(base_name(path)):
            return series, int(name[1] or 0)
    return None


def recognised(head: bytes) -> Generation | None:
    """What the file with these first bytes (up to PEEK_BYTES) is; None: nothing this project reads."""
    text = head.removeprefix(BOM).decode(errors="replace").lstrip()
    if text.startswith("{"):
        return _recognised_object(text)
    if not text.startswith("["):
        return None
    rows = [row for row in _first_elements(text) if isinstance(row, dict)]
    keys: set[str] = {key for row in rows for key in row}
    if not rows and text[1:].lstrip().startswith("{"):
        keys = set(_KEY.findall(text))  # a first row that is cut off, or longer than what is looked at
    if {"ts", "ms_played"} & keys and len(({"ts", "ms_played"} | _EXTENDED_KEYS) & keys) > 1:
        return _extended_generation(rows, keys)
    if {"endTime", "msPlayed"} & keys:
        told = {key for row in rows for key, value in row.items() if value}
        for generation, names in _ACCOUNT_NAMES.items():
            if names & told:
                return generation
        return next((generation for generation, names in _ACCOUNT_NAMES.items() if names & keys), None)
    return None


_ACCOUNT_NAMES: Final[dict[Generation, set[str]]] = {
    "account-podcast": {"podcastName", "episodeName"},
    "account-audiobook": {"audiobookName", "chapterName"},
    "account-music": {"artistName", "trackName"},
}


def _recognised_object(text: str) -> Generation | None:
    if re.match(r'\{\s*"playlists"\s*:\s*\[', text):
        return "playlists"
    if re.match(r'\{\s*"(tracks|albums|shows|episodes|bannedTracks|artists|bannedArtists|other)"\s*:\s*\[', text):
        return "library"
    if re.search(r'"items"\s*:\s*\[', text) and ('"played_at"' in text or '"cursors"' in text):
        return "recently-played"
    return None


def _first_elements(text: str) -> list[object]:
    """The whole elements at the start of an array that may be cut off."""
    decoder = json.JSONDecoder()
    elements: list[object] = []
    position = 1
    while True:
        position = _after_blanks(text, position)
        try:
            element, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        elements.append(element)
        position = _after_blanks(text, position)
        if text[position : position + 1] != ",":
            break
        position += 1
    return elements


def _after_blanks(text: str, position: int) -> int:
    while text[position : position + 1] in {" ", "\n", "\r", "\t"}:
        position += 1
    return position


def _extended_generation(rows: list[dict[str, object]], keys: set[str]) -> Generation:
    """The keys tell all but 2 from 3: those differ in the unit of the client clock, and 3 is sorted."""
    if any(key.startswith("audiobook_") for key in keys):
        return "extended-5"
    if keys & _GEO or not keys & _URIS:
        return "extended-1"
    if not keys & _OLD_PERSONAL:
        return "extended-4"
    clocks = [clock for row in rows if isinstance(clock := row.get("offline_timestamp"), int) and clock > 1]
    if clocks:
        return "extended-2" if clocks[0] > _CLOCK_IN_MS else "extended-3"
    times = [ts for row in rows if isinstance(ts := row.get("ts"), str)]
    return "extended-3" if times == sorted(times) else "extended-2"
