"""The machine, the versions and the commit that figures are true of."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil

from bench.figures import Machine

PROJECT: Final = Path(__file__).resolve().parent.parent
"""The folder that this package lies in."""
_LIBRARIES: Final = ("numpy", "pandas", "msgspec", "pymongo", "dagster", "litestar", "granian")


def this_machine() -> Machine:
    """The machine this process runs on."""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_mb=psutil.virtual_memory().total >> 20,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        libraries={name: version(name) for name in _LIBRARIES},
    )


def this_commit() -> str:
    """Git's short name of the project's commit, with a `+` where files have changed since; empty without git."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + ("+" if changed else "")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, check=True, text=True).stdout.strip()


def _cpu() -> str:
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
