"""A number that is increased, and whose value before is returned."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import places
from checkers.linearizability.decision import UNDECIDED, VIOLATED, Conflict, Decision
from checkers.linearizability.explain import Narrator
from checkers.linearizability.ids import RowsByPart
from checkers.linearizability.model import ILLEGAL, UNKNOWN, Model, Operation, show
from checkers.linearizability.operations import Operations
from harness.values import is_whole

_UNSEEN = np.int64(np.iinfo(np.int64).min)


class FetchAndAdd(Model):
    """A counter whose increments return the value before, such as a source of unique ids.

    Each returned value is the place of its increment in the order. Increments of one positive amount are decided in
    about linear time; others too, unless values are left that only increments without an answer can explain.

    Args:
        initial: The value at the beginning; a read of null saw it as well.
    """

    name = "fetch-and-add"
    summary = "A number that is increased by amounts, each time returning the value before."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "add": "the amount; ok: the value before",
        "read": "null; ok: the value that was read",
    }
    resultless = frozenset({"add"})

    def __init__(self, initial: int = 0) -> None:
        if not is_whole(initial) or abs(initial) > 1 << 53:
            raise ValueError(f"it begins with an integer of at most 53 bits, not with {show(initial)}")
        self.initial = int(initial)

    def init(self) -> int:
        """The value."""
        return self.initial

    def step(self, state: int, op: Operation) -> Any:
        """The value afterwards."""
        shown = self.initial if op.result is None else op.result
        if op.result is not UNKNOWN and (not is_whole(shown) or shown != state):
            return ILLEGAL
        return state + op.argument if op.f == "add" else state

    def describe(self, op: Operation) -> str:
        """``add of 3 to 14``, ``read of 14``."""
        if op.f == "read":
            return f"read of {show(self.initial if op.result is None else op.result)}"
        seen = "" if op.result is UNKNOWN else f" to {show(self.initial if op.result is None else op.result)}"
        return f"add of {show(op.argument)}{seen}"

    def fast(self, operations: Operations) -> Decision:
        """By the values that were returned."""
        return _Check(operations, self.initial).run()

    def explain(self, conflict: Conflict, tell: Narrator) -> tuple[str, str]:
        """What the returned values show."""
        told = [tell.did(row) for row in conflict.rows[:2]]
        if conflict.rule == "twice":
            return "lost-update", f"{told[0]} and {told[1]} both started from one value: one update overwrote the other"
        if conflict.rule == "within":
            return "thin-air-read", f"{told[0]} saw a value in the middle of {told[1]}, which is one step"
        if conflict.rule == "thin-air":
            return "thin-air-read", f"{told[0]} saw a value that no sum of increments reaches"
        later, earlier = conflict.rows[:2]
        sentence = (
            f"{told[1]} was invoked at {tell.start(earlier)}, after {told[0]} was complete at {tell.end(later)}, "
            f"although its value comes first"
        )
        if tell.operations.unanswered[earlier] or tell.operations.unanswered[later]:
            sentence = f"{told[0]} was complete at {tell.end(later)}, and {told[1]} does not count it"
        return "stale-read", sentence


class _Check:
    def __init__(self, operations: Operations, initial: int) -> None:
        o = self.o = operations
        numbers, whole = o.values.integers()
        numbers, whole = numbers.copy(), whole.copy()
        numbers[0], whole[0] = initial, True
        self.initial = initial
        self.adds = o.f == o.code("add")
        self.seen = np.where(o.unanswered, _UNSEEN, numbers[o.result])
        self.amount = np.where(self.adds & (o.argument != 0), numbers[o.argument], 0)
        # What is too large for the columns, or no number, is the ladder's.
        huge = np.abs(self.seen.astype(np.float64)) + np.abs(self.amount.astype(np.float64)) > float(1 << 60)
        odd = (~o.unanswered & (~whole[o.result] | huge)) | (self.adds & (~whole[o.argument] | (self.amount <= 0)))
        self.open = np.zeros(o.parts, dtype=np.bool_)
        self.open[o.part[odd]] = True
        self.reasons: dict[int, str] = {}
        for row in np.flatnonzero(self.adds & ~whole[o.argument]).tolist():
            amount = show(o.values[int(o.argument[row])])
            self.reasons.setdefault(int(o.part[row]), f"an add of {amount} is not a whole number")
        self.conflicts: dict[int, Conflict] = {}
        self.loose = self.adds & o.unanswered

    def run(self) -> Decision:
        o = self.o
        self._steps()
        rank = np.where(self.loose, places.LOOSE, 2 * np.where(self.loose, 0, self.seen) - ~self.adds)
        at_most = np.zeros(len(o), dtype=np.bool_)
        ordered = places.decide(
            places.Columns(o.call, o.ret, o.optional, o.part, rank, at_most, o.parts), self._empty()
        )
        conflicts = {**ordered.conflicts, **self.conflicts}
        standing = ordered.standing.copy()
        standing[list(conflicts)] = VIOLATED
        standing[self.open] = UNDECIDED
        left = {part: self._with_others(one) for part, one in conflicts.items() if not self.open[part]}
        return Decision(standing, left, self.reasons)

    def _with_others(self, conflict: Conflict) -> Conflict:
        """An increment that nobody counts is refuted by those which make up the whole value."""
        o, (row, *_) = self.o, conflict.rows
        if conflict.rule != "rank" or not self.loose[row]:
            return conflict
        here = self.rows[int(o.part[row])]
        below = here[self.adds[here] & ~self.loose[here] & (self.seen[here] < self.seen[conflict.rows[1]])]
        others = [other for other in below.tolist() if other not in conflict.rows]
        return Conflict(conflict.rule, (*conflict.rows, *others))

    @cached_property
    def rows(self) -> RowsByPart:
        """The operations of each part."""
        return RowsByPart(self.o.part, self.o.parts)

    def _refute(self, rule: str, *rows: int) -> None:
        self.conflicts.setdefault(int(self.o.part[rows[0]]), Conflict(rule, rows))

    def _steps(self) -> None:
        """From each value at most one increment starts, and nothing is seen in its middle."""
        o = self.o
        rows = np.flatnonzero(~self.loose)
        self.low = self.seen < self.initial
        for row in rows[self.low[rows]].tolist():
            self._refute("thin-air", row)
        rows = rows[np.lexsort((self.adds[rows], self.seen[rows], o.part[rows]))]
        # What is sorted serves to find the gaps as well.
        self.sorted, self.begin = rows, o.part[rows]
        if not len(rows):
            return
        part, seen, adds = o.part[rows], self.seen[rows], self.adds[rows]
        step = np.maximum.accumulate(np.where(adds, np.arange(len(rows)), -1))
        before = np.append(-1, step[:-1])
        inside = (before >= 0) & (part == part[before]) & (seen < seen[before] + self.amount[rows[before]])
        for i in np.flatnonzero(inside).tolist():
            other = int(rows[before[i]])
            self._refute("twice" if adds[i] and seen[i] == seen[before[i]] else "within", int(rows[i]), other)

    def _empty(self) -> dict[int, NDArray[np.int64]]:
        """Per part the ranks of the increments that nobody saw; parts in which that is not clear are left open."""
        rows = self.sorted
        end = self.seen[rows] + np.where(self.adds[rows], self.amount[rows], 0)
        first = np.ones(len(rows), dtype=np.bool_)
        first[1:] = self.begin[1:] != self.begin[:-1]
        reached = np.where(first, self.initial, np.append(self.initial, end[:-1]))
        gaps = np.flatnonzero((self.seen[rows] > reached) & ~self.open[self.begin])
        empty: dict[int, NDArray[np.int64]] = {}
        parts, start = np.unique(self.begin[gaps], return_index=True)
        for part, own in zip(parts.tolist(), np.split(gaps, start[1:]), strict=False):
            if part not in self.conflicts:
                self._gaps(part, reached[own], self.seen[rows[own]], empty)
        return empty

    def _gaps(
        self, part: int, low: NDArray[np.int64], high: NDArray[np.int64], empty: dict[int, NDArray[np.int64]]
    ) -> None:
        rows = self.rows[part]
        loose = rows[self.loose[rows]]
        amounts = np.unique(self.amount[loose])
        if (
            len(amounts) == 1
            and not ((high - low) % amounts[0]).any()
            and (high - low).sum() // amounts[0] <= len(loose)
        ):
            steps = [2 * np.arange(a, b, amounts[0]) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
            empty[part] = np.concatenate(steps).astype(np.int64)
        elif not len(loose):
            self._refute("thin-air", int(rows[self.seen[rows] == high[0]][0]))
        else:
            self.open[part] = True
