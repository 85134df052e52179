"""Registers: read, write, compare-and-set."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import kernel
from checkers.linearizability.decision import INITIAL, UNDECIDED, Conflict, Decision
from checkers.linearizability.explain import Narrator, seconds
from checkers.linearizability.model import ILLEGAL, Model, Operation, show
from checkers.linearizability.operations import Operations
from checkers.linearizability.twins.zones import CAS, MISMATCH, READ, WRITE, Columns
from harness.history import TYPE_CODES
from harness.op import FAIL
from harness.values import token

PAIR: Final = 2


class CasRegister(Model):
    """A register with compare-and-set.

    Values that are written once are decided by zones, in linear time; repeated values and failed cas may need the
    ladder.

    Args:
        initial: The value before the first write; a read of an absent key returns None.
    """

    name = "cas-register"
    summary = "A register with reads, writes and compare-and-set."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "read": "null; ok: the value that was read",
        "write": "the value",
        "cas": "[expected, new]; a failure `cas-mismatch: …` observed another value than the expected one",
    }
    observed_failures = frozenset({"cas-mismatch"})
    resultless = frozenset({"write", "cas"})

    def __init__(self, initial: Any = None) -> None:
        self.initial = initial

    def init(self) -> Any:
        """The stand-in of the initial value."""
        return token(self.initial)

    def step(self, state: Any, op: Operation) -> Any:
        """The stand-in of the value afterwards."""
        if op.f == "read":
            return state if state == token(op.result) else ILLEGAL
        if op.f == "write":
            return token(op.argument)
        expected, new = map(token, op.argument)
        if op.failed:
            return ILLEGAL if state == expected else state
        return new if state == expected else ILLEGAL

    def describe(self, op: Operation) -> str:
        """``read of 17``, ``write of 3``, ``cas of 1 to 2``."""
        if op.f == "cas":
            return f"{'failed ' if op.failed else ''}cas of {show(op.argument[0])} to {show(op.argument[1])}"
        return f"{op.f} of {_word(op.result if op.f == 'read' else op.argument)}"

    def fast(self, operations: Operations) -> Decision:
        """Zones, for each key whose values are written once."""
        encoded, bad = columns(operations, self.initial)
        decision = kernel.zones(encoded)
        if not bad:
            return decision
        standing = decision.standing.copy()
        standing[list(bad)] = UNDECIDED
        sound = {part: conflict for part, conflict in decision.conflicts.items() if part not in bad}
        return Decision(standing, sound, bad)

    def registers(self, operations: Operations) -> Columns:
        """They are registers."""
        return columns(operations, self.initial)[0]

    def explain(self, conflict: Conflict, tell: Narrator) -> tuple[str, str]:
        """What the zones found."""
        named: tuple[str, str] = getattr(_Sentences(tell), conflict.rule.replace("-", "_"))(conflict.rows)
        return named


class Register(CasRegister):
    """A register without compare-and-set."""

    name = "register"
    summary = "A register with reads and writes."
    vocabulary: ClassVar[Mapping[str, str]] = {f: CasRegister.vocabulary[f] for f in ("read", "write")}


class _Sentences:
    """What each rule of the zones is called, and how it is told."""

    def __init__(self, tell: Narrator) -> None:
        self._tell = tell

    def _value(self, row: int, *, seen: bool = False) -> str:
        """The value that an operation shows; ``seen``: of a cas the expected one."""
        op = self._tell.operation(row)
        if op.f == "read":
            return _word(op.result)
        if op.f == "cas":
            return _word(op.argument[0 if seen else 1])
        return _word(op.argument)

    def _is_read(self, row: int) -> bool:
        return self._tell.operation(row).f == "read"

    def thin_air(self, rows: tuple[int, ...]) -> tuple[str, str]:
        (row,) = rows
        tell, value = self._tell, self._value(row, seen=True)
        failed = self._failed_writer(row)
        if failed is None:
            return "thin-air-read", f"{tell.did(row)} saw {value}, which no operation ever tried to write"
        op = tell.history[failed]
        node = "" if op.node is None else f" ({op.node})"
        return "aborted-read", (
            f"{tell.did(row)} saw {value}, although the only attempt to write it, by p{op.process}{node}, had "
            f"failed for certain at {seconds(op.time)}: {show(op.error)}"
        )

    def _failed_writer(self, row: int) -> int | None:
        """The completion of a failed operation that would have written the value which this one saw."""
        op, history, calls = self._tell.operation(row), self._tell.history, self._tell.calls
        wanted = token(op.result if op.f == "read" else op.argument[0])
        here = calls.key == calls.key[int(self._tell.operations.row[row])]
        for other in np.flatnonzero((calls.outcome == TYPE_CODES[FAIL]) & here).tolist():
            argument, f = calls.arguments[other], history.fs[calls.f[other]]
            if f == "cas" and isinstance(argument, list | tuple) and len(argument) == PAIR:
                argument = argument[1]
            if f in ("write", "cas") and token(argument) == wanted:
                return int(calls.complete[other])
        return None

    def future(self, rows: tuple[int, ...]) -> tuple[str, str]:
        observer, writer = rows
        tell = self._tell
        return "future-read", (
            f"{tell.did(observer)} saw {self._value(observer, seen=True)} and was complete at {tell.end(observer)}, "
            f"before the only operation that writes it was invoked: {tell.did(writer)}"
        )

    def double_cas(self, rows: tuple[int, ...]) -> tuple[str, str]:
        first, second = rows
        return "lost-update", (
            f"{self._tell.did(first)} and {self._tell.did(second)} both took effect, although "
            f"{self._value(first, seen=True)} was in place only once: one update overwrote the other"
        )

    def circle(self, rows: tuple[int, ...]) -> tuple[str, str]:
        deeds = " and ".join(self._tell.did(row) for row in rows)
        return "thin-air-read", f"{deeds}: expected values that only they themselves write, so none can be the first"

    def chain(self, rows: tuple[int, ...]) -> tuple[str, str]:
        later, earlier = rows
        sentence = (
            f"{self._tell.did(earlier)} was invoked after {self._tell.did(later)} was complete, although the "
            f"successful cas show that {self._value(later)} came after {self._value(earlier)}"
        )
        return ("stale-read" if self._is_read(earlier) else "future-read"), sentence

    def zones(self, rows: tuple[int, ...]) -> tuple[str, str]:
        x, y, z, u = rows
        tell = self._tell
        back = self._value(u, seen=not self._is_read(u))
        new = self._value(z)
        sentence = (
            f"{tell.did(u)} came back to {back}, although {tell.did(z)} was complete at {tell.end(z)}, before that "
            f"was invoked"
        )
        if x == INITIAL:
            sentence += f"; {back} was older: it was in place before anything was written"
        else:
            sentence += (
                f"; {back} was older than {new}: {tell.did(x)} was complete at {tell.end(x)}, before {tell.did(y)} "
                f"was invoked"
            )
        if not self._is_read(u):
            return "lost-update", sentence
        if self._is_lost(z, u):
            return "lost-write", f"{sentence}; no read ever returned {new} again"
        return "stale-read", sentence

    def _is_lost(self, z: int, u: int) -> bool:
        """Whether the value of ``z`` was acknowledged and then gone for good: no later read, on any node, shows it."""
        tell, ops = self._tell, self._tell.operations
        op = tell.operation(z)
        newer = ops.values.code(op.result if op.f == "read" else op.argument[1] if op.f == "cas" else op.argument)
        reads = (ops.f == ops.code("read")) & (ops.part == ops.part[u])
        later = reads & (ops.call > ops.ret[z])
        if (ops.result[later] == newer).any():
            return False
        written = (ops.f == ops.code("write")) & (ops.argument == newer)
        if op.f == "cas":
            written |= ops.argument == ops.argument[z]
        elif op.f == "read":
            cas = np.flatnonzero((ops.f == ops.code("cas")) & (ops.part == ops.part[u]))
            made = [row for row in cas.tolist() if ops.values.code(tell.operation(row).argument[1]) == newer]
            written[made] = True
        acknowledged = (written & ~ops.optional).any()
        back = np.flatnonzero(later & (ops.result == ops.result[u])).tolist()
        nodes = {tell.node(row) for row in back}
        return bool(acknowledged) and len(back) > 1 and (len(nodes) > 1 or nodes == {None})


def columns(operations: Operations, initial: Any) -> tuple[Columns, dict[int, str]]:
    """The columns of the zones, and the parts with a cas whose argument is no pair."""
    reads, writes, cas = (operations.f == operations.code(f) for f in ("read", "write", "cas"))
    values = operations.values
    bad: dict[int, str] = {}
    old = np.where(reads, operations.result, -1).astype(np.int64)
    new = np.where(writes, operations.argument, -1).astype(np.int64)
    for row in np.flatnonzero(cas).tolist():
        pair = values[int(operations.argument[row])]
        if isinstance(pair, list | tuple) and len(pair) == PAIR:
            old[row], new[row] = values.code(pair[0]), values.code(pair[1])
        else:
            old[row] = new[row] = 0
            bad.setdefault(int(operations.part[row]), f"a cas of {show(pair)} is not of the form [old, new]")
    f = np.where(reads, READ, np.where(writes, WRITE, np.where(operations.failed, MISMATCH, CAS))).astype(np.int8)
    new[f == MISMATCH] = -1
    first = values.code(initial)
    seen, made, count = _localise(operations.part, old, new, first, operations.parts)
    o = operations
    return Columns(o.call, o.ret, o.optional, f, o.part, seen, made, o.parts, count), bad


def _localise(
    part: NDArray[np.int32], old: NDArray[np.int64], new: NDArray[np.int64], initial: int, parts: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], int]:
    """Ids that belong to one part each: the initial values first."""
    old, new = (np.where(c < 0, -1, np.where(c == initial, 0, c + 1)) for c in (old, new))
    count = int(max(old.max(initial=0), new.max(initial=0))) + 1
    home = np.full(count, -1, dtype=np.int64)
    writing, seeing = new >= 0, old > 0
    home[old[seeing]] = part[seeing]
    home[new[writing]] = part[writing]
    apart = np.array_equal(home[new[writing]], part[writing]) and np.array_equal(home[old[seeing]], part[seeing])
    if apart or parts == 1:
        local = [np.where(column > 0, column + parts - 1, np.where(column == 0, part, -1)) for column in (old, new)]
        return local[0].astype(np.int32), local[1].astype(np.int32), count + parts - 1
    # The initial values get the lowest codes, so the ranks of the codes are the ids.
    codes = [np.where(c > 0, parts + part.astype(np.int64) * count + c, np.where(c == 0, part, -1)) for c in (old, new)]
    distinct = np.unique(np.concatenate([np.arange(parts), *(c[c >= 0] for c in codes)]))
    local = [np.where(c >= 0, np.searchsorted(distinct, c), -1) for c in codes]
    return local[0].astype(np.int32), local[1].astype(np.int32), len(distinct)


def _word(value: Any) -> str:
    return "nothing (the initial value)" if value is None else show(value)
