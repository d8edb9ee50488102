"""The words documents are written in."""

from typing import Literal, get_args

Source = Literal["extended", "account", "api"]
Kind = Literal["track", "episode", "chapter", "unknown"]
State = Literal["stored", "unidentified", "duplicate", "superseding", "superseded", "invalid"]
Privacy = Literal["exclude", "include", "only"]
Coverage = Literal["complete", "account", "preview", "gap"]
"""How well a stretch of time is known, the stronger first: by the extended history, by account data, by the Web API
(no plays under half a minute, no private sessions), or as one in which plays may have been lost."""
FileStatus = Literal["imported", "refused"]
Scope = Literal["read", "write", "admin", "metrics"]
"""What a key may do: read or change what is its listeners', everything, or read the service's own figures."""
ImportStatus = Literal["waiting", "importing", "imported", "partial", "refused", "failed"]
Generation = Literal[
    "library", "playlists", "recently-played",
    "account-music", "account-podcast", "account-audiobook",
    "extended-1", "extended-2", "extended-3", "extended-4", "extended-5",
]  # fmt: skip
"""What a JSON file is: the later one here is the newer, and of two that say the same play the one to believe."""
KINDS: tuple[Kind, ...] = ("track", "episode", "chapter", "unknown")
GENERATIONS: tuple[Generation, ...] = get_args(Generation)
COVERAGES: tuple[Coverage, ...] = get_args(Coverage)
SOURCES: tuple[Source, ...] = ("extended", "account", "api")
PLATFORMS = (
    "android", "ios", "windows", "osx", "linux", "web_player", "cast", "console", "tv", "speaker", "unknown",
)  # fmt: skip
"""The families that platforms of both eras' strings are kept as."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
STATES: tuple[State, ...] = ("stored", "unidentified", "duplicate", "superseding", "superseded", "invalid")
USER_NAME = "[a-z0-9][a-z0-9._-]{0,63}"
"""What a listener may be called."""
