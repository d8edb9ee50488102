"""Examples counted by hand, `docs/by_hand/<statistic>.yaml`: a test asks them, the documentation shows them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from stats_core.clock import instant_ms
from stats_core.documents.listeners import Covered, Listener
from stats_core.documents.plays import Play
from stats_core.documents.words import Kind
from stats_core.history.columns import history_of_plays
from stats_core.history.reader import Heard
from stats_core.insights import answered

FOLDER: Final = Path(__file__).parents[1] / "docs" / "by_hand"
_MS: Final = 180_000
_USER: Final = "ada"


class HeardPlay(msgspec.Struct, forbid_unknown_fields=True):
    """A play of an example: three minutes of a track from extended history, unless it says otherwise."""

    at: datetime
    """When it started."""
    name: str | None = None
    artist: str | None = None
    album: str | None = None
    ms: int = _MS
    kind: Kind = "track"
    uri: str | None = None
    show: str | None = None
    audiobook: str | None = None
    platform: str | None = None
    country: str | None = None
    reason_start: str | None = None
    reason_end: str | None = None
    shuffle: bool | None = None
    offline: bool | None = None
    private: bool | None = None


class Example(msgspec.Struct, forbid_unknown_fields=True):
    """One statistic's example."""

    words: str
    """What the statistic is, for its reader."""
    plays: list[HeardPlay]
    answer: dict[str, Any]
    """What must be found in the answer: fields may be left out, entries of lists may not."""
    count: str
    """How to count it by hand."""
    ask: dict[str, str] = {}
    timezone: str = "UTC"
    covered: list[Covered] = []
    """What of the time the imports know, and how well."""
    now: datetime | None = None
    """What time it is; the year after the last play unless given."""


@dataclass(frozen=True)
class Compared:
    """An example's answer, and what it should be."""

    answer: Any
    """Its fields that are expected."""
    expected: Any


def example_of(statistic: str) -> Example:
    """The example of a statistic's id. Raises FileNotFoundError and msgspec.ValidationError."""
    told = msgspec.yaml.decode((FOLDER / f"{statistic}.yaml").read_bytes())
    return msgspec.json.decode(msgspec.json.encode(told), type=Example)


def asked(name: str, example: Example) -> Compared:
    """Ask an example's question, by the statistic's name."""
    listener = Listener(id=_USER, created_at=example.plays[0].at, timezone=example.timezone)
    plays = [_play(number, play) for number, play in enumerate(example.plays)]
    now = example.now or max(play.at for play in example.plays) + timedelta(days=365)
    history = history_of_plays(plays, coverage=example.covered)
    told = answered(name, Heard(listener, history), example.ask, now=instant_ms(now))
    answer = msgspec.json.decode(told.json)
    return Compared(_named_by(example.answer, answer), example.answer)


def _named_by(expected: Any, answer: Any) -> Any:
    """Of an answer only the fields that are expected; lists stay whole."""
    if isinstance(expected, dict) and isinstance(answer, dict):
        return {field: _named_by(expected[field], answer.get(field)) for field in expected}
    if isinstance(expected, list) and isinstance(answer, list) and len(expected) == len(answer):
        return [_named_by(*pair) for pair in zip(expected, answer, strict=True)]
    return answer


def _play(number: int, heard: HeardPlay) -> Play:
    fields = {name: getattr(heard, name) for name in HeardPlay.__struct_fields__ if name != "at"}
    end = heard.at + timedelta(milliseconds=heard.ms)
    identity = f"{_USER}|{end:%Y-%m-%dT%H:%M:%SZ}|{heard.ms:08}|{number:04}"
    return Play(id=identity, user=_USER, start=heard.at, end=end, source="extended", **fields)
