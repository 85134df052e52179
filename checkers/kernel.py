"""The decision on registers: integer columns in, a standing per key and witness rows out.

The zones decide keys whose values are written once, in time linear in their operations; the search decides the others.
"""

from collections.abc import Sequence

import numpy as np

from checkers import search, zones
from checkers.columns import HOLDS, UNDECIDED, VIOLATED, Budget, BudgetSpent, Columns, Conflict, Decision
from checkers.shrink import Shrinker


def decide(columns: Columns, budget: Budget) -> Decision:
    """Where every key stands; keys are independent (linearizability is local).

    Args:
        columns: The operations.
        budget: For the search, over all keys: the small ones come first, and each may use half of the time that is
            left. The zones need none.
    """
    zoned = zones.check(columns)
    standing = np.full(columns.keys, HOLDS, dtype=np.int8)
    standing[list(zoned.conflicts)] = VIOLATED
    conflicts, reasons = dict(zoned.conflicts), {}
    rows_of = _rows_by_key(columns, [k for k in np.flatnonzero(~zoned.exact).tolist() if k not in conflicts])
    for key in sorted(rows_of, key=lambda k: len(rows_of[k])):
        try:
            conflict = _search(columns, key, rows_of[key], budget.part(budget.left / 2))
        except BudgetSpent as spent:
            standing[key], reasons[key] = UNDECIDED, str(spent)
            continue
        if conflict is not None:
            standing[key], conflicts[key] = VIOLATED, conflict
    return Decision(standing, conflicts, reasons, searched=len(rows_of))


def _rows_by_key(columns: Columns, keys: Sequence[int]) -> dict[int, list[int]]:
    if not keys:
        return {}
    order = np.argsort(columns.key, kind="stable")
    bounds = np.searchsorted(columns.key[order], [keys, [key + 1 for key in keys]])
    return {key: order[a:b].tolist() for key, a, b in zip(keys, *bounds.tolist(), strict=True)}


def _search(columns: Columns, key: int, numbers: Sequence[int], budget: Budget) -> Conflict | None:
    fields = (columns.call, columns.ret, columns.f, columns.old, columns.new)
    rows = [search.Row(*row) for row in zip(*(field[numbers].tolist() for field in fields), strict=True)]
    outcome = search.decide(search.Search(rows, key), budget)
    if outcome.legal:
        return None
    witness = Shrinker(rows, key, outcome.stuck, budget.part(2.0)).run()
    return Conflict("search", tuple(numbers[i] for i in witness))
