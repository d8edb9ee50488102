"""What a made-up listener heard, looked at the slow way, play by play, as the rules of counting say.

Written from `docs/statistics.md` and not from the code: dictionaries and loops, nothing kept, nothing clever.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median

from stats_core.documents.catalogue import Album, Artist, Track
from stats_core.documents.imports import SavedItem
from stats_core.documents.plays import Play
from stats_core.history.catalogue import Catalogue
from stats_core.history.columns import History, history_of_plays
from stats_core.history.items import name_key, uri_id

NOT_TOLD = (None, "", "unknown")

Namer = Callable[[Play], list[str]]


@dataclass(frozen=True)
class Asked:
    """A question the slow count understands."""

    zone: str = "UTC"
    start: datetime | None = None
    end: datetime | None = None
    min_ms: int = 30_000
    kinds: tuple[str, ...] = ("track",)
    private: str = "exclude"
    min_share: float | None = None
    completed: bool = False
    platform: tuple[str, ...] | None = None
    country: tuple[str, ...] | None = None
    source: tuple[str, ...] | None = None
    artist: tuple[str, ...] | None = None
    album: tuple[str, ...] | None = None
    item: tuple[str, ...] | None = None

    @property
    def given(self) -> dict[str, str]:
        """The same question as texts."""
        given = {"tz": self.zone, "min_ms": str(self.min_ms), "kinds": ",".join(self.kinds), "private": self.private}
        for name, side in (("start", self.start), ("end", self.end)):
            if side is not None:
                given[name] = side.isoformat()
        if self.min_share is not None:
            given["min_share"] = str(self.min_share)
        if self.completed:
            given["completed"] = "true"
        for name in ("platform", "country", "source", "artist", "album", "item"):
            if (values := getattr(self, name)) is not None:
                given[name] = ",".join(values)
        return given


def alike(name: str) -> str:
    """What equal names have in common."""
    return unicodedata.normalize("NFKC", name).casefold()


def is_various(name: str) -> bool:
    """Nobody in particular."""
    return alike(name) == "various artists"


@dataclass(frozen=True)
class Listened:
    """A listener's plays in the order of (start, key), their library, and what the catalogue knows."""

    plays: Sequence[Play]
    saved: Sequence[SavedItem] = ()
    tracks: dict[str, Track] = field(default_factory=dict)
    albums: dict[str, Album] = field(default_factory=dict)
    artists: dict[str, Artist] = field(default_factory=dict)

    def history(self, plays: Iterable[Play] | None = None) -> History:
        """The same as the code under test keeps it; from these plays in another order, if given."""
        catalogue = Catalogue(1, self.tracks, self.albums, self.artists)
        return history_of_plays(self.plays if plays is None else plays, self.saved, catalogue)

    # What was played.

    def title(self, play: Play) -> str | None:
        """The id of the track, episode or chapter; a track is its URI, or that of other plays of the same names."""
        if play.kind == "unknown":
            return None
        if play.uri:
            return uri_id(play.uri)
        by = {"track": play.artist, "episode": play.show, "chapter": play.audiobook}[play.kind]
        known = self._uris.get((play.kind, by, play.name), set()) if play.name is not None else set()
        if not known:
            return name_key(play.kind, by, play.name)
        return uri_id(min(known, key=lambda uri: (-self._uri_plays[uri], uri)))

    def names_its_track(self, play: Play) -> bool:
        """Whether the play's track is named by it; by the catalogue, where no play does."""
        track = self.title(play)
        return play.name is not None or (track in self.tracks and track not in self._named_by_plays)

    def length(self, play: Play) -> int | None:
        """The length of what was played: the catalogue's, else the median of two finished plays or more."""
        title = self.title(play)
        if title is None:
            return None
        known = self.tracks.get(title)
        if play.kind == "track" and known is not None and known.length:
            return known.length
        finished = self._finished.get((play.kind, title), [])
        return int(median(finished)) or None if len(finished) >= 2 else None

    # Who and what it is by and from.

    def credited(self, play: Play) -> list[str]:
        """The artists a play counts for."""
        if play.kind != "track":
            return []
        known = self.tracks.get(self.title(play) or "")
        if known is not None and known.artists:
            ids = [credit.id for credit in known.artists if not is_various(self.artist_names[credit.id])]
            return list(dict.fromkeys(ids))
        if play.artist is None or is_various(play.artist):
            return []
        bearers = [one for one, name in self.artist_names.items() if alike(name) == alike(play.artist)]
        return bearers if len(bearers) == 1 else [name_key("artist", play.artist)]

    def is_provisional(self, play: Play) -> bool:
        """The artists are the album artist for want of anything better."""
        known = self.tracks.get(self.title(play) or "")
        return known is None or not known.artists

    def primary(self, play: Play) -> list[str]:
        """The first artist."""
        return self.credited(play)[:1]

    def album(self, play: Play) -> list[str]:
        """The album: the catalogue's, else the one of equal names, else a key of the names."""
        if play.kind != "track":
            return []
        known = self.tracks.get(self.title(play) or "")
        if known is not None and known.album is not None:
            return [known.album]
        if play.album is None:
            return []
        bearers = [
            one.id
            for one in self.albums.values()
            if alike(one.name) == alike(play.album)
            and alike(one.artists[0].name if one.artists else "") == alike(play.artist or "")
        ]
        return bearers if len(bearers) == 1 else [name_key("album", play.artist, play.album)]

    def show(self, play: Play) -> list[str]:
        """The show of an episode."""
        return [name_key("show", play.show)] if play.kind == "episode" and play.show is not None else []

    def audiobook(self, play: Play) -> list[str]:
        """The audiobook of a chapter."""
        if play.kind != "chapter":
            return []
        if play.audiobook_uri:
            return [uri_id(play.audiobook_uri)]
        return [name_key("audiobook", play.audiobook)] if play.audiobook is not None else []

    def track(self, play: Play) -> list[str]:
        """The track."""
        title = self.title(play)
        return [title] if play.kind == "track" and title is not None else []

    def recording(self, play: Play) -> list[str]:
        """The recording of a track: the smallest id among its tracks'."""
        return [self._recordings[track] for track in self.track(play)]

    def platform(self, play: Play) -> list[str]:
        """The platform."""
        return [play.platform or "unknown"]

    def country(self, play: Play) -> list[str]:
        """The country."""
        return [play.country or "ZZ"]

    def namer(self, of: str) -> Namer:
        """What names the entries of a top that a play counts for."""
        return {
            "tracks": self.track,
            "recordings": self.recording,
            "artists": self.credited,
            "primary-artists": self.primary,
            "albums": self.album,
            "shows": self.show,
            "audiobooks": self.audiobook,
            "platforms": self.platform,
            "countries": self.country,
        }[of]

    @cached_property
    def artist_names(self) -> dict[str, str]:
        """Id -> name of everybody the catalogue knows or credits."""
        names: dict[str, tuple[int, str, str]] = {}
        documents: list[Track | Album] = [*self.tracks.values(), *self.albums.values()]
        for document in documents:
            for credit in document.artists:
                told = (document.revision, document.id, credit.name)
                names[credit.id] = max(names.get(credit.id, told), told)
        return {one: name for one, (_, _, name) in names.items()} | {one.id: one.name for one in self.artists.values()}

    # What counts.

    def left_out(self, play: Play, asked: Asked) -> str | None:
        """The first reason why a play does not count; None: it does."""
        if (asked.private == "only") != (play.private is True) and asked.private != "include":
            return "private"
        if play.kind not in asked.kinds:
            return "kind"
        if not self._filtered(play, asked):
            return "filter"
        if play.ms < asked.min_ms:
            return "min_ms"
        if not self._reaches(play, asked.min_share):
            return "min_share"
        return "completed" if asked.completed and play.reason_end != "trackdone" else None

    def _reaches(self, play: Play, share: float | None) -> bool:
        length = self.length(play)
        if share is None:
            return True
        return play.reason_end == "trackdone" if length is None else play.ms >= share * length

    def of_period(self, asked: Asked) -> list[Play]:
        """The plays of the period, whether they count or not."""
        return [
            play
            for play in self.plays
            if (asked.start is None or play.start >= asked.start) and (asked.end is None or play.start < asked.end)
        ]

    def passing(self, asked: Asked) -> list[Play]:
        """The plays that count, in the order of (start, key)."""
        return [play for play in self.of_period(asked) if self.left_out(play, asked) is None]

    def _filtered(self, play: Play, asked: Asked) -> bool:
        title = self.title(play)
        return (
            (asked.platform is None or self.platform(play)[0] in asked.platform)
            and (asked.country is None or self.country(play)[0] in asked.country)
            and (asked.source is None or play.source in asked.source)
            and (asked.artist is None or any(one in asked.artist for one in self.credited(play)))
            and (asked.album is None or any(one in asked.album for one in self.album(play)))
            and (asked.item is None or title in asked.item)
        )

    @cached_property
    def _uri_plays(self) -> Counter[str]:
        return Counter(play.uri for play in self.plays if play.uri)

    @cached_property
    def _uris(self) -> dict[tuple[str, str | None, str | None], set[str]]:
        known: dict[tuple[str, str | None, str | None], set[str]] = {}
        for play in self.plays:
            if play.uri and play.name is not None:
                by = {"track": play.artist, "episode": play.show, "chapter": play.audiobook}.get(play.kind)
                known.setdefault((play.kind, by, play.name), set()).add(play.uri)
        for item in self.saved:
            kind = "episode" if ":episode:" in item.uri else "track"
            known.setdefault((kind, item.by, item.name), set()).add(item.uri)
        return known

    @cached_property
    def _named_by_plays(self) -> set[str | None]:
        return {self.title(play) for play in self.plays if play.kind == "track" and play.name is not None}

    @cached_property
    def _finished(self) -> dict[tuple[str, str], list[int]]:
        finished: dict[tuple[str, str], list[int]] = {}
        for play in self.plays:
            title = self.title(play)
            if play.reason_end == "trackdone" and title is not None:
                finished.setdefault((play.kind, title), []).append(play.ms)
        return finished

    @cached_property
    def _recordings(self) -> dict[str, str]:
        """Track -> recording."""
        tracks = sorted({track for play in self.plays for track in self.track(play)})
        isrcs: dict[str, set[str]] = {}
        for track in tracks:
            if (known := self.tracks.get(track)) is not None and known.isrc:
                isrcs.setdefault(known.isrc, set()).add(track)
        joined = {isrc: set(group) for isrc, group in isrcs.items()}
        apart: list[set[str]] = []
        for run in self._runs([track for track in tracks if not any(track in group for group in isrcs.values())]):
            equal = [isrc for isrc, group in isrcs.items() if any(self._equal(a, b) for a in run for b in group)]
            if len(equal) == 1:
                joined[equal[0]] |= run
            else:
                apart.append(run)
        return {track: min(group) for group in [*joined.values(), *apart] for track in group}

    def _runs(self, tracks: list[str]) -> list[set[str]]:
        """Tracks of equal names whose lengths follow one another within two seconds."""
        runs: list[list[str]] = []
        for track in sorted(tracks, key=lambda track: (self._compared[track] or ("", "", 0), track)):
            if runs and self._equal(runs[-1][-1], track):
                runs[-1].append(track)
            else:
                runs.append([track])
        return [set(run) for run in runs]

    def _equal(self, one: str, other: str) -> bool:
        a, b = self._compared[one], self._compared[other]
        return a is not None and b is not None and a[:2] == b[:2] and abs(a[2] - b[2]) <= 2_000

    @cached_property
    def _compared(self) -> dict[str, tuple[str, str, int] | None]:
        """Track -> name, primary artist and length; None where one of these is not known."""
        compared: dict[str, tuple[str, str, int] | None] = {}
        for play in self.plays:
            for track in self.track(play):
                primary, length = self.primary(play), self.length(play)
                name = self.tracks[track].name if play.name is None and track in self.tracks else play.name
                whole = name is not None and primary and length is not None
                if self.names_its_track(play) or track not in compared:
                    compared[track] = (alike(name), primary[0], length) if whole else None  # type: ignore[arg-type, assignment]
        return compared


def period_before(asked: Asked) -> Asked:
    """The same question of as long a time before; its sides are instants."""
    assert asked.start is not None
    assert asked.end is not None
    lasting: timedelta = asked.end - asked.start
    return Asked(**{**vars(asked), "start": asked.start - lasting, "end": asked.start})
