"""Histories: the ordered events of one run, in columns."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from harness import compiled
from harness.errors import UsageError
from harness.evidence import Evidence
from harness.history_file import Damage, Reader, decode
from harness.op import FAIL, INFO, INVOKE, MOST_FS, NEMESIS, OK, Op
from harness.values import NULL, Decoded, Values

TYPE_CODES: Final = {INVOKE: 0, OK: 1, FAIL: 2, INFO: 3}
TYPE_NAMES: Final = (INVOKE, OK, FAIL, INFO)
NEVER: Final = np.iinfo(np.int32).max
"""The completion index of an operation that never completed."""

NO_VERSION: Final = int(np.iinfo(np.int64).min)
"""In the column of versions, that there is none; below all that a history may hold."""

CHUNK: Final = 50_000
"""How many events become columns at a time."""

PIECE: Final = 1 << 22
"""How many bytes of a file are decoded at a time."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The operations of the clients, one row each, in the order of their invocations.

    All arrays have one entry per operation. An operation without a completion has outcome ``info``.

    Args:
        invoke: int32, event index of the invocation.
        complete: int32, event index of the completion; ``NEVER`` where there is none or it is ``info``.
        outcome: int8, ``TYPE_CODES`` of ok, fail, info.
        process: int32.
        f: int16 code into ``History.fs``.
        key: int32 code into ``History.keys``; -1 for None.
        argument: int32 code of the invocation's value.
        result: int32 code of the completion's value; ``NULL`` where there is none.
        values: What the codes mean; ``arguments[row]`` and ``results[row]`` are the values themselves.
        version: int64, version that the completion shows; -1 where it shows none.
    """

    invoke: NDArray[np.int32]
    complete: NDArray[np.int32]
    outcome: NDArray[np.int8]
    process: NDArray[np.int32]
    f: NDArray[np.int16]
    key: NDArray[np.int32]
    argument: NDArray[np.int32]
    result: NDArray[np.int32]
    values: Values
    version: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.invoke)

    @property
    def arguments(self) -> Decoded:
        """Per row the value of the invocation."""
        return Decoded(self.values, self.argument)

    @property
    def results(self) -> Decoded:
        """Per row the value of the completion; None where there is none."""
        return Decoded(self.values, self.result)


@dataclass(frozen=True, slots=True)
class FaultSpan:
    """One fault from request to verified healing; all instants in nanoseconds since the start of the run.

    Args:
        id: ``partition-3``.
        fault: Name of the fault.
        words: What was broken, for a person.
        detail: The same as data.
        requested: When the nemesis was asked.
        effective: When the effect was verified; None when it never was.
        healed: When healing was done; None when it never was.
        verified: When healing was verified; None when it never was.
        problem: Why it was not effective, or not verified healed; empty when all went well.
    """

    id: str
    fault: str
    words: str
    detail: dict[str, Any]
    requested: int
    effective: int | None = None
    healed: int | None = None
    verified: int | None = None
    problem: str = ""


class History:
    """The events of one run, in columns; immutable once built.

    Args:
        ops: The events in order. Their position becomes their index.

    Attributes:
        time: int64, nanoseconds since the start.
        process: int32; ``NEMESIS`` for fault events.
        type: int8, ``TYPE_CODES``.
        f: int16 code into ``fs``.
        key: int32 code into ``keys``; -1 for None.
        value: int32 code into ``values``; equal values have one code.
        partner: int32, the completion of an invocation and the other way round; -1 where there is none.
        damage: Why the file could be read only in part; None when it was whole.
        evidence: Per invocation of an operation that something is known of besides its completion, what.
    """

    def __init__(self, ops: Iterable[Op], damage: Damage | None = None) -> None:
        f_codes: dict[str, int] = {}
        key_codes: dict[str | int, int] = {}
        node_codes: dict[str | None, int] = {}
        code_f, code_key, code_node = f_codes.setdefault, key_codes.setdefault, node_codes.setdefault
        values = Values()
        errors: dict[int, str] = {}
        attached: dict[int, Evidence] = {}
        columns = tuple(map(_Column, ("i8", "i4", "i1", "i2", "i4", "i4", "i8", "i4")))
        time, process, type_, f, key, value, version, node = columns
        source, first = iter(ops), 0
        while events := list(islice(source, CHUNK)):
            time.add([op.time for op in events])
            process.add([op.process for op in events])
            type_.add([TYPE_CODES[op.type] for op in events])
            f.add([code_f(op.f, len(f_codes)) for op in events])
            key.add([-1 if op.key is None else code_key(op.key, len(key_codes)) for op in events])
            version.add([NO_VERSION if op.version is None else op.version for op in events])
            value.add(values.codes([op.value for op in events]))
            node.add([code_node(op.node, len(node_codes)) for op in events])
            errors |= {index: op.error for index, op in enumerate(events, first) if op.error is not None}
            attached |= {index: op.evidence for index, op in enumerate(events, first) if op.evidence is not None}
            first += len(events)
        held = tuple(column.whole() for column in columns)
        nodes, fs, keys = list(node_codes), tuple(f_codes), tuple(key_codes)
        self._hold(compiled.Read(held, values, fs, keys, nodes, errors, attached, damage))

    def _hold(self, read: compiled.Read) -> None:
        self.time, self.process, self.type, self.f, self.key, self.value, self._version, self._node = read.columns
        self.values, self.fs, self.keys, self.damage = read.values, read.fs, read.keys, read.damage
        self._nodes, self._errors, self._attached = read.nodes, read.errors, read.attached
        self.partner = _pair(self.process, self.type)
        self.evidence = _gathered({}, ((self._invocation(index), piece) for index, piece in self._attached.items()))

    def _invocation(self, index: int) -> int:
        """The invocation that an event belongs to; the event itself where it has none."""
        partner = int(self.partner[index])
        return index if partner < 0 or self.type[index] == TYPE_CODES[INVOKE] else partner

    def with_evidence(self, found: Iterable[tuple[int, Evidence]]) -> "History":
        """The same history, with more known of its operations of unknown outcome.

        Args:
            found: Event index of the invocation, and what is known. What contradicts the history, or other evidence,
                leaves the operation's part undecided.
        """
        richer = copy(self)
        richer.evidence = _gathered(self.evidence, found)
        return richer

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, index: int) -> Op:
        code, version = int(self.key[index]), int(self._version[index])
        return Op(
            index=index,
            time=int(self.time[index]),
            process=int(self.process[index]),
            type=TYPE_NAMES[self.type[index]],
            f=self.fs[self.f[index]],
            key=None if code < 0 else self.keys[code],
            value=self.values[int(self.value[index])],
            node=self._nodes[self._node[index]],
            error=self._errors.get(index),
            version=None if version == NO_VERSION else version,
            evidence=self._attached.get(index),
        )

    def __iter__(self) -> Iterator[Op]:
        return map(self.__getitem__, range(len(self)))

    def calls(self) -> Calls:
        """The clients' operations, one row each; fault events are left out."""
        invoke = np.flatnonzero((self.type == TYPE_CODES[INVOKE]) & (self.process != NEMESIS)).astype(np.int32)
        partner = self.partner[invoke]
        done = partner >= 0
        outcome = np.full(len(invoke), TYPE_CODES[INFO], dtype=np.int8)
        outcome[done] = self.type[partner[done]]
        complete = np.where(done & (outcome != TYPE_CODES[INFO]), partner, NEVER).astype(np.int32)
        version = np.where(done, self._version[partner], NO_VERSION)
        return Calls(
            invoke=invoke,
            complete=complete,
            outcome=outcome,
            process=self.process[invoke],
            f=self.f[invoke],
            key=self.key[invoke],
            argument=self.value[invoke],
            result=np.where(done, self.value[partner], NULL).astype(np.int32),
            values=self.values,
            version=np.where(version == NO_VERSION, -1, version),
        )

    def faults(self) -> list[FaultSpan]:
        """Every fault that was asked for, in order.

        The nemesis completes an injection with the value ``{"phase": "inject", "id", "words", "detail"}`` (``ok`` when
        its effect was verified, else ``info`` with the error) and a healing with ``{"phase": "heal", "ids", "healed"}``
        (``ok`` when the healing was verified; ``healed`` is the instant at which it was done).
        """
        spans: dict[str, FaultSpan] = {}
        for index in np.flatnonzero((self.process == NEMESIS) & (self.type != TYPE_CODES[INVOKE])).tolist():
            op = self[index]
            value, error = op.value, op.error or ""
            if not isinstance(value, dict):
                continue
            if value.get("phase") == "inject" and "id" in value:
                asked = int(self.partner[index])
                detail = value.get("detail")
                spans[str(value["id"])] = FaultSpan(
                    id=str(value["id"]),
                    fault=op.f,
                    words=str(value.get("words", "")),
                    detail=detail if isinstance(detail, dict) else {},
                    requested=int(self.time[asked]) if asked >= 0 else op.time,
                    effective=op.time if op.type == OK else None,
                    problem=error,
                )
            elif value.get("phase") == "heal":
                ids, healed = value.get("ids"), value.get("healed")
                for name in map(str, ids if isinstance(ids, list | tuple) else ()):
                    if name in spans:
                        spans[name] = replace(
                            spans[name],
                            healed=healed if isinstance(healed, int) else None,
                            verified=op.time if op.type == OK else None,
                            problem=spans[name].problem or error,
                        )
        return list(spans.values())

    @classmethod
    def read(cls, path: Path) -> "History":
        """The history in a JSON-lines file; of a damaged file, the prefix before the damage (``history.damage``).

        Raises:
            UsageError: There is no such file, or it cannot be read.
        """
        try:
            with path.open("rb") as file:
                return cls.load(file)
        except OSError as error:
            raise UsageError(f"cannot read the history {path}: {error.strerror or error}. Name a run folder") from error

    @classmethod
    def load(cls, file: BinaryIO) -> "History":
        """The same from a file that is open."""
        return cls._read(file) if compiled.native is None else cls._read_compiled(file)

    @classmethod
    def _read(cls, file: BinaryIO) -> "History":
        reader = Reader()
        history = cls(chain.from_iterable(reader.pieces(file, PIECE)))
        history.damage = reader.damage
        return history

    @classmethod
    def _read_compiled(cls, file: BinaryIO) -> "History":
        read = compiled.Reader(decode, TYPE_CODES, NO_VERSION, MOST_FS).read(file, PIECE)
        history = cls.__new__(cls)
        history._hold(read)  # noqa: SLF001 - it is one of these
        return history


