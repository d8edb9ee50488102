"""What every document is."""

import msgspec


class Part(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A piece of a document."""


class Document(Part, kw_only=True, omit_defaults=True, rename={"id": "_id"}):
    """A document of a collection; `id` is its key."""

    id: str
