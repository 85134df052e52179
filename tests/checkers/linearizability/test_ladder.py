"""The ladder, compiled and in Python: against brute force, at its limits, and on histories that are hard."""

import os
import random
from functools import cache

import numpy as np
import pytest

from checkers.linearizability import kernel, ladder, search
from checkers.linearizability.decision import NEVER, Budget, Conflict
from checkers.linearizability.ladder import Problem
from checkers.linearizability.model import ILLEGAL, Model, Operation
from checkers.linearizability.table import NO, Table
from checkers.linearizability.twins.zones import CAS, MISMATCH, READ, WRITE, Columns

HISTORIES = int(os.environ.get("QUORATE_ORACLE_HISTORIES", "8000"))
"""QUORATE_ORACLE_HISTORIES=200000 for the full proof."""

compiled = pytest.mark.skipif(kernel.native is None, reason="the kernel is not compiled")


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


@compiled
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
