"""From operations to a decision: what is fast first, the ladder for what that leaves."""

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import ladder
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


def decide(operations: Operations, model: Model, budget: Budget) -> Decision:
    """Where every part stands; parts are independent (linearizability is local).

    Args:
        operations: Of all parts.
        model: The sequential specification.
        budget: For the ladder, over all parts: the small ones come first, and each may use half of the time that is
            left. What is fast needs none.
    """
    parts = operations.parts
    quick = model.fast(operations)
    if quick is None:
        quick = Decision(np.full(parts, UNDECIDED, dtype=np.int8), {})
    standing, conflicts = quick.standing.copy(), dict(quick.conflicts)
    reasons = {**quick.reasons, **operations.unusable}
    for part in (*operations.unusable, *_without_result(operations, model)):
        standing[part] = UNDECIDED
        conflicts.pop(part, None)
    open_parts = [part for part in np.flatnonzero(standing == UNDECIDED).tolist() if part not in reasons]
    rows_of = _rows_by_part(operations, open_parts)
    for part in sorted(rows_of, key=lambda one: len(rows_of[one])):
        try:
            conflict = _search(operations.select(rows_of[part]), model, budget.part(budget.left / 2))
        except (BudgetSpent, ModelFailed) as why:
            reasons[part] = str(why)
            continue
        standing[part] = HOLDS if conflict is None else VIOLATED
        if conflict is not None:
            rows = rows_of[part]
            conflicts[part] = Conflict(conflict.rule, tuple(int(rows[row]) for row in conflict.rows))
    return Decision(standing, conflicts, reasons, searched=len(rows_of))


def _without_result(operations: Operations, model: Model) -> list[int]:
    """The parts with an operation that certainly happened, and whose result matters and is unknown."""
    matters = np.array([f not in model.resultless for f in operations.fs], dtype=np.bool_)
    rows = np.flatnonzero(operations.unanswered & ~operations.optional)
    return sorted(set(operations.part[rows[matters[operations.f[rows]]]].tolist()))


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
