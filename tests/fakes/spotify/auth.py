"""The accounts service: the page where a person allows the app what it asks, and the tokens that come of it."""

import hashlib
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlencode, urlsplit

from tests.fakes.spotify.messages import Answer, Request, told
from tests.fakes.spotify.world import World

_VERIFIER: Final = range(43, 129)
"""How long a PKCE verifier may be."""


def authorize(world: World, request: Request) -> Answer:
    """Send the browser back with a code, or with what the person said instead."""
    query = request.query
    if query.get("client_id") != world.client_id:
        return _page("INVALID_CLIENT: Invalid client")
    uri = query.get("redirect_uri", "")
    if not _possible(uri):
        return _page("INVALID_CLIENT: Insecure redirect URI")
    if world.redirects is not None and not {uri, _without_port(uri)} & world.redirects:
        return _page("INVALID_CLIENT: Invalid redirect URI")
    if query.get("response_type") != "code":  # the implicit grant is no more
        return _page("response_type must be code")
    challenge = query.get("code_challenge")
    if challenge is not None and query.get("code_challenge_method") != "S256":
        return _page("code_challenge_method must be S256")
    returned = {"state": query["state"]} if "state" in query else {}
    if world.refuses:
        returned["error"] = "access_denied"
    else:
        returned["code"] = world.code(query.get("scope", "").replace(",", " ").split(), uri, challenge)
    return Answer(302, headers={"Location": f"{uri}{'&' if '?' in uri else '?'}{urlencode(returned)}"})


def token(world: World, request: Request) -> Answer:
    """Tokens for a code or for a refresh token."""
    form, given = request.form(), request.headers.get("Authorization")
    confidential = given is not None and _is_basic(world, given)
    if not confidential and (given is not None or form.get("client_id") != world.client_id):
        return _error("invalid_client", "Invalid client")
    match form.get("grant_type"):
        case "authorization_code":
            return _for_code(world, form, confidential=confidential)
        case "refresh_token":
            return _for_refresh(world, form.get("refresh_token", ""), confidential=confidential)
    return _error("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")


def _for_code(world: World, form: Mapping[str, str], *, confidential: bool) -> Answer:
    known = world.taken_code(form.get("code", ""))
    if known is None:
        return _error("invalid_grant", "Invalid authorization code")
    if known.redirect_uri != form.get("redirect_uri"):
        return _error("invalid_grant", "Invalid redirect URI")
    if known.challenge is None:
        if not confidential:
            return _error("invalid_client", "Invalid client secret")
    else:
        verifier = form.get("code_verifier", "")
        if len(verifier) not in _VERIFIER or _challenge(verifier) != known.challenge:
            return _error("invalid_grant", "code_verifier was incorrect")
    return told(world.granted(known.person, known.scopes, public=known.challenge is not None))


def _for_refresh(world: World, refresh: str, *, confidential: bool) -> Answer:
    grant = world.lasting(refresh)
    if grant is not None and not grant.public and not confidential:
        return _error("invalid_client", "Invalid client secret")
    tokens = world.refreshed(refresh)
    return _error("invalid_grant", "Refresh token revoked") if tokens is None else told(tokens)


def _is_basic(world: World, given: str) -> bool:
    kind, _, encoded = given.partition(" ")
    try:
        return kind == "Basic" and b64decode(encoded).decode() == f"{world.client_id}:{world.client_secret}"
    except ValueError:
        return False


def _possible(uri: str) -> bool:
    """Whether Spotify sends anyone there: https, or http to this machine by its number."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return bool(host) and host != "localhost"
        return parts.scheme == "http" and ip_address(host).is_loopback
    except ValueError:
        return False


def _without_port(uri: str) -> str:
    """A loopback address as it may be registered: without its port."""
    parts = urlsplit(uri)
    if parts.scheme != "http":
        return uri
    host = parts.netloc.rpartition(":")[0] if parts.port is not None else parts.netloc
    return parts._replace(netloc=host).geturl()


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _page(text: str) -> Answer:
    return Answer(400, text.encode(), {"Content-Type": "text/plain"})


def _error(error: str, description: str) -> Answer:
    return told({"error": error, "error_description": description}, 400)
