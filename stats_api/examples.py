"""Examples: what the operations really answer, about a few plays of a made-up listener, so that none can go
stale."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from stats_api.alerts import Alerts, AnsweredAlert
from stats_api.comparisons import AnsweredConsent, Consents
from stats_api.health import Health
from stats_api.imports import Imports, answered
from stats_api.inspection import Cache, KeptOfProcess
from stats_api.keys import Keys, MadeKey
from stats_api.keys import answered as answered_key
from stats_api.listeners import AnsweredListener, Listeners, MadeListener
from stats_api.shelves import Ranked, Saved, SavedTracks, SpotifysTop
from stats_api.spotify import AskedSync, BegunLogin
from stats_core.documents.imports import Import, ImportFile
from stats_core.documents.keys import AccessKey, Link
from stats_core.documents.listeners import Covered, Listener
from stats_core.documents.plays import Play
from stats_core.history.columns import history_of_plays
from stats_core.history.items import name_key
from stats_core.history.reader import Heard
from stats_core.insights import STATISTICS
from stats_core.insights import answered as answer_to
from stats_core.security.keys import LINK_PREFIX
from stats_core.sync.status import BucketStatus, CatalogueStatus, LoginStatus, SyncStatus

_DIGEST: Final = "5f" * 32
_KEY: Final = "QnVpbHQgb2YgMzIgcmFuZG9tIGJ5dGVzLCBzaG93biB"
_WHEN: Final = datetime(2024, 7, 1, 18, 0, tzinfo=UTC)
_NOW: Final = round(datetime(2024, 8, 1, tzinfo=UTC).timestamp() * 1000)
_LISTENER: Final = Listener(id="ada", created_at=_WHEN, timezone="Europe/Berlin", revision=1)
_SHELVED: Final = {
    "id": "0000000000000000000001",
    "name": "Paper Lanterns",
    "artist": "The Invented",
    "image": "https://i.scdn.co/image/ab67616d0000b273",
}
_HEARD: Final = (
    ("spotify:track:0000000000000000000001", "Paper Lanterns", "The Invented", "First Light"),
    ("spotify:track:0000000000000000000002", "Slow Harbour", "Nobody's Choir", "Tides"),
    ("spotify:track:0000000000000000000001", "Paper Lanterns", "The Invented", "First Light"),
    ("spotify:track:0000000000000000000003", "Glass Garden", "The Invented", "First Light"),
)
_COVERED: Final = Covered(start=datetime(2022, 8, 1, tzinfo=UTC), end=_WHEN + timedelta(days=1), by="complete")
_LOVED: Final = (*(f"2022-08-{day:02}" for day in range(1, 11)), *(f"2023-09-0{day}" for day in range(1, 4)))
"""Dates on which one track was played, for what only many plays show."""
_SHOWN_BY_LOVED: Final = frozenset({"one-hit-wonders", "rediscoveries", "adoptions", "anniversaries", "eddington"})
_PARAMETERS: Final = {
    "timeline": {"bucket": "day", "measure": "items"},
    "streaks": {"of": "artists"},
    "days-without-music": {"period": "2024-07"},
    "top/shows": {"kinds": "episode"},
    "plays": {"limit": "2"},
    "explanation": {"of": "tracks", "id": "0000000000000000000001", "limit": "2"},
    "search": {"q": "ligh"},
    "tracks/{id}": {"id": "0000000000000000000001"},
    "artists/{id}": {"id": name_key("artist", "The Invented")},
    "albums/{id}": {"id": name_key("album", "The Invented", "First Light")},
    "movers": {"start": "2024-07-02", "end": "2024-07-03"},
}


def examples() -> dict[str, object]:
    """Operation id -> its answer's JSON."""
    listener = AnsweredListener("ada", "Europe/Berlin", _LISTENER.rule, 1, _WHEN)
    made = MadeListener(**msgspec.structs.asdict(listener), key=_KEY)
    keys = [answered_key(document) for document in _keys()]
    made_key, made_link = (
        MadeKey(**msgspec.structs.asdict(each), key=shown)
        for each, shown in zip(keys, (_KEY, LINK_PREFIX + _KEY), strict=True)
    )
    consent = AnsweredConsent("bob", _WHEN, agreed=True)
    imported = answered(_imported())
    found: dict[str, msgspec.Struct] = {
        "live": Health("live"),
        "ready": Health("ready"),
        "get_cache": Cache(
            entries=40, bytes=61_440, hits=9_620, misses=57,
            processes=[
                KeptOfProcess(entries=22, bytes=33_792, hits=4_811, misses=29, process=1),
                KeptOfProcess(entries=18, bytes=27_648, hits=4_809, misses=28, process=2),
            ],
        ),
        "list_listeners": Listeners([listener]),
        "make_listener": made,
        "get_listener": listener,
        "change_listener": listener,
        "list_keys": Keys(keys),
        "make_key": made_key,
        "get_key": keys[0],
        "make_link": made_link,
        "list_comparisons": Consents([consent]),
        "agree_to_comparison": consent,
        "begin_spotify_login": BegunLogin(
            "https://accounts.spotify.com/authorize?client_id=…&state=…", _WHEN + timedelta(minutes=10)
        ),
        "end_spotify_login_by_hand": _sync(),
        "ask_for_sync": AskedSync(_WHEN),
        "show_sync": _sync(),
        "list_alerts": Alerts([_alert()]),
        "get_spotify_top": SpotifysTop("tracks", "medium_term", "2024-07-01", [Ranked(**_SHELVED, rank=1)]),
        "list_saved_tracks": SavedTracks([Saved(**_SHELVED, added_at=_WHEN)], total=1),
        "list_imports": Imports([answered(_imported(), invalid=False)], None),
        "get_import": imported,
        "upload_import": answered(Import(
            id=f"ada|{_DIGEST}", user="ada", digest=_DIGEST, name="my_spotify_data.zip", status="waiting",
            received_at=_WHEN, size=4_096,
        )),
    }  # fmt: skip
    history, loved = (history_of_plays(plays, coverage=[_COVERED]) for plays in (_few_plays(), _loved_plays()))
    for name, statistic in STATISTICS.items():
        heard = Heard(_LISTENER, loved if name in _SHOWN_BY_LOVED else history)
        found[f"get_{statistic.id}"] = answer_to(name, heard, _PARAMETERS.get(name, {}), now=_NOW).answer
    return {identity: msgspec.to_builtins(answer) for identity, answer in found.items()}


