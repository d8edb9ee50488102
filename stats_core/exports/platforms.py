"""Spotify's `platform` strings, both eras', as a family and, where given, a model. Device ids are dropped."""

import re
from functools import lru_cache
from typing import Final

FAMILIES: Final = (
    "android",
    "ios",
    "windows",
    "osx",
    "linux",
    "web_player",
    "cast",
    "console",
    "tv",
    "speaker",
    "unknown",
)
_KEPT: Final = re.compile(rf"({'|'.join(FAMILIES)})(?: \((.*)\))?")

# Looked for in this order: a partner device names its kind before the system it runs on.
_SIGNS: Final = tuple(
    (family, re.compile(signs, re.IGNORECASE))
    for family, signs in (
        ("web_player", r"web_?player"),
        ("console", r"playstation|\bps[345]\b|ps[345]_|xbox|nintendo|scei"),
        ("speaker", r"amazon|echo|sonos|speaker|libratone|bose|bluesound|denon|yamaha|homepod|hifi|google.?home|nest"),
        ("cast", r"cast"),
        ("tv", r"_tv|\btv\b|roku|tizen|webos|bravia|vizio|fire_?tv|android_tv|apple ?tv|samsung_|\blg\b"),
        ("android", r"android"),
        ("ios", r"\bios\b|iphone|ipad|ipod|watchos"),
        ("windows", r"windows"),
        ("osx", r"os ?x|macos"),
        ("linux", r"linux|ubuntu|debian"),
    )
)
_IN_PARENTHESES: Final = re.compile(r"\(([^()]+)\)")
_ANDROID_DEVICE: Final = re.compile(r"^[^,;]{1,40}, [^,;]{1,40}$")
_APPLE_DEVICE: Final = re.compile(r"^(?:iPhone|iPad|iPod|Watch|AppleTV)\d+,\d+$")
_LOOKS_LIKE_AN_ID: Final = re.compile(r"[0-9a-f]{12,}|\d{9,}", re.IGNORECASE)


@lru_cache(maxsize=4096)
def platform_of(raw: str) -> tuple[str, str | None]:
    """(family, model or None) of a platform string; of what `kept_platform` wrote, the same again."""
    kept = _KEPT.fullmatch(raw)
    if kept:
        return kept[1], kept[2]
    family = next((name for name, signs in _SIGNS if signs.search(raw)), "unknown")
    return family, _model(raw)


def kept_platform(family: str, model: str | None) -> str:
    """The platform as the archive keeps it."""
    return f"{family} ({model})" if model else family


def _model(raw: str) -> str | None:
    """The device's make and model: `(samsung, SM-G991B)`, `(iPhone12,1)`, `Partner ... Amazon;Echo_Dot;<id>;;tpapi`."""
    if raw.startswith("Partner ") and ";" in raw:
        make, model = raw.rpartition(" ")[2].split(";")[:2]
        named = f"{make} {model}".strip().replace("(", "").replace(")", "")
    else:
        inside = _IN_PARENTHESES.search(raw)
        named = inside[1].strip() if inside else ""
        if not (_ANDROID_DEVICE.match(named) or _APPLE_DEVICE.match(named)):
            return None
    return named if named and not _LOOKS_LIKE_AN_ID.search(named) else None
