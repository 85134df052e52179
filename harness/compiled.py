"""The compiled reader of history files: optional, so that an install without a compiler still works."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, BinaryIO, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from harness.evidence import Evidence
from harness.op import Op
from harness.values import NULL, Values, is_whole, token

native: Any = None
"""The extension; None where it was not built, or shall not be used."""

WHY_NOT = ""

if os.environ.get("QUORATE_KERNEL") == "numpy":
    WHY_NOT = "QUORATE_KERNEL=numpy says so"
else:
    try:
        native = import_module("harness._jsonl")
    except ImportError as missing:
        WHY_NOT = str(missing)

_REMEMBERED: Final = 100_000
"""Texts of values which the compiled reader does not understand that are decoded only once."""

_MOST_64: Final = 1 << 63


class Interned(Values):
    """Values that the compiled reader numbered; each is made when it is asked for.

    Args:
        known: Integers and texts by their codes, and null as the first of those that are odd.
    """

    def __init__(self, known: Any) -> None:
        super().__init__()
        self._known = known
        self._odd: dict[int, Any] = {NULL: None}

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, code: int) -> Any:
        value = self._known.get(code)
        return self._odd[code] if value is None else value

    def __reduce__(self) -> tuple[Any, ...]:
        return _plain, ([self[code] for code in range(len(self))],)

    def code(self, value: Any) -> int:
        """The code of a value, a new one when it was not there yet."""
        code: int
        if type(value) is str:
            try:
                code = self._known.text_code(value)
            except (TypeError, UnicodeEncodeError):  # a lone surrogate
                return self._add(value, value)
            return code
        stand_in = token(value)
        if isinstance(stand_in, int | float) and -_MOST_64 <= stand_in < _MOST_64 and int(stand_in) == stand_in:
            before = len(self._known)
            code = self._known.integer_code(int(stand_in), type(stand_in) is int)
            if code == before and type(stand_in) is not int:
                self._odd[code] = value
            return code
        return self._add(stand_in, value)

    def _new(self, value: Any) -> int:
        code: int = self._known.odd()
        self._odd[code] = value
        return code

    def codes(self, values: Any) -> list[int]:
        """The codes of many."""
        return list(map(self.code, values))

    def integers(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Per code the integer that it stands for (0 where it stands for none), and whether it stands for one."""
        number, whole = self._known.integers()
        for code, value in self._odd.items():
            if is_whole(value) and abs(value) < 1 << 62:
                number[code], whole[code] = int(value), True
        whole &= (number < 1 << 62) & (number > -(1 << 62))
        return np.where(whole, number, 0), whole


def _plain(values: list[Any]) -> Values:
    plain = Values()
    plain.codes(values)
    return plain


@dataclass(frozen=True, slots=True)
class Read:
    """What was read; as the attributes of ``History`` with the same names."""

    columns: tuple[NDArray[Any], ...]
    """time, process, type, f, key, value, version, node."""
    values: Values
    fs: tuple[str, ...]
    keys: tuple[str | int, ...]
    nodes: list[str | None]
    errors: dict[int, str]
    attached: dict[int, Evidence]
    damage: Any


Decode = Callable[[bytes, int, set[str] | None], tuple[list[Op], Any]]


class Reader:
    """Reads a file piece by piece; a line that is not of the form that quorate writes is decoded in Python.

    Args:
        decode: Gives the events in lines, and what is wrong with the first one that is damaged.
        types: The code of each type.
        no_version: Stands for none.
        most_fs: How many different fs there may be.
    """

    def __init__(self, decode: Decode, types: dict[str, int], no_version: int, most_fs: int) -> None:
        self._decode = decode
        self._types = types
        self._no_version = no_version
        self._most_fs = most_fs
        self._reader = native.Reader(most_fs)
        self._values = Interned(self._reader.values)
        self._raw: dict[bytes, int] = {}
        self._odd_keys: dict[int, int] = {}
        self._errors: dict[int, str] = {}
        self._attached: dict[int, Evidence] = {}
        self._fs: set[str] | None = None
        self.damage: Any = None

    def read(self, file: BinaryIO, piece: int) -> Read:
        """Everything up to the end or the damage; so many bytes at a time."""
        parts = [self._reader.take()]
        while self.damage is None and (data := file.read(piece)):
            self._piece(data + file.readline())
            parts.append(self._reader.take())
        columns = tuple(map(np.concatenate, zip(*parts, strict=True)))
        keys = self._reader.keys()
        for key, code in self._odd_keys.items():
            keys[code] = key
        return Read(
            columns=columns,
            values=self._values,
            fs=tuple(self._reader.fs()),
            keys=tuple(keys),
            nodes=self._reader.nodes(),
            errors=self._reader.errors() | self._errors,
            attached=self._attached,
            damage=self.damage,
        )

    def _piece(self, data: bytes) -> None:
        at = 0
        while (at := self._reader.read(data, at, self._resolve)) < len(data):
            end = data.find(b"\n", at) + 1 or len(data)
            if self._reader.f_count >= self._most_fs and self._fs is None:
                self._fs = set(self._reader.fs())
            ops, self.damage = self._decode(data[at:end], self._reader.count, self._fs)
            for op in ops:
                self._add(op)
            if self.damage is not None:
                return
            at = end

    def _resolve(self, raw: bytes) -> int:
        """The code of a value that is no plain integer or text; -1 where it is no JSON."""
        code = self._raw.get(raw)
        if code is None:
            try:
                code = self._values.code(msgspec.json.decode(raw))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return -1
            if len(self._raw) < _REMEMBERED:
                self._raw[raw] = code
        return code

    def _add(self, op: Op) -> None:
        index = self._reader.count
        if op.error is not None:
            self._errors[index] = op.error
        if op.evidence is not None:
            self._attached[index] = op.evidence
        key = -1 if op.key is None else self._key(op.key)
        version = self._no_version if op.version is None else op.version
        value = self._values.code(op.value)
        self._reader.add(op.time, op.process, self._types[op.type], op.f, key, value, version, op.node)

    def _key(self, key: str | int) -> int:
        code: int
        if isinstance(key, str) or -_MOST_64 <= key < _MOST_64:
            code = self._reader.key_code(key)
            return code
        code = self._odd_keys.setdefault(key, -1)
        if code < 0:
            code = self._odd_keys[key] = self._reader.odd_key()
        return code
