"""The client: asks the Web API through spotipy, one attempt at a time, and says what became of it.

spotipy has no retries here: with them it sleeps as long as Spotify asks, and tells of no quota.
"""

import logging
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, Literal, NamedTuple

import requests
import spotipy
from spotipy.exceptions import SpotifyException

from stats_core.settings import Settings
from stats_core.spotify.budgets import APP, NO_PREMIUM, Bucket, Budgets
from stats_core.spotify.errors import (
    AppPaused,
    BucketClosed,
    EndpointGone,
    Missing,
    NeedsLogin,
    NotAllowed,
    ScopeMissing,
    SpotifyError,
    Unavailable,
)

Answer = dict[str, Any]
Range = Literal["short_term", "medium_term", "long_term"]

_TIMEOUT: Final = (5.0, 15.0)
"""Seconds to connect, and between two pieces of an answer."""
_SHORT: Final = timedelta(seconds=60)
"""A longer wait is a quota's, not the rate's."""
_HOURLY: Final = timedelta(hours=1)
_GONE: Final = timedelta(days=7)
_ID: Final = re.compile(r"[0-9A-Za-z]{22}")
_LEAST: Final = timedelta(seconds=1)

# On debug level spotipy writes tokens, and so does urllib3 what stands in addresses.
for _name in ("spotipy", "urllib3"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Tokens(NamedTuple):
    """Where a listener's access tokens come from."""

    current: Callable[[], str]
    """One that should do; raises NeedsLogin."""
    another: Callable[[str], str]
    """One instead of the one that did not; raises NeedsLogin."""


class Client:
    """Asks for one listener. Not safe between threads."""

    def __init__(self, settings: Settings, budgets: Budgets, tokens: Tokens) -> None:
        self._budgets = budgets
        self._tokens = tokens
        self._session = requests.Session()
        self._prefix = f"{settings.spotify_api_url.rstrip('/')}/v1/"

    def close(self) -> None:
        """End the connection."""
        self._session.close()

    def me(self) -> Answer:
        """Whose account it is."""
        return self._ask("me", "/me", lambda api: api.current_user())

    def recently_played(self) -> list[object]:
        """The last 50 plays, the latest first, as they came.

        Never from a cursor on: some come late, between those that are known.
        """
        page = self._ask("player", "/me/player/recently-played", lambda api: api.current_user_recently_played(limit=50))
        return _items(page)

    def top(self, of: Literal["artists", "tracks"], over: Range, offset: int) -> Answer:
        """A page of the listener's top 50s."""

        def asked(api: spotipy.Spotify) -> Answer | None:
            function = api.current_user_top_artists if of == "artists" else api.current_user_top_tracks
            page: Answer | None = function(limit=50, offset=offset, time_range=over)
            return page

        return self._ask("top", f"/me/top/{of}", asked)

    def saved_tracks(self, offset: int) -> Answer:
        """A page of what the listener saved, the latest first."""
        return self._ask("library", "/me/tracks", lambda api: api.current_user_saved_tracks(limit=50, offset=offset))

    def track(self, identity: str) -> Answer:
        """One track. Never for a market: what Spotify answers in its place could not be told from it."""
        named = _checked(identity)
        return self._ask("tracks", "/tracks", lambda api: api.track(named), one=True)

    def album(self, identity: str) -> Answer:
        """One album with its first 50 tracks."""
        named = _checked(identity)
        return self._ask("albums", "/albums", lambda api: api.album(named), one=True)

    def artist(self, identity: str) -> Answer:
        """One artist."""
        named = _checked(identity)
        return self._ask("artists", "/artists", lambda api: api.artist(named), one=True)

    def _ask(
        self, bucket: Bucket, endpoint: str, function: Callable[[spotipy.Spotify], Any], *, one: bool = False
    ) -> Answer:
        """One answer, an object. Raises SpotifyError; a token that does not open is replaced once."""
        token = self._tokens.current()
        for attempt in range(2):
            self._budgets.spend(bucket, endpoint)
            try:
                answer = function(self._api(token))
            except SpotifyException as error:
                if error.http_status == requests.codes.unauthorized:
                    if attempt:
                        raise NeedsLogin("Spotify refuses a new token, too. Log in again.") from None
                    token = self._tokens.another(token)
                    continue
                raise self._refusal(bucket, endpoint, error, one=one) from None
            except requests.exceptions.RequestException as error:
                raise Unavailable(f"Spotify could not be reached: {_in_words(error)}.") from None
            except AttributeError:  # spotipy's, where an error is told as a bare text
                raise Unavailable("Spotify answered with an error that says nothing.") from None
            self._budgets.answered(endpoint)
            if not isinstance(answer, dict):
                raise Unavailable("Spotify's answer could not be read.")
            return answer
        raise AssertionError  # pragma: no cover - the second refusal raises

    def _api(self, token: str) -> spotipy.Spotify:
        api = spotipy.Spotify(auth=token, requests_session=self._session, requests_timeout=_TIMEOUT)
        api.prefix = self._prefix
        return api

    def _refusal(self, bucket: Bucket, endpoint: str, error: SpotifyException, *, one: bool) -> SpotifyError:
        status, message = error.http_status, str(error.msg or "").rpartition(":\n ")[2]
        if status == requests.codes.too_many_requests:
            return self._too_many(bucket, error)
        if status == requests.codes.forbidden:
            return self._forbidden(endpoint, message)
        if one and (status == requests.codes.not_found or (status == requests.codes.bad_request and "id" in message)):
            return Missing(f"Spotify knows no such object: {message}")
        if status >= requests.codes.internal_server_error:
            return Unavailable(f"Spotify has a problem of its own: {status}.")
        return Unavailable(f"Spotify answered {status}: {message}")

    def _too_many(self, bucket: Bucket, error: SpotifyException) -> SpotifyError:
        wait = _wait(error.headers or {})
        if error.reason == "QUOTA_EXCEEDED" or (wait is not None and wait > _SHORT):
            cause = "Spotify says that its quota is used up."
            until = self._budgets.close(bucket, wait, cause)
            return BucketClosed(f"The bucket {bucket!r} is closed until {until:%Y-%m-%d %H:%M} UTC: {cause}", until)
        cause = "Spotify says that the app asks too fast."
        until = self._budgets.close(APP, wait, cause)
        return AppPaused(f"Nothing is asked until {until:%H:%M:%S} UTC: {cause}", until)

    def _forbidden(self, endpoint: str, message: str) -> SpotifyError:
        """The 403s differ by their message alone."""
        told = message.lower()
        if "premium" in told:
            until = self._budgets.close(APP, _HOURLY, NO_PREMIUM)
            return AppPaused(f"Nothing is asked until {until:%H:%M} UTC: {NO_PREMIUM}", until)
        if "scope" in told:
            return ScopeMissing("Spotify says that the login does not allow that. Log in again, and allow it.")
        if "regist" in told or "allow" in told or "dashboard" in told:
            return NotAllowed(
                "Spotify says that this person may not use the app: add them under User Management in the app's "
                "dashboard (five people at most), then log in again."
            )
        cause = "Spotify does not offer it to this app any more. It is tried again after 7 days."
        until = self._budgets.close(endpoint, _GONE, cause)
        return EndpointGone(f"{endpoint} is not asked before {until:%Y-%m-%d} UTC: {cause}", until)


def _in_words(error: requests.exceptions.RequestException) -> str:
    """Never the error's own: they may hold an address with secrets."""
    match error:
        case requests.exceptions.Timeout():
            return "it did not answer in time"
        case requests.exceptions.ConnectionError():
            return "there is no connection"
        case _:
            return "its answer broke off or could not be read"


def _checked(identity: str) -> str:
    """An id as Spotify gives them; with any other spotipy would not ask. Raises Missing."""
    if _ID.fullmatch(identity) is None:
        raise Missing(f"{identity!r} is no id of Spotify's.")
    return identity


def _wait(headers: Mapping[str, str]) -> timedelta | None:
    """How long Spotify asks to wait; None: it does not say, or nothing that can be read."""
    text = headers.get("Retry-After", "")
    return max(_LEAST, timedelta(seconds=int(text))) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _items(page: Answer) -> list[object]:
    items = page.get("items")
    if not isinstance(items, list):
        raise Unavailable("Spotify's answer holds no list of plays.")
    return items
