"""Plays: the passing plays themselves, newest first, page by page."""

import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypedDict

import msgspec
import numpy as np
import numpy.typing as npt

from stats_core.documents.words import SOURCES, Kind, Source
from stats_core.history.columns import History
from stats_core.history.keys import play_ids
from stats_core.history.tables import UNKNOWN
from stats_core.insights.parameters import COMMON, Json, Parameter, Whole
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import selection_of

_API: Final = SOURCES.index("api")
_KEY: Final = struct.Struct(">qqii")
_CURSOR: Final = "[A-Za-z0-9_-]{32}"
"""24 bytes in base64: every such text is a place, so none can fail later."""


class ListedPlay(msgspec.Struct):
    """A play as it is listed; what its source did not tell is null."""

    id: str
    start: str
    end: str
    ms: int
    kind: Kind
    name: str | None
    artist: str | None
    album: str | None
    show: str | None
    audiobook: str | None
    uri: str | None
    track: str | None
    """Id of the track it counts for, as in `top/tracks`; null for other kinds."""
    source: Source
    estimated: bool
    """`ms` and `start` are an estimate: only the Web API told of the play."""
    supersedes: list[Source]
    """Weaker sources that tell of the play, too."""
    platform: str | None
    country: str | None
    reason_start: str | None
    reason_end: str | None
    video: bool
    shuffle: bool | None
    skipped: bool | None
    offline: bool | None
    private: bool | None


class Plays(Answer, kw_only=True):
    """A page of plays, newest first."""

    plays: list[ListedPlay]
    cursor: str | None
    """What to give for the next page; null on the last one."""


@dataclass(frozen=True, order=True)
class Place:
    """A play's place in the order of a history: its start and what its key is made of. It outlives other plays."""

    start: int
    end: int
    ms: int
    n: int

    @property
    def cursor(self) -> str:
        """The place as opaque text."""
        return urlsafe_b64encode(_KEY.pack(self.start, self.end, self.ms, self.n)).decode()


@dataclass(frozen=True, kw_only=True)
class CursorParameter(Parameter[Place]):
    """The cursor of an earlier answer."""

    @property
    def allowed(self) -> str:
        return "the cursor of an earlier answer, as it stood there"

    @property
    def schema(self) -> Mapping[str, Json]:
        return {"type": "string", "pattern": f"^{_CURSOR}$"}

    def read(self, text: str) -> Place:
        if re.fullmatch(_CURSOR, text) is None:
            raise ValueError(text)
        return Place(*_KEY.unpack(urlsafe_b64decode(text)))


CURSOR = CursorParameter(
    name="cursor",
    description="Where the page begins: the cursor of the answer before. Without it: at the newest play.",
    example=Place(1_721_000_000_000, 1_721_000_180_000, 180_000, 0).cursor,
)
LIMIT = Whole(
    name="limit",
    description="How many plays to answer at most.",
    example="50",
    default="100",
    minimum=1,
    maximum=500,
)


class Page(TypedDict):
    """The fields of an answer that lists plays."""

    plays: list[ListedPlay]
    cursor: str | None


def plays(history: History, question: Question) -> Plays:
    """A page of the passing plays, in the reverse order of (start, key)."""
    selected = selection_of(history, question)
    return Plays(**selected.told, **page_of(history, question, selected.positions))


def page_of(history: History, question: Question, positions: npt.NDArray[np.intp]) -> Page:
    """The page that a question asks for of these plays of the history, the latest first."""
    place = question.get(CURSOR)
    if place is not None:
        positions = positions[: np.searchsorted(positions, _position(history, place))]
    limit = question[LIMIT]
    page = positions[-limit:][::-1].tolist()
    cursor = _place(history, page[-1]).cursor if len(positions) > limit else None
    return Page(plays=_listed(history, question, page), cursor=cursor)


def _place(history: History, position: int) -> Place:
    start, span = int(history.start[position]), int(history.span[position])
    return Place(start, start + span, int(history.ms[position]), int(history.n[position]))


def _position(history: History, place: Place) -> int:
    """How many plays of the history come before a place."""
    low, high = (int(np.searchsorted(history.start, place.start, side=side)) for side in ("left", "right"))
    return low + sum(_place(history, position) < place for position in range(low, high))


def _listed(history: History, question: Question, positions: list[int]) -> list[ListedPlay]:
    chosen = np.array(positions, np.intp)
    start = history.start[chosen]
    end = start + history.span[chosen]
    starts, ends = (question.zone.all_written(instants) for instants in (start, end))
    ids = play_ids(question.listener.id, end, history.ms[chosen], history.n[chosen])
    return [_play(history, *values) for values in zip(positions, ids, starts, ends, strict=True)]


def _play(history: History, position: int, identity: str, start: str, end: str) -> ListedPlay:
    code = int(history.item[position])
    item = history.items[code]
    source, also = int(history.source[position]), int(history.also[position])
    track = int(history.tracks.of_item[code])
    return ListedPlay(
        id=identity,
        start=start,
        end=end,
        ms=int(history.ms[position]),
        kind=item.kind,
        name=item.name,
        artist=item.artist,
        album=item.album,
        show=item.show,
        audiobook=item.audiobook,
        uri=item.uri,
        track=history.tracks.entries[track].id if track >= 0 else None,
        source=SOURCES[source],
        estimated=source == _API,
        supersedes=[name for code, name in enumerate(SOURCES) if code != source and also >> code & 1],
        platform=history.platforms[int(history.platform[position])],
        country=history.countries[int(history.country[position])],
        reason_start=history.reason_starts[int(history.reason_start[position])],
        reason_end=history.reason_ends[int(history.reason_end[position])],
        video=bool(history.video[position]),
        shuffle=_told(int(history.shuffle[position])),
        skipped=_told(int(history.skipped[position])),
        offline=_told(int(history.offline[position])),
        private=_told(int(history.private[position])),
    )


def _told(flag: int) -> bool | None:
    return None if flag == UNKNOWN else flag == 1


STATISTIC = Statistic(
    name="plays",
    summary="The plays themselves",
    description="The plays of a period, newest first, in pages: give an answer's `cursor` to get the next one. "
    "`min_ms=0&kinds=track,episode,chapter,unknown&private=include` lists every one.",
    parameters=(*COMMON, CURSOR, LIMIT),
    answer=Plays,
    function=plays,
    listed="plays",
)
