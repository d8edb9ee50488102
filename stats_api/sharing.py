"""Sharing: a key that stands in an address, `?share=<key>`, as a sharing link's may."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

SHARE: Final = "share"
_GIVEN: Final = re.compile(rf"(?:^|(?<=&)){SHARE}=([^&]*)(?:&|$)".encode())
_NAMED: Final = f"{SHARE}=".encode()


def parted(query: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """The keys in a query, and the query without them: it is remembered and read as parameters, and they are not."""
    if _NAMED not in query:
        return (), query
    return tuple(map(unquote_to_bytes, _GIVEN.findall(query))), _GIVEN.sub(b"", query).removesuffix(b"&")
