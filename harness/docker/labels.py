"""Labels: how everything that a run makes is found again, and by whom it was made."""

import os
from pathlib import Path
from typing import Final

OURS: Final = "quorate"
RUN: Final = "quorate.run"
PID: Final = "quorate.pid"
STARTED: Final = "quorate.started"
FOLDER: Final = "quorate.folder"
NODE: Final = "quorate.node"
PREFIX: Final = "quorate.prefix"
HELPER_OF: Final = "quorate.helper-of"

_STARTTIME_AFTER_NAME = 19
"""Position of ``starttime`` in /proc/PID/stat, counted behind the name in brackets (proc(5), field 22)."""


def of_run(run_id: str, folder: Path) -> dict[str, str]:
    """The labels of everything that this process makes for that run."""
    pid = os.getpid()
    return {
        OURS: "1",
        RUN: run_id,
        PID: str(pid),
        STARTED: process_started(pid) or "",
        FOLDER: str(folder),
    }


def process_started(pid: int) -> str | None:
    """When the process started, in clock ticks since boot; None when there is none of that number.

    Together with the number it names a process: numbers are used again.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[_STARTTIME_AFTER_NAME]


def alive(pid: int, started: str) -> bool:
    """Whether the process that made something still runs: same number, same start."""
    return process_started(pid) == started
