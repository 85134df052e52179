"""Undoes and removes whatever killed runs left behind."""

from pathlib import Path

from harness.docker import leftovers
from nemesis import guardian


def cleanup() -> list[str]:
    """Heal and remove every run whose harness is dead; what was done, in words.

    Raises:
        HarnessError: Docker cannot be asked.
    """
    lines = []
    for left in leftovers.find():
        if left.alive:
            lines.append(f"run {left.run_id} still goes on (process {left.pid}): left alone")
            continue
        lines += [
            f"run {left.run_id}: {line}" for line in (*guardian.heal(Path(left.folder)), *guardian.remove(left.run_id))
        ]
    return lines
