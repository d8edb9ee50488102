"""A MongoDB-wire server of the tests' own, on a free port of this machine."""

import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAM = Path(sys.executable).parent / "secantusd-py"
PATIENCE = 30.0


class MongodServer:
    """Runs from `start` to `kill`, and again; keeps its documents in `folder`, and its port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.address = f"mongodb://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        log = self.folder.with_suffix(".log")
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [PROGRAM, "--port", str(self.port), "--storage-path", self.folder, "--cache-size", "256M"],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        patient_until = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < patient_until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        self.kill()
        raise RuntimeError(f"{PROGRAM} did not start:\n{log.read_text()}")

    def kill(self) -> None:
        """As `kill -9` does."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
