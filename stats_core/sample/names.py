"""Plainly invented names: word lists and patterns. A number names the same thing for ever."""

import hashlib


def _each(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_ADJECTIVES = _each(
    """Velvet Crooked Paper Midnight Borrowed Copper Sleepy Wandering Hollow Tangerine Quiet Clockwork Frozen Gentle
    Marble Restless Saffron Thirteenth Upside-down Woolen Amber Brittle Candid Drowsy Electric Faded Giddy Humble
    Inflatable Jolly Knitted Lopsided Mossy Nimble Orderly Plaid Rusty Salty Tidy Unlikely Vacant Whispering Buttered
    Cardboard Dusty Folded Spotless Backward"""
)
_NOUNS = _each(
    """Turnip Lantern Umbrella Otter Teapot Harbour Pigeon Cactus Balcony Marmot Trombone Kettle Orchard Satellite
    Biscuit Elevator Hedgehog Parsnip Window Bicycle Cupboard Walrus Meadow Typewriter Pancake Lighthouse Mitten
    Radiator Walnut Compass Doorbell Ferry Glacier Hammock Igloo Jigsaw Ladder Mango Noodle Periscope Quilt Rhubarb
    Staircase Thimble Velodrome Weathervane Xylophone Zeppelin"""
)
_THINGS = _each(
    """Weather Sunday Postcard Corridor Telephone Ceiling Ocean Promise Shadow Engine Garden Letter Winter Silence
    Carousel Detour Footnote Gravity Horizon Island Journey Lullaby Machine Parade Question Rainfall Señal Tunnel
    Übermorgen Voltage Whirlpool Yesterday Zigzag Aftermath Blueprint Chandelier Domino Echo Jäätelö Niño
    夜明け ☔ Gossip Hinge Ivy Jetlag Kaleidoscope Limbo"""
)
_ARTIST_PATTERNS = ("The {0} {2}", "{0} {1}", "{0} {1} Society", "DJ {0} {1}")
# Each holds {2}: that is what makes an artist's titles differ.
_TRACK_PATTERNS = ("{0} {2}", "{1} {2}", "{2} of the {1}", "My {0} {2}", "{2}, {2}", "No More {2}", "The {1}'s {2}")
_SUFFIXES = (*[""] * 6, " (Part 2)", " - Live at the Boathouse", " (Acoustic)", " - 2011 Remaster", " / Reprise")
_ALBUM_PATTERNS = ("{0} {2}", "{1} Songs", "The {0} {1} Tapes", "{2}", "Songs for the {0} {1}")
_SPECIAL_ARTISTS = (
    "Crumb, Kettle & Sons",
    "Peñasco Ñoquis",
    "日曜日のカブ",
    "Kräuterbutter Äther",
    "🦔 Parade",
    'Quote "Unquote" Trio',
    "Ωmega Tröll",
    "Ελιά Band",
)
_SHOWS = (
    "The Sample Hour",
    "Entirely Made Up",
    "Kettle Talk",
    "Läuft bei niemandem",
    "Turnips Weekly",
    "Nobody Asked",
    "寝る前の見本",
    "Two Walruses, One Microphone",
)
_BOOKS = (
    ("The Lighthouse That Was Not There", "A. N. Inventor"),
    ("A Short History of Parsnips", "Petra Placeholder"),
    ("Señales en la niebla", "Ejemplo Ficticio"),
    ("The Clockmaker's Umbrella", "A. N. Inventor"),
)
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

SHOWS = len(_SHOWS)


def artist_name(number: int) -> str:
    """The name of artist `number`, no two alike; the first few test what breaks careless software."""
    if number < len(_SPECIAL_ARTISTS):
        return _SPECIAL_ARTISTS[number]
    pairs = len(_ADJECTIVES) * len(_NOUNS)
    # 1009 shares no factor with the number of pairs: every pair comes once before any comes again, in another pattern.
    adjective, noun = divmod(number * 1009 % pairs, len(_NOUNS))
    turn, pattern = number // (pairs * len(_ARTIST_PATTERNS)), (number + number // pairs) % len(_ARTIST_PATTERNS)
    word = _NOUNS[noun]
    name = _ARTIST_PATTERNS[pattern].format(_ADJECTIVES[adjective], word, _plural(word))
    return f"{name} {turn + 1}" if turn else name


def album_name(artist: int, number: int) -> str:
    """The title of an artist's album `number`, counted from 0."""
    words = artist * 37 + number * 11
    name = _ALBUM_PATTERNS[words % len(_ALBUM_PATTERNS)].format(*_words(words))
    return name if number < 3 else f"{name}, Vol. {number + 1}"


def track_name(artist: int, number: int) -> str:
    """The title of an artist's track `number`, counted from 0: no two of an artist are alike."""
    words = artist * 53 + number * 17
    name = _TRACK_PATTERNS[words % len(_TRACK_PATTERNS)].format(*_words(words))
    title = name + _SUFFIXES[words % len(_SUFFIXES)]
    return title if number < len(_THINGS) else f"{title} No. {number + 1}"


def show_name(number: int) -> str:
    """The name of show `number`, below SHOWS."""
    return _SHOWS[number]


def episode_name(show: int, number: int) -> str:
    """The title of a show's episode `number`, counted from 0."""
    return f"#{number + 1}: {track_name(show + 7, number)}"


def book_and_author(number: int) -> tuple[str, str]:
    """Title and author of audiobook `number`; from the fifth on they are sequels."""
    again, book = divmod(number, len(_BOOKS))
    title, author = _BOOKS[book]
    return (f"{title}, Book {again + 1}" if again else title), author


def uri(kind: str, *names: str) -> str:
    """`spotify:<kind>:` and the 22 characters that these names always get."""
    number = int.from_bytes(hashlib.sha256("\x1f".join((kind, *names)).encode()).digest(), "big")
    letters = []
    for _ in range(22):
        number, letter = divmod(number, 62)
        letters.append(_BASE62[letter])
    return f"spotify:{kind}:{''.join(letters)}"


def _words(number: int) -> tuple[str, str, str]:
    # Neighbours differ in every word: the lists' strides share no factor with their lengths.
    return (
        _ADJECTIVES[number * 5 % len(_ADJECTIVES)],
        _NOUNS[(number * 7 + number // len(_NOUNS)) % len(_NOUNS)],
        _THINGS[number * 11 % len(_THINGS)],
    )


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch")) else "s")
