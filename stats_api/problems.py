"""Problems: every error as problem details (RFC 9457), declared once for the answers and for the OpenAPI document."""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, MethodNotAllowedException

from stats_api.logs import logger_of
from stats_api.passage import passage_of
from stats_api.service import AnyRequest
from stats_core.errors import (
    BeyondRights,
    InvalidParameter,
    LeaseLost,
    StatsError,
    StoreError,
    StoreFull,
    StoreTooNew,
    UnindexedQuery,
    UnknownEntry,
    UnknownKey,
    UnknownListener,
)
from stats_core.spotify.errors import LoginRefused, NeedsLogin, NotAllowed, NotConfigured, NotLinked, SpotifyError

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5
"""What `Retry-After` says."""
_LONGEST_VALUE: Final = 200
_INTERNAL: Final = "The request could not be answered. The service's log says why."
_log: Final = logger_of("stats_api.problems")


@dataclass(frozen=True)
class Kind:
    """One way to fail. Its `type` points to its description on the documentation page."""

    name: str
    status: int
    title: str
    description: str

    @property
    def type(self) -> str:
        """The URI reference that names it."""
        return f"/schema#{self.name}"


INVALID_PARAMETER: Final = Kind(
    "invalid-parameter",
    400,
    "A parameter has a wrong value or is unknown",
    "`parameter`, `value` and `allowed` say which, what it was and what may be given.",
)
INVALID_BODY: Final = Kind(
    "invalid-body", 400, "The body cannot be read", "It is no JSON, or a field of it is unknown or of a wrong type."
)
EMPTY_UPLOAD: Final = Kind("empty-upload", 400, "The upload is empty", "The file's bytes are the body of the request.")
BROKEN_UPLOAD: Final = Kind(
    "broken-upload", 400, "The upload ended early", "The connection closed before the whole file was there."
)
INVALID_REQUEST: Final = Kind("invalid-request", 400, "The request cannot be understood", "It is no valid HTTP.")
NO_ACCESS: Final = Kind(
    "no-access", 401, "A valid key is needed", "Send `Authorization: Bearer <key>`. The key may have been revoked."
)
OUTSIDE_KEY: Final = Kind(
    "outside-key",
    403,
    "This key does not open that",
    "A key opens what its scopes say, of its own listeners, whether others exist or not; an admin key opens all.",
)
NOT_FOUND: Final = Kind("not-found", 404, "There is nothing here", "No route has this path.")
UNKNOWN_LISTENER: Final = Kind(
    "unknown-listener", 404, "There is no such listener", "Only a key that opens every listener is told so."
)
UNKNOWN_KEY: Final = Kind(
    "unknown-key", 404, "There is no such key", "A key sees itself and the keys it made; an admin key sees all."
)
UNKNOWN_ENTRY: Final = Kind(
    "unknown-entry", 404, "The listener never played that", "No track, artist or album of theirs has this id."
)
UNKNOWN_IMPORT: Final = Kind("unknown-import", 404, "There is no such import", "No file of that digest was taken in.")
WRONG_METHOD: Final = Kind("wrong-method", 405, "This method is not for this path", "`Allow` names those that are.")
NOT_ACCEPTABLE: Final = Kind(
    "not-acceptable",
    406,
    "It cannot be had in that format",
    "`allowed` names the media types that `Accept` may ask for.",
)
LISTENER_EXISTS: Final = Kind("listener-exists", 409, "That listener is there already", "Nothing was changed.")
NO_SPOTIFY_APP: Final = Kind(
    "no-spotify-app",
    409,
    "No app of Spotify's is configured",
    "Everything works from exports alone; `STATS_SPOTIFY_CLIENT_ID` names an app.",
)
SPOTIFY_REFUSED: Final = Kind(
    "spotify-refused", 409, "The login cannot be made", "The detail says why, and what to do. Nothing was changed."
)
TOO_LARGE: Final = Kind("too-large", 413, "The body is too large", "`allowed` says how large it may be.")
WRONG_MEDIA: Final = Kind(
    "wrong-media", 415, "The body is of the wrong kind", "A file is uploaded as it is, not as a form."
)
TOO_MANY_FAILURES: Final = Kind(
    "too-many-failures",
    429,
    "Too many wrong keys",
    "This address showed too many keys that open nothing; a valid one is let in all the same.",
)
TOO_MANY_REQUESTS: Final = Kind(
    "too-many-requests",
    429,
    "The key asks too often",
    "Try again after as many seconds as `Retry-After` says.",
)
INTERNAL: Final = Kind("internal", 500, "Something went wrong here", "The service's log says what.")
SPOTIFY_FAILED: Final = Kind(
    "spotify-failed", 502, "Spotify did not answer as it should", "The detail says how. Try again later."
)
UNAVAILABLE: Final = Kind(
    "unavailable", 503, "The store does not answer", "Try again after as many seconds as `Retry-After` says."
)
BUSY: Final = Kind("busy", 503, "Too much is asked at once", "Try again after as many seconds as `Retry-After` says.")
FULL: Final = Kind("full", 507, "No room is left", "The disk or the database of the service is full.")

