"""Peers: where a request comes from, as far as somebody trusted says so."""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_FORWARDED: Final = b"x-forwarded-for"
_MOST_HOPS: Final = 16
"""Proxies that one request passes at most: a header is not read for ever."""
_WRITTEN: Final = re.compile(
    r'"?(?:\[(?P<bracketed>[0-9a-f:.%\w]+)\](?::[0-9]{1,5})?|(?P<four>[0-9.]+)(?::[0-9]{1,5})?|(?P<six>[0-9a-f:.]+))"?',
    re.IGNORECASE | re.ASCII,
)
_HOME_BITS: Final = 64
"""Of an IPv6 address, what names a home: in the rest of it anybody has as many addresses as they like."""


class Peers:
    """Tells clients apart by where they come from; only these proxies are believed about it."""

    def __init__(self, proxies: Sequence[Network]) -> None:
        self._proxies = tuple(proxies)

    def address_of(self, peer: str | None, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The client's address: the peer's, or of those that were forwarded the last one that is no trusted proxy.

        Where a proxy tells what is no address, it stands for whom it let in: what lies before that nobody vouches for.
        """
        address = _address(peer or "")
        if address is None or not self._is_proxy(address):
            return _home(address)
        told = b",".join(value for name, value in headers if name.lower() == _FORWARDED).decode("latin-1")
        for hop in reversed(told.rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]):
            before = _address(hop)
            if before is None:
                break
            address = before
            if not self._is_proxy(address):
                break
        return _home(address)

    def _is_proxy(self, address: Address) -> bool:
        return any(address in network for network in self._proxies)


def _address(text: str) -> Address | None:
    """An address as it is written with or without brackets and port; None: it is none."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        return None
    try:
        address = ip_address((match["bracketed"] or match["four"] or match["six"]).partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _home(address: Address | None) -> str:
    """Whom an attempt is laid to."""
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> (128 - _HOME_BITS) << (128 - _HOME_BITS), _HOME_BITS)))
    return str(address or "")
