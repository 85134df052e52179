"""From operations to a decision: what is fast first, the ladder for what that leaves."""

import numpy as np

from checkers.linearizability import parallel, search
from checkers.linearizability.decision import HOLDS, UNDECIDED, VIOLATED, Budget, Decision
from checkers.linearizability.ids import RowsByPart
from checkers.linearizability.model import Model
from checkers.linearizability.operations import Operations

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
    if not open_parts:
        return Decision(standing, conflicts, reasons)
    rows = RowsByPart(operations.part, operations.parts)
    rows_of = {part: rows[part] for part in open_parts}
    threads = workers if sum(map(len, rows_of.values())) >= _WORTH_THREADS else 1
    order = sorted(rows_of, key=lambda one: len(rows_of[one]))
    searched = search.parts(operations, model, [rows_of[part] for part in order], budget, threads)
    for part, found in zip(order, searched, strict=True):
        if isinstance(found, str):
            reasons[part] = found
            continue
        standing[part] = HOLDS if found is None else VIOLATED
        if found is not None:
            conflicts[part] = found
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
