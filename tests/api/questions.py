"""Questions that every statistic can be asked."""

from scripts.path_ids import path_given, path_of
from stats_core.clock import instant_ms, utc_now
from stats_core.history.reader import HistoryReader
from tests.api.server import ApiServer


def asked_of(server: ApiServer, name: str) -> str:
    """The address of a statistic of `ada`, with something in it that `ada` has."""
    heard = HistoryReader(server.store, 0).read("ada")
    return f"/v1/listeners/ada/{path_of(name, path_given(name, heard, now=instant_ms(utc_now())))}"
