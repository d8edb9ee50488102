"""Companions: another listener in a question, and how much of them its key may be told."""

from stats_api.problems import OUTSIDE_KEY, Failure
from stats_core.security.access import Access
from stats_core.security.consent import both_agreed
from stats_core.store.port import Store


def needs_agreement(access: Access, other: str) -> bool:
    """Whether a key is told of another listener only what both agreed to; raises Failure where it is told nothing."""
    if access.reads(other):
        return False
    if access.statistics is not None:  # they agreed to be compared for each other, not for whoever was sent a link
        raise not_agreed()
    return True


def check_agreement(store: Store, user: str, other: str) -> None:
    """Raises Failure unless each has named the other."""
    if not both_agreed(store, user, other):
        raise not_agreed()


def not_agreed() -> Failure:
    """What is answered where a key may be told nothing of the other listener, whether there is one or not."""
    return Failure(
        OUTSIDE_KEY,
        "This key does not read the other listener, and the two have not each named the other to be compared with.",
    )
