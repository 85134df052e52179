"""The search for what no linear-time procedure decides: the compiled ladder where it was built, else the Python one.

The compiled one asks the table of a model only for transitions that it has not yet seen, and of registers it knows them
all itself; many registers are searched in one call.
"""

import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import kernel, ladder, parallel
from checkers.linearizability.decision import SEARCH, Budget, BudgetSpent, Conflict, no_memory, no_time
from checkers.linearizability.ladder import Outcome, Problem
from checkers.linearizability.model import Model, ModelFailed
from checkers.linearizability.operations import Operations
from checkers.linearizability.shrink import Shrinker
from checkers.linearizability.table import Table
from checkers.linearizability.texts import Texts
from checkers.linearizability.twins.zones import Columns

SHRINKING: Final = 2.0
"""Seconds for making one witness small."""

WITNESSES: Final = 64
"""How many registers that are refuted, those that end first, get a small witness; the others all their operations."""

LEGAL, ILLEGAL, NO_TIME, NO_MEMORY, TOO_WIDE = range(5)
"""The verdicts of the compiled ladder: see ``ladder.hpp``."""

WIDEST: Final = 4096
"""How many pending operations the compiled ladder can hold."""

Found = Conflict | str | None
"""Of one part: the conflict, why it is undecided, or that it holds."""


def parts(
    operations: Operations, model: Model, rows: Sequence[NDArray[np.intp]], budget: Budget, workers: int
) -> list[Found]:
    """Where each of some parts stands; each may use half of the time that is left.

    Args:
        operations: Of all parts.
        model: The sequential specification.
        rows: Per part that is asked for, its rows; small parts first, and the last may use all that is left.
        budget: For all of them.
        workers: How many threads share the time; each has its part of the memory.
    """
    workers = max(1, min(workers, len(rows)))
    memory = budget.memory // workers
    if rows and kernel.native is not None:
        every = np.concatenate(rows)
        columns = model.registers(operations.select(every))
        if columns is not None:
            return _registers(columns, list(map(len, rows)), rows, Budget(budget.left, memory), workers)
    own = threading.local()

    def share(one: NDArray[np.intp]) -> Budget:
        return budget.part(budget.left if one is rows[-1] else budget.left / 2, memory)

    def known(one: NDArray[np.intp]) -> Found:
        if not budget.left:
            return f"{no_time(budget.seconds)}; it was not begun with"
        part = operations.select(one)
        strings = None if kernel.native is None else model.strings(part)
        return search(one) if strings is None else _strings(part, strings, one, share(one))

    def search(one: NDArray[np.intp]) -> Found:
        try:
            if not hasattr(own, "table") or own.table.held > memory // 8:
                own.table = Table(model)
            found = _part(operations.select(one), own.table, share(one))
        except (BudgetSpent, ModelFailed) as why:
            return str(why)
        return None if found is None else parallel.outside(found, one)

    return parallel.each(known, rows, workers)


def _part(operations: Operations, table: Table, budget: Budget) -> Conflict | None:
    kinds = table.classes(operations)
    problem = Problem(operations.call, operations.ret, operations.optional, kinds, table)
    outcome = decide(problem, budget)
    return None if outcome.legal else Conflict(SEARCH, tuple(witness(problem, outcome.stuck, budget)))


def decide(problem: Problem, budget: Budget) -> Outcome:
    """Whether some order explains a problem.

    Raises:
        BudgetSpent: Before there was an outcome; the message says what had been ruled out by then.
        ModelFailed: The model raised an error, or broke what it promises.
    """
    if kernel.native is None:
        return ladder.decide(problem, budget)
    seconds = budget.left
    verdict, stuck, ruled_out, *_ = kernel.native.ladder_table(*_asked(problem), seconds, budget.memory)
    if verdict[0] > ILLEGAL:
        unknown = int(problem.optional.sum())
        raise BudgetSpent(_why(int(verdict[0]), int(ruled_out[0]), seconds, budget.memory, unknown))
    return Outcome(legal=bool(verdict[0] == LEGAL), stuck=int(stuck[0]))


def witness(problem: Problem, stuck: int, budget: Budget) -> list[int]:
    """Positions of few operations that suffice to refute a problem which is refuted."""
    mine = budget.part(SHRINKING)
    if kernel.native is None:
        return Shrinker(problem, stuck, mine).run()
    rows: list[int] = kernel.native.ladder_shrink(*_asked(problem), mine.left, mine.memory, stuck).tolist()
    return rows


