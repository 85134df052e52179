"""The longest beginning that can be explained, and why it cannot go on."""

import numpy as np

from checkers.linearizability.decision import NEVER, Budget
from checkers.linearizability.ladder import Problem
from checkers.linearizability.model import Operation
from checkers.linearizability.models.register import CasRegister
from checkers.linearizability.table import Table
from checkers.linearizability.trace import Trace, trace

Row = tuple[int, int, str, object]


def problem(*rows: Row, optional: tuple[int, ...] = ()) -> Problem:
    table = Table(CasRegister())
    ops = [Operation(f, value, value if f == "read" else None) for _, _, f, value in rows]
    return Problem(
        np.array([row[0] for row in rows], dtype=np.int32),
        np.array([row[1] for row in rows], dtype=np.int32),
        np.array([i in optional for i in range(len(rows))], dtype=np.bool_),
        np.array([table._class(op) for op in ops], dtype=np.int32),
        table,
    )


def told(asked: Problem) -> Trace:
    return trace(asked, Budget(10, 1 << 30))


def test_a_stale_read_is_where_it_stops() -> None:
    asked = problem((0, 1, "write", 1), (2, 3, "write", 2), (4, 5, "read", 1))
    found = told(asked)
    assert [step.row for step in found.steps] == [0, 1]
    assert (found.stuck, found.waiting) == (2, ((2, False),))
    assert found.states(asked) == [None, 1, 2]


def test_an_unknown_write_is_used_only_where_it_is_needed() -> None:
    asked = problem(
        (0, NEVER, "write", 1), (1, NEVER, "write", 2), (2, 3, "read", 1), (4, 5, "read", 3), optional=(0, 1)
    )
    found = told(asked)
    assert [step.row for step in found.steps] == [0, 2]
    assert found.stuck == 3
    assert found.waiting == ((1, True), (3, False))


def test_an_operation_of_unknown_outcome_cannot_happen_after_its_bound() -> None:
    asked = problem((0, 3, "write", 1), (1, 2, "read", None), (4, 5, "read", 1), (6, 7, "read", None), optional=(0,))
    found = told(asked)
    assert [step.row for step in found.steps] == [1, 0, 2]
    assert (found.stuck, found.waiting) == (3, ((3, False),))


def test_what_can_be_explained_has_nothing_that_waits() -> None:
    asked = problem((0, 3, "write", 1), (1, 2, "read", 1))
    found = told(asked)
    assert [step.row for step in found.steps] == [0, 1]
    assert (found.stuck, found.waiting) == (-1, ())


def test_a_spent_budget_tells_what_was_found_so_far() -> None:
    asked = problem((0, 1, "write", 1), (2, 3, "read", 2))
    assert trace(asked, Budget(0, 1 << 30)) == Trace((), asked.table.initial, -1, ())
