"""How far the operations of a refuted problem can be explained: one order of them, and why it cannot go on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from checkers.linearizability.decision import NEVER, Budget, BudgetSpent
from checkers.linearizability.ladder import Problem
from checkers.linearizability.table import NO


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
    """The longest beginning that can be explained.

    Args:
        steps: The operations of the beginning, in an order that explains them all.
        state: State of the table at its end.
        stuck: Position of the operation that has to be explained next, and cannot be; -1 where all could be, or the
            budget ended.
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


def trace(problem: Problem, budget: Budget) -> Trace:
    """Explain as many completions as possible; exact, in Python, for a witness of a few operations.

    Args:
        problem: Of a shrunk witness.
        budget: When it ends, the trace is the best that was found.

    Raises:
        ModelFailed: The model raised an error.
    """
    return _Tracer(problem).run(budget)


class _Tracer:
    def __init__(self, problem: Problem) -> None:
        self._table = problem.table
        self._call, self._ret = problem.call.tolist(), problem.ret.tolist()
        self._kind, self._optional = problem.kind.tolist(), problem.optional.tolist()
        bounded = [row for row in range(len(problem)) if not self._optional[row] or self._ret[row] != NEVER]
        self._ends = sorted(bounded, key=lambda row: (self._ret[row], row))
        self._from: dict[_Node, tuple[_Node, int]] = {}

    def run(self, budget: Budget) -> Trace:
        now = [(self._table.initial, 0)]
        for at in self._ends:
            try:
                after = self._advance(at, now, budget)
            except BudgetSpent:
                break
            if not after:
                return self._told(at, now)
            now = after
        return self._told(-1, now)

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

    def _candidates(self, at: int, node: _Node) -> Iterator[int]:
        """Of the operations that may come before ``at`` is complete, one of each class: the most urgent."""
        end, classes = self._ret[at], set()
        waiting = [row for row in range(len(self._call)) if not node[1] >> row & 1 and self._call[row] < end]
        for row in sorted(waiting, key=lambda row: (self._optional[row], self._ret[row])):
            identity = self._kind[row], self._optional[row]
            if self._ret[row] >= end and identity not in classes:
                classes.add(identity)
                yield row

    def _legal(self, at: int, node: _Node) -> Iterator[tuple[int, int]]:
        for row in self._candidates(at, node):
            state = self._table.step(node[0], self._kind[row])
            if state != NO:
                yield row, state

    def _told(self, stuck: int, now: list[_Node]) -> Trace:
        node = max(now, key=self._worth)
        if stuck >= 0:
            node = self._extended(stuck, node)
        waiting: list[tuple[int, bool]] = []
        if stuck >= 0:
            legal = {row for row, _ in self._legal(stuck, node)}
            waiting = [(row, row in legal) for row in self._candidates(stuck, node)]
        steps, state = [], node[0]
        while node[1]:
            before, row = self._from[node]
            steps.append(Step(row, before[0], node[0]))
            node = before
        return Trace(tuple(reversed(steps)), state, stuck, tuple(sorted(waiting)))

    def _extended(self, stuck: int, node: _Node) -> _Node:
        """Go on with what certainly happened, as far as that is possible."""
        while True:
            certain = [(row, state) for row, state in self._legal(stuck, node) if not self._optional[row]]
            if not certain:
                return node
            row, state = certain[0]
            one = (state, node[1] | 1 << row)
            self._from.setdefault(one, (node, row))
            node = one

    def _worth(self, node: _Node) -> tuple[int, int]:
        """More certain operations are better, then fewer unknown ones."""
        done = [optional for row, optional in enumerate(self._optional) if node[1] >> row & 1]
        return done.count(False), -done.count(True)
