"""How far the operations of a refuted problem can be explained: one order of them, and why it cannot go on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from checkers.linearizability import kernel, search
from checkers.linearizability.decision import NEVER, Budget, BudgetSpent
from checkers.linearizability.ladder import Problem
from checkers.linearizability.table import NO
from checkers.linearizability.texts import Texts

_REPLAYED: Final = 20_000
"""At most so many steps are tried again, to find which are not needed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of the order.

    Args:
        row: Position in the problem.
        before: State of the table.
        after: State of the table.
    """

    row: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Trace:
    """The longest beginning that can be explained: no order explains one more completion.

    Args:
        steps: The operations of the beginning, in an order that explains them all.
        state: State of the table at its end.
        stuck: Position of the operation that has to be explained next, and cannot be.
        waiting: Positions of the operations that could come next by their intervals, each with whether the state
            allows it. Those that it does allow lead nowhere: whatever follows them, ``stuck`` is not explained.
    """

    steps: tuple[Step, ...]
    state: int
    stuck: int
    waiting: tuple[tuple[int, bool], ...]

    def states(self, problem: Problem) -> list[Any]:
        """The states of the model, before the first step and after each (one of them, if it is nondeterministic)."""
        codes = [problem.table.initial, *(step.after for step in self.steps)]
        return [problem.table.states(code)[0] for code in codes]


_Node = tuple[int, int]
"""The state, and the mask of all positions that are linearized."""


def trace(problem: Problem, end: int, budget: Budget, texts: Texts | None = None) -> Trace | None:
    """Explain as many completions as possible; None where all can be, or the budget ended before that was known.

    Args:
        problem: The operations.
        end: Until when they have to be explained.
        budget: What may be spent.
        texts: The same operations, where they are on a string that is empty at first.

    Raises:
        ModelFailed: The model raised an error.
    """
    if kernel.native is None:
        stuck, order = _Tracer(problem, end).run(budget)
    else:
        stuck, order = search.prefix(problem, end, budget, texts)
    return None if stuck < 0 else _Teller(problem, stuck).run(order)


class _Teller:
    """What an order does, without what is not owed and not needed, and why it cannot go on."""

    def __init__(self, problem: Problem, stuck: int) -> None:
        self._table, self._kind, self._ret = problem.table, problem.kind.tolist(), problem.ret.tolist()
        self._stuck, self._end = stuck, self._ret[stuck]
        self._optional = problem.optional.tolist()
        alive = np.flatnonzero((problem.call < self._end) & (problem.ret >= self._end)).tolist()
        self._alive = sorted(alive, key=lambda row: (self._optional[row], self._ret[row]))

    def run(self, order: list[int]) -> Trace:
        steps = self._needed(order)
        state = steps[-1].after if steps else self._table.initial
        done = {step.row for step in steps}
        for row in self._alive:
            # What only observes is explained as well.
            if row not in done and not self._optional[row] and self._step(state, row) == state:
                steps.append(Step(row, state, state))
                done.add(row)
        waiting, classes = [], set()
        for row in self._alive:
            identity = self._kind[row], self._optional[row]
            if row not in done and identity not in classes:
                classes.add(identity)
                waiting.append((row, self._step(state, row) != NO))
        return Trace(tuple(steps), state, self._stuck, tuple(sorted(waiting)))

    def _needed(self, order: list[int]) -> list[Step]:
        """The order without each of the last operations that need not have happened yet, if it holds without it."""
        steps = self._replayed(order, self._table.initial)
        assert steps is not None  # noqa: S101 - an order is legal
        tries = 0
        for at in reversed(range(len(steps))):
            row = steps[at].row
            if not self._optional[row] and self._ret[row] < self._end:
                continue
            tries += len(steps) - at
            if tries > _REPLAYED:
                break
            rest = self._replayed([step.row for step in steps[at + 1 :]], steps[at].before)
            if rest is not None:
                steps[at:] = rest
        return steps

    def _replayed(self, order: list[int], state: int) -> list[Step] | None:
        steps = []
        for row in order:
            after = self._step(state, row)
            if after == NO:
                return None
            steps.append(Step(row, state, after))
            state = after
        return steps

    def _step(self, state: int, row: int) -> int:
        return self._table.step(state, self._kind[row])


class _Tracer:
    """The search in Python: all orders at once, from completion to completion."""

    def __init__(self, problem: Problem, end: int) -> None:
        self._table = problem.table
        self._call, self._ret = problem.call.tolist(), problem.ret.tolist()
        self._kind, self._optional = problem.kind.tolist(), problem.optional.tolist()
        bounded = [row for row in range(len(problem)) if not self._optional[row] or self._ret[row] != NEVER]
        self._ends = sorted((row for row in bounded if self._ret[row] <= end), key=lambda row: (self._ret[row], row))
        self._from: dict[_Node, tuple[_Node, int]] = {}

    def run(self, budget: Budget) -> tuple[int, list[int]]:
        """What is stuck, -1 for nothing or where the budget ended; and the order of what is explained."""
        now = [(self._table.initial, 0)]
        for at in self._ends:
            try:
                after = self._advance(at, now, budget)
            except BudgetSpent:
                return -1, []
            if not after:
                return at, self._order(now)
            now = after
        return -1, []

    def _advance(self, at: int, now: list[_Node], budget: Budget) -> list[_Node]:
        """Every way to have ``at`` linearized, and where it is optional, to go without it."""
        after = dict.fromkeys(now) if self._optional[at] else {}
        stack, seen = list(reversed(now)), set(now)
        while stack:
            node = stack.pop()
            budget.spend(len(self._from))
            if node[1] >> at & 1:
                after[node] = None
                continue
            for row, state in self._legal(at, node):
                one = (state, node[1] | 1 << row)
                if one not in seen:
                    seen.add(one)
                    self._from.setdefault(one, (node, row))
                    stack.append(one)
        return list(after)

    def _legal(self, at: int, node: _Node) -> Iterator[tuple[int, int]]:
        """Of the operations that may come before ``at`` is complete, one of each class: the most urgent."""
        end, classes = self._ret[at], set()
        waiting = [row for row in range(len(self._call)) if not node[1] >> row & 1 and self._call[row] < end]
        for row in sorted(waiting, key=lambda row: (self._optional[row], self._ret[row])):
            identity = self._kind[row], self._optional[row]
            if self._ret[row] >= end and identity not in classes:
                classes.add(identity)
                state = self._table.step(node[0], self._kind[row])
                if state != NO:
                    yield row, state

    def _order(self, now: list[_Node]) -> list[int]:
        node = max(now, key=self._worth)
        rows = []
        while node[1]:
            node, row = self._from[node]
            rows.append(row)
        return rows[::-1]

    def _worth(self, node: _Node) -> tuple[int, int]:
        """More certain operations are better, then fewer unknown ones."""
        done = [optional for row, optional in enumerate(self._optional) if node[1] >> row & 1]
        return done.count(False), -done.count(True)
