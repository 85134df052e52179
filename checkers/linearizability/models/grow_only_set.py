"""Grow-only sets: add, and reads of the whole."""

from collections import Counter
from collections.abc import Mapping
from itertools import chain
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import kernel
from checkers.linearizability.decision import UNDECIDED, Conflict, Decision
from checkers.linearizability.explain import Narrator, seconds
from checkers.linearizability.model import ILLEGAL, Model, Operation, show
from checkers.linearizability.operations import Operations
from checkers.linearizability.twins.grow_only_set import Columns
from harness.history import TYPE_CODES
from harness.op import FAIL
from harness.values import NULL, token


class GrowOnlySet(Model):
    """A set that is added to and read as a whole.

    Decided in about linear time in the size of the distinct lists that were read.
    """

    name = "grow-only-set"
    summary = "A set that is added to and read as a whole."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "add": "the element",
        "read": "null; ok: a list of all elements in any order, each once; null for the empty set",
    }

    def init(self) -> Any:
        """The empty set of stand-ins."""
        return frozenset()

    def step(self, state: Any, op: Operation) -> Any:
        """The set of stand-ins afterwards."""
        if op.f == "add":
            return state | {token(op.argument)}
        shown = () if op.result is None else op.result
        return state if len(shown) == len(state) and set(map(token, shown)) == state else ILLEGAL

    def describe(self, op: Operation) -> str:
        """``add of 17``, ``read of 3 elements``."""
        if op.f == "add":
            return f"add of {show(op.argument)}"
        count = len(op.result or ())
        return f"read of {count} element{'' if count == 1 else 's'}"

    def describe_state(self, state: Any) -> str:
        """How many elements there are."""
        return f"{len(state)} element{'' if len(state) == 1 else 's'}"

    def fast(self, operations: Operations) -> Decision:
        """Exact for each set, unless one element was added several times and an add is known to have had an end."""
        encoded, rows, bad = columns(operations)
        decision = kernel.grow_only_set(encoded)
        standing = decision.standing.copy()
        standing[list(bad)] = UNDECIDED
        conflicts = {
            part: Conflict(
                conflict.rule,
                tuple(int(rows[row]) for row in conflict.rows),
                tuple(int(rows[row]) for row in conflict.seen),
            )
            for part, conflict in decision.conflicts.items()
            if part not in bad
        }
        return Decision(standing, conflicts, bad)

    def explain(self, conflict: Conflict, tell: Narrator) -> tuple[str, str]:
        """The anomaly, in terms of elements."""
        story = _Story(tell)
        found: tuple[str, str] = getattr(story, conflict.rule.replace("-", "_"))(*conflict.rows)
        return found


