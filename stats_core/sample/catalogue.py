"""What can be played: columns of made-up tracks, episodes and audiobook chapters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats_core.sample import names
from stats_core.sample.dice import Dice, Ints

Texts = npt.NDArray[np.object_]
"""`str` or None; one None more than there are items, so that position -1 reads as nothing."""


@dataclass(frozen=True, eq=False)
class Tracks:
    """Tracks in album order, artist by artist."""

    name: Texts
    artist: Texts
    album: Texts
    uri: Texts
    ms: Ints

    def __len__(self) -> int:
        return len(self.ms)


@dataclass(frozen=True, eq=False)
class Episodes:
    """Podcast episodes; `show` is None where Spotify forgot it."""

    name: Texts
    show: Texts
    uri: Texts


@dataclass(frozen=True, eq=False)
class Chapters:
    """Audiobook chapters in reading order."""

    name: Texts
    uri: Texts
    book: Texts
    book_uri: Texts
    author: Texts


def made_up_tracks(count: int, dice: Dice) -> Tracks:
    """So many tracks, on albums of 2 to 10, one to three albums an artist, 2:00 to 5:20 long."""
    album_sizes = dice.between(2, 11, count).tolist()
    albums_of = dice.between(1, 4, count).tolist()
    rows: list[tuple[str, str, str, str]] = []
    artist = album = 0
    while len(rows) < count:
        number = 0
        performer = names.artist_name(artist)
        for nth in range(albums_of[artist]):
            title = names.album_name(artist, nth)
            for _ in range(album_sizes[album]):
                name = names.track_name(artist, number)
                rows.append((name, performer, title, names.uri("track", performer, title, name)))
                number += 1
            album += 1
        artist += 1
    ms = 120_000 + dice.below(100_000, count) + dice.below(100_000, count)
    titles, performers, albums, uris = (texts(column) for column in zip(*rows[:count], strict=True))
    return Tracks(titles, performers, albums, uris, ms)


def made_up_episodes(shows: Sequence[int], numbers: Sequence[int]) -> Episodes:
    """These episodes of these shows; one in forty has lost its show's name."""
    titles = [names.episode_name(show, number) for show, number in zip(shows, numbers, strict=True)]
    by = [names.show_name(show) for show in shows]
    return Episodes(
        name=texts(titles),
        show=texts(None if at % 40 == 7 else show for at, show in enumerate(by)),
        uri=texts(names.uri("episode", show, title) for show, title in zip(by, titles, strict=True)),
    )


def made_up_chapters(count: int, chapters_a_book: int = 24) -> Chapters:
    """The first `count` chapters of a shelf read from left to right."""
    books = [names.book_and_author(at // chapters_a_book) for at in range(count)]
    titles = [f"Chapter {at % chapters_a_book + 1}" for at in range(count)]
    return Chapters(
        name=texts(titles),
        uri=texts(names.uri("chapter", book, title) for (book, _), title in zip(books, titles, strict=True)),
        book=texts(book for book, _ in books),
        book_uri=texts(names.uri("audiobook", book) for book, _ in books),
        author=texts(author for _, author in books),
    )


def texts(values: Iterable[str | None]) -> Texts:
    """A column of texts with its closing None."""
    return np.array([*values, None], dtype=object)
