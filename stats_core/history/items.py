"""What was played, as values: items, their names as identities, and the URL-safe keys that name them."""

import hashlib
from typing import Final

import msgspec

from stats_core.documents.plays import Observation
from stats_core.documents.words import Kind

VARIOUS_ARTISTS: Final = "Various Artists"
NAME_KEY_LENGTH: Final = 21
_SPOTIFY_ID_LENGTH: Final = 22


class Item(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What an observation says was played; equal items are one line of a column's dictionary."""

    kind: Kind
    uri: str | None = None
    name: str | None = None
    artist: str | None = None
    album: str | None = None
    show: str | None = None
    audiobook: str | None = None
    audiobook_uri: str | None = None
    author: str | None = None
    primary_artist: str | None = None

    @property
    def by(self) -> str | None:
        """The second half of the item's names: a track's artist, an episode's show, a chapter's audiobook."""
        return self.artist if self.kind == "track" else self.show if self.kind == "episode" else self.audiobook


def item_of(observed: Observation) -> Item:
    """The item of a stored observation or play."""
    o = observed
    return Item(
        o.kind, o.uri, o.name, o.artist, o.album, o.show, o.audiobook, o.audiobook_uri, o.author, o.primary_artist
    )  # fmt: skip


def uri_id(uri: str) -> str:
    """What names an item with a URI in a URL: its Spotify id; a key where the URI has none (local files)."""
    identity = uri.rpartition(":")[2]
    if len(identity) == _SPOTIFY_ID_LENGTH and identity.isascii() and identity.isalnum():
        return identity
    return name_key("uri", uri)


def name_key(what: str, *names: str | None) -> str:
    """A URL-safe key for exact names: `~` and 20 hexadecimal digits; it can't be taken for a Spotify id."""
    text = "\0".join([what, *("\1" if name is None else name for name in names)])
    return "~" + hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


def is_name_key(text: str) -> bool:
    """Whether it has the form of a key of names."""
    return len(text) == NAME_KEY_LENGTH and text.isascii() and text.startswith("~")
