"""Platform strings of both eras: family, model where one is given, and no device's id."""

import pytest

from stats_core.documents.words import PLATFORMS
from stats_core.exports.platforms import kept_platform, platform_of

KNOWN = [
    ("android", "android", None),
    ("ios", "ios", None),
    ("windows", "windows", None),
    ("osx", "osx", None),
    ("linux", "linux", None),
    ("web_player", "web_player", None),
    ("cast", "cast", None),
    ("playstation", "console", None),
    ("not_applicable", "unknown", None),
    ("", "unknown", None),
    ("something new", "unknown", None),
    ("Android OS 12 API 31 (samsung, SM-G991B)", "android", "samsung, SM-G991B"),
    ("Android OS 8.0.0 API 26 (LGE, LG-H930)", "android", "LGE, LG-H930"),
    ("Android-tablet OS 5.1.1 API 22 (Amazon, KFDOWI)", "android", "Amazon, KFDOWI"),
    ("Android OS 9 API 28 (Sony, BRAVIA 4K UR2)", "tv", "Sony, BRAVIA 4K UR2"),
    ("iOS 14.4 (iPhone12,1)", "ios", "iPhone12,1"),
    ("iOS 9.3.2 (iPad7,5)", "ios", "iPad7,5"),
    ("watchOS 6.0 (Watch4,1)", "ios", "Watch4,1"),
    ("tvOS 14.0 (AppleTV11,1)", "tv", "AppleTV11,1"),
    ("OS X 10.15.7 [x86 8]", "osx", None),
    ("Windows 10 (10.0.19041; x64; AppX)", "windows", None),
    ("Windows 7 (6.1.7601; x64; SP1; S)", "windows", None),
    ("Linux [x86-64 0]", "linux", None),
    ("WebPlayer (websocket RFC6455)", "web_player", None),
    ("web_player windows 10;chrome 96.0.4664.45;desktop", "web_player", None),
    ("Partner amazon_salmon Amazon;Echo_Dot;SECRET;;tpapi", "speaker", "Amazon Echo_Dot"),
    ("Partner google cast_tv;Chromecast_Ultra;SECRET;;", "cast", "cast_tv Chromecast_Ultra"),
    ("Partner roku_tv TCL;Roku TV 55S425;SECRET;;tpapi", "tv", "TCL Roku TV 55S425"),
    ("Partner webos_tv LG Electronics;OLED55 (2019);SECRET;;", "tv", "LG Electronics OLED55 2019"),
    ("Partner sonos_imx6 Sonos;Bridge;RINCON_949F3E;;tpapi", "speaker", "Sonos Bridge"),
    ("Partner microsoft_xbox_one Microsoft;Xbox_One;SECRET;;", "console", "Microsoft Xbox_One"),
    ("Partner scei_playstation_4 PS4", "console", None),
    ("Partner sony_tv SECRET", "tv", None),
    ("Partner sony_tv Sony;SECRET", "tv", None),
]
IDS = [
    "949f3e0a949f3e0a",
    "0123456789",
    "11:22:33:44:55:66",
    "aa-bb-cc-dd-ee-ff",
    "123e4567-e89b-12d3-a456-426614174000",
    "G090LF1180570QQX",
    "someone@example.org",
]


@pytest.mark.parametrize(("raw", "family", "model"), KNOWN)
def test_family_and_model(raw: str, family: str, model: str | None) -> None:
    assert platform_of(raw) == (family, model)
    assert family in PLATFORMS


@pytest.mark.parametrize("raw", [raw for raw, _, _ in KNOWN])
def test_what_was_kept_is_read_as_the_same_again(raw: str) -> None:
    found = platform_of(raw)
    assert platform_of(kept_platform(*found)) == found


@pytest.mark.parametrize("secret", IDS)
@pytest.mark.parametrize(
    "form",
    ["Partner amazon_x Amazon;{};x;;tpapi", "Partner x {};y;z", "Android OS 12 API 31 (samsung, {})", "ios ({})", "{}"],
)
def test_a_devices_id_is_never_kept(form: str, secret: str) -> None:
    assert secret not in kept_platform(*platform_of(form.format(secret)))
