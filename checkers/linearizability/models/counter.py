"""Counters: add and read."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import kernel
from checkers.linearizability.decision import INITIAL, UNDECIDED, Conflict, Decision
from checkers.linearizability.explain import Narrator
from checkers.linearizability.model import ILLEGAL, Model, Operation, show
from checkers.linearizability.operations import Operations
from checkers.linearizability.twins.counter import ADD, READ, Columns, complete, steps
from harness.values import NULL, Values, is_whole

LARGE = 1 << 62
"""Amounts that could add up to more are left to the search, which has no widest integer."""


class Counter(Model):
    """A counter that is added to and read.

    Where all adds of a counter are of one amount (increments of 1, say) it is decided in about linear time; where they
    differ, bounds refute in linear time what they can, and the search decides what they cannot.

    Args:
        initial: The value before the first add; a read of null also means it.
    """

    name = "counter"
    summary = "A counter that is added to and read."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "add": "the integer to add, negative to subtract",
        "read": "null; ok: the integer that was read, null for the initial value",
    }

    def __init__(self, initial: int = 0) -> None:
        if not is_whole(initial) or abs(initial) > 1 << 53:
            raise ValueError(f"it begins with an integer of at most 53 bits, not with {show(initial)}")
        self.initial = int(initial)

    def init(self) -> Any:
        """The initial value."""
        return self.initial

    def step(self, state: Any, op: Operation) -> Any:
        """The value afterwards."""
        if op.f == "add":
            return state + op.argument
        return state if state == (self.initial if op.result is None else op.result) else ILLEGAL

    def describe(self, op: Operation) -> str:
        """``add of 1``, ``read of 17``."""
        if op.f == "add":
            return f"add of {show(op.argument)}"
        return f"read of {show(self.initial if op.result is None else op.result)}"

    def fast(self, operations: Operations) -> Decision:
        """Exact for each counter whose adds are alike, bounds for the others."""
        encoded, rows, large, bad = columns(operations, self.initial)
        decision = complete(encoded, kernel.counter(encoded))
        standing = decision.standing.copy()
        standing[list(bad) + large] = UNDECIDED
        conflicts = {
            part: Conflict(conflict.rule, tuple(int(rows[row]) if row >= 0 else row for row in conflict.rows))
            for part, conflict in decision.conflicts.items()
            if part not in bad and part not in large
        }
        return Decision(standing, conflicts, bad)

    def explain(self, conflict: Conflict, tell: Narrator) -> tuple[str, str]:
        """The anomaly, in terms of what clients read and added."""
        story = _Story(tell, self.initial, conflict)
        found: tuple[str, str] = getattr(story, conflict.rule)()
        return found


class _Story:
    """One sentence for each rule of ``twins.counter``."""

    def __init__(self, tell: Narrator, initial: int, conflict: Conflict) -> None:
        self._tell = tell
        self._initial = initial
        self._rows = conflict.rows
        ops = tell.operations
        here = np.flatnonzero(ops.part == ops.part[max(conflict.rows)])
        encoded, rows, _, _ = columns(ops.select(here), initial)
        self._c, self._ops_rows = encoded, here[rows]
        self._divisor = int(steps(encoded)[0][ops.part[max(conflict.rows)]])

    def _value(self, row: int) -> int:
        """What a read returned."""
        if row == INITIAL:
            return self._initial
        result = self._tell.operation(row).result
        return self._initial if result is None else int(result)

    def multiple(self) -> tuple[str, str]:
        (read,) = self._rows
        what = f"all adds are multiples of {abs(self._divisor)}" if (self._c.f == ADD).any() else "nothing was added"
        start = f" and the counter began at {self._initial}" if self._initial else ""
        return "thin-air-read", f"{self._tell.did(read)} returned what no adds make: {what}{start}"

    def low(self) -> tuple[str, str]:
        first, read, *adds = self._rows
        tell, step = self._tell, self._divisor
        up = step > 0
        beyond = "below" if up else "above"
        if first == INITIAL and not adds:
            what = "all adds are positive" if up else "all adds are negative"
            return "thin-air-read", f"{tell.did(read)} is {beyond} {self._initial}, where the counter began, and {what}"
        if not adds:
            return "stale-read", (
                f"{tell.did(read)} was invoked after {tell.did(first)} was complete, and returned "
                f"{'less' if up else 'more'}, although every add is {'positive' if up else 'negative'}"
            )
        missed = (self._value(read) - self._value(first)) // step + 1
        bound = self._value(first) + missed * step
        since = "" if first == INITIAL else f" the {self._value(first)} that {tell.did(first)} had returned and"
        name = "stale-read" if self._made_up(read, bound) else "lost-write"
        sentence = (
            f"{tell.did(read)} is {beyond} {bound}, the {'least' if up else 'most'} that{since} the {missed} adds of "
            f"{step} {'invoked after that and ' if first != INITIAL else ''}acknowledged before it was invoked allow: "
            f"the last of them is {tell.did(adds[-1])}"
        )
        return name, sentence if name == "stale-read" else f"{sentence}; no later read made up for it"

    def _made_up(self, read: int, bound: int) -> bool:
        """Whether a later read returned at least what this one should have."""
        c = self._c
        at = int(np.searchsorted(self._ops_rows, read))
        later = (c.f == READ) & (c.call > c.ret[at])
        return bool((c.amount[later] // self._divisor >= (bound - self._initial) // self._divisor).any())

    def high(self) -> tuple[str, str]:
        first, read = self._rows
        tell, step = self._tell, self._divisor
        ret = self._tell.operations.ret[read]
        c = self._c
        if first == INITIAL:
            able = int(((c.f == ADD) & (c.call < ret)).sum())
            return "thin-air-read", (
                f"{tell.did(read)} is {'above' if step > 0 else 'below'} {self._initial + able * step}, the "
                f"{'most' if step > 0 else 'least'} that all adds invoked before it returned allow"
            )
        return "thin-air-read", (
            f"{tell.did(read)} cannot follow {tell.did(first)}: fewer than "
            f"{(self._value(read) - self._value(first)) // step} adds were under way between the two"
        )

    def below(self) -> tuple[str, str]:
        return self._outside(1)

    def above(self) -> tuple[str, str]:
        return self._outside(-1)

    def _outside(self, sign: int) -> tuple[str, str]:
        read, *adds = self._rows
        c, ret = self._c, self._tell.operations.ret[read]
        signed = c.amount * sign
        sure = (c.f == ADD) & (signed > 0) & ~c.optional & (c.ret < self._tell.operations.call[read])
        able = (c.f == ADD) & (signed < 0) & (c.call < ret)
        bound = int(c.amount[sure | able].sum())
        what = "the least" if sign > 0 else "the most"
        sentence = f"{self._tell.did(read)} is {'below' if sign > 0 else 'above'} {self._initial + bound}, {what} that"
        if not adds:
            return "thin-air-read", f"{sentence} all adds invoked before it returned allow"
        sentence += " the adds acknowledged before it was invoked, and those of the other sign, allow"
        if ((c.f == READ) & (c.call > ret) & (signed >= bound * sign)).any():
            return "stale-read", sentence
        return "lost-write", f"{sentence}; no later read made up for it"


def columns(operations: Operations, initial: int) -> tuple[Columns, NDArray[np.intp], list[int], dict[int, str]]:
    """The columns of the twin, which row each is of, the parts with numbers too large, and those with no numbers."""
    adds = operations.f == operations.code("add")
    code = np.where(adds, operations.argument, operations.result)
    amount, strange, large = _integers(operations.values, code, initial)
    bad: dict[int, str] = {}
    for row in np.flatnonzero(strange & (adds | (code != NULL))).tolist():
        what = f"{'an add' if adds[row] else 'a read'} of {show(operations.values[int(code[row])])}"
        bad.setdefault(int(operations.part[row]), f"{what} is not of an integer")
    amount[~adds] -= initial
    amount[~adds & (code == NULL)] = 0
    unfit = np.bincount(operations.part[adds], np.abs(amount[adds]), minlength=operations.parts) >= LARGE / 2
    unfit[operations.part[large]] = True
    too_large = np.flatnonzero(unfit).tolist()
    unfit[list(bad)] = True
    rows = np.flatnonzero(~unfit[operations.part] & ~(adds & (amount == 0)))
    encoded = Columns(
        operations.call[rows],
        operations.ret[rows],
        operations.optional[rows],
        np.where(adds, ADD, READ)[rows].astype(np.int8),
        operations.part[rows],
        amount[rows],
        operations.parts,
    )
    return encoded, rows, too_large, bad


def _integers(
    values: Values, code: NDArray[np.int32], initial: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Per row the integer (0 where there is none that fits), whether it is none, and whether it is too large."""
    present = np.flatnonzero(np.bincount(code, minlength=len(values)))
    numbers = np.zeros(len(values), dtype=np.int64)
    strange, large = np.zeros(len(values), dtype=np.bool_), np.zeros(len(values), dtype=np.bool_)
    room = LARGE // 2 - abs(initial)
    for one in present.tolist():
        value = values[one]
        if not is_whole(value):
            strange[one] = True
        elif abs(value) > room:
            large[one] = True
        else:
            numbers[one] = value
    return numbers[code], strange[code], large[code]
