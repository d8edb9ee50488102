"""Metrics: what the service's processes count, each in files of its own that any of them can read (Prometheus)."""

import os
import shutil
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder of those files; prometheus_client reads it when it is imported."""
MEDIA_TYPE: Final = CONTENT_TYPE_LATEST

_SECONDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class _Histogram(Histogram):
    """A histogram that takes many observations at once."""

    def add(self, buckets: list[int], total: float) -> None:
        """So many observations in each bucket, of this total."""
        self._sum.inc(total)
        for value, count in zip(self._buckets, buckets, strict=True):
            if count:
                value.inc(count)


REQUESTS: Final = Counter(
    "stats_requests", "Requests, by route, method, status and whether the answer was kept.",
    ["route", "method", "status", "cache"],
)  # fmt: skip
SECONDS: Final = _Histogram(
    "stats_request_seconds", "How long requests took to answer.", ["route"], buckets=_SECONDS
)  # fmt: skip
CACHE_LOOKUPS: Final = Counter(
    "stats_cache_lookups", "Answers that were looked for among those kept.", ["process", "result"]
)
CACHE_ENTRIES: Final = Gauge(
    "stats_cache_entries", "Answers kept.", ["process"], multiprocess_mode="livemostrecent"
)  # fmt: skip
CACHE_BYTES: Final = Gauge(
    "stats_cache_bytes", "Bytes of the answers kept.", ["process"], multiprocess_mode="livemostrecent"
)
HISTORY_BYTES: Final = Gauge(
    "stats_history_bytes", "Bytes of the histories in memory.", ["process"], multiprocess_mode="livemostrecent"
)
COMPUTING_WAITING: Final = Gauge(
    "stats_computing_waiting", "Questions that wait for a thread.", multiprocess_mode="livesum"
)
COMPUTING_REFUSED: Final = Counter(
    "stats_computing_refused", "Questions that were not computed because too many came at once."
)


class Counts:
    """Counts requests in memory, and adds them to the metrics when told: that takes 3 us, as much as a quarter of what
    an answer from memory takes. Used by the event loop alone."""

    def __init__(self, process: int) -> None:
        self._process = str(process)
        self._tallies: dict[tuple[str, str, int, bool | None], _Tally] = {}

    def count(self, route: str, method: str, status: int, cached: bool | None, seconds: float) -> None:
        """One more, that took so long."""
        key = (route, method, status, cached)
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = self._tally(*key)
        tally.buckets[bisect_left(_SECONDS, seconds)] += 1
        tally.seconds += seconds

    def write(self) -> None:
        """Add what was counted since the last time to the metrics, where every process can read it."""
        for tally in self._tallies.values():
            tally.write()

    def _tally(self, route: str, method: str, status: int, cached: bool | None) -> "_Tally":
        state = cache_state(cached)
        counters = [REQUESTS.labels(route, method, str(status), state)]
        if cached is not None:
            counters.append(CACHE_LOOKUPS.labels(self._process, state))
        return _Tally(counters, SECONDS.labels(route))


class _Tally:
    """What was counted of one kind of request."""

    __slots__ = ("_counters", "_histogram", "buckets", "seconds")

    def __init__(self, counters: list[Counter], histogram: _Histogram) -> None:
        self._counters = counters
        self._histogram = histogram
        self._empty()

    def write(self) -> None:
        if requests := sum(self.buckets):
            for counter in self._counters:
                counter.inc(requests)
            self._histogram.add(self.buckets, self.seconds)
            self._empty()

    def _empty(self) -> None:
        self.buckets = [0] * (len(_SECONDS) + 1)
        self.seconds = 0.0


def cache_state(cached: bool | None) -> str:
    """In words."""
    return "none" if cached is None else "hit" if cached else "miss"


def made_folder(folder: Path) -> Mapping[str, str]:
    """The folder, empty; and the environment that leads a process to it. What was counted before a start is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {FOLDER_VARIABLE: str(folder)}


def forget_process(pid: int, folder: Path) -> None:
    """A process has ended: what it held is gone, what it counted stays."""
    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


def exposition() -> bytes:
    """Everything that all processes counted, as Prometheus reads it."""
    return generate_latest(_registry())


def samples() -> Iterator[tuple[str, Mapping[str, str], float]]:
    """The same in pieces: name, labels, value."""
    for metric in _registry().collect():
        for sample in metric.samples:
            yield sample.name, sample.labels, sample.value


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, os.environ[FOLDER_VARIABLE])  # type: ignore[no-untyped-call]
    return registry
