"""The world behind the fake: people, what they play, what there is to play, what goes wrong, and the time."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tests.fakes.spotify.clock import Clock
from tests.fakes.spotify.faults import Fault, Traffic
from tests.fakes.spotify.objects import Json, pictures, simple, stamp, track
from tests.fakes.spotify.tokens import Code, Grant, Tokens

__all__ = ["DEPTH", "SHORTEST_MS", "Fault", "Grant", "Heard", "Json", "Person", "World", "stamp", "track"]

DEPTH: Final = 50
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
    context: str | None = None
    """URI of the playlist or album that it was played from."""


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
    display_name: str = ""
    """How they call themselves; their id unless given."""
    premium: bool = True


class World:
    """Everything the fake knows. Safe between threads."""

    client_id: Final = "an-app-of-the-tests"
    client_secret: Final = "what-only-the-app-knows"

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.lock = threading.RLock()
        self.clock = Clock(now)
        """What tests set."""
        self.now: Callable[[], float] = self.clock
        self.people: dict[str, Person] = {}
        self.visitor = ""
        """Who sits before the browser."""
        self.owner = ""
        """Whose app it is: the first person, unless told otherwise."""
        self.refuses = False
        """Whether who sits before the browser says no."""
        self.redirects: set[str] | None = None
        """Redirect URIs that the app registered; None: any that can be."""
        self.tracks: dict[str, Json] = {}
        self.albums: dict[str, Json] = {}
        self.artists: dict[str, Json] = {}
        self.relinked: dict[str, str] = {}
        """Asked id -> the id that is answered."""
        self.deleted: set[str] = set()
        """Ids that nothing is known of any more, though plays may name them."""
        self.premium = True
        """Whether Spotify takes the owner's Premium for paid."""
        self.rotates = False
        """Whether a refresh token is good once."""
        self.gone: set[str] = set()
        """Endpoints that this app has no more."""
        self.sizes: dict[str, int] = {}
        """Requests a day by bucket; none: any number."""
        self.rate: int | None = None
        """Requests in 30 s over all buckets; None: any number."""
        self.jitter_ms = 0
        """By how much the time of each play differs from poll to poll."""
        self.asked: list[str] = []
        """Every request, `GET /v1/me`."""
        self.counts: Counter[str] = Counter()
        """Requests by bucket."""
        self._traffic = Traffic()
        self._tokens = Tokens(self._instant)
        self._polls = 0

    def add_person(self, name: str, **more: Any) -> Person:
        """Somebody new; the first one sits before the browser, and owns the app."""
        with self.lock:
            person = self.people[name] = Person(name, f"account-of-{name}", **more)
            self.visitor = self.visitor or name
            self.owner = self.owner or name
            return person

    def add_track(self, track: Json) -> None:
        """A track as the Web API tells of it, with its album and artists."""
        with self.lock:
            again = track["id"] in self.tracks
            self.tracks[track["id"]] = track
            for artist in track["artists"]:
                whole = {**artist, "images": pictures("artists", artist["id"]), "genres": []}
                self.artists.setdefault(artist["id"], whole)
            if (album := track.get("album")) and not again:
                listed = self.albums.setdefault(album["id"], {**album, "tracks": {"items": [], "total": 0}})["tracks"]
                listed["items"].append(simple(track))
                listed["total"] += 1

    def listen(
        self,
        person: str,
        track: str,
        ended: datetime,
        *,
        ms: int | None = None,
        late_by: float = 0,
        private: bool = False,
        context: str | None = None,
    ) -> None:
        """A play comes to its end; `late_by` seconds later the list of recent plays tells of it."""
        at = round(ended.timestamp() * 1_000)
        with self.lock:
            listened = self.tracks[track]["duration_ms"] if ms is None else ms
            self.people[person].heard.append(Heard(track, at, at + round(late_by * 1_000), listened, private, context))

    def fail(self, bucket: str, fault: Fault) -> None:
        """Let something go wrong."""
        with self.lock:
            self._traffic.order(bucket, fault)

    def mend(self) -> None:
        """Nothing goes wrong any more of what was ordered."""
        with self.lock:
            self._traffic.clear()

    def fault(self, bucket: str) -> Fault | None:
        """What goes wrong with this request; counts it."""
        with self.lock:
            self.counts[bucket] += 1
            return self._traffic.fault(bucket, self.now(), self.sizes.get(bucket), self.rate)

    def paid(self) -> bool:
        """Whether the app's owner has Premium; without, nobody is answered."""
        with self.lock:
            owner = self.people.get(self.owner)
            return self.premium and (owner is None or owner.premium)

    def recent(self, person: Person) -> list[tuple[int, Heard]]:
        """The plays that the service still holds, the latest first, and when it says each ended."""
        with self.lock:
            self._polls += 1
            now = round(self.now() * 1_000)
            shown = [
                each for each in person.heard
                if each.shown <= now and each.ms >= SHORTEST_MS and not each.private and each.track in self.tracks
            ]  # fmt: skip
            shown.sort(key=lambda each: each.ended, reverse=True)
            shift = self.jitter_ms * (self._polls % 3)
            return [(each.ended + shift, each) for each in shown[:DEPTH]]

    def code(self, scopes: Iterable[str], redirect_uri: str, challenge: str | None) -> str:
        """A code that stands for what the person before the browser allows."""
        with self.lock:
            return self._tokens.code(Code(self.visitor, sorted(scopes), redirect_uri, challenge))

    def taken_code(self, code: str) -> Code | None:
        """What a code stands for, once."""
        with self.lock:
            return self._tokens.known_code(code)

    def granted(self, person: str, scopes: list[str], *, public: bool = False) -> Json:
        """New tokens for what a person allowed, an app without a secret where `public`."""
        with self.lock:
            return self._tokens.granted(person, scopes, public=public)

    def lasting(self, refresh: str) -> Grant | None:
        """What a refresh token stands for; None: it is dead."""
        with self.lock:
            return self._tokens.of_refresh(refresh)

    def refreshed(self, refresh: str) -> Json | None:
        """New tokens for an old one; None: it is dead."""
        with self.lock:
            return self._tokens.refreshed(refresh, rotates=self.rotates)

    def grant(self, access: str) -> Grant | None:
        """What an access token opens; None: nothing any more."""
        with self.lock:
            return self._tokens.of_access(access)

    def withdraw(self, person: str) -> None:
        """The person takes back what they allowed; what is open stays so for an hour at most."""
        with self.lock:
            for grant in self._tokens.of_person(person):
                grant.alive = False

    def expire_access(self) -> None:
        """No access token opens anything any more."""
        with self.lock:
            self._tokens.expire_access()

    def change_scopes(self, person: str, scopes: list[str]) -> None:
        """What a person allowed is less than it was."""
        with self.lock:
            for grant in self._tokens.of_person(person):
                grant.scopes = scopes

    def _instant(self) -> float:
        """What `now` says, though it was replaced."""
        return self.now()
