"""Logs: what is worth a structured line goes to the console and to the process's journal."""

import logging
import sys
from typing import Final

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import EventDict, Processor

from stats_api.journal import Journal
from stats_core.settings import Settings

_MARKED: Final[list[Processor]] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
]
_JSON: Final = structlog.processors.JSONRenderer(separators=(",", ":"))
_CONSOLE: Final = structlog.dev.ConsoleRenderer(
    colors=False,
    timestamp_key="at",
    sort_keys=False,
    pad_event_to=0,
    pad_level=False,
    # The prettier one shows the values of local variables: keys and names among them.
    exception_formatter=structlog.dev.plain_traceback,
)


def logger_of(name: str) -> BoundLogger:
    """A structured logger; it writes through the standard one of that name."""
    logger: BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        wrapper_class=BoundLogger,
        processors=[structlog.stdlib.filter_by_level, *_MARKED, ProcessorFormatter.wrap_for_formatter],
    )
    return logger


def made_journal(settings: Settings, process: int) -> Journal:
    """A process's journal; from here on it and the console get what is logged."""
    path = settings.log_dir / f"api-{process}.log"
    journal = Journal(path, process, settings.log_file_mb * 1_000_000, settings.log_files)
    console = logging.StreamHandler(sys.stderr)

    def ordered(_: object, __: str, event: EventDict) -> EventDict:
        first = {name: event.pop(name) for name in ("at", "level", "event")}
        return {**first, "process": process, **event}

    journal.setFormatter(_formatter(ordered, structlog.processors.format_exc_info, _JSON))
    console.setFormatter(_formatter(_CONSOLE))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[console, journal])
    return journal


def _formatter(*renderers: Processor) -> ProcessorFormatter:
    return ProcessorFormatter(
        foreign_pre_chain=_MARKED, processors=[ProcessorFormatter.remove_processors_meta, *renderers]
    )
