"""Computing: an answer from its listener's history to the bytes that go out. Runs in a thread."""

from collections.abc import Hashable
from math import inf

from stats_api.addresses import Address, Terms
from stats_api.cache import Entry
from stats_api.codings import coded
from stats_api.companions import check_agreement
from stats_api.replies import Ready
from stats_core.clock import instant_ms, utc_now
from stats_core.history.reader import HistoryReader
from stats_core.insights import answer_of
from stats_core.insights.lately import Lately
from stats_core.insights.question import Companion
from stats_core.store.port import Store


def computed(
    store: Store, reader: HistoryReader, lately: Lately, address: Address, terms: Terms
) -> tuple[Hashable, Entry]:
    """The answer, and the key of the state that it is true of. Raises what the core raises, and Failure."""
    limits, agreed = terms
    if (
        agreed
    ):  # a history is not even read for whom it is not open to, nor does how long it takes tell that there is one
        check_agreement(store, *address.users)
    heard = [reader.read(user) for user in address.users]
    if agreed:
        # Once more: whoever takes back what they agreed to raises both revisions afterwards, so that no answer given in
        # between is found again.
        check_agreement(store, *address.users)
    key = address.key_of(terms, heard[0].history.catalogue.revision, [each.listener for each in heard])
    companion = Companion(heard[1], shares_only=agreed) if len(heard) > 1 else None
    answered = answer_of(
        address.asked, heard[0], now=instant_ms(utc_now()), limits=limits, companion=companion, lately=lately
    )
    body, coding = coded(address.form.body(answered, address.statistic.listed or ""), address.coding)
    described = [(b"content-type", address.form.content_type)]
    if coding is not None:
        described.append((b"content-encoding", coding.encode()))
    if (cursor := getattr(answered.answer, "cursor", None)) is not None:
        described.append((b"link", address.link(cursor).encode()))
    until = inf if answered.valid_until is None else answered.valid_until / 1_000
    return key, Entry(Ready(body, described), frozenset(address.users), until)