KINDS: Final = (
    INVALID_PARAMETER, INVALID_BODY, EMPTY_UPLOAD, BROKEN_UPLOAD, INVALID_REQUEST, NO_ACCESS, OUTSIDE_KEY,
    NOT_FOUND, UNKNOWN_LISTENER, UNKNOWN_KEY, UNKNOWN_ENTRY, UNKNOWN_IMPORT, WRONG_METHOD, NOT_ACCEPTABLE,
    LISTENER_EXISTS, NO_SPOTIFY_APP, SPOTIFY_REFUSED, TOO_LARGE, WRONG_MEDIA, TOO_MANY_FAILURES, TOO_MANY_REQUESTS,
    INTERNAL, SPOTIFY_FAILED, UNAVAILABLE, BUSY, FULL,
)  # fmt: skip
"""Every kind, by status."""

_OF_ERROR: Final[Mapping[type[StatsError], Kind]] = {
    UnknownListener: UNKNOWN_LISTENER,
    UnknownKey: UNKNOWN_KEY,
    UnknownEntry: UNKNOWN_ENTRY,
    BeyondRights: OUTSIDE_KEY,
    NotConfigured: NO_SPOTIFY_APP,
    LoginRefused: SPOTIFY_REFUSED,
    NotLinked: SPOTIFY_REFUSED,
    NeedsLogin: SPOTIFY_REFUSED,
    NotAllowed: SPOTIFY_REFUSED,
}
"""Errors of the core whose own words are for whoever asks."""
_OF_STATUS: Final = {400: INVALID_REQUEST, 404: NOT_FOUND, 405: WRONG_METHOD, 413: TOO_LARGE}


class Problem(msgspec.Struct, omit_defaults=True):
    """What went wrong, for programs (`type`, `status`) and for people (`title`, `detail`)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    parameter: str | None = None
    value: str | None = None
    allowed: str | None = None


class Failure(Exception):
    """Raised by routes to answer with a problem."""

    def __init__(self, kind: Kind, detail: str, *, headers: Mapping[str, str] | None = None, **extras: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = headers or {}
        self.extras = extras
        """`parameter`, `value` and `allowed`, where there are any."""


def problem_response(request: AnyRequest, error: Exception) -> Response[bytes]:
    """The answer to any error; what is no one's fault but ours is logged, and not told."""
    failure = _failure_of(error)
    if failure.kind.status >= 500:
        expected = failure.kind is not INTERNAL
        _log.error(
            failure.kind.title,
            error=str(error), route=request.scope["path_template"], request_id=passage_of(request).id.decode(),
            exc_info=None if expected else error,
        )  # fmt: skip
    return Response(
        problem_bytes(failure, request.scope["path"]),
        status_code=failure.kind.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **failure.headers},
    )


def problem_bytes(failure: Failure, path: str) -> bytes:
    """The body that tells of a failure."""
    kind = failure.kind
    return msgspec.json.encode(Problem(kind.type, kind.title, kind.status, failure.detail, path, **failure.extras))


def _failure_of(error: Exception) -> Failure:
    match error:
        case Failure():
            return error
        case InvalidParameter():
            return _parameter_failure(error)
        case UnknownListener() | UnknownKey() | UnknownEntry() | BeyondRights() | SpotifyError():
            return Failure(_OF_ERROR.get(type(error), SPOTIFY_FAILED), str(error))
        case HTTPException(status_code=status) if status in _OF_STATUS:
            return _http_failure(_OF_STATUS[status], error)
        case _:
            return _our_failure(error)


def _our_failure(error: Exception) -> Failure:
    """What went wrong here. A store's own words name hosts and paths: they are for the log, not for whoever asks."""
    match error:
        case StoreFull() | OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return Failure(FULL, "There is no room left here. Nothing was kept of this request.")
        case StoreTooNew():
            return Failure(UNAVAILABLE, "The store's layout is of a newer version than this service.")
        case UnindexedQuery():
            return INTERNAL_FAILURE
        case StoreError() | LeaseLost():
            retry = {"Retry-After": str(RETRY_SECONDS)}
            return Failure(UNAVAILABLE, "The store cannot be reached just now, or is busy. Try again.", headers=retry)
        case _:
            return INTERNAL_FAILURE


def _parameter_failure(error: InvalidParameter) -> Failure:
    value = error.value if len(error.value) <= _LONGEST_VALUE else error.value[:_LONGEST_VALUE] + "…"
    detail = f"{error.parameter}={value!r} is not allowed; allowed: {error.allowed}"
    return Failure(INVALID_PARAMETER, detail, parameter=error.parameter, value=value, allowed=error.allowed)


def _http_failure(kind: Kind, error: HTTPException) -> Failure:
    if isinstance(error, MethodNotAllowedException):
        methods = {method.strip() for method in (error.headers or {}).get("allow", "").split(",")}
        allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
        return Failure(kind, f"Allowed here: {allowed}.", headers={"Allow": allowed}, allowed=allowed)
    details = {
        NOT_FOUND: "No route has this path. /schema lists all there are.",
        TOO_LARGE: "The body is larger than this route reads.",
    }
    return Failure(kind, details.get(kind, error.detail))


INTERNAL_FAILURE: Final = Failure(INTERNAL, _INTERNAL)
"""What is told of anything unexpected."""
