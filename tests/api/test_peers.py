"""Whom an attempt is laid to: never to whom anybody may name."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats_api.peers import Peers

TRUSTED = Peers([ip_network("10.0.0.0/8"), ip_network("::1"), ip_network("fd00::/8")])
PROXY = "10.0.0.1"
PROXIES = st.sampled_from([PROXY, "10.9.9.9", "::1", "fd00::7", "[fd00::7]:443", "10.1.1.1:80"])
ANYTHING = st.text(st.characters(max_codepoint=255, exclude_characters=","), max_size=30) | st.ip_addresses().map(str)


def told(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"x"), *((b"x-forwarded-for", value.encode("latin-1")) for value in values)]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.1",), "192.0.2.1"),
        (PROXY, (), PROXY),
        (PROXY, ("",), PROXY),
        (PROXY, ("198.51.100.1",), "198.51.100.1"),
        (PROXY, ("203.0.113.9, 198.51.100.1",), "198.51.100.1"),
        (PROXY, ("203.0.113.9", "198.51.100.1"), "198.51.100.1"),
        (PROXY, ("198.51.100.1, 10.0.0.2, 10.0.0.3",), "198.51.100.1"),
        (PROXY, ("10.0.0.2, 10.0.0.3",), "10.0.0.2"),
        (PROXY, ("198.51.100.1:4711",), "198.51.100.1"),
        (PROXY, ('"198.51.100.1:4711"',), "198.51.100.1"),
        (PROXY, (" 198.51.100.1 ",), "198.51.100.1"),
        (PROXY, ("198.51.100.1:http",), PROXY),
        (PROXY, ("198.51.100",), PROXY),
        (PROXY, ("198.51.100.256",), PROXY),
        (PROXY, ("unknown",), PROXY),
        (PROXY, ("198.51.100.1, unknown, 10.0.0.2",), "10.0.0.2"),
        (PROXY, ("198.51.100.1, ",), PROXY),
        (PROXY, ("2001:db8::7",), "2001:db8::/64"),
        (PROXY, ("[2001:db8::7]",), "2001:db8::/64"),
        (PROXY, ("[2001:DB8::7]:443",), "2001:db8::/64"),
        (PROXY, ("2001:db8:0:0:ffff::7, ::1",), "2001:db8::/64"),
        (PROXY, ("fe80::1%eth0",), PROXY),
        (PROXY, ("[fe80::1%eth0]:80",), "fe80::/64"),
        (PROXY, ("::ffff:198.51.100.1",), "198.51.100.1"),
        ("::ffff:10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("2001:db8::1", ("198.51.100.1",), "2001:db8::/64"),
        ("::1", ("198.51.100.1",), "198.51.100.1"),
        (None, ("198.51.100.1",), ""),
        ("nowhere", ("198.51.100.1",), ""),
    ],
)
def test_the_last_address_that_is_no_trusted_proxy_counts(
    peer: str | None, forwarded: tuple[str, ...], address: str
) -> None:
    assert TRUSTED.address_of(peer, told(*forwarded)) == address


@given(before=st.lists(ANYTHING, max_size=20), after=st.lists(PROXIES, max_size=8))
def test_what_a_client_says_of_itself_changes_nothing(before: list[str], after: list[str]) -> None:
    assert TRUSTED.address_of(PROXY, told(", ".join([*before, "198.51.100.1", *after]))) == "198.51.100.1"


@given(forwarded=st.lists(ANYTHING), peer=st.ip_addresses(network="192.0.2.0/24").map(str))
def test_who_is_no_trusted_proxy_speaks_for_nobody(forwarded: list[str], peer: str) -> None:
    assert TRUSTED.address_of(peer, told(", ".join(forwarded))) == peer
    assert Peers([]).address_of(PROXY, told(", ".join(forwarded))) == PROXY


def test_a_header_is_not_read_for_ever() -> None:
    assert TRUSTED.address_of(PROXY, told("198.51.100.1" + ", 10.0.0.2" * 1_000)) == "10.0.0.2"
