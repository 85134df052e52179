"""The ladder, compiled and in Python: against brute force, at its limits, and on histories that are hard."""

import os
import random
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from checkers.linearizability import kernel, ladder, search
from checkers.linearizability.decision import NEVER, Budget, BudgetSpent, Conflict
from checkers.linearizability.ladder import Problem
from checkers.linearizability.model import ILLEGAL, Model, Operation
from checkers.linearizability.table import NO, Table
from checkers.linearizability.twins.zones import CAS, MISMATCH, READ, WRITE, Columns

HISTORIES = int(os.environ.get("QUORATE_ORACLE_HISTORIES", "8000"))
"""QUORATE_ORACLE_HISTORIES=200000 for the full proof."""


def random_problem(rng: random.Random, values: int = 3) -> Columns:
    """One register: operations overlap, some have no outcome, some of those cannot have happened after an instant."""
    count, clients = rng.randint(1, 10), rng.randint(1, 6)
    events: list[tuple[int, bool]] = []
    left, open_rows = count, []
    started = 0
    while started < left or open_rows:
        if started < left and len(open_rows) < clients and (not open_rows or rng.random() < 0.5):
            events.append((started, True))
            open_rows.append(started)
            started += 1
        else:
            row = open_rows.pop(rng.randrange(len(open_rows)))
            events.append((row, False))
    call, ret = np.zeros(count, np.int32), np.zeros(count, np.int32)
    for instant, (row, is_call) in enumerate(events):
        (call if is_call else ret)[row] = instant
    f = np.array(rng.choices((READ, WRITE, CAS, MISMATCH), (4, 3, 3, 1), k=count), dtype=np.int8)
    draw = lambda: np.array(rng.choices(range(values), k=count), dtype=np.int32)  # noqa: E731 - twice
    old, new = draw(), draw()
    old[f == WRITE] = -1
    new[(f == READ) | (f == MISMATCH)] = -1
    changing = (f == WRITE) | (f == CAS)
    unknown = changing & (np.array([rng.random() for _ in range(count)]) < 0.25)
    optional = unknown & (np.array([rng.random() for _ in range(count)]) < 0.8)
    bounded = unknown & (np.array([rng.random() for _ in range(count)]) < 0.4)
    ret[unknown & ~bounded] = NEVER
    return Columns(call, ret, optional, f, np.zeros(count, np.int32), old, new, 1, values)


def brute_force(columns: Columns, must: set[int] | None = None) -> bool:
    """Try every order that real time allows."""
    call, ret = columns.call.tolist(), columns.ret.tolist()
    f, old, new = columns.f.tolist(), columns.old.tolist(), columns.new.tolist()
    count = len(call)
    certain = set(np.flatnonzero(~columns.optional).tolist()) if must is None else must
    needed = sum(1 << row for row in certain)

    @cache
    def explained(done: int, value: int) -> bool:
        if done & needed == needed:
            return True
        for row in range(count):
            if done >> row & 1 or any(
                not done >> other & 1 and other in certain and ret[other] < call[row] for other in range(count)
            ):
                continue
            # What is done after this one must not be over before this one began.
            if any(done >> other & 1 and ret[row] < call[other] for other in range(count)):
                continue
            after = step(f[row], old[row], new[row], value)
            if after != NO and explained(done | 1 << row, after):
                return True
        return False

    return explained(0, 0)


def step(f: int, old: int, new: int, value: int) -> int:
    if f == WRITE:
        return new
    if f == CAS:
        return new if value == old else NO
    return value if (value == old) == (f == READ) else NO


class Small(Model):
    """The same register, from codes."""

    pure = frozenset({"0", "3"})

    def init(self) -> int:
        return 0

    def step(self, state: int, op: Operation) -> object:
        after = step(int(op.f), *op.argument, state)
        return ILLEGAL if after == NO else after


class Several(Small):
    nondeterministic = True

    def step(self, state: int, op: Operation) -> object:
        after = step(int(op.f), *op.argument, state)
        return [] if after == NO else [after]


