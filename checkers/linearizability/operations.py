"""The operations that count, in columns, partitioned: what every decision procedure starts from."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import evidence
from checkers.linearizability.model import MISTAKES, UNKNOWN, Model, ModelFailed, Operation, in_words
from harness.history import TYPE_CODES, Calls, History
from harness.op import FAIL, INFO, OK
from harness.values import Values


@dataclass(frozen=True, slots=True)
class Operations:
    """Operations in the order of their invocations, one row each, over all parts; needs no history and can be pickled.

    Left out, because they say nothing: failures that are no observation, and ``Model.pure`` ones without an answer.

    Args:
        row: int64, the row of ``History.calls()``.
        call: int32, the instant before which it cannot have happened: its invocation, or later by evidence; ascending.
        ret: int32, the instant after which it cannot have happened: its completion, or what evidence says of one of
            unknown outcome; ``NEVER`` where there is none. Instants are event indexes, or their ranks where evidence
            has put some between events. None but ``NEVER`` occurs twice in ``call`` and ``ret``.
        optional: bool, it may not have happened at all (an outcome that is unknown).
        unanswered: bool, nobody knows what it returned: those that are ``optional``, and those of unknown outcome which
            by evidence did happen.
        failed: bool, a failure that is an observation.
        process: int32.
        f: int16 code into ``fs``.
        key: int32 code into ``names``; -1 for None.
        part: int32, which independent object; dense from 0.
        argument: int32 code into ``values``, of the invocation.
        result: int32 code into ``values``, of the completion; ``NULL`` where ``unanswered``.
        version: int64, what the datastore numbered it; -1 where it did not.
        fs: The names of operations.
        names: The keys of the history.
        values: The distinct values.
        keys: Per part, its name.
        unusable: Per part that holds an operation which the model does not know, or evidence that cannot be true, why
            nothing can be said about it.
    """

    row: NDArray[np.int64]
    call: NDArray[np.int32]
    ret: NDArray[np.int32]
    optional: NDArray[np.bool_]
    unanswered: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    process: NDArray[np.int32]
    f: NDArray[np.int16]
    key: NDArray[np.int32]
    part: NDArray[np.int32]
    argument: NDArray[np.int32]
    result: NDArray[np.int32]
    version: NDArray[np.int64]
    fs: tuple[str, ...]
    names: tuple[str | int, ...]
    values: Values
    keys: tuple[Hashable, ...]
    unusable: dict[int, str]

    def __len__(self) -> int:
        return len(self.row)

    @property
    def parts(self) -> int:
        """How many independent objects there are."""
        return len(self.keys)

    def code(self, f: str) -> int:
        """The code of an f; -1 where it does not occur."""
        return self.fs.index(f) if f in self.fs else -1

    def operation(self, row: int, model: Model) -> Operation:
        """One row as ``model`` sees it."""
        version, key = int(self.version[row]), int(self.key[row])
        return Operation(
            f=self.fs[self.f[row]],
            argument=self.values[int(self.argument[row])],
            result=UNKNOWN if self.unanswered[row] else self.values[int(self.result[row])],
            key=None if key < 0 else self.names[key],
            process=int(self.process[row]) if model.per_process else 0,
            failed=bool(self.failed[row]),
            version=version if model.versioned and version >= 0 else None,
        )

    def select(self, rows: NDArray[np.intp]) -> "Operations":
        """Some rows, ascending, of the same parts."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _COLUMNS})


_COLUMNS = [
    "row",
    "call",
    "ret",
    "optional",
    "unanswered",
    "failed",
    "process",
    "f",
    "key",
    "part",
    "argument",
    "result",
    "version",
]


def collect(history: History, model: Model) -> Operations:
    """The operations of a history that say something to ``model``.

    Raises:
        ModelFailed: Its ``partition`` raised an error.
    """
    calls = history.calls()
    ok, unknown = (calls.outcome == TYPE_CODES[outcome] for outcome in (OK, INFO))
    failed = _observations(history, calls, model)
    known = np.array([not model.vocabulary or f in model.vocabulary for f in history.fs], dtype=np.bool_)[calls.f]
    pure = np.array([f in model.pure for f in history.fs], dtype=np.bool_)[calls.f]
    part, keys = _partition(history, calls, model)
    unusable: dict[int, str] = {}
    for row in np.flatnonzero(~known).tolist():
        name = history.fs[calls.f[row]]
        unusable.setdefault(
            int(part[row]), f"event {calls.invoke[row]} is a {name!r}: not an operation of {model.name}"
        )
    rows = np.flatnonzero(known & (ok | failed | (unknown & ~pure)))
    operations = Operations(
        row=rows,
        call=calls.invoke[rows],
        ret=calls.complete[rows],
        optional=unknown[rows],
        unanswered=unknown[rows],
        failed=failed[rows],
        process=calls.process[rows],
        f=calls.f[rows],
        key=calls.key[rows],
        part=part[rows],
        argument=calls.argument[rows],
        result=np.where(unknown, 0, calls.result)[rows].astype(np.int32),
        version=calls.version[rows],
        fs=history.fs,
        names=history.keys,
        values=calls.values,
        keys=keys,
        unusable=unusable,
    )
    return evidence.applied(operations, history, calls, part) if history.evidence else operations


def _observations(history: History, calls: Calls, model: Model) -> NDArray[np.bool_]:
    observed = np.zeros(len(calls), dtype=np.bool_)
    if not model.observed_failures:
        return observed
    for row in np.flatnonzero(calls.outcome == TYPE_CODES[FAIL]).tolist():
        error = history[int(calls.complete[row])].error
        observed[row] = error is not None and error.split(":", 1)[0] in model.observed_failures
    return observed


def _partition(history: History, calls: Calls, model: Model) -> tuple[NDArray[np.int32], tuple[Hashable, ...]]:
    """The part of each operation, dense, and the names of the parts."""
    if type(model).partition is not Model.partition:
        return _partition_by_codes(history, calls, model) or _partition_by_model(history, calls, model)
    names: list[Any] = [None, *history.keys]
    present = np.bincount(calls.key + 1, minlength=len(names)) > 0
    part = (np.cumsum(present) - 1)[calls.key + 1].astype(np.int32)
    return part, tuple(names[code] for code in np.flatnonzero(present).tolist())


def _partition_by_codes(
    history: History, calls: Calls, model: Model
) -> tuple[NDArray[np.int32], tuple[Hashable, ...]] | None:
    """Where the class that says how to partition says it of the codes as well, and no other partitions otherwise."""
    own = next(one for one in type(model).__mro__ if {"partition", "partition_codes"} & vars(one).keys())
    return model.partition_codes(calls, history.keys) if "partition_codes" in vars(own) else None


def _partition_by_model(history: History, calls: Calls, model: Model) -> tuple[NDArray[np.int32], tuple[Hashable, ...]]:
    codes: dict[Hashable, int] = {}
    part = np.zeros(len(calls), dtype=np.int32)
    ok = calls.outcome == TYPE_CODES[OK]
    for row, (argument, result) in enumerate(zip(calls.arguments, calls.results, strict=True)):
        code = int(calls.key[row])
        op = Operation(
            f=history.fs[calls.f[row]],
            argument=argument,
            result=result if ok[row] else UNKNOWN,
            key=None if code < 0 else history.keys[code],
            process=int(calls.process[row]),
        )
        try:
            part[row] = codes.setdefault(model.partition(op), len(codes))
        except MISTAKES as error:
            words = in_words(error)
            raise ModelFailed(f"the model failed to partition, at event {calls.invoke[row]}: {words}") from error
    return part, tuple(codes)
