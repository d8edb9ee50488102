"""The journal: what a process logs, one JSON object a line, in a file of its own that is begun anew when it is full.

Several processes that turn over one file lose lines of each other, so each has its own. Lines are gathered and written
a few times a second: 40,000 requests a second are 8 MB, and a write for each would cost more than its answer.
"""

import sys
import threading
from collections import deque
from logging import ERROR, LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from time import gmtime, sleep, strftime, time
from typing import Final, TextIO

from stats_api.metrics import cache_state
from stats_api.passage import Passage

_PAUSE_SECONDS: Final = 0.25
_MOST_LINES: Final = 200_000
"""Lines that wait to be written; if the disk hangs for longer, the oldest are lost."""


class Journal(RotatingFileHandler):
    """Where a process logs. Safe between threads."""

    def __init__(self, path: Path, process: int, most_bytes: int, files: int) -> None:
        super().__init__(path, maxBytes=most_bytes, backupCount=files, encoding="utf-8", delay=True)
        self._process = process
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)
        self._second = -1
        self._written_second = ""
        threading.Thread(target=self._write_on, name="journal", daemon=True).start()

    def note(self, passage: Passage, status: int, seconds: float) -> None:
        """Note a request that was answered at once: the line that structlog would write, in 1 us instead of 23."""
        now = time()
        listener = f'"{passage.listener}"' if passage.listener else "null"
        if int(now) != self._second:
            self._second = int(now)
            self._written_second = strftime("%Y-%m-%dT%H:%M:%S", gmtime(now))
        self._lines.append(
            f'{{"at":"{self._written_second}.{int(now % 1 * 1_000_000):06}Z","level":"info","event":"request",'
            f'"process":{self._process},"method":"{passage.method}","route":"{passage.route}",'
            f'"listener":{listener},"status":{status},"ms":{seconds * 1_000:.3f},'
            f'"cache":"{cache_state(passage.cached)}","request_id":"{passage.id.decode()}"}}\n'
        )

    def emit(self, record: LogRecord) -> None:
        """Take in a record; what went wrong is written at once."""
        self._lines.append(self.format(record) + "\n")
        if record.levelno >= ERROR:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered. A disk that takes nothing more costs lines, never an answer."""
        self.acquire()
        try:
            block = "".join(self._lines.popleft() for _ in range(len(self._lines)))
            if block:
                self._write(block)
        except OSError:
            sys.stderr.write(f"{self.baseFilename}: lines of the log are lost.\n")
        finally:
            self.release()

    def close(self) -> None:
        """Write what was gathered. What comes later opens the file again: granian closes every handler it finds."""
        self.flush()
        super().close()

    def _write(self, block: str) -> None:
        stream = self._opened()
        if stream.tell() > 0 and stream.tell() + len(block) > self.maxBytes:
            self.doRollover()
            stream = self._opened()
        stream.write(block)
        stream.flush()

    def _opened(self) -> TextIO:
        if self.stream is None:
            self.stream = self._open()
        return self.stream

    def _write_on(self) -> None:
        while True:
            sleep(_PAUSE_SECONDS)
            self.flush()
