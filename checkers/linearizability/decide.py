"""From operations to a decision: what is fast first, the ladder for what that leaves."""

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import ladder, parallel
from checkers.linearizability.decision import (
    HOLDS,
    SEARCH,
    UNDECIDED,
    VIOLATED,
    Budget,
    BudgetSpent,
    Conflict,
    Decision,
)
from checkers.linearizability.model import Model
from checkers.linearizability.operations import Operations
from checkers.linearizability.shrink import Shrinker
from checkers.linearizability.table import ModelFailed, Table

_SHRINKING = 2.0
"""Seconds for making one witness small."""


_WORTH_THREADS = 2_000
"""Operations in parts that need a search from which on several threads search."""


def decide(operations: Operations, model: Model, budget: Budget, workers: int = 1) -> Decision:
    """Where every part stands; parts are independent (linearizability is local).

    Args:
        operations: Of all parts.
        model: The sequential specification.
        budget: For the ladder, over all parts: the small ones come first, and each may use half of the time that is
            left. What is fast needs none.
        workers: How many threads may decide at once; they share the time, and each has its part of the memory.
    """
    quick = _fast(operations, model, workers)
    standing, conflicts = quick.standing.copy(), dict(quick.conflicts)
    reasons = {**quick.reasons, **operations.unusable}
    for part in (*operations.unusable, *_without_result(operations, model)):
        standing[part] = UNDECIDED
        conflicts.pop(part, None)
    open_parts = [part for part in np.flatnonzero(standing == UNDECIDED).tolist() if part not in reasons]
    rows_of = _rows_by_part(operations, open_parts)
    threads = workers if sum(map(len, rows_of.values())) >= _WORTH_THREADS else 1
    order = sorted(rows_of, key=lambda one: len(rows_of[one]))
    memory = budget.memory // max(1, min(threads, len(order)))

    def search(part: int) -> Conflict | str | None:
        try:
            mine = budget.part(budget.left / 2, memory)
            return _search(operations.select(rows_of[part]), model, mine)
        except (BudgetSpent, ModelFailed) as why:
            return str(why)

    for part, found in zip(order, parallel.each(search, order, threads), strict=True):
        if isinstance(found, str):
            reasons[part] = found
            continue
        standing[part] = HOLDS if found is None else VIOLATED
        if found is not None:
            conflicts[part] = parallel.outside(found, rows_of[part])
    return Decision(standing, conflicts, reasons, searched=len(rows_of))


def _without_result(operations: Operations, model: Model) -> list[int]:
    """The parts with an operation that certainly happened, and whose result matters and is unknown."""
    matters = np.array([f not in model.resultless for f in operations.fs], dtype=np.bool_)
    rows = np.flatnonzero(operations.unanswered & ~operations.optional)
    return sorted(set(operations.part[rows[matters[operations.f[rows]]]].tolist()))


def _fast(operations: Operations, model: Model, workers: int) -> Decision:
    if workers > 1 and operations.parts > 1 and len(operations) >= parallel.LARGE:
        groups = parallel.split(operations, workers)
        found = parallel.each(lambda group: _fast(group.operations, model, 1), groups, workers)
        return parallel.join(operations.parts, zip(groups, found, strict=True))
    quick = model.fast(operations)
    return Decision(np.full(operations.parts, UNDECIDED, dtype=np.int8), {}) if quick is None else quick


def _rows_by_part(operations: Operations, parts: list[int]) -> dict[int, NDArray[np.intp]]:
    if not parts:
        return {}
    order = np.argsort(operations.part, kind="stable")
    bounds = np.searchsorted(operations.part[order], [parts, [part + 1 for part in parts]])
    return {part: order[a:b] for part, a, b in zip(parts, *bounds.tolist(), strict=True)}


def _search(operations: Operations, model: Model, budget: Budget) -> Conflict | None:
    """The conflict in the operations of one part, if there is one."""
    table = Table(model)
    kinds = table.classes(operations)
    problem = ladder.Problem(operations.call, operations.ret, operations.optional, kinds, table)
    outcome = ladder.decide(problem, budget)
    if outcome.legal:
        return None
    witness = Shrinker(problem, outcome.stuck, budget.part(_SHRINKING)).run()
    return Conflict(SEARCH, tuple(witness))
