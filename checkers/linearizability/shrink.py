"""Small witnesses for what the search refuted."""

from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np

from checkers.linearizability.decision import Budget, BudgetSpent
from checkers.linearizability.ladder import Problem, Search
from checkers.linearizability.table import ModelFailed

_ONE_TRY = 0.3
"""Seconds for one attempt to refute less."""
_ALLOWED = 2
"""Unknown operations that one attempt may use."""


class Shrinker:
    """Finds few operations that suffice to refute.

    An acknowledged operation may be made optional, and one that is pure be left out: both only allow more. What remains
    is refuted by itself, given that nothing else was done than what the history shows.

    Args:
        problem: Operations that are not linearizable.
        stuck: The operation whose completion could not be explained.
        budget: What may be spent; when it ends, the witness is as small as it is by then.
    """

    def __init__(self, problem: Problem, stuck: int, budget: Budget) -> None:
        self._problem = problem
        self._pure = np.array(problem.table.pure, dtype=np.bool_)[problem.kind]
        self._stuck = stuck
        self._budget = budget
        self._end = int(problem.ret[~problem.optional].max())

    def run(self) -> list[int]:
        """Positions in the problem, ascending."""
        kept = self._beginning()
        chunk = max(1, len(kept) // 2)
        while chunk and self._budget.left:
            order = sorted(kept)
            for start in range(0, len(order), chunk):
                rest = kept - set(order[start : start + chunk])
                if rest and self._budget.left and len(rest) < len(kept) and self._refuted(rest):
                    kept = rest
            chunk //= 2
        return sorted(kept)

    def _beginning(self) -> set[int]:
        """The acknowledged operations of a short beginning that is refuted; of everything, when none is found.

        The search may give up an order because of what comes later, so the beginning that ends where it got stuck need
        not be enough.
        """
        problem = self._problem
        done = ~problem.optional
        returns = np.sort(problem.ret[done]).tolist()
        count = returns.index(int(problem.ret[self._stuck])) + 1
        while count < len(returns) and self._budget.left:
            self._end = returns[count - 1]
            kept = set(np.flatnonzero(done & (problem.ret <= self._end)).tolist())
            if self._refuted(kept):
                return kept
            count = max(count + 4, count * 5 // 4)
        self._end = returns[-1]
        return set(np.flatnonzero(done).tolist())

    def _weakened(self, kept: AbstractSet[int]) -> Problem:
        problem = self._problem
        keep = np.zeros(len(problem), dtype=np.bool_)
        keep[list(kept)] = True
        rows = np.flatnonzero(keep | (~self._pure & (problem.call <= self._end)))
        # An operation with a result that only may have happened is used with that result, or not at all.
        return replace(
            problem,
            call=problem.call[rows],
            ret=problem.ret[rows],
            optional=~keep[rows],
            kind=problem.kind[rows],
        )

    def _refuted(self, kept: AbstractSet[int]) -> bool:
        search, budget = Search(self._weakened(kept)), self._budget.part(_ONE_TRY)
        try:
            relaxed = search.relaxed(budget)
            if relaxed is not None and not relaxed.legal:
                return True
            outcome, capped = search.frontier(budget, _ALLOWED)
        except (BudgetSpent, ModelFailed):
            return False
        return not outcome.legal and not capped
