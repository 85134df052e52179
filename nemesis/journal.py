"""The journal of the faults, ``faults.jsonl``: written before a fault is injected, read by whoever must undo it.

One JSON object a line: ``{"event": "inject", "id", "fault", "words", "undo": [{"action", "arguments"}]}`` before an
injection, ``{"event": "heal", "ids"}`` after a healing that was verified.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from harness.errors import FaultFailed
from nemesis.fault import Active, Undo


class Injected(msgspec.Struct, frozen=True, tag="inject", tag_field="event"):
    """The line before an injection; the fields are those of ``Active``."""

    id: str
    fault: str
    words: str
    undo: list[Undo]


class Healed(msgspec.Struct, frozen=True, tag="heal", tag_field="event"):
    """The line after a healing."""

    ids: list[str]


class Journal:
    """Appends to a journal; every line is on the disk before the call returns.

    Args:
        path: Made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def inject(self, active: Active, undo: Sequence[Undo]) -> None:
        """This fault is about to be injected.

        Raises:
            FaultFailed: It cannot be written, so the fault must not be injected.
        """
        self._write(Injected(active.id, active.fault, active.words, list(undo)))

    def heal(self, ids: Sequence[str]) -> None:
        """These faults are healed, and that was verified.

        Raises:
            FaultFailed: It cannot be written.
        """
        self._write(Healed(list(ids)))

    def _write(self, line: Injected | Healed) -> None:
        data = msgspec.json.encode(line) + b"\n"
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                written = os.write(file, data)
                if written != len(data):
                    os.ftruncate(file, os.fstat(file).st_size - written)  # or the next line would be spoilt as well
                    raise FaultFailed(f"the journal {self._path} has no room for a whole line: free some disk space")
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise FaultFailed(f"cannot write the journal {self._path}: {error.strerror or error}") from error


def pending(path: Path) -> list[Undo]:
    """What the journal says is still to be undone, the newest first.

    A line that is cut off never took effect. One that is damaged is passed over: the others must be undone all the
    same.
    """
    if not path.exists():
        return []
    undo: dict[str, list[Undo]] = {}
    decode = msgspec.json.Decoder(Injected | Healed).decode
    for line in path.read_bytes().split(b"\n"):
        try:
            entry = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(entry, Injected):
            undo[entry.id] = entry.undo
        else:
            for name in entry.ids:
                undo.pop(name, None)
    return [one for name in reversed(undo) for one in undo[name]]
