"""What is looked for is found: words of names, whatever their accents, case and script; anything typed is just text."""

import unicodedata
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats_core.documents.plays import Play
from stats_core.history.columns import history_of_plays
from tests.insights import recount
from tests.insights.answers import answer
from tests.insights.catalogues import listened
from tests.insights.listened import Asked, Listened
from tests.insights.plays import CHANGES, keyed, play, utc

ODD = (
    "\0",
    "\n",
    "\x85",
    "\u202e",
    "\ufeff",
    "e\u0301",
    "\u0489",
    "❤\ufe0f",
    "👩‍👩‍👧",
    "ß",
    "İ",
    "ﬀ",
    "한글",
    "हिन्दी",
    "שלום",
)
texts = st.one_of(
    st.text(alphabet="abAB é.-'", min_size=1, max_size=8),
    st.lists(st.one_of(st.sampled_from(ODD), st.sampled_from("aAbe -(")), min_size=1, max_size=6).map("".join),
    st.text(min_size=1, max_size=12),
)


def bare(text: str) -> str:
    """Accents and case taken away, character by character."""
    kept = []
    for char in unicodedata.normalize("NFKD", text):
        marks = unicodedata.combining(char) or unicodedata.category(char) == "Me" or 0xFE00 <= ord(char) <= 0xFE0F
        if not marks:
            kept.append(char)
    return "".join(kept).casefold()


def begins_a_word(word: str, name: str) -> bool:
    """Whether the word stands anywhere in the name where no letter or digit is before it."""
    for at in range(len(name)):
        before = name[at - 1] if at else " "
        in_word = before.isalnum() or unicodedata.category(before)[0] == "M"
        if name.startswith(word, at) and not in_word:
            return True
    return False


@given(st.lists(texts, min_size=1, max_size=12, unique=True), st.data())
@settings(max_examples=300, deadline=None)
def test_names_are_found_as_a_search_through_each_finds_them(names: list[str], data: st.DataObject) -> None:
    begin = utc("2024-01-01")
    plays = [
        play(begin + timedelta(hours=number), name=name, artist=None, uri=f"spotify:track:{number:022d}")
        for number, name in enumerate(names)
    ]
    asked = data.draw(st.one_of(texts, st.lists(st.sampled_from(names), max_size=2).map(" ".join)))
    name = data.draw(st.sampled_from(names))
    low = data.draw(st.integers(0, len(name)))
    for typed in (asked, name[low:], name[:low].upper(), f"{asked} {name[low : low + 3]}"):
        words = bare(typed).split()
        ranked = []
        for number, each in enumerate(names):
            if all(word in bare(each) for word in words):
                inside = not all(begins_a_word(word, bare(each)) for word in words)
                ranked.append((inside, number, each))
        got = answer("search", history_of_plays(keyed(plays)), {"q": typed[:200]})
        assert [line["name"] for line in got["items"]] == [each for _, _, each in sorted(ranked)]
        assert got["total"] == len(ranked)


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize(("seed", "part"), [(1, 0.0), (2, 1.0), (3, 0.5)])
def test_what_is_found_is_what_a_slow_count_finds(zone: str, seed: int, part: float) -> None:
    heard = listened(zone, seed, part)
    history, change = heard.history(), utc(CHANGES[zone])
    everything = Asked(zone, min_ms=0, kinds=("track", "episode", "chapter"), private="include")
    for asked in (everything, Asked(zone, start=change - timedelta(days=9), end=change + timedelta(days=1))):
        lines = [*_titles(heard, asked)]
        for of in ("artists", "albums", "shows", "audiobooks"):
            for identity, (_, plays) in recount.ranked(heard, of, asked, "plays").items():
                lines.append((of[:-1], identity, recount.named(heard, of, identity), plays))
        for typed in ("song", "ALBUM 1", "st 3", "1", "o ", "e b"):
            words = typed.casefold().split()
            found = []
            for kind, identity, named, plays in lines:
                name = str(named["name"]).casefold()
                if named["name"] is not None and all(word in name for word in words):
                    inside = not all(begins_a_word(word, name) for word in words)
                    ms, first = sum(each.ms for each in plays), min(each.start for each in plays)
                    found.append(((inside, -len(plays), -ms, first, identity, kind), named))
            found.sort(key=lambda line: line[0])
            got = answer("search", history, {**asked.given, "q": typed, "limit": "100"})
            assert got["total"] == len(found)
            assert [
                (
                    line["kind"],
                    line["id"],
                    line["name"],
                    line["by"],
                    line["image"],
                    line["url"],
                    line["plays"],
                    line["ms"],
                )
                for line in got["items"]
            ] == [
                (kind, identity, named["name"], named["artist"], named["image"], named["url"], -plays, -ms)
                for (_, plays, ms, _, identity, kind), named in found[:100]
            ]


