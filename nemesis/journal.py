"""The journal of the faults, ``faults.jsonl``: written before a fault is injected, read by whoever must undo it.

One JSON object a line: ``{"event": "inject", "id", "fault", "words", "undo": [{"action", "arguments"}]}`` before an
injection, ``{"event": "heal", "ids"}`` after a healing that was verified.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from nemesis.fault import Active, Undo


class Journal:
    """Appends to a journal; every line is on the disk before the call returns.

    Args:
        path: Made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def inject(self, active: Active, undo: Sequence[Undo]) -> None:
        """This fault is about to be injected."""
        self._write(
            {"event": "inject", "id": active.id, "fault": active.fault, "words": active.words, "undo": list(undo)}
        )

    def heal(self, ids: Sequence[str]) -> None:
        """These faults are healed, and that was verified."""
        self._write({"event": "heal", "ids": list(ids)})

    def _write(self, line: dict[str, Any]) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(file, msgspec.json.encode(line) + b"\n")
            os.fsync(file)
        finally:
            os.close(file)


def pending(path: Path) -> list[Undo]:
    """What the journal says is still to be undone, the newest first; a line that is cut off never took effect."""
    if not path.exists():
        return []
    undo: dict[str, list[Undo]] = {}
    for line in path.read_bytes().split(b"\n"):
        try:
            entry = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        if entry["event"] == "inject":
            undo[entry["id"]] = msgspec.convert(entry["undo"], list[Undo])
        else:
            for name in entry["ids"]:
                undo.pop(name, None)
    return [one for name in reversed(undo) for one in undo[name]]
