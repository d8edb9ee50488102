"""The world behind the fake: people, what they play, what there is to play, what goes wrong, and the time."""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

Json = dict[str, Any]

DEPTH: Final = 50
SIX_MONTHS: Final = 180 * 86_400
HOUR: Final = 3_600
SHORTEST_MS: Final = 30_000


@dataclass
class Heard:
    """A play as the player told of it."""

    track: str
    ended: int
    """ms since 1970."""
    shown: int
    """When it appears in the list of recent plays: later for a device that was offline."""
    ms: int
    private: bool = False


@dataclass
class Person:
    """Somebody with an account."""

    id: str
    account_id: str
    allowed: bool = True
    """Whether they are on the app's list."""
    heard: list[Heard] = field(default_factory=list)
    top: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """(`artists` or `tracks`, range) -> ids."""
    saved: list[tuple[str, int]] = field(default_factory=list)
    """Track and when, ms since 1970; the latest last."""


@dataclass
class Fault:
    """What goes wrong with the next requests of a bucket (`token` is one, too)."""

    status: int = 500
    message: str = ""
    reason: str | None = None
    retry_after: str | None = None
    times: int = 1
    body: bytes | None = None
    """Instead of what would say so."""
    cut: bool = False
    """The connection ends in the middle of the answer."""
    seconds: float = 0
    """So long nothing comes; then all is well, unless something else is wrong."""


@dataclass
class Grant:
    """What a person allowed the app."""

    person: str
    scopes: list[str]
    at: float
    alive: bool = True


