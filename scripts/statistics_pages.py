"""The pages of the statistics, `docs/statistics/`: one each, made from its declaration, its example and a real answer.

The real answers are about the export that `spotify-stats sample` writes when it is told nothing else.
"""

import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, Final

import msgspec

from scripts.by_hand import Example, example_of
from scripts.path_ids import path_given, path_of
from stats_core.clock import instant_ms
from stats_core.history.reader import Heard, HistoryReader
from stats_core.imports.importer import Dropped, import_file
from stats_core.insights import STATISTICS, answered
from stats_core.insights.parameters import COMMON, Parameter
from stats_core.insights.question import Statistic
from stats_core.sample import sample_export
from stats_core.sample.export import UNTIL
from stats_core.settings import Settings
from stats_core.store import open_store

NOTE: Final = "<!-- Written by `make docs` from the code. Change the words there, or in `docs/by_hand/`. -->"
PLAYS, YEARS, SEED = 25_000, 6, 1
"""What `spotify-stats sample` writes."""
NOW: Final = datetime.combine(UNTIL, time(18), UTC)
"""What time it is in the answers."""
USER: Final = "me"
_SHOWN: Final = 2
"""Elements of a long list."""
_ASKED: Final[Mapping[str, Mapping[str, str]]] = {
    "timeline": {"bucket": "month", "start": "2024-03-01", "end": "2024-06-01"},
    "plays": {"limit": "1"},
    "explanation": {"period": "2024", "of": "platforms", "id": "console", "limit": "1"},
    "coverage": {"start": "2019-10-01", "end": "2020-01-01"},
    "search": {"q": "glac", "limit": "2"},
    "one-hit-wonders": {"period": "2021-05"},
    "adoptions": {"period": "2020"},
    "milestones": {"period": "all"},
    "anniversaries": {"period": "all"},
}
"""Statistic -> what its page asks besides its path; a year unless it is here."""
_A_YEAR: Final = {"period": "2024"}
_MOST_LINE: Final = 116
_HOURS: Final = 24
"""Numbers of a list in one line."""
_SHOWN_NUMBERS: Final = 8


