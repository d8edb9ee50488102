"""Collections that only the contract suite has, with every type a document may hold."""

from datetime import UTC, datetime, timedelta

import msgspec

from stats_core.documents.document import Document, Part
from stats_core.store import collections
from stats_core.store.port import Collection, Index

NOON = datetime(2024, 2, 29, 12, 0, 0, 123_000, tzinfo=UTC)


class Piece(Part, kw_only=True, omit_defaults=True):
    name: str
    at: datetime | None = None
    data: bytes = b""


class Thing(Document, kw_only=True, omit_defaults=True):
    user: str = "me"
    rank: int = 0
    at: datetime = NOON
    label: str | None = None
    flag: bool = False
    revision: int = 0
    data: bytes = b""
    pieces: list[Piece] = msgspec.field(default_factory=list)
    counts: dict[str, int] = msgspec.field(default_factory=dict)


class Coded(Document, kw_only=True, omit_defaults=True):
    user: str
    code: str | None = None


things = Collection(
    "things", Thing, (Index(("user", "rank")), Index(("user", "at")), Index(("label",)), Index(("flag", "rank")))
)
coded = Collection("coded", Coded, (Index(("user", "code"), unique=True),))

DECLARED = (collections.layout, collections.leases, things, coded)


def thing(number: int, **fields: object) -> Thing:
    """The thing of a number: ids and instants in its order."""
    made = Thing(id=f"thing|{number:06d}", rank=number, at=NOON + timedelta(seconds=number))
    for name, value in fields.items():
        setattr(made, name, value)
    return made