def problem(columns: Columns, model: Model) -> Problem:
    table = Table(model)
    rows = zip(columns.f.tolist(), columns.old.tolist(), columns.new.tolist(), strict=True)
    kinds = np.array([table._class(Operation(str(f), [old, new])) for f, old, new in rows], dtype=np.int32)
    return Problem(columns.call, columns.ret, columns.optional, kinds, table)


def weakened(columns: Columns, kept: set[int]) -> bool:
    """Whether these refute by themselves, every other change being only possible, at any time after its invocation."""
    ret = columns.ret.copy()
    for row in range(len(columns)):
        if row not in kept and not columns.optional[row]:
            ret[row] = NEVER
    changed = Columns(columns.call, ret, columns.optional, columns.f, columns.key, columns.old, columns.new, 1, 3)
    return not brute_force(changed, kept)


def ample() -> Budget:
    return Budget(60, 1 << 30)


@pytest.mark.kernel
def test_all_ladders_agree_with_brute_force_and_witnesses_stand_alone() -> None:
    verdicts = {True: 0, False: 0}
    for seed in range(HISTORIES):
        columns = random_problem(random.Random(seed))
        legal = brute_force(columns)
        verdicts[legal] += 1
        asked = problem(columns, Small())
        assert search.decide(asked, ample()).legal == legal, seed
        assert ladder.decide(asked, ample()).legal == legal, seed
        if seed % 4 == 0:
            assert search.decide(problem(columns, Several()), ample()).legal == legal, seed
        (found,) = search._registers(columns, [len(columns)], [np.arange(len(columns))], ample(), 1)
        assert (found is None) == legal, seed
        if legal:
            continue
        assert isinstance(found, Conflict)
        outcome = search.decide(asked, ample())
        for rows in (found.rows, search.witness(asked, outcome.stuck, ample())):
            assert weakened(columns, set(map(int, rows))), (seed, rows)
    assert min(verdicts.values()) > HISTORIES // 10


def columns_of(*rows: tuple[int, int, int, int, int]) -> Columns:
    """Rows of invocation, completion, f, old, new."""
    call, ret, f, old, new = (np.array(column, dtype=np.int32) for column in zip(*rows, strict=True))
    none = np.zeros(len(rows), dtype=np.bool_)
    return Columns(call, ret, none, f.astype(np.int8), np.zeros(len(rows), np.int32), old, new, 1, 1 + int(new.max()))


def decided(columns: Columns, budget: Budget) -> object:
    (found,) = search._registers(columns, [len(columns)], [np.arange(len(columns))], budget, 1)
    return found


@pytest.mark.kernel
def test_a_witness_that_needs_to_know_how_often_each_unknown_operation_happened_is_small_as_well() -> None:
    crashed = [(value, NEVER, CAS, value, (value + 1) % 4) for value in range(4)]
    reads = [(10 + 2 * i, 11 + 2 * i, READ, value, -1) for i, value in enumerate([*[0] * 30, 3, 0, 3])]
    columns = columns_of(*crashed, *reads)
    columns = replace(columns, optional=columns.ret == NEVER)

    found = decided(columns, ample())

    assert isinstance(found, Conflict)
    assert {columns.call[row] for row in found.rows} == {70, 72, 74}
    asked = problem(columns, Small())
    outcome = search.decide(asked, ample())
    assert search.witness(asked, outcome.stuck, ample()) == list(found.rows)


def crowd(clients: int) -> list[tuple[int, int, int, int, int]]:
    """Everybody moves a token on at the same time: there is one order, the reverse of that in which they return."""
    return [(i, 3 * clients - i, CAS, i, i + 1) for i in range(clients)]


@pytest.mark.kernel
@pytest.mark.parametrize("clients", [63, 64, 65, 300])
def test_any_number_of_pending_operations(clients: int) -> None:
    read = (4 * clients, 4 * clients + 1, READ, clients, -1)
    assert decided(columns_of(*crowd(clients), read), ample()) is None
    stale = (4 * clients, 4 * clients + 1, READ, 0, -1)
    assert isinstance(decided(columns_of(*crowd(clients), stale), ample()), Conflict)


