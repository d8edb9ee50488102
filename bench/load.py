"""The load: some listeners behind the REST service as it is shipped, asked for what it keeps and what it must make."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.figures import Figure, best_figure, distribution_of, figure_of
from bench.generator import Round, Target, load_round
from bench.jobs import Import, Imported, Made, Make, Question, Top, done
from bench.mix import mix
from bench.plan import GENERATION, SEED, Effort, Step, years_of
from bench.questions import ALL_TIME, of_other_plays, path_of, questions
from bench.service import Client, Running, empty_service, made_key, rest_service
from bench.stores import Measured

_PROCESSES: Final = 2
_HOT_CONNECTIONS: Final = 64
_COLD_CONNECTIONS: Final = 8
_PLAYS_A_SECOND: Final = 25_000
"""What a second of load counts as among steps that are counted in plays."""
_SHIPPED: Final[Mapping[str, object]] = {"api_processes": _PROCESSES, "rate_limit": 0}
"""All else is as it is shipped: keys, metrics and log. What a household may ask is less than what is measured."""
_NOTHING_KEPT: Final[Mapping[str, object]] = {**_SHIPPED, "cache_mb": 0}
_TOGETHER: Final = ("recap", "comparison")
"""Many statistics in one answer: their slowest is not that of the others."""


class Load:
    """Measures what the service bears; `tell` is told each step before it begins."""

    def __init__(
        self, folder: Path, store: Measured, sizes: Sequence[int], effort: Effort, tell: Callable[[Step], None]
    ) -> None:
        self._folder = folder
        self._data = folder / "load"
        self._store = store
        self._plays, *self._larger = sorted(sizes)
        self._effort = effort
        self._tell = tell
        self._keys: dict[str, str] = {}
        self._uri = ""

    @property
    def size(self) -> int:
        """The sizes of all steps together."""
        rounds = (3 * self._effort.rounds + 2) * self._effort.seconds * _PLAYS_A_SECOND
        return self._effort.listeners * self._plays + sum(self._larger) + rounds + self._plays + sum(self._larger)

    def figures(self) -> Iterator[Figure]:
        """Every figure, as it is measured."""
        self._data.mkdir()
        self._uri = self._store.fresh()
        listeners = [f"listener-{number}" for number in range(self._effort.listeners)]
        for number, user in enumerate(listeners):
            self._add(user, self._plays, SEED + number)
        with rest_service(self._data, self._uri, _SHIPPED) as service:
            targets = self._targets(service, listeners)
            yield from self._hot(service, targets)
        with empty_service(self._data, _PROCESSES) as service:
            rounds = self._rounds(service, targets, "nothing at all", _HOT_CONNECTIONS)
            yield from _told("raw limit: an empty answer", rounds, self._plays)[:1]
        with rest_service(self._data, self._uri, _NOTHING_KEPT) as service:
            self._warm(service, targets[: self._effort.listeners])
            rounds = self._rounds(service, targets, "nothing kept", _COLD_CONNECTIONS)
            yield from _told(f"no answer kept, {_COLD_CONNECTIONS} connections", rounds, self._plays)
            yield from self._one_by_one(service, listeners[0], self._plays)
        for plays in self._larger:
            user = f"listener-of-{plays}"
            self._add(user, plays, SEED)
            with rest_service(self._data, self._uri, _NOTHING_KEPT) as service:
                yield from self._one_by_one(service, user, plays)

    def _add(self, user: str, plays: int, seed: int) -> None:
        """A listener with a history of their own, and their key."""
        self._tell(Step(f"load: a listener of {plays:,} plays", plays))
        export = self._folder / f"{user}.zip"
        done(Make(plays, years_of(plays), seed, GENERATION, str(export)), Made)
        done(Import(self._uri, str(self._data), str(export), user), Imported)
        export.unlink()
        self._keys[user] = made_key(self._data, self._uri, user)

    def _hot(self, service: Running, targets: Sequence[Target]) -> Iterator[Figure]:
        """Every answer is kept by every process, whichever a connection comes to."""
        self._warm(service, targets)
        rounds = self._rounds(service, targets, "hot", _HOT_CONNECTIONS)
        yield from _told(
            f"hot: {self._effort.listeners} listeners, {_HOT_CONNECTIONS} connections", rounds, self._plays
        )
        memory = service.memory()
        name = f"memory of an API process with {self._effort.listeners} listeners"
        yield figure_of(name, "MB", [memory.resident], plays=self._plays)
        if memory.proportional is not None:
            yield figure_of(f"{name}, what is shared divided", "MB", [memory.proportional], plays=self._plays)

    def _warm(self, service: Running, targets: Sequence[Target]) -> None:
        """Ask for everything of both processes: what a new connection comes to is chance, so more often than twice."""
        for _ in range(4 * _PROCESSES):
            with service.client() as client:
                for target in targets:
                    client.ask(target)
        self._round(service, targets, "warming up", _COLD_CONNECTIONS)

    def _one_by_one(self, service: Running, user: str, plays: int) -> Iterator[Figure]:
        """Each statistic over all time, asked by one client of a service that keeps no answer."""
        self._tell(Step(f"load: one client of a listener of {plays:,} plays", plays))
        slowest, again = {True: 0.0, False: 0.0}, 0.0
        with service.client() as client:
            for question in questions():
                if not question.name.endswith(ALL_TIME):
                    continue
                settled = self._settled(client, user, question)
                client.ask(self._target(user, settled))
                others = (of_other_plays(settled.given, number) for number in range(self._effort.answers))
                times = [
                    _ms_of(client, self._target(user, msgspec.structs.replace(settled, given=given)))
                    for given in others
                ]
                figure = distribution_of(f"{question.name}, over HTTP", "ms", times, plays)
                together = question.statistic in _TOGETHER
                slowest[together] = max(slowest[together], figure.p95 or 0)
                yield figure
                if not together:
                    target = self._target(user, settled)
                    times = [_ms_of(client, target) for _ in range(self._effort.answers)]
                    again = max(again, distribution_of(question.name, "ms", times, plays).p95 or 0)
        yield figure_of("slowest statistic over HTTP, all time, 95th percentile", "ms", [slowest[False]], plays=plays)
        yield figure_of("the same, of the plays of the question before", "ms", [again], plays=plays)
        if slowest[True]:
            name = f"the slower of {' and '.join(_TOGETHER)} over HTTP, all time, 95th percentile"
            yield figure_of(name, "ms", [slowest[True]], plays=plays)

    def _targets(self, service: Running, users: Sequence[str]) -> list[Target]:
        """The mix asked of every listener in turn."""
        with service.client() as client:
            settled = [(user, self._settled(client, user, question)) for question in mix() for user in users]
        return [self._target(user, question) for user, question in settled]

    def _settled(self, client: Client, user: str, question: Question) -> Question:
        """The question with the id that it is about."""
        if question.about_first_of is None:
            return question
        top = Target(path_of(user, question.about_first_of, {"limit": "1"}), self._keys[user])
        first = msgspec.json.decode(client.ask(top), type=Top).items[0].id
        return msgspec.structs.replace(question, given={**question.given, "id": first}, about_first_of=None)

    def _target(self, user: str, question: Question) -> Target:
        return Target(path_of(user, question.statistic, question.given), self._keys[user])

    def _rounds(self, service: Running, targets: Sequence[Target], name: str, connections: int) -> list[Round]:
        return [self._round(service, targets, name, connections) for _ in range(self._effort.rounds)]

    def _round(self, service: Running, targets: Sequence[Target], name: str, connections: int) -> Round:
        seconds = self._effort.seconds
        self._tell(Step(f"load: {name}", seconds * _PLAYS_A_SECOND))
        return load_round(service.address, targets, self._data, connections=connections, seconds=seconds)


def _told(name: str, rounds: Sequence[Round], plays: int) -> list[Figure]:
    """The rate of the best round and how long its answers took; how many failed in any round."""
    best = max(range(len(rounds)), key=lambda number: rounds[number].rate)
    return [
        best_figure(name, "requests/s", [each.rate for each in rounds], best, plays),
        best_figure(f"{name}, median", "ms", [each.p50_ms for each in rounds], best, plays),
        best_figure(f"{name}, 99th percentile", "ms", [each.p99_ms for each in rounds], best, plays),
        best_figure(f"{name}, failures", "requests", [sum(each.failures for each in rounds)], 0, plays),
    ]


def _ms_of(client: Client, target: Target) -> float:
    started = time.perf_counter()
    client.ask(target)
    return 1_000 * (time.perf_counter() - started)