def _titles(heard: Listened, asked: Asked) -> Iterator[tuple[str, str, dict[str, object], list[Play]]]:
    """Kind, id, names and passing plays of every track, episode and chapter."""
    groups: dict[tuple[str, str], list[Play]] = {}
    for each in heard.passing(asked):
        if (title := heard.title(each)) is not None:
            groups.setdefault((each.kind, title), []).append(each)
    for (kind, identity), plays in groups.items():
        if kind == "track":
            yield kind, identity, recount.named(heard, "tracks", identity), plays
        else:
            ever = [each for each in heard.plays if (each.kind, heard.title(each)) == (kind, identity)]
            latest = ([each for each in ever if each.name is not None] or ever)[-1]
            by = latest.show if kind == "episode" else latest.audiobook
            url = None if identity.startswith("~") else f"https://open.spotify.com/{kind}/{identity}"
            yield kind, identity, {"name": latest.name, "artist": by, "image": None, "url": url}, plays


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Beyoncé", "beyonce"),
        ("Beyonce", "BEYONCÉ"),
        ("Sigur Rós", "ros sig"),
        ("Motörhead", "motorh"),
        ("Straße", "STRASSE"),
        ("Björk (Live)", "live bjork"),
        ("AC/DC", "dc"),
        ("Ｆｕｌｌ Ｗｉｄｔｈ", "full width"),
        ("İstanbul", "istanbul"),
        ("Z͑ͫͅa҉l͎g̵o", "zalgo"),
        ("Zalgo", "z͑ͫͅa҉l͎g̵o"),
        ("I ❤️ You", "❤"),
        ("I ❤ You", "❤️"),
        ("مرحبا بالعالم", "بالع"),
        ("방탄소년단", "방탄"),
        ("Two\nLines", "lines two"),
        ("100% [Remix]", "[rem"),
        ("a.*b", ".*"),
        ("\\d+", "\\d"),
    ],
)
def test_what_a_person_types_leads_to_the_name(name: str, typed: str) -> None:
    plays = [play("2024-01-01", name=name), play("2024-01-02", name="Else", artist="Nobody")]
    got = answer("search", history_of_plays(keyed(plays)), {"q": typed})
    assert [line["name"] for line in got["items"]] == [name]


@pytest.mark.parametrize(
    "typed",
    ["\0", "\ud800", "\x1b[31m", "x" * 200, "😀" * 100, "a" + "\u0301" * 199, "'; drop table plays;--", "%", ".*"],
)
def test_anything_typed_is_just_text(typed: str) -> None:
    history = history_of_plays(keyed([play("2024-01-01", name="Song", album="Album")]))
    found = answer("search", history, {"q": typed})
    assert found["items"] == ([] if bare(typed) != "a" else answer("search", history, {"q": "a"})["items"])


def test_where_every_word_begins_a_word_comes_first_then_more_plays() -> None:
    plays = [play(f"2024-01-0{day}", name="Upstream", artist="X", ms=60_000) for day in range(1, 6)]
    plays += [play(f"2024-02-0{day}", name="Stream", artist="X") for day in range(1, 3)]
    plays += [play(f"2024-03-0{day}", name="The Stream", artist="X") for day in range(1, 4)]
    got = answer("search", history_of_plays(keyed(plays)), {"q": "stre"})
    assert [line["name"] for line in got["items"]] == ["The Stream", "Stream", "Upstream"]


def test_every_kind_is_found_once_with_what_it_is_by() -> None:
    plays = [
        play("2024-01-01", name="Garden", artist="Garden", album="Garden"),
        play("2024-01-02", kind="episode", name="Garden talk", show="Garden", artist=None),
        play("2024-01-03", kind="chapter", name="The garden", audiobook="Garden", author="Ada", artist=None),
        play("2024-01-04", kind="track", name="House", artist="Various Artists", album="Gardens"),
        play("2024-01-05", name="Short garden", artist="Else", ms=20_000),
    ]
    got = answer("search", history_of_plays(keyed(plays)), {"q": "garden", "limit": "100"})
    told = {(line["kind"], line["name"], line["by"], line["plays"]) for line in got["items"]}
    assert told == {
        ("track", "Garden", "Garden", 1),
        ("artist", "Garden", None, 1),
        ("album", "Garden", "Garden", 1),
        ("album", "Gardens", "Various Artists", 1),
        ("episode", "Garden talk", "Garden", 1),
        ("show", "Garden", None, 1),
        ("chapter", "The garden", "Garden", 1),
        ("audiobook", "Garden", "Ada", 1),
    }
    assert got["total"] == len(got["items"]) == len(told)
    assert [line["kind"] for line in got["items"]].index("episode") > 2, "earlier first play before later"


def test_only_what_was_played_in_the_period_is_found() -> None:
    plays = [play("2023-01-01", name="Old garden", artist="A"), play("2024-01-01", name="New garden", artist="A")]
    got = answer("search", history_of_plays(keyed(plays)), {"q": "garden", "period": "2023"})
    assert [line["name"] for line in got["items"]] == ["Old garden"]


@pytest.mark.parametrize("limit", [1, 2, 5, 56, 57, 100])
def test_ties_at_the_limit_are_cut_by_id(limit: int) -> None:
    plays = [play("2024-01-01", name=f"S{n}", artist=f"S{n % 50}", album="S") for n in range(56)]
    history = history_of_plays(keyed(plays))
    whole = answer("search", history, {"q": "s", "limit": "100"})
    rest = [line["id"] for line in whole["items"] if line["plays"] == 1]
    assert rest == sorted(rest)
    assert answer("search", history, {"q": "s", "limit": str(limit)})["items"] == whole["items"][:limit]