def _gathered(
    known: Mapping[int, tuple[Evidence, ...]], found: Iterable[tuple[int, Evidence]]
) -> Mapping[int, tuple[Evidence, ...]]:
    """What was known, and what was found, by invocation."""
    gathered = dict(known)
    for index, piece in found:
        gathered[index] = (*gathered.get(index, ()), piece)
    return gathered


class _Column:
    """An array that grows: what is added is packed at once."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._parts: list[NDArray[Any]] = []

    def add(self, entries: list[int]) -> None:
        """Put these at the end."""
        self._parts.append(np.array(entries, dtype=self._kind))

    def whole(self) -> NDArray[Any]:
        """All of it."""
        return np.concatenate(self._parts) if self._parts else np.array([], dtype=self._kind)


def _pair(process: NDArray[np.int32], type_: NDArray[np.int8]) -> NDArray[np.int32]:
    """Which event completes which: a process has at most one operation open."""
    if compiled.native is not None:
        partners: NDArray[np.int32] = compiled.native.pair(process, type_)
        return partners
    partner = array("i", [-1]) * len(process)
    pending: dict[int, int] = {}
    for index, (who, what) in enumerate(zip(process.tolist(), type_.tolist(), strict=True)):
        if what == 0:
            pending[who] = index
        else:
            start = pending.pop(who, -1)
            if start >= 0:
                partner[start] = index
                partner[index] = start
    return np.array(partner, dtype=np.int32)
