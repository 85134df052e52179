"""A program in a process of its own, under limits, and what it used."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Used:
    """What became of a process.

    Args:
        rows: The JSON objects that it printed.
        seconds: From its start to its end.
        processor: Seconds of all its threads.
        peak: Bytes of resident memory at most, as the kernel counts them (``ru_maxrss``).
        ended: Why it was ended early; empty where it ended by itself.
        code: Its exit code.
        words: What it wrote to stderr.
    """

    rows: list[dict[str, Any]]
    seconds: float
    processor: float
    peak: int
    ended: str
    code: int
    words: str


def resident(pid: int) -> int:
    """Bytes of memory that a process has now; 0 once it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def run(command: Sequence[str], seconds: float, memory: int) -> Used:
    """Run a command; end it after so many seconds, or when it holds more bytes than that.

    A child inherits the peak of the process that starts it, so that one must be small: nothing large is imported here.
    """
    start = time.perf_counter()
    ended = ""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err)
        while True:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if not ended and resident(child.pid) > memory:
                ended = f"needs more than {memory / 2**30:.3g} GiB"
            elif not ended and time.perf_counter() - start > seconds:
                ended = f"did not end within {seconds:.3g} s"
            if ended:
                child.kill()
            time.sleep(0.002)
        took = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        rows = []
        for line in out:
            with suppress(ValueError):
                rows.append(json.loads(line))
        return Used(
            rows, took, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, ended, child.returncode, err.read()
        )
