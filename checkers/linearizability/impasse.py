"""Where the search ended: the longest beginning of a history that some order explains, and why nothing can follow."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import kernel
from checkers.linearizability.decision import Budget
from checkers.linearizability.ladder import Problem
from checkers.linearizability.model import Model, ModelFailed, state_told
from checkers.linearizability.operations import Operations
from checkers.linearizability.table import NO, Table
from checkers.linearizability.trace import Trace, trace
from checkers.linearizability.witness import MOST

_LARGEST: Final = 10_000
"""From so many operations on, the order of the last ones is looked for, and not that of all."""

_LARGEST_IN_PYTHON: Final = 400
"""The same, where nothing was compiled."""

_LAST: Final = 48
"""How many those are."""

_BEGINNINGS: Final = 16
"""How many states are tried before them."""

_STATES: Final = 3
"""At most so many states of a nondeterministic model are told."""


@dataclass(frozen=True, slots=True)
class Impasse:
    """One order, as far as it goes; rows are those of the operations.

    Args:
        earlier: The rows of its first steps, of which no more is told.
        order: Per step after them, of at most ``MOST``, the row, and the state before and after it in words.
        state: At its end.
        waiting: The rows that could come next by their intervals, of equal ones the most urgent, and whether the state
            allows it. The first is complete before anything else, and must be explained: where the state allows another
            one, the first is impossible afterwards as well.
        whole: No operation was left out.
    """

    earlier: tuple[int, ...]
    order: tuple[tuple[int, str, str], ...]
    state: str
    waiting: tuple[tuple[int, bool], ...]
    whole: bool


def impasse(operations: Operations, model: Model, rows: tuple[int, ...], budget: Budget) -> Impasse | None:
    """The impasse that a witness of the search proves to be there; None where the budget ends before it is found.

    Args:
        operations: Of all parts.
        model: The sequential specification.
        rows: The witness, of one part.
        budget: What may be spent.
    """
    kept = np.array(rows, dtype=np.int64)
    end = int(operations.ret[kept].max())
    usable = np.flatnonzero((operations.part == operations.part[kept[0]]) & (operations.call <= end))
    if len(usable) <= (_LARGEST_IN_PYTHON if kernel.native is None else _LARGEST):
        table, part = Table(model), operations.select(usable)
        try:
            problem = Problem(part.call, part.ret, part.optional, table.classes(part), table)
            found = trace(problem, end, budget.part(budget.left / 3), model.strings(part))
        except ModelFailed:
            return None
        if found is not None:
            return _told(found, usable, table, model, whole=True)
    return _at_the_end(operations, model, usable, end, budget)


def _at_the_end(
    operations: Operations, model: Model, usable: NDArray[np.intp], end: int, budget: Budget
) -> Impasse | None:
    """The impasse of the last acknowledged operations, from a state that explains most of them.

    Which states the many operations before can have left is not known: those are tried that one operation makes.
    """
    done = usable[~operations.optional[usable]]
    chosen = np.sort(done[np.argsort(operations.ret[done], kind="stable")][max(0, len(done) - _LAST) :])
    part, table = operations.select(chosen), Table(model)
    best: Trace | None = None
    try:
        kinds = table.classes(part)
        first = table.initial
        reached = dict.fromkeys([first, *(table.step(first, kind) for kind in np.unique(kinds).tolist())])
        for state in list(reached)[:_BEGINNINGS]:
            if state == NO:
                continue
            table.initial = state
            problem = Problem(part.call, part.ret, part.optional, kinds, table)
            found = trace(problem, end, budget.part(budget.left / 3))
            if found is not None and len(found.steps) > len(best.steps if best else ()):
                best = found
    except ModelFailed:
        return None
    if best is None or 2 * len(best.steps) < len(chosen):
        return None
    return _told(best, chosen, table, model, whole=False)


def _told(found: Trace, rows: NDArray[np.int64], table: Table, model: Model, *, whole: bool) -> Impasse:
    def words(code: int) -> str:
        states = [state_told(model, state) for state in table.states(code)]
        more = [] if len(states) <= _STATES else ["..."]
        return " or ".join([*states[:_STATES], *more])

    cut = max(0, len(found.steps) - MOST)
    return Impasse(
        earlier=tuple(int(rows[step.row]) for step in found.steps[:cut]),
        order=tuple((int(rows[step.row]), words(step.before), words(step.after)) for step in found.steps[cut:]),
        state=words(found.state),
        waiting=tuple(
            (int(rows[row]), legal) for row, legal in sorted(found.waiting, key=lambda one: one[0] != found.stuck)
        ),
        whole=whole,
    )
