"""Devices: on what one listened, over time."""

import msgspec
import numpy as np

from stats_core.history.columns import History, Ints
from stats_core.insights.buckets import BUCKET, Bucket, buckets_of
from stats_core.insights.parameters import COMMON
from stats_core.insights.question import Answer, Question, Statistic
from stats_core.insights.selection import UNKNOWN_PLATFORM, selection_of, sums


class DevicePoint(msgspec.Struct, gc=False):
    """One bucket, with a number for each of the answer's platforms."""

    start: str
    """Its first instant; of one that the period's edge cuts, still its own."""
    plays: list[int]
    ms: list[int]
    partial: bool
    """The period's edge cuts it."""


class Devices(Answer, kw_only=True):
    """Plays and ms by platform, of every bucket that the period touches."""

    bucket: Bucket
    platforms: list[str]
    """Those with a passing play, the most played first; a missing one is `unknown`."""
    points: list[DevicePoint]


def devices(history: History, question: Question) -> Devices:
    """The passing plays by bucket and platform. Raises InvalidParameter where there are too many buckets."""
    plays = selection_of(history, question)
    names = [UNKNOWN_PLATFORM if name is None else name for name in history.platforms]
    distinct = sorted(set(names))
    of_code = np.array([distinct.index(name) for name in names], np.int32)
    code = of_code[history.platform[plays.positions]] if names else np.empty(0, np.int32)
    counts = np.bincount(code, minlength=len(distinct))
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda place: (-counts[place], distinct[place]))
    points: list[DevicePoint] = []
    if question.period.sides is not None:
        start, end = question.period.sides
        buckets = buckets_of(question.zone, question[BUCKET], start, end)
        cell = buckets.placed(plays).bucket.astype(np.int64) * len(distinct) + code
        shape = (len(buckets), len(distinct))
        table = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
        heard: Ints = sums(cell, plays.ms, shape[0] * shape[1]).reshape(shape)
        columns = (
            question.zone.all_written(buckets.start),
            table[:, order].tolist(),
            heard[:, order].tolist(),
            ((buckets.start < start) | (buckets.end > end)).tolist(),
        )
        points = [DevicePoint(*values) for values in zip(*columns, strict=True)]
    platforms = [distinct[place] for place in order]
    return Devices(**plays.told, bucket=question[BUCKET], platforms=platforms, points=points)


STATISTIC = Statistic(
    name="devices",
    summary="On what one listened, over time",
    description="Plays and milliseconds of each platform family in every hour, day, ISO week, month or year that the "
    "period touches, empty ones included; each point has its numbers in the order of `platforms`.",
    parameters=(*COMMON, BUCKET),
    answer=Devices,
    function=devices,
    listed="points",
)
