"""Small witnesses for what the search refuted."""

from collections.abc import Sequence

from checkers.columns import MISMATCH, NEVER, READ, Budget, BudgetSpent
from checkers.search import Row, Search

_ONE_TRY = 0.3
"""Seconds for one attempt to refute less."""
_ALLOWED = 2
"""Unknown operations that one attempt may use."""


class Shrinker:
    """Finds few operations that suffice to refute.

    An observation may be left out, and an acknowledged write be made unknown: both only allow more. What remains is
    refuted by itself, given that nothing else was written than what the history shows.

    Args:
        rows: Operations that are not linearizable.
        initial: The id of the initial value.
        stuck: The operation whose completion could not be explained.
        budget: What may be spent; when it ends, the witness is as small as it is by then.
    """

    def __init__(self, rows: Sequence[Row], initial: int, stuck: int, budget: Budget) -> None:
        self._all = rows
        self._rows: Sequence[Row] = rows
        self._initial = initial
        self._stuck = stuck
        self._budget = budget

    def run(self) -> list[int]:
        """Positions in the rows, ascending."""
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
        returns = sorted(row.ret for row in self._all if row.ret != NEVER)
        count = returns.index(self._all[self._stuck].ret) + 1
        while count < len(returns) and self._budget.left:
            end = returns[count - 1]
            self._rows = [row for row in self._all if row.call <= end]
            kept = {i for i, row in enumerate(self._rows) if row.ret <= end}
            if self._refuted(kept):
                return kept
            count = max(count + 4, count * 5 // 4)
        self._rows = self._all
        return {i for i, row in enumerate(self._all) if row.ret != NEVER}

    def _weakened(self, kept: set[int]) -> list[Row]:
        weak = []
        for i, row in enumerate(self._rows):
            if i in kept:
                weak.append(row)
            elif row.f not in (READ, MISMATCH):
                weak.append(Row(row.call, NEVER, row.f, row.old, row.new))
        return weak

    def _refuted(self, kept: set[int]) -> bool:
        search, budget = Search(self._weakened(kept), self._initial), self._budget.part(_ONE_TRY)
        try:
            if not search.frontier(budget, None)[0].legal:
                return True
            outcome, capped = search.frontier(budget, _ALLOWED)
        except BudgetSpent:
            return False
        return not outcome.legal and not capped
