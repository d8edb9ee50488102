"""Addresses: what was asked and how the answer is to be written, whatever way the request spelt it."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from stats_api.codings import coding_of
from stats_api.companions import needs_agreement, not_agreed
from stats_api.formats import FORMAT, Format, format_of
from stats_api.operations import Operation
from stats_api.passage import Passage
from stats_core.documents.listeners import Listener
from stats_core.errors import UnknownListener
from stats_core.history.present import Present
from stats_core.insights import Asked, asked
from stats_core.insights.question import Statistic
from stats_core.security.access import Access, Limits

Terms = tuple[Limits | None, bool]
"""On what terms a key is answered: what a link limits it to; whether another listener's part is what both agreed to."""


@dataclass(frozen=True, slots=True)
class Address:
    """What was asked."""

    operation: Operation
    route: str
    """The template of its path."""
    path: str
    given: Mapping[str, str]
    """The parameters as they were given."""
    statistic: Statistic
    asked: Asked
    users: tuple[str, ...]
    """Whose histories it needs, the path's listener first."""
    form: Format
    coding: str | None
    text: str
    """All of it in one canonical line: equal questions have equal ones."""

    @property
    def user(self) -> str:
        """The listener of its path."""
        return self.users[0]

    def terms(self, access: Access) -> Terms:
        """On what terms a key is answered here; raises Failure where it is not."""
        return access.limits, any(needs_agreement(access, other) for other in self.users[1:])

    def key(self, terms: Terms, present: Present) -> Hashable:
        """Where the present answer is kept. Raises UnknownListener, and Failure where it would tell who is there."""
        own = present.listener(self.user)
        _, agreed = terms
        try:
            listeners = [own, *map(present.listener, self.users[1:])]
        except UnknownListener:
            if agreed:
                raise not_agreed() from None
            raise
        return self.key_of(terms, present.revision("catalogue"), listeners)

    def key_of(self, terms: Terms, catalogue: int, listeners: Iterable[Listener]) -> Hashable:
        """Where the answer is kept that is true of these states."""
        return self.text, terms, catalogue, *map(state_of, listeners)

    def link(self, cursor: str) -> str:
        """A link to the page that begins there (RFC 8288): CSV and NDJSON have no other place for it."""
        query = urlencode({**self.given, "cursor": cursor})
        return f'<{quote(self.path)}?{query}>; rel="next"'


def address_of(
    passage: Passage, operation: Operation, route: str, statistic: Statistic, user: str,
    named: Mapping[str, str], given: Mapping[str, str],
) -> Address:  # fmt: skip
    """The address of a request: `named` in its path, `given` in its query. Raises InvalidParameter and Failure."""
    form = format_of(statistic, given.get(FORMAT.name), passage.accept)
    coding = coding_of(passage.accept_encoding)
    question = asked(statistic.name, {**{name: text for name, text in given.items() if name != FORMAT.name}, **named})
    users = (user,) if question.companion is None else (user, question.companion)
    text = "\n".join((user, question.key, form.name, coding or "identity"))
    return Address(operation, route, passage.raw[0], given, statistic, question, users, form, coding, text)


def state_of(listener: Listener | None) -> Hashable:
    """What tells two states of a listener apart; one made anew under an old name counts from 0 again."""
    return listener and (listener.created_at, listener.revision)
