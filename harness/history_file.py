"""The file of a history: one event a line, appended so that it survives a kill, and read up to where it is damaged."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from harness.op import MOST_32, MOST_64, MOST_FS, Op

_BYTE: Final = re.compile(r" \(byte ([0-9]+)\)").search


@dataclass(frozen=True, slots=True)
class Damage:
    """Where a history file stops being readable; what stands before it is used."""

    line: int
    reason: str


class Reader:
    """Decodes a file piece by piece, so that neither its text nor its events are ever in memory as a whole."""

    def __init__(self) -> None:
        self.damage: Damage | None = None

    def pieces(self, file: BinaryIO, piece: int) -> Iterator[list[Op]]:
        """The events up to the end or the damage; so many bytes at a time."""
        before = 0
        fs: set[str] = set()
        while self.damage is None and (data := file.read(piece)):
            ops, self.damage = decode(data + file.readline(), before, fs)
            before += len(ops)
            yield ops


def decode(data: bytes, first: int = 0, fs: set[str] | None = None) -> tuple[list[Op], Damage | None]:
    """The events in JSON lines, up to the first line that is damaged, and what is wrong with that line.

    Args:
        data: Whole lines; only the last line of a file may be cut off.
        first: How many lines of the file stand before.
        fs: The values of ``f`` that they hold; those of these lines are added.
    """
    fs = set() if fs is None else fs
    try:
        ops = msgspec.json.Decoder(Op).decode_lines(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_until_damage(data, first, fs)
    new = {op.f for op in ops}
    sound = data.endswith(b"\n") or not data
    sound = sound and data.count(b"\n") == len(ops) and len(fs | new) <= MOST_FS
    if not sound or any(map(_problem, ops, count(first))):
        return _decode_until_damage(data, first, fs)
    fs |= new
    return ops, None


def _decode_until_damage(data: bytes, first: int, fs: set[str]) -> tuple[list[Op], Damage | None]:
    """The same line by line, to find which one is damaged."""
    decode_line = msgspec.json.Decoder(Op).decode
    lines = data.split(b"\n")
    ops: list[Op] = []
    for number, line in enumerate(lines[:-1], first + 1):
        try:
            op = decode_line(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return ops, Damage(number, _why(error, line))
        fs.add(op.f)
        problem = _problem(op, number - 1) or ("" if len(fs) <= MOST_FS else "too many different values of f")
        if problem:
            return ops, Damage(number, problem)
        ops.append(op)
    return ops, Damage(first + len(lines), "the last line is cut off") if lines[-1] else None


def _why(error: Exception, line: bytes) -> str:
    """Why a line is no event, with the column or the field."""
    if isinstance(error, RecursionError):
        return "nested deeper than any operation is"
    if isinstance(error, UnicodeDecodeError):
        return f"a string with the byte 0x{error.object[error.start]:02x}, which is no UTF-8"
    words = str(error)
    if found := _BYTE(words):
        return f"column {int(found[1]) + 1}: {words[: found.start()]}"
    return words if isinstance(error, msgspec.ValidationError) else f"column {len(line) + 1}: {words}"


def _problem(op: Op, index: int) -> str:
    """Why this cannot be the event at that position; empty when it can."""
    if op.index != index:
        return f"event {op.index} stands where {index} should"
    if not (-MOST_32 <= op.process <= MOST_32 and 0 <= op.time <= MOST_64):
        return f"process {op.process} or time {op.time} is out of range"
    if op.version is not None and not -MOST_64 <= op.version <= MOST_64:
        return f"version {op.version} is out of range"
    return ""


class HistoryWriter:
    """Appends events to a history file.

    What ``flush`` has handed to the kernel survives a SIGKILL of this process; the scheduler calls it once per turn of
    its loop, and ``close`` makes it survive a power cut as well.

    Args:
        path: Created; must not exist.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        self._encode_into = msgspec.json.Encoder().encode_into
        self._buffer = bytearray()
        self.count = 0

    def append(self, op: Op) -> None:
        """Give the event its index and keep it for the next ``flush``; nobody else holds the op yet."""
        msgspec.structs.force_setattr(op, "index", self.count)
        self.count += 1
        self._encode_into(op, self._buffer, -1)
        self._buffer += b"\n"

    def flush(self) -> None:
        """Hand everything to the kernel.

        Raises:
            OSError: The disk is full, or the file is gone.
        """
        while self._buffer:
            written = os.write(self._file, self._buffer)
            del self._buffer[:written]

    def close(self) -> None:
        """Flush, and wait until the disk has it."""
        self.flush()
        os.fsync(self._file)
        os.close(self._file)
