"""Negotiation: what a client would rather have, from `Accept` and `Accept-Encoding` (RFC 9110, 12.4 and 12.5)."""

import re
from collections.abc import Iterable
from typing import Final

_QUALITY: Final = re.compile(r"(0(\.[0-9]{0,3})?|1(\.0{0,3})?)", re.ASCII)
_MOST: Final = 64
"""Alternatives that are looked at: no client names more."""


def preferred(header: bytes | None, offered: Iterable[str]) -> str | None:
    """Which of the offered tokens (codings or media types) a client wants most; of equals the first offered.

    None: it wants none of them. Without a header the first will do. What is no valid alternative is passed over.
    """
    if header is None:
        return next(iter(offered))
    wanted = _wanted(header)
    best, most = None, 0.0
    for token in offered:
        quality = _quality(token, wanted)
        if quality > most:
            best, most = token, quality
    return best


def _wanted(header: bytes) -> dict[str, float]:
    """Token or range -> its quality; parameters other than `q` make no difference here."""
    wanted: dict[str, float] = {}
    for alternative in header.decode("latin-1").lower().split(",", _MOST)[:_MOST]:
        token, *parameters = (part.strip() for part in alternative.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
        if token:
            wanted[token] = max(quality, wanted.get(token, 0.0))
    return wanted


def _quality(token: str, wanted: dict[str, float]) -> float:
    """The quality of the most specific range that the token lies in."""
    for named in (token, f"{token.partition('/')[0]}/*" if "/" in token else "", "*/*" if "/" in token else "*"):
        if named in wanted:
            return wanted[named]
    return 0.0
