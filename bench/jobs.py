"""What a fresh process is asked to do, and what it answers: the structs between `plan` and `worker`."""

import os
import subprocess
import sys
from typing import Final, TypeVar

import msgspec

from bench.machine import PROJECT

USER: Final = "bench"
TIMEZONE: Final = "Europe/Berlin"
"""A zone with clock changes, as most listeners have."""


class Made(msgspec.Struct, tag="made"):
    """A sample export was written."""

    rows: int
    size: int
    """Bytes."""


class Imported(msgspec.Struct, tag="imported"):
    """An export was imported."""

    rows: int
    states: dict[str, int]
    seconds: float
    cpu_seconds: float
    memory_mb: float
    """The most that was resident at once, interpreter and libraries included."""


class Started(msgspec.Struct, tag="started"):
    """A listener's history was read, and a first question answered."""

    plays: int
    read_ms: float
    answered_ms: float
    """Reading and the first answer together."""


class Asked(msgspec.Struct, tag="asked"):
    """Questions were answered, time and again."""

    answers_ms: list[list[float]]
    """Of each question, each of its answers."""


class Make(msgspec.Struct, tag="make"):
    """Write a sample export."""

    plays: int
    years: int
    seed: int
    generation: int
    output: str


class Import(msgspec.Struct, tag="import"):
    """Import an export."""

    uri: str
    folder: str
    """The data folder."""
    path: str
    user: str = USER


class Start(msgspec.Struct, tag="start"):
    """Read a listener's history for the first time in this process."""

    uri: str


class Question(msgspec.Struct, frozen=True):
    """One question, as a person would name it and as `answered` takes it."""

    name: str
    statistic: str
    given: dict[str, str]
    about_first_of: str | None = None
    """The top whose first entry it is about; None: it is about nothing in particular."""


class TopEntry(msgspec.Struct):
    """What of an entry of a top others are asked by."""

    id: str


class Top(msgspec.Struct):
    """What of a top is looked at."""

    items: list[TopEntry]


class Ask(msgspec.Struct, tag="ask"):
    """Answer each question again and again, from columns to bytes; no answer is kept."""

    uri: str
    questions: list[Question]
    repetitions: int


Job = Make | Import | Start | Ask
Answer = Made | Imported | Started | Asked

A = TypeVar("A", bound=Answer)

_answer: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


class JobFailed(Exception):
    """A measuring process ended without an answer."""


def done(job: Job, expected: type[A]) -> A:
    """The answer of a fresh process to a job. Raises JobFailed with what the process said.

    Fresh, so that no measurement finds another's memory, caches or modules; and without STATS_ settings of this one.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STATS_")}
    process = subprocess.run(
        [sys.executable, "-m", "bench.worker"],
        input=msgspec.json.encode(job), capture_output=True, cwd=PROJECT, env=environment, check=False,
    )  # fmt: skip
    if process.returncode != 0:
        raise JobFailed(process.stderr.decode(errors="replace").strip() or f"ended with {process.returncode}")
    answer = _answer.decode(process.stdout)
    if not isinstance(answer, expected):
        raise JobFailed(f"answered {type(answer).__name__} to {type(job).__name__}")
    return answer