def sample_listener() -> Heard:
    """The listener the answers are about."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export = folder / "my_spotify_data.zip"
        sample_export(PLAYS, YEARS, SEED, output=export)
        store = open_store(f"sqlite:///{folder / 'stats.sqlite'}")
        try:
            import_file(store, Settings(_env_file=None, data_dir=folder), USER, Dropped(export, export.name))
            return HistoryReader(store, 0).read(USER)
        finally:
            store.close()


def pages(folder: Path, heard: Heard) -> Iterator[tuple[Path, str]]:
    """Path and text of every page, the list of them first."""
    yield folder / "README.md", _contents()
    for statistic in STATISTICS.values():
        yield folder / f"{statistic.id}.md", _page(statistic, heard)


def _contents() -> str:
    lines = [
        "# The statistics",
        "",
        NOTE,
        "",
        "Each has a page: what it counts, what it can be asked, an example counted by hand, a real answer. What holds "
        "for all of them stands in [the rules](../statistics.md).",
        "",
        "| route | answers |",
        "|---|---|",
    ]
    lines += [f"| [`{one.name}`]({one.id}.md) | {one.summary} |" for one in STATISTICS.values()]
    return "\n".join(lines) + "\n"


def _page(statistic: Statistic, heard: Heard) -> str:
    example = example_of(statistic.id)
    own = [parameter for parameter in statistic.parameters if parameter not in COMMON]
    parts = [
        f"# {statistic.summary}",
        NOTE,
        f"`GET /v1/listeners/{{user}}/{statistic.name}`",
        example.words.strip(),
        statistic.description,
        "## What it can be asked",
        _parameters([*statistic.path_parameters, *own]),
        "And what every statistic can: "
        + ", ".join(f"`{one.name}`" for one in COMMON)
        + "; see [the rules](../statistics.md).",
        "## Counted by hand",
        _by_hand(example),
        "## A real answer",
        _real(statistic, heard),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _parameters(parameters: list[Parameter[object]]) -> str:
    if not parameters:
        return ""
    lines = ["| parameter | default | meaning |", "|---|---|---|"]
    for one in parameters:
        default = f"`{one.default}`" if one.default is not None else ""
        unit = f" Unit: {one.unit}." if one.unit else ""
        lines.append(
            f"| `{one.name}` | {default} | {one.description}{unit} Allowed: {one.allowed.replace('|', '/')}. |"
        )
    return "\n".join(lines)


def _by_hand(example: Example) -> str:
    told = [msgspec.to_builtins(play) for play in example.plays]
    default = msgspec.to_builtins(type(example.plays[0])(at=example.plays[0].at))
    columns = [name for name in told[0] if name in {"at", "ms"} or any(play[name] != default[name] for play in told)]
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += [
        "| " + " | ".join("" if play[name] is None else str(play[name]) for name in columns) + " |" for play in told
    ]
    lines += [
        f"\nCovered as `{one.by}`: {one.start:%Y-%m-%d %H:%M} to {one.end:%Y-%m-%d %H:%M}." for one in example.covered
    ]
    asked = "&".join(f"{name}={value}" for name, value in example.ask.items())
    zone = "" if example.timezone == "UTC" else f" by a listener in {example.timezone}"
    now = f" at {example.now:%Y-%m-%dT%H:%MZ}" if example.now else ""
    question = f"Asked{zone}{now} with `{asked}`:" if asked else f"Asked{zone}{now} without more:"
    answer = f"```text\n{_written(example.answer)}\n```"
    return "\n\n".join(["\n".join(lines), question, answer, example.count.strip()])


def _real(statistic: Statistic, heard: Heard) -> str:
    given, in_path = _ASKED.get(statistic.name, _A_YEAR), path_given(statistic.name, heard, now=instant_ms(NOW))
    path = path_of(statistic.name, in_path)
    told = msgspec.json.decode(answered(statistic.name, heard, {**given, **in_path}, now=instant_ms(NOW)).json)
    query = "&".join(f"{name}={value}" for name, value in given.items())
    return (
        f'```console\n$ curl -s -H "Authorization: Bearer $KEY" \\\n'
        f'    "http://127.0.0.1:8000/v1/listeners/{USER}/{path}?{query}"\n{_written(told)}\n```\n\n'
        f"Of the listener that `spotify-stats sample` makes up, at {NOW:%Y-%m-%dT%H:%MZ}; `…` stands for more of it."
    )


def _written(value: Any, indent: int = 0, room: int = _MOST_LINE) -> str:
    """JSON for people: in one line where it fits, long lists cut."""
    flat = _flat(value)
    if isinstance(value, list) and not any(isinstance(each, (dict, list)) for each in value):
        return flat if len(flat) <= room - indent else _flat(value, _SHOWN_NUMBERS)
    if len(flat) <= room - indent or not isinstance(value, (dict, list)) or not value:
        return flat
    inner = " " * (indent + 1)
    if isinstance(value, list):
        shown = [_written(each, indent + 1) for each in value[:_SHOWN]]
        more = [] if len(value) <= _SHOWN else ["…"]
        return "[" + f",\n{inner}".join(shown + more) + "]"
    fields = [f'"{name}": {_written(each, indent + len(name) + 5)}' for name, each in value.items()]
    return "{" + f",\n{inner}".join(fields) + "}"


def _flat(value: Any, most: int = _HOURS) -> str:
    if isinstance(value, list):
        nested = any(isinstance(each, (dict, list)) for each in value)
        shown = [_flat(each) for each in value[: _SHOWN if nested else most]]
        return "[" + ", ".join(shown + (["…"] if len(value) > len(shown) else [])) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}": {_flat(each)}' for name, each in value.items()) + "}"
    return msgspec.json.encode(value).decode()
