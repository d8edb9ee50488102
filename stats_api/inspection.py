"""Inspection: what the service counts, and the answers it keeps, for whoever runs it."""

from collections import defaultdict
from typing import Final

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler

from stats_api.answers import Answers
from stats_api.metrics import MEDIA_TYPE, Counts, exposition, samples
from stats_api.operations import Answer, Operation, routed
from stats_api.service import AnyRequest, service_of
from stats_core.store.revisions import raise_revision


class Kept(msgspec.Struct):
    """Answers in memory, and how often they served."""

    entries: int = 0
    bytes: int = 0
    hits: int = 0
    """Since the service was started, as `misses`."""
    misses: int = 0


class KeptOfProcess(Kept, kw_only=True):
    """The same of one process."""

    process: int


class Cache(Kept, kw_only=True):
    """The sum of all processes, and each."""

    processes: list[KeptOfProcess]


_FIELDS: Final = {
    ("stats_cache_entries", None): "entries",
    ("stats_cache_bytes", None): "bytes",
    ("stats_cache_lookups_total", "hit"): "hits",
    ("stats_cache_lookups_total", "miss"): "misses",
}


async def get_cache(request: AnyRequest) -> Response[bytes]:
    _write_counts(request)
    cache = await service_of(request).reading(_cache)
    return Response(msgspec.json.encode(cache), media_type="application/json")


def _write_counts(request: AnyRequest) -> None:
    """This process's own to the last request; those of others are a second old at most."""
    counts: Counts = request.app.state.counts
    counts.write()


def _cache() -> Cache:
    counted: dict[str, dict[str, int]] = defaultdict(dict)
    for name, labels, value in samples():
        if field := _FIELDS.get((name, labels.get("result"))):
            counted[labels["process"]][field] = int(value)
    processes = [KeptOfProcess(**counted[number], process=int(number)) for number in sorted(counted, key=int)]
    sums = {field: sum(getattr(each, field) for each in processes) for field in _FIELDS.values()}
    return Cache(**sums, processes=processes)


async def clear_cache(request: AnyRequest) -> Response[None]:
    service = service_of(request)
    await service.writing(raise_revision, service.store, "cache")
    service.freshness.forget()
    answers: Answers = request.app.state.answers
    await answers.notice()
    return Response(None, status_code=204)


async def get_metrics(request: AnyRequest) -> Response[bytes]:
    _write_counts(request)
    body = await service_of(request).reading(exposition)
    return Response(body, headers={"Content-Type": MEDIA_TYPE})


_METRIC: Final = (
    'stats_requests_total{cache="hit",method="GET",route="/v1/listeners/{user}/summary",status="200"} 9620.0\n'
)

ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    routed("GET", "/v1/cache", Operation(
        id="get_cache", tag="operation", opens="admin", summary="The cache",
        description="How many answers each process keeps, how large they are, and how often one was there or not.",
        answers={200: Answer(description="Of each process, and in sum.", body=Cache)},
    ), get_cache),
    routed("DELETE", "/v1/cache", Operation(
        id="clear_cache", tag="operation", opens="admin", summary="Clear the cache",
        description="Every process lets go of the answers it keeps: this one at once, the others before they answer a "
        "question that comes 50 ms later, or after a second where none comes.",
        answers={204: Answer(description="Done.")},
    ), clear_cache),
    routed("GET", "/metrics", Operation(
        id="get_metrics", tag="operation", opens="metrics", summary="Metrics for Prometheus",
        description="Requests by route, method, status and cache, their seconds, the cache, histories in memory, and "
        "questions that waited for a thread or were refused; all processes together.",
        answers={200: Answer(description="Prometheus' text format.", media_type="text/plain", example=_METRIC)},
    ), get_metrics),
)  # fmt: skip
