"""The longest beginning that can be explained, and why it cannot go on."""

import random

import numpy as np
import pytest

from checkers.linearizability import kernel
from checkers.linearizability.decision import NEVER, Budget
from checkers.linearizability.intervals import history
from checkers.linearizability.ladder import Problem
from checkers.linearizability.model import Model, Operation
from checkers.linearizability.models.kv import Kv
from checkers.linearizability.models.register import CasRegister
from checkers.linearizability.operations import collect
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


@pytest.fixture(params=[pytest.param("native", marks=pytest.mark.kernel), None], autouse=True)
def searched_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param is None:
        monkeypatch.setattr(kernel, "native", None)


def told(asked: Problem) -> Trace:
    found = trace(asked, NEVER, Budget(10, 1 << 30))
    assert found is not None
    return found


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


def test_what_can_be_explained_has_no_end() -> None:
    assert trace(problem((0, 3, "write", 1), (1, 2, "read", 1)), NEVER, Budget(10, 1 << 30)) is None


def test_what_comes_later_is_not_asked() -> None:
    asked = problem((0, 1, "write", 1), (2, 3, "read", 1), (4, 5, "read", 2))
    assert trace(asked, 3, Budget(10, 1 << 30)) is None
    assert told(asked).stuck == 2


def test_of_a_spent_budget_nothing_is_told() -> None:
    asked = problem((0, 1, "write", 1), (2, 3, "read", 2))
    assert trace(asked, NEVER, Budget(0, 1 << 30)) is None


def random_problem(rng: random.Random, model: Model) -> tuple[Problem, object]:
    """Ten operations that overlap, and which often contradict each other; some of unknown outcome."""
    rows = []
    for process in range(10):
        call, value = rng.randrange(25), rng.choice(["a", "b", "ab"])
        f = rng.choice(["get", "get", "put", "append"] if isinstance(model, Kv) else ["read", "read", "write", "cas"])
        reads = f in ("get", "read")
        argument = None if reads else [value, rng.choice("ab")] if f == "cas" else value
        end = None if not reads and rng.random() < 0.3 else call + rng.randint(1, 9)
        rows.append((process, f, argument, value if reads else None, call, end, None))
    operations = collect(history(rows), model)
    table = Table(model)
    return Problem(
        operations.call, operations.ret, operations.optional, table.classes(operations), table
    ), model.strings(operations)


def explains(asked: Problem, found: Trace) -> bool:
    """Whether the steps are an order of everything that is complete before what is stuck."""
    rows = [step.row for step in found.steps]
    state = asked.table.initial
    for place, step in enumerate(found.steps):
        if step.before != state or asked.table.step(state, int(asked.kind[step.row])) != step.after:
            return False
        state = step.after
        if any(asked.ret[later] < asked.call[step.row] for later in rows[place + 1 :]):
            return False
    end = asked.ret[found.stuck]
    owed = np.flatnonzero(~asked.optional & (asked.ret < end)).tolist()
    return (
        len(set(rows)) == len(rows)
        and set(owed) <= set(rows)
        and bool(np.all(asked.call[rows] < end))
        and found.stuck not in rows
        and state == found.state
    )


@pytest.mark.parametrize("model", [Kv(), CasRegister()])
def test_the_order_explains_what_is_complete_and_both_searches_end_at_the_same_operation(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = 0
    for seed in range(300):
        asked, texts = random_problem(random.Random(seed), model)
        found = trace(asked, NEVER, Budget(60, 1 << 30), texts)
        with monkeypatch.context() as patch:
            patch.setattr(kernel, "native", None)
            expected = trace(asked, NEVER, Budget(60, 1 << 30))
        assert (found is None) == (expected is None), seed
        if found is None or expected is None:
            continue
        assert found.stuck == expected.stuck, seed
        assert explains(asked, found), seed
        assert explains(asked, expected), seed
        stuck += 1
    assert stuck > 50
