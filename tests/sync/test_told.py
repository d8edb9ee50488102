"""What answers say of plays that the Web API told of."""

from pathlib import Path
from typing import Any

import msgspec

from stats_core.clock import instant_ms
from stats_core.history.reader import HistoryReader
from stats_core.insights import answered
from stats_core.listeners import made_listener
from stats_core.settings import Settings
from stats_core.store.port import Store
from stats_core.sync.recent import take_in
from tests.imports.exported import Listened, extended_row, imported, packed
from tests.sync.test_recent import NOW, _json, heard


def asked(store: Store, statistic: str, **given: str) -> dict[str, Any]:
    told = answered(statistic, HistoryReader(store, 0).read("me"), given, now=instant_ms(NOW))
    decoded: dict[str, Any] = msgspec.json.decode(told.json)
    return decoded


def test_answers_tell_what_is_estimated_what_meets_and_what_is_known(store: Store, tmp_path: Path) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path)
    made_listener(store, own.inbox_dir, "me", "UTC")
    take_in(store, "me", [heard(0), heard(90, track=2), heard(1_000, track=3)], NOW)
    assert asked(store, "summary")["rule"]["estimated_ms"] == 490_000
    assert asked(store, "summary", source="extended")["rule"].get("estimated_ms", 0) == 0
    shares = asked(store, "summary")["coverage"]
    assert (shares["preview"], shares["complete"]) == (1.0, 0.0)
    rows = [
        extended_row(5, Listened(at, ms, track, f"Song {track}")) for at, ms, track in ((91, 60_500, 2), (400, 900, 7))
    ]
    imported(store, own, packed([_json(rows)], tmp_path / "export"))
    got = asked(store, "reconciliation")
    assert (got["matched"], got["only_api"], got["only_export"]) == (1, 2, 1)
    listed = asked(store, "plays", min_ms="0")["plays"]
    assert [(each["source"], each["estimated"], each["supersedes"]) for each in listed] == [
        ("api", True, []),
        ("extended", False, []),
        ("extended", False, ["api"]),
        ("api", True, []),
    ]
    assert asked(store, "summary")["rule"]["estimated_ms"] == 400_000