class World:
    """Everything the fake knows. Safe between threads."""

    client_id: Final = "an-app-of-the-tests"
    client_secret: Final = "what-only-the-app-knows"

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.lock = threading.RLock()
        self.now = now
        self.people: dict[str, Person] = {}
        self.visitor = ""
        """Who sits before the browser."""
        self.refuses = False
        """Whether they say no."""
        self.tracks: dict[str, Json] = {}
        self.albums: dict[str, Json] = {}
        self.artists: dict[str, Json] = {}
        self.relinked: dict[str, str] = {}
        """Asked id -> the id that is answered."""
        self.premium = True
        self.rotates = False
        """Whether a refresh token is good once."""
        self.gone: set[str] = set()
        """Endpoints that this app has no more."""
        self.sizes: dict[str, int] = {}
        """Requests a day by bucket; none: any number."""
        self.jitter_ms = 0
        """By how much the time of each play differs from poll to poll."""
        self.asked: list[str] = []
        """Every request, `GET /v1/me`."""
        self.counts: Counter[str] = Counter()
        """Requests by bucket."""
        self._faults: dict[str, list[Fault]] = {}
        self._spent: dict[str, list[float]] = {}
        self._codes: dict[str, tuple[str, list[str], str, str | None]] = {}
        self._refresh: dict[str, Grant] = {}
        self._access: dict[str, tuple[Grant, float]] = {}
        self._polls = 0

    def add_person(self, name: str, **more: Any) -> Person:
        """Somebody new; the first one sits before the browser."""
        person = self.people[name] = Person(name, f"account-of-{name}", **more)
        self.visitor = self.visitor or name
        return person

    def add_track(self, track: Json) -> None:
        """A track as the Web API tells of it, with its album and artists."""
        self.tracks[track["id"]] = track
        for artist in track["artists"]:
            image = {"url": f"https://images.example.invalid/artists/{artist['id']}", "height": 640, "width": 640}
            self.artists.setdefault(artist["id"], {**artist, "images": [image], "genres": []})
        if album := track.get("album"):
            whole = self.albums.setdefault(album["id"], {**album, "tracks": {"items": [], "total": 0}})
            whole["tracks"]["items"].append({name: value for name, value in track.items() if name not in _WHOLE_ONLY})
            whole["tracks"]["total"] += 1

    def listen(
        self,
        person: str,
        track: str,
        ended: datetime,
        *,
        ms: int | None = None,
        late_by: float = 0,
        private: bool = False,
    ) -> None:
        """A play comes to its end; `late_by` seconds later the list of recent plays tells of it."""
        at = round(ended.timestamp() * 1_000)
        with self.lock:
            heard = Heard(track, at, at + round(late_by * 1_000), ms or self.tracks[track]["duration_ms"], private)
            self.people[person].heard.append(heard)

    def fail(self, bucket: str, fault: Fault) -> None:
        """Let something go wrong."""
        with self.lock:
            self._faults.setdefault(bucket, []).append(replace(fault))

    def fault(self, bucket: str) -> Fault | None:
        """What goes wrong with this request; counts it."""
        with self.lock:
            self.counts[bucket] += 1
            waiting = self._faults.get(bucket)
            if waiting:
                waiting[0].times -= 1
                return waiting[0] if waiting[0].times else waiting.pop(0)
            now, size = self.now(), self.sizes.get(bucket)
            spent = self._spent[bucket] = [at for at in self._spent.get(bucket, []) if at > now - 24 * HOUR]
            if size is not None and len(spent) >= size:
                wait = str(round(spent[0] + 24 * HOUR - now))
                return Fault(429, "Too many requests", "QUOTA_EXCEEDED", wait)
            spent.append(now)
            return None

    def recent(self, person: Person, limit: int) -> list[Json]:
        """The page of recent plays, the latest first."""
        with self.lock:
            self._polls += 1
            now = round(self.now() * 1_000)
            shown = [each for each in person.heard if each.shown <= now and each.ms >= SHORTEST_MS and not each.private]
            shown.sort(key=lambda each: each.ended, reverse=True)
            shift = self.jitter_ms * (self._polls % 3)
            return [
                {"track": self.tracks[each.track], "played_at": stamp(each.ended + shift), "context": None}
                for each in shown[:DEPTH][:limit]
            ]

    def code(self, scopes: Iterable[str], redirect_uri: str, challenge: str | None) -> str:
        """A code that stands for what the person before the browser allows."""
        with self.lock:
            code = secrets.token_urlsafe(24)
            self._codes[code] = (self.visitor, sorted(scopes), redirect_uri, challenge)
            return code

    def taken_code(self, code: str) -> tuple[str, list[str], str, str | None] | None:
        """What a code stands for, once."""
        with self.lock:
            return self._codes.pop(code, None)

    def granted(self, person: str, scopes: list[str]) -> Json:
        """New tokens for what a person allowed."""
        with self.lock:
            grant = Grant(person, scopes, self.now())
            refresh = secrets.token_urlsafe(40)
            self._refresh[refresh] = grant
            return {**self._opened(grant), "refresh_token": refresh}

    def refreshed(self, refresh: str) -> Json | None:
        """New tokens for an old one; None: it is dead."""
        with self.lock:
            grant = self._refresh.get(refresh)
            if grant is None or not grant.alive or self.now() >= grant.at + SIX_MONTHS:
                return None
            if not self.rotates:
                return self._opened(grant)
            del self._refresh[refresh]
            new = secrets.token_urlsafe(40)
            self._refresh[new] = grant
            return {**self._opened(grant), "refresh_token": new}

    def grant(self, access: str) -> Grant | None:
        """What an access token opens; None: nothing any more."""
        with self.lock:
            grant, ends = self._access.get(access, (None, 0.0))
            return grant if grant is not None and self.now() < ends else None

    def withdraw(self, person: str) -> None:
        """The person takes back what they allowed; what is open stays so for an hour at most."""
        with self.lock:
            for grant in self._refresh.values():
                if grant.person == person:
                    grant.alive = False

    def expire_access(self) -> None:
        """No access token opens anything any more."""
        with self.lock:
            self._access.clear()

    def change_scopes(self, person: str, scopes: list[str]) -> None:
        """What a person allowed is less than it was."""
        with self.lock:
            for grant in self._refresh.values():
                if grant.person == person:
                    grant.scopes = scopes

    def _opened(self, grant: Grant) -> Json:
        access = secrets.token_urlsafe(40)
        self._access[access] = (grant, self.now() + HOUR)
        return {
            "access_token": access, "token_type": "Bearer", "expires_in": HOUR, "scope": " ".join(grant.scopes),
        }  # fmt: skip


_WHOLE_ONLY: Final = frozenset({"album", "external_ids", "popularity"})


def stamp(ms: int) -> str:
    """An instant as Spotify writes it: without a fraction where that is 0."""
    at = datetime.fromtimestamp(ms // 1_000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}" + (f".{ms % 1_000:03}" if ms % 1_000 else "") + "Z"


def track(
    identity: str, name: str, artists: Mapping[str, str], album: tuple[str, str], ms: int, isrc: str | None = None
) -> Json:
    """A track's object; `artists`: id -> name; `album`: id and name."""
    credited = [
        {"id": one, "name": called, "type": "artist", "uri": f"spotify:artist:{one}"} for one, called in artists.items()
    ]
    return {
        "id": identity, "name": name, "type": "track", "uri": f"spotify:track:{identity}", "duration_ms": ms,
        "explicit": False, "is_local": False, "track_number": 1, "disc_number": 1, "artists": credited,
        "external_ids": {"isrc": isrc} if isrc else {},
        "album": {
            "id": album[0], "name": album[1], "type": "album", "album_type": "album", "artists": credited[:1],
            "images": [{"url": f"https://images.example.invalid/albums/{album[0]}", "height": 640, "width": 640}],
            "uri": f"spotify:album:{album[0]}", "total_tracks": 1,
        },
    }  # fmt: skip
