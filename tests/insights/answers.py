"""Asking the statistics as a client does: texts in, plain JSON values out."""

from collections.abc import Mapping
from typing import Any

import msgspec

from stats_core.documents import Listener
from stats_core.history.columns import History
from stats_core.insights import answer_bytes
from tests.insights.plays import listener

ADA = listener()


def answer(statistic: str, history: History, given: Mapping[str, str], who: Listener = ADA) -> dict[str, Any]:
    """The answer, decoded from the bytes that the REST route would send."""
    decoded: dict[str, Any] = msgspec.json.decode(answer_bytes(statistic, history, who, given))
    return decoded