def _sync() -> SyncStatus:
    login = LoginStatus(_WHEN, _WHEN + timedelta(days=180), None, ["user-read-recently-played"], [])
    return SyncStatus(
        user="ada", state="connected", polled_at=_WHEN, next_poll_at=_WHEN + timedelta(minutes=15), page=50, new=4,
        gaps=[], problem=None, late=False, login=login, app_closed_until=None, app_cause=None,
        buckets=[BucketStatus("player", used=57, allowed=600, closed_until=None, cause=None)],
        catalogue=CatalogueStatus(_WHEN, tracks=8_400, known=8_120, whole=5_310, missing=12, days_left=21),
    )  # fmt: skip


def _alert() -> AnsweredAlert:
    told = "ada: The login ends about 2025-01-28: Spotify ends each after six months. Log in again before then."
    return AnsweredAlert("login|ada|000001", "login|ada", told, _WHEN, None, owed=[], problem=None)


def _keys() -> Iterator[AccessKey]:
    key = AccessKey(
        id=_DIGEST, name="Notebook", created_at=_WHEN, scopes=["read"], listeners=["ada"],
        expires_at=_WHEN.replace(year=2030), last_used_at=_WHEN + timedelta(hours=5),
    )  # fmt: skip
    link = Link(statistics=["summary", "top/artists"], start=_WHEN.replace(month=1, day=1, hour=0))
    yield key
    yield msgspec.structs.replace(key, id="a0" * 32, name="For Bob", last_used_at=None, made_by=_DIGEST, link=link)


def _few_plays() -> Iterator[Play]:
    for position, heard in enumerate(_HEARD):
        yield _play(_WHEN + position * timedelta(hours=5), *heard)


def _loved_plays() -> Iterator[Play]:
    for day in _LOVED:
        yield _play(datetime.fromisoformat(f"{day}T18:00:00Z"), *_HEARD[0])


def _play(start: datetime, uri: str, name: str, artist: str, album: str) -> Play:
    end = start + timedelta(seconds=200)
    return Play(
        id=f"ada|{end:%Y-%m-%dT%H:%M:%SZ}|00200000|0000", user="ada", start=start, end=end, ms=200_000,
        source="extended", kind="track", uri=uri, name=name, artist=artist, album=album,
        platform="android", country="DE", reason_start="trackdone", reason_end="trackdone",
        shuffle=False, skipped=False, offline=False, private=False,
    )  # fmt: skip


def _imported() -> Import:
    last = _WHEN + 3 * timedelta(hours=5)
    file = ImportFile(
        path="Spotify Extended Streaming History/Streaming_History_Audio_2024_0.json", status="imported",
        generation="extended-5", rows=4, states={"stored": 4}, first_play=_WHEN, last_play=last,
    )  # fmt: skip
    return Import(
        id=f"ada|{_DIGEST}", user="ada", digest=_DIGEST, name="my_spotify_data.zip", status="imported",
        received_at=_WHEN, finished_at=_WHEN + timedelta(seconds=2), size=4_096, generations=["extended-5"],
        rows=4, states={"stored": 4}, files=[file], first_play=_WHEN, last_play=last,
    )  # fmt: skip