@pytest.mark.kernel
def test_more_pending_operations_than_the_search_can_hold() -> None:
    found = decided(columns_of(*crowd(4097)), ample())
    assert found == (
        "more than 4096 operations are pending at once, which is more than the search can hold; "
        "nothing had been ruled out"
    )


def hard() -> Columns:
    """Many successful cas overlap, from and to the same few values, and there is no order for one."""
    rng = random.Random(1)
    rows = [(i, 100 + i, CAS, rng.randrange(6), rng.randrange(6)) for i in range(60)]
    writes = [(60 + i, 160 + i, WRITE, -1, i % 6) for i in range(30)]
    return columns_of(*rows, *writes, (200, 201, READ, 6, -1), (202, 203, WRITE, -1, 6))


@pytest.mark.kernel
def test_a_spent_budget_says_which_and_what_was_ruled_out() -> None:
    assert decided(hard(), Budget(60, 50_000)) == (
        "the memory budget of 0.04768 MiB was used up; nothing had been ruled out"
    )
    assert re.match(r"the time budget of 0\.\d+ s was used up; ", str(decided(hard(), Budget(0.02, 1 << 30))))


@pytest.mark.kernel
def test_the_time_is_kept_with_a_slow_model() -> None:
    spent = Budget(0, 1 << 30)
    with pytest.raises(BudgetSpent, match="time budget"):
        search.decide(problem(columns_of((0, 1, WRITE, -1, 1)), Small()), spent)


class Interrupted(Small):
    def step(self, state: int, op: Operation) -> object:
        raise KeyboardInterrupt


def test_an_interrupt_in_the_model_ends_the_search() -> None:
    with pytest.raises(KeyboardInterrupt):
        search.decide(problem(columns_of((0, 1, WRITE, -1, 1)), Interrupted()), ample())


@pytest.mark.kernel
def test_the_model_is_asked_once_for_each_pair() -> None:
    asked: list[tuple[int, str]] = []

    class Counting(Small):
        def step(self, state: int, op: Operation) -> object:
            asked.append((state, f"{op.f}{op.argument}"))
            return super().step(state, op)

    for seed in range(50):
        asked.clear()
        one = problem(random_problem(random.Random(seed)), Counting())
        outcome = search.decide(one, ample())
        if not outcome.legal:
            search.witness(one, outcome.stuck, ample())
        assert len(asked) == len(set(asked))
    assert asked


@pytest.mark.kernel
def test_a_model_with_ever_more_states_is_not_asked_beyond_what_was_done() -> None:
    asked: list[int] = []

    class Adding(Small):
        def step(self, state: int, op: Operation) -> object:
            asked.append(state)
            return state + 1 if int(op.f) == WRITE else super().step(state, op)

    columns = columns_of(*((i, 10 + i, WRITE, -1, 1) for i in range(5)), (20, 21, READ, 9, -1))
    unknown = np.arange(6) < 3
    columns = replace(columns, ret=np.where(unknown, NEVER, columns.ret).astype(np.int32), optional=unknown)
    one = problem(columns, Adding())
    outcome = search.decide(one, ample())
    assert not outcome.legal
    assert search.witness(one, outcome.stuck, ample()) == [5]
    assert max(asked) == 5


@pytest.mark.kernel
def test_the_columns_are_checked() -> None:
    native = kernel.native
    assert native is not None
    one = np.zeros(1, np.int32)
    flags, codes, bounds = np.zeros(1, np.bool_), np.zeros(1, np.int8), np.array([0, 1])
    good = [one, one + 1, flags, codes, one, one, bounds, one, 1, 1.0, 1 << 20, 1.0, 1]
    native.ladder_registers(*good)
    for at, bad, words in (
        (0, one + 1, "after call"),
        (1, np.zeros(2, np.int32), "one entry"),
        (3, codes + 4, "f is out of range"),
        (4, one - 1, "old is out of range"),
        (6, np.array([0, 2]), "offset is out of range"),
        (7, one + 1, "initial is out of range"),
    ):
        with pytest.raises(ValueError, match=words):
            native.ladder_registers(*good[:at], bad, *good[at + 1 :])