def prefix(problem: Problem, end: int, budget: Budget, texts: Texts | None = None) -> tuple[int, list[int]]:
    """How far a problem can be explained; asks the compiled ladder.

    Args:
        problem: The operations.
        end: Until when they have to be explained.
        budget: What may be spent.
        texts: The same operations, where they are on a string.

    Returns:
        The position of the first operation whose completion no order explains, -1 where there is none or the budget
        ended; and an order that explains all completions before.
    """
    if texts is None:
        stuck, order = kernel.native.ladder_prefix(*_asked(problem), budget.left, budget.memory, end)
    else:
        p, t = problem, texts
        stuck, order = kernel.native.ladder_strings_prefix(
            p.call, p.ret, p.optional, t.f, t.text, list(t.texts), budget.left, budget.memory, end
        )
    return int(stuck), order.tolist()


def _asking(table: Table) -> Callable[[int, int], tuple[int, int]]:
    """Asks a table without holding it: the collector does not see into what is compiled, and would never free it."""
    known = weakref.ref(table)

    def ask(state: int, kind: int) -> tuple[int, int]:
        living = known()
        assert living is not None  # noqa: S101 - who searches holds it
        return living.priced(state, kind)

    return ask


def _asked(problem: Problem) -> tuple[Any, Any, Any, Any, Any, Any, Any, bool]:
    table = problem.table
    if table.cells is None:
        table.cells = kernel.native.Cells(_asking(table))
    pure = np.array(table.pure, dtype=np.bool_)
    nondeterministic = table.model.nondeterministic
    return (
        table.cells,
        table.initial,
        problem.call,
        problem.ret,
        problem.optional,
        problem.kind,
        pure,
        nondeterministic,
    )


def _registers(
    columns: Columns, sizes: list[int], rows: Sequence[NDArray[np.intp]], budget: Budget, workers: int
) -> list[Found]:
    """Registers, one part after the other in the columns."""
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    found: list[Found] = [None] * len(rows)

    def search(worker: int) -> None:
        mine = range(worker, len(rows), workers)
        chosen = np.concatenate([np.arange(bounds[part], bounds[part + 1]) for part in mine]) if workers > 1 else None
        some = columns if chosen is None else _select(columns, chosen)
        offset = np.concatenate([[0], np.cumsum([sizes[part] for part in mine])])
        first = columns.key[bounds[list(mine)]]
        seconds = budget.left
        c = some
        verdict, _, ruled_out, allowed, begin, witness = kernel.native.ladder_registers(
            c.call, c.ret, c.optional, c.f, c.old, c.new, offset, first, c.values, seconds, budget.memory, SHRINKING,
            WITNESSES,
        )  # fmt: skip
        unknown = np.diff(np.concatenate([[0], np.cumsum(some.optional)])[offset]).tolist()
        for place in np.flatnonzero(verdict != LEGAL).tolist():
            part = mine[place]
            if verdict[place] == ILLEGAL:
                found[part] = Conflict(SEARCH, tuple(rows[part][witness[begin[place] : begin[place + 1]]].tolist()))
                continue
            spent = int(verdict[place]), int(ruled_out[place]), float(allowed[place])
            found[part] = _why(*spent, budget.memory, unknown[place])

    parallel.each(search, range(workers), workers)
    return found


def _strings(part: Operations, texts: Texts, rows: NDArray[np.intp], budget: Budget) -> Found:
    """One string."""
    seconds = budget.left
    verdict, _, ruled_out, _, _, witness = kernel.native.ladder_strings(
        part.call, part.ret, part.optional, texts.f, texts.text, list(texts.texts), seconds, budget.memory, SHRINKING
    )
    if verdict[0] == LEGAL:
        return None
    if verdict[0] == ILLEGAL:
        return Conflict(SEARCH, tuple(rows[witness].tolist()))
    return _why(int(verdict[0]), int(ruled_out[0]), seconds, budget.memory, int(part.optional.sum()))


def _select(columns: Columns, rows: NDArray[np.intp]) -> Columns:
    names = ("call", "ret", "optional", "f", "key", "old", "new")
    return replace(columns, **{name: getattr(columns, name)[rows] for name in names})


def _why(verdict: int, ruled_out: int, seconds: float, memory: int, unknown: int) -> str:
    spent = {
        NO_TIME: no_time(seconds),
        NO_MEMORY: no_memory(memory),
        TOO_WIDE: f"more than {WIDEST} operations are pending at once, which is more than the search can hold",
    }
    return f"{spent[verdict]}; {ladder.ruled_out(ruled_out, unknown)}"
