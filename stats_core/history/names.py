"""Names as they are looked for: without accents and case, all those of a history in one text of bytes."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from stats_core.history.entries import Codes, Entries, Entry, Flags

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]

_END: Final = "\n"
"""Ends a name. No word holds it, so none is found across two names."""
_VARIATIONS: Final = ("\ufe00", "\ufe0f")


def bare(text: str) -> str:
    """The text without accents and case: NFKD, combining marks dropped, case folded; vowel signs are no accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    for mark in filter(_is_mark, set(decomposed)):
        decomposed = decomposed.replace(mark, "")
    return decomposed.casefold()


def words_of(text: str) -> list[str]:
    """The different words of what somebody looks for, the longest first: most names are ruled out by it."""
    return sorted(set(bare(text).split()), key=lambda word: (-len(word), word))


@dataclass(frozen=True, eq=False)
class Found:
    """Of each name, shape (names,)."""

    inside: Flags
    """Every word is somewhere in it."""
    leading: Flags
    """Every word is the beginning of one of its words."""


@dataclass(frozen=True, eq=False)
class Names:
    """The names of several groups of entries, one after the other: those of `groups[0]` first, in their order."""

    groups: Sequence[Entries]
    place_by_id: Codes
    """Each one's place in the order of the entries' ids: what decides between equals."""
    _text: Bytes
    """All names without accents and case, in UTF-8: no character begins within another."""
    _begin: npt.NDArray[np.int32]
    """Where each name begins in the text, and one more where the last one ends; one that is missing has no bytes."""
    _word_begins: Bytes
    """A bit for each byte of the text: no letter or digit stands before it. Takes an eighth of a byte each."""

    def found(self, words: Iterable[str]) -> Found:
        """Where all of these bare words are; without any, in every name there is."""
        named = np.diff(self._begin) > 0
        inside, leading = named, named.copy()
        for word in words:
            places = self._places(np.frombuffer(word.encode("utf-8", "surrogatepass"), np.uint8))
            inside = inside & self._have(places)
            leading &= self._have(places[self._begins_word(places)])
            if not inside.any():
                break
        return Found(inside, leading)

    def entry(self, number: int) -> Entry:
        """The entry that bears a name."""
        for entries in self.groups:
            if number < len(entries):
                return entries.entries[number]
            number -= len(entries)
        raise IndexError(number)

    def _places(self, word: Bytes) -> Places:
        """Where the word stands in the text."""
        last = len(self._text) - len(word) + 1
        if last <= 0:
            return np.empty(0, np.intp)
        places: Places = np.flatnonzero(self._text[:last] == word[0])
        for number in range(1, len(word)):
            if not len(places):
                break
            places = places[self._text[places + number] == word[number]]
        return places

    def _have(self, places: Places) -> Flags:
        """Of each name, whether one of the places, in ascending order, is in it."""
        have = np.zeros(len(self._begin) - 1, np.bool_)
        if len(places) < len(have):
            have[np.searchsorted(self._begin, places, side="right") - 1] = True
            return have
        before = np.searchsorted(places, self._begin)
        return before[1:] > before[:-1]

    def _begins_word(self, places: Places) -> Flags:
        flags: Flags = (self._word_begins[places >> 3] >> (7 - (places & 7)).astype(np.uint8) & 1).astype(np.bool_)
        return flags


def names_of(groups: Sequence[Entries]) -> Names:
    """The names of these groups. Takes 40 ms for 20,000 names: once for each history."""
    everything = [entry for entries in groups for entry in entries.entries]
    by_id = sorted(range(len(everything)), key=lambda number: (everything[number].id, everything[number].kind))
    place_by_id = np.empty(len(by_id), np.int32)
    place_by_id[by_id] = np.arange(len(by_id), dtype=np.int32)
    names = [entry.name for entry in everything]
    named = np.array([name is not None for name in names], np.bool_)
    text = bare("".join(name.replace(_END, " ") + _END for name in names if name is not None))
    encoded = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    ends = np.flatnonzero(encoded == ord(_END)) + 1
    sizes = np.zeros(len(names) + 1, np.int32)
    sizes[1:][named] = np.diff(ends, prepend=0)
    begin, word_begins = np.cumsum(sizes, dtype=np.int32), np.packbits(_word_begins(text, encoded))
    return Names(groups, place_by_id, encoded, begin, word_begins)


def _word_begins(text: str, encoded: Bytes) -> Flags:
    """Of each byte of the text, whether it is the first of a character that no letter or digit stands before."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    in_word = np.zeros(int(codes.max(initial=0)) + 1, np.bool_)
    in_word[[ord(char) for char in set(text) if _is_in_word(char)]] = True
    begins = np.zeros(len(encoded), np.bool_)
    first_bytes = np.flatnonzero(encoded & 0xC0 != 0x80)
    begins[first_bytes] = np.concatenate(([True], ~in_word[codes[:-1]]))[: len(codes)]
    return begins


def _is_in_word(char: str) -> bool:
    """A letter, a digit, or a sign that belongs to one."""
    return char.isalnum() or unicodedata.category(char).startswith("M")


def _is_mark(char: str) -> bool:
    """An accent, a sign around other characters, or a choice between an emoji's pictures. Vowel signs of Indic and Thai
    scripts are marks, too, but tell words apart: Unicode gives them no combining class."""
    return (
        unicodedata.combining(char) != 0
        or unicodedata.category(char) == "Me"
        or _VARIATIONS[0] <= char <= _VARIATIONS[1]
    )
