"""OAuth: the authorisation code flow with the client secret, or PKCE without, through spotipy; never interactive."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import requests
from spotipy.cache_handler import CacheHandler
from spotipy.exceptions import SpotifyOauthError
from spotipy.oauth2 import SpotifyOAuth, SpotifyPKCE

from stats_core.settings import Settings
from stats_core.spotify.errors import LoginRefused, NeedsLogin, NotConfigured, SpotifyError, Unavailable

TokenInfo = dict[str, Any]
"""access_token, refresh_token, expires_at (s since 1970), scope."""

SCOPES: Final = {
    "user-read-recently-played": "what was played recently",
    "user-top-read": "Spotify's own top 50s",
    "user-library-read": "what is saved",
    "user-read-private": "whose account it is",
}
"""What the app asks for, and why."""

_TIMEOUT: Final = (5.0, 15.0)
"""Together less than half the time that a refresh is leased for."""


class _Kept(CacheHandler):  # type: ignore[misc]
    """What spotipy was told last; the store keeps tokens, not spotipy."""

    def __init__(self) -> None:
        self.token: TokenInfo | None = None

    def get_cached_token(self) -> TokenInfo | None:
        return self.token

    def save_token_to_cache(self, token_info: TokenInfo) -> None:
        self.token = token_info


class _Never:
    """Where spotipy would ask a person."""

    def get_auth_response(self, open_browser: bool | None = None) -> NoReturn:
        raise NeedsLogin("Log in again.")

    _get_auth_response = get_auth_response


class _Code(_Never, SpotifyOAuth):  # type: ignore[misc]
    def _add_custom_values_to_token_info(self, token_info: TokenInfo) -> TokenInfo:
        granted = token_info.get("scope")
        told: TokenInfo = super()._add_custom_values_to_token_info(token_info)
        return told if granted is None else {**told, "scope": granted}  # what was granted, not what was asked for


class _Pkce(_Never, SpotifyPKCE):  # type: ignore[misc]
    pass


class Flow:
    """One conversation with Spotify's accounts service."""

    def __init__(self, settings: Settings, verifier: str | None = None) -> None:
        """`verifier`: of a PKCE login that was begun before. Raises NotConfigured."""
        if not settings.spotify_client_id:
            raise NotConfigured
        self._kept = _Kept()
        self._session = requests.Session()
        given = {
            "client_id": settings.spotify_client_id,
            "redirect_uri": settings.spotify_redirect_uri,
            "scope": list(SCOPES),
            "requests_session": self._session,
            "requests_timeout": _TIMEOUT,
            "open_browser": False,
            "cache_handler": self._kept,
        }
        secret = settings.spotify_client_secret
        if secret is not None and secret.get_secret_value():
            self._oauth = _Code(client_secret=secret.get_secret_value(), show_dialog=True, **given)
        else:
            self._oauth = _Pkce(**given)
            if verifier is not None:
                self._oauth.code_verifier = verifier
                self._oauth.code_challenge = self._oauth._get_code_challenge()
        accounts = settings.spotify_accounts_url.rstrip("/")
        self._oauth.OAUTH_AUTHORIZE_URL = f"{accounts}/authorize"
        self._oauth.OAUTH_TOKEN_URL = f"{accounts}/api/token"

    def begun(self, state: str) -> tuple[str, str | None]:
        """Where the person goes, and the verifier that the end of a PKCE login needs."""
        address: str = self._oauth.get_authorize_url(state=state)
        return address, getattr(self._oauth, "code_verifier", None)

    def tokens_for(self, code: str) -> TokenInfo:
        """The tokens that a code stands for. Raises LoginRefused and Unavailable."""
        used = LoginRefused(
            "Spotify does not take the code: it was used before, is too old, or the redirect URI is another one."
        )
        options = {"as_dict": False} if isinstance(self._oauth, _Code) else {}
        with _told_apart(used):
            self._oauth.get_access_token(code, check_cache=False, **options)
        return self._told()

    def refreshed(self, refresh_token: str) -> TokenInfo:
        """New tokens; `refresh_token` is the old one where Spotify gave no new one.

        Raises NeedsLogin where Spotify takes it no more, LoginRefused where it does not know the app, and Unavailable.
        """
        with _told_apart(NeedsLogin("Spotify takes the login no more: it ended, or the person withdrew it.")):
            self._oauth.refresh_access_token(refresh_token)
        return self._told()

    def close(self) -> None:
        """End the connection."""
        self._session.close()

    def _told(self) -> TokenInfo:
        token = self._kept.token or {}
        if not all(isinstance(token.get(name), str) for name in ("access_token", "refresh_token")):
            raise Unavailable("The answer of Spotify's login holds no tokens.")
        return token


@contextmanager
def _told_apart(invalid_grant: SpotifyError) -> Iterator[None]:
    """Raises what went wrong as one of ours; `invalid_grant`: what that means here."""
    try:
        yield
    except SpotifyOauthError as error:
        raise _refusal(error, invalid_grant) from None
    except requests.exceptions.RequestException as error:
        raise Unavailable(f"Spotify's login could not be reached: {type(error).__name__}.") from None
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError):
        raise Unavailable("The answer of Spotify's login could not be read.") from None


def _refusal(error: SpotifyOauthError, invalid_grant: SpotifyError) -> SpotifyError:
    match error.error:
        case "invalid_grant":
            return invalid_grant
        case "invalid_client":
            return LoginRefused(
                "Spotify does not know the app: check STATS_SPOTIFY_CLIENT_ID and STATS_SPOTIFY_CLIENT_SECRET."
            )
        case "invalid_request" | "invalid_scope" | "unauthorized_client" | "unsupported_grant_type":
            return LoginRefused(f"Spotify's login refuses: {error.error}.")
        case _:  # a page of some machine on the way, not of the login
            return Unavailable("Spotify's login has a problem of its own.")
