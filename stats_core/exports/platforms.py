"""Spotify's `platform` strings, both eras', as a family and, where given, a model. Device ids are dropped."""

import re
from functools import lru_cache
from typing import Final

from stats_core.documents.words import PLATFORMS

_KEPT: Final = re.compile(rf"({'|'.join(PLATFORMS)})(?: \((.*)\))?", re.DOTALL)

# Looked for in this order: how a string begins says more than a maker's name within it, and a partner device names its
# kind before the system it runs on.
_SIGNS: Final = tuple(
    (family, re.compile(signs, re.IGNORECASE))
    for family, signs in (
        ("web_player", r"web_?player"),
        ("tv", r"(android|ios|tvos).*(\btv\b|bravia|shield|mibox|mitv|, aft|appletv)|tvos"),
        ("speaker", r"android.*(echo|portal)"),
        ("android", r"^android"),
        ("ios", r"^(ios|ipados|watchos|iphone|ipad|ipod)\b"),
        ("windows", r"^windows"),
        ("osx", r"^(os ?x|macos)"),
        ("linux", r"^linux"),
        ("console", r"playstation|\bps[345]\b|ps[345]_|xbox|nintendo|scei"),
        ("tv", r"fire_?tv|android_?tv|apple_? ?tv|samsung_|roku"),
        ("cast", r"cast"),
        (
            "speaker",
            r"amazon|echo|sonos|speaker|libratone|\bbose|bluesound|denon|heos|yamaha|musiccast|homepod|hifi|google.?home"
            r"|\bnest|harman|jbl|onkyo|pioneer|marantz|naim|linn_|bang.?olufsen|avr\b|soundbar|soundtouch",
        ),
        ("tv", r"_tv|\btv\b|tizen|webos|bravia|vizio|philips_|panasonic|hisense|\blg\b|lg_|sky_|comcast|virgin"),
        ("android", r"android"),
        ("ios", r"iphone|ipad|ipod"),
        ("windows", r"windows"),
        ("osx", r"macos"),
        ("linux", r"linux|ubuntu|debian|raspbian|librespot"),
    )
)
_IN_PARENTHESES: Final = re.compile(r"\(([^()]+)\)")
_ANDROID_DEVICE: Final = re.compile(r"[^,;]{1,40}, [^,;]{1,40}")
_APPLE_DEVICE: Final = re.compile(r"(?:iPhone|iPad|iPod|Watch|AppleTV)\d+,\d+")
_LOOKS_LIKE_AN_ID: Final = re.compile(
    r"[0-9a-f]{10,}|\d{8,}|(?:[0-9a-f]{2}[:-]){4}|(?=(?:[a-z]*\d){4})[a-z0-9]{14,}|[0-9a-f]{8}-[0-9a-f]{4}|@",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def platform_of(raw: str) -> tuple[str, str | None]:
    """(family, model or None) of a platform string; of what `kept_platform` wrote, the same again."""
    kept = _KEPT.fullmatch(raw)
    if kept:
        return kept[1], _without_id(kept[2] or "")
    family = next((name for name, signs in _SIGNS if signs.search(raw)), "unknown")
    return family, _model(raw)


def kept_platform(family: str, model: str | None) -> str:
    """The platform as the archive keeps it."""
    return f"{family} ({model})" if model else family


def _model(raw: str) -> str | None:
    """The device's make and model: `(samsung, SM-G991B)`, `(iPhone12,1)`, `Partner ... Amazon;Echo_Dot;<id>;;tpapi`."""
    if raw.startswith("Partner "):
        described = raw.split(" ", 2)[-1].split(";")
        # After make and model come ids: fewer parts, and which is which can't be told.
        named = " ".join(described[:2]).replace("(", "").replace(")", "") if len(described) > 2 else ""
        return _without_id(" ".join(named.split()))
    inside = [found[1].strip() for found in _IN_PARENTHESES.finditer(raw)]
    devices = [named for named in inside if _ANDROID_DEVICE.fullmatch(named) or _APPLE_DEVICE.fullmatch(named)]
    return _without_id(devices[0]) if devices else None


def _without_id(named: str) -> str | None:
    return named if named and not _LOOKS_LIKE_AN_ID.search(named) else None