class _Story:
    """One sentence for each rule of ``twins.grow_only_set``."""

    def __init__(self, tell: Narrator) -> None:
        self._tell = tell

    def _elements(self, read: int) -> dict[Any, Any]:
        """What a read returned, by stand-in."""
        return {token(value): value for value in self._tell.operation(read).result or ()}

    def _element(self, add: int) -> str:
        return show(self._tell.operation(add).argument)

    def _added(self, read: int) -> "NDArray[np.bool_]":
        """The adds of the same set."""
        ops = self._tell.operations
        return np.asarray((ops.f == ops.code("add")) & (ops.part == ops.part[read]))

    def duplicate(self, read: int) -> tuple[str, str]:
        values = self._tell.operation(read).result
        count = Counter(map(token, values))
        twice = next(value for value in values if count[token(value)] > 1)
        return "duplicate-element", f"{self._tell.did(read)} returned {show(twice)} more than once"

    def thin_air(self, read: int) -> tuple[str, str]:
        ops = self._tell.operations
        added = {token(ops.values[code]) for code in np.unique(ops.argument[self._added(read)]).tolist()}
        name, value = next(pair for pair in self._elements(read).items() if pair[0] not in added)
        did = f"{self._tell.did(read)} returned {show(value)}"
        failed = self._failed_add(read, name)
        if failed is None:
            return "thin-air-read", f"{did}, which no operation ever tried to add"
        op = self._tell.history[failed]
        return "aborted-read", (
            f"{did}, although the only attempt to add it, by p{op.process}, had failed for certain at "
            f"{seconds(op.time)}: {show(op.error)}"
        )

    def _failed_add(self, read: int, name: Any) -> int | None:
        history, calls = self._tell.history, self._tell.calls
        here = calls.key == calls.key[int(self._tell.operations.row[read])]
        for other in np.flatnonzero((calls.outcome == TYPE_CODES[FAIL]) & here).tolist():
            if history.fs[calls.f[other]] == "add" and token(calls.arguments[other]) == name:
                return int(calls.complete[other])
        return None

    def fork(self, one: int, two: int) -> tuple[str, str]:
        left, right = self._elements(one), self._elements(two)
        mine, other = (show(next(a[n] for n in a if n not in b)) for a, b in ((left, right), (right, left)))
        return "long-fork", (
            f"{self._tell.did(one)} returned {mine} without {other}, and {self._tell.did(two)} returned {other} "
            f"without {mine}: no order of the two adds explains both"
        )

    def backwards(self, earlier: int, later: int) -> tuple[str, str]:
        left, right = self._elements(earlier), self._elements(later)
        lost = next(name for name in left if name not in right)
        return self._missing(
            lost,
            later,
            f"{self._tell.did(later)} did not return {show(left[lost])}, although {self._tell.did(earlier)}, which "
            f"did, was complete at {self._tell.end(earlier)}, before that was invoked",
        )

    def future(self, read: int, add: int) -> tuple[str, str]:
        return "future-read", (
            f"{self._tell.did(read)} returned {self._element(add)} and was complete at {self._tell.end(read)}, before "
            f"anybody tried to add that: {self._tell.did(add)} was the first"
        )

    def missing(self, add: int, read: int) -> tuple[str, str]:
        return self._missing(
            token(self._tell.operation(add).argument),
            read,
            f"{self._tell.did(read)} did not return {self._element(add)}, although {self._tell.did(add)} was complete "
            f"at {self._tell.end(add)}, before that was invoked",
        )

    def passed(self, add: int, later: int, read: int) -> tuple[str, str]:
        return self._missing(
            token(self._tell.operation(add).argument),
            read,
            f"{self._tell.did(read)} returned {self._element(later)} without {self._element(add)}, although "
            f"{self._tell.did(add)} was complete at {self._tell.end(add)}, before {self._tell.did(later)}, the first "
            f"of that element, was invoked",
        )

    def _missing(self, name: Any, read: int, sentence: str) -> tuple[str, str]:
        """A stale read if a later one returned it, else it is lost."""
        ops = self._tell.operations
        later = (ops.f == ops.code("read")) & (ops.part == ops.part[read]) & (ops.call > ops.call[read])
        for code in np.unique(ops.result[later]).tolist():
            if name in set(map(token, ops.values[code] or ())):
                return "stale-read", f"{sentence}; a later read returned it"
        return "lost-write", f"{sentence}; no later read returned it"


def columns(operations: Operations) -> tuple[Columns, NDArray[np.intp], dict[int, str]]:
    """The columns of the twin, which row each is of, and the parts with a read of something that is no list."""
    o = operations
    adding = o.f == o.code("add")
    reads = np.flatnonzero(~adding)
    code = o.result[reads].astype(np.int64)
    bad: dict[int, str] = {}
    for one in np.unique(code).tolist():
        value = o.values[one]
        if one != NULL and not isinstance(value, list | tuple):
            why = f"a read of {show(value)} is not of a list"
            bad |= {part: why for part in np.unique(o.part[reads[code == one]]).tolist() if part not in bad}
    unfit = np.zeros(o.parts, dtype=np.bool_)
    unfit[list(bad)] = True
    adds, reads = np.flatnonzero(adding & ~unfit[o.part]), reads[~unfit[o.part[reads]]]
    lists, which = np.unique((o.part[reads].astype(np.int64) << 32) | o.result[reads], return_inverse=True)
    shown = [o.values[one] or () for one in (lists & 0xFFFFFFFF).tolist()]
    listed = np.array(o.values.codes(list(chain.from_iterable(shown))), dtype=np.int32)
    encoded = Columns(
        call=o.call[adds],
        ret=o.ret[adds],
        optional=o.optional[adds],
        part=o.part[adds],
        element=o.argument[adds],
        read_call=o.call[reads],
        read_ret=o.ret[reads],
        list=which.astype(np.int32),
        list_part=(lists >> 32).astype(np.int32),
        offset=np.concatenate([[0], np.cumsum([len(one) for one in shown], dtype=np.int64)]).astype(np.int64),
        listed=listed,
        parts=o.parts,
        elements=len(o.values),
    )
    return encoded, np.concatenate([adds, reads]), bad
