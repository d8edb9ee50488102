"""Which names of time zones there are: one rule for settings, listeners and questions, the same on every machine."""

from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every IANA name, as the package `tzdata` lists them."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
