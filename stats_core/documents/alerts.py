"""Alerts: what an operator should do something about, from when to when, and whether they were told."""

from datetime import datetime
from typing import Literal

from stats_core.documents.document import Document

Message = Literal["opened", "closed"]


class Alert(Document, kw_only=True, omit_defaults=True):
    """Something that is wrong, or was. `id` is `<subject>|<number>`; of one subject one is open at most."""

    revision: int = 0
    """Raised by every write, by compare-and-set."""
    subject: str
    """What it is about: `app`, `login|<user>`, `login-ends|<user>`, `polls|<user>`, `run|<job>`."""
    number: int
    """The how-maniest of its subject, from 1."""
    told: str
    """What is wrong and what to do, in words for a person."""
    opened_at: datetime
    """When it was seen first."""
    closed_at: datetime | None = None
    """When it was over; none: it is not."""
    owed: list[Message] = []
    """Messages that the webhook has not taken yet, in order."""
    tries: int = 0
    """How often in a row it did not take the next one."""
    again_at: datetime | None = None
    """When it is tried again."""
    problem: str | None = None
    """Why it did not take it."""
