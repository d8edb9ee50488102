"""What stands for `{id}` where a statistic has one in its path and any will do: what was played most."""

import msgspec

from stats_core.history.reader import Heard
from stats_core.insights import STATISTICS, answered


def path_given(statistic: str, heard: Heard, *, now: int) -> dict[str, str]:
    """The path's parameters; `now` in ms since 1970."""
    if not STATISTICS[statistic].path_parameters:
        return {}
    of = statistic.partition("/")[0]
    top = msgspec.json.decode(answered(f"top/{of}", heard, {"limit": "1"}, now=now).json)
    return {"id": top["items"][0]["id"]}


def path_of(statistic: str, given: dict[str, str]) -> str:
    """The statistic's path with these in it."""
    for name, value in given.items():
        statistic = statistic.replace(f"{{{name}}}", value)
    return statistic
