"""Asking the statistics as a client does: texts in, plain JSON values out."""

from collections.abc import Mapping
from typing import Any

import msgspec

from stats_core.clock import instant_ms
from stats_core.documents.listeners import Listener
from stats_core.history.columns import History
from stats_core.history.reader import Heard
from stats_core.insights import answered
from tests.insights.plays import listener, utc

ADA = listener()
NOW = instant_ms(utc("2030-01-01"))
"""After all made-up plays but the oddest."""


def answer(
    statistic: str, history: History, given: Mapping[str, str], who: Listener = ADA, now: int = NOW
) -> dict[str, Any]:
    """The answer, decoded from the bytes that the REST route would send."""
    decoded: dict[str, Any] = msgspec.json.decode(answered(statistic, Heard(who, history), given, now=now).json)
    return decoded
