"""A measuring process: reads one job from its input, does it, and writes the answer. `python -m bench.worker`.

Modules are loaded and the store is opened before the clock starts: what is measured happens in processes that are up.
"""

import resource
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from bench.jobs import (
    TIMEZONE,
    USER,
    Answer,
    Ask,
    Asked,
    Import,
    Imported,
    Job,
    Made,
    Make,
    Question,
    Start,
    Started,
    Top,
)
from bench.questions import of_other_plays
from stats_core.settings import Settings
from stats_core.store import open_store

_BUDGET: Final = 1 << 30
_NOW: Final = 1_800_000_000_000
"""ms since 1970: a day after every made-up history."""


def answer_to(job: Job) -> Answer:
    """Do a job."""
    if isinstance(job, Make):
        return _made(job)
    if isinstance(job, Import):
        return _imported(job)
    return _started(job) if isinstance(job, Start) else _asked(job)


def _made(job: Make) -> Made:
    from stats_core.sample import sample_export  # noqa: PLC0415 - each job loads what it needs: its memory is measured

    output = Path(job.output)
    report = sample_export(job.plays, job.years, job.seed, job.generation, output=output)
    return Made(sum(report.rows.values()), output.stat().st_size)


def _imported(job: Import) -> Imported:
    from stats_core.imports.importer import Dropped, import_file  # noqa: PLC0415

    settings = Settings(
        _env_file=None, data_dir=Path(job.folder), database_uri=job.uri, inbox_dir=Path(), default_timezone=TIMEZONE
    )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path = Path(job.path)
    store = open_store(job.uri)
    try:
        started, started_cpu = time.perf_counter(), time.process_time()
        document, _ = import_file(store, settings, job.user, Dropped(path, path.name))
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - started_cpu
    finally:
        store.close()
    if document.status != "imported":
        raise SystemExit(f"{path.name} is {document.status}: {document.reason}")
    states = {str(state): count for state, count in document.states.items()}
    return Imported(document.rows, states, seconds, cpu_seconds, _most_resident_mb())


def _started(job: Start) -> Started:
    from stats_core.history.reader import HistoryReader  # noqa: PLC0415
    from stats_core.insights import answered  # noqa: PLC0415

    store = open_store(job.uri)
    try:
        started = time.perf_counter()
        heard = HistoryReader(store, _BUDGET).read(USER)
        read = time.perf_counter()
        answered("summary", heard, {}, now=_NOW).json  # noqa: B018 - made when it is asked for
        first = time.perf_counter()
    finally:
        store.close()
    return Started(len(heard.history), _ms(read - started), _ms(first - started))


def _asked(job: Ask) -> Asked:
    from stats_core.history.reader import HistoryReader  # noqa: PLC0415
    from stats_core.insights import answered  # noqa: PLC0415

    store = open_store(job.uri)
    try:
        heard = HistoryReader(store, _BUDGET).read(USER)
    finally:
        store.close()

    def given(question: Question) -> dict[str, str]:
        if question.about_first_of is None:
            return question.given
        top = msgspec.json.decode(answered(question.about_first_of, heard, {"limit": "1"}, now=_NOW).json, type=Top)
        return {**question.given, "id": top.items[0].id}

    times: list[list[float]] = []
    for question in job.questions:
        times.append([])
        settled = given(question)
        for number in range(job.repetitions):
            asked = of_other_plays(settled, number)
            started = time.perf_counter()
            answered(question.statistic, heard, asked, now=_NOW).json  # noqa: B018
            times[-1].append(_ms(time.perf_counter() - started))
    return Asked(times)


def _ms(seconds: float) -> float:
    return 1_000 * seconds


def _most_resident_mb() -> float:
    """The most memory that this process held at once."""
    told = Path("/proc/self/status")
    if told.exists():
        # Not getrusage: what it tells begins with what the process held that started this one.
        for line in told.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(answer_to(msgspec.json.decode(sys.stdin.buffer.read(), type=Job))))
