"""Where the search ended: the longest beginning of a witness that some order explains, and why nothing can follow."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import Budget
from checkers.linearizability.ladder import Problem
from checkers.linearizability.model import Model, ModelFailed, state_told
from checkers.linearizability.operations import Operations
from checkers.linearizability.table import NO, Table
from checkers.linearizability.trace import Trace, trace

_BESIDE: Final = 48
"""How many operations beside those of a witness may be used to explain it."""

_LARGEST: Final = 400
"""Operations from which on no order is looked for."""

_BEGINNINGS: Final = 16
"""How many states are tried before the last operations of many."""

_STATES: Final = 3
"""At most so many states of a nondeterministic model are told."""


@dataclass(frozen=True, slots=True)
class Impasse:
    """One order, as far as it goes; rows are those of the operations.

    Args:
        order: Per step the row, and the state before and after it in words.
        state: At its end.
        waiting: The rows that could come next by their intervals, of equal ones the most urgent, and whether the state
            allows it. The first is complete before anything else, and must be explained: where the state allows another
            one, the first is impossible afterwards as well.
        whole: Nothing that may change the state was left out.
    """

    order: tuple[tuple[int, str, str], ...]
    state: str
    waiting: tuple[tuple[int, bool], ...]
    whole: bool


def impasse(operations: Operations, model: Model, rows: tuple[int, ...], budget: Budget) -> Impasse | None:
    """The impasse of a witness that the search found; None where the budget ends before there is one.

    Args:
        operations: Of all parts.
        model: The sequential specification.
        rows: The witness, of one part.
        budget: What may be spent.
    """
    kept = np.array(sorted(rows), dtype=np.int64)
    usable = _usable(operations, kept)
    changing = np.setdiff1d(usable[~_pure(operations, model)[usable]], kept)
    latest = changing[np.argsort(operations.ret[changing], kind="stable")][max(0, len(changing) - _BESIDE) :]
    certain = np.zeros(len(operations), dtype=np.bool_)
    certain[kept] = True
    # Beside the witness everything may be left out; where that leaves too many orders, nothing acknowledged may.
    for chosen, must in ((np.union1d(kept, latest), certain), (usable, ~operations.optional)):
        if len(chosen) > _LARGEST:
            continue
        table, part = Table(model), operations.select(chosen)
        try:
            problem = Problem(part.call, part.ret, ~must[chosen], table.classes(part), table)
            found = trace(problem, budget.part(budget.left / 3))
        except ModelFailed:
            return None
        if found.stuck >= 0:
            return _told(found, chosen, table, model, whole=set(changing.tolist()) <= set(chosen.tolist()))
    return _at_the_end(operations, model, usable, budget)


def _at_the_end(operations: Operations, model: Model, usable: NDArray[np.intp], budget: Budget) -> Impasse | None:
    """The impasse of the last acknowledged operations, from a state that explains most of them.

    Which states the many operations before can have left is not known: those are tried that one operation makes.
    """
    done = usable[~operations.optional[usable]]
    chosen = np.sort(done[np.argsort(operations.ret[done], kind="stable")][max(0, len(done) - _BESIDE) :])
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
            found = trace(Problem(part.call, part.ret, part.optional, kinds, table), budget.part(budget.left / 3))
            if found.stuck >= 0 and len(found.steps) > len(best.steps if best else ()):
                best = found
    except ModelFailed:
        return None
    if best is None or 2 * len(best.steps) < len(chosen):
        return None
    return _told(best, chosen, table, model, whole=False)


def _usable(operations: Operations, kept: NDArray[np.int64]) -> NDArray[np.intp]:
    """All that may be done before the witness ends."""
    end = operations.ret[kept].max(initial=0)
    return np.flatnonzero((operations.part == operations.part[kept[0]]) & (operations.call <= end))


def _pure(operations: Operations, model: Model) -> NDArray[np.bool_]:
    return np.array([f in model.pure for f in operations.fs], dtype=np.bool_)[operations.f] | operations.failed


def _told(found: Trace, rows: NDArray[np.int64], table: Table, model: Model, *, whole: bool) -> Impasse:
    def words(code: int) -> str:
        states = [state_told(model, state) for state in table.states(code)]
        more = [] if len(states) <= _STATES else ["..."]
        return " or ".join([*states[:_STATES], *more])

    return Impasse(
        order=tuple((int(rows[step.row]), words(step.before), words(step.after)) for step in found.steps),
        state=words(found.state),
        waiting=tuple(
            (int(rows[row]), legal) for row, legal in sorted(found.waiting, key=lambda one: one[0] != found.stuck)
        ),
        whole=whole,
    )
