"""A brute-force decision on registers, and random histories to ask it about: slow, short, obviously right."""

import random
from functools import cache

from harness.history import History
from harness.op import Op

Row = tuple[int, int | None, str, object]
"""Invocation, completion (None: unknown), f, value (of a read what it saw)."""


def rows_of(history: History) -> list[Row]:
    """The operations that say something, in the order of their invocations."""
    rows: list[Row] = []
    for op in history:
        if op.type != "invoke":
            continue
        end = int(history.partner[op.index])
        done = history[end] if end >= 0 else None
        kind = "info" if done is None else done.type
        if kind == "ok":
            assert done is not None
            rows.append((op.index, end, op.f, done.value if op.f == "read" else op.value))
        elif kind == "info" and op.f != "read":
            rows.append((op.index, None, op.f, op.value))
        elif kind == "fail" and op.f == "cas" and done is not None and (done.error or "").startswith("cas-mismatch"):
            rows.append((op.index, end, "mismatch", op.value))
    return rows


def linearizable(rows: list[Row], initial: object = None) -> bool:
    """Try every order that real time allows."""
    n = len(rows)
    must = sum(1 << i for i, row in enumerate(rows) if row[1] is not None)

    @cache
    def search(done: int, value: object) -> bool:
        if done & must == must:
            return True
        earliest = min(row[1] for i, row in enumerate(rows) if not done >> i & 1 and row[1] is not None)
        for i in range(n):
            call, _, f, argument = rows[i]
            if done >> i & 1 or call > earliest:
                continue
            legal, after = step(f, argument, value)
            if legal and search(done | 1 << i, after):
                return True
        return False

    return search(0, initial)


def step(f: str, argument: object, value: object) -> tuple[bool, object]:
    if f == "read":
        return value == argument, value
    if f == "write":
        return True, argument
    assert isinstance(argument, list | tuple)
    if f == "cas":
        return value == argument[0], argument[1]
    return value != argument[0], value


def random_history(rng: random.Random, *, operations: int, clients: int, unique: bool, mismatches: bool) -> History:
    """Any history at all: what reads and cas see is drawn, so many of them are not linearizable."""
    ops: list[Op] = []
    open_ops: dict[int, Op] = {}
    retired = clients
    fresh = 0
    processes = list(range(clients))
    values: list[int | None] = [None]
    left = operations
    while left or open_ops:
        process = rng.choice(processes)
        if process not in open_ops:
            if not left:
                continue
            left -= 1
            f = rng.choices(("read", "write", "cas"), (5, 3, 3))[0]
            fresh = fresh + 1 if unique else rng.randrange(3)
            value = None
            if f == "write":
                value = fresh
            elif f == "cas":
                value = [rng.choice(values[-3:]), fresh]
            if f != "read":
                values.append(fresh)
            ops.append(Op(len(ops), len(ops), process, "invoke", f, value=value))
            open_ops[process] = ops[-1]
            continue
        op = open_ops.pop(process)
        if rng.random() < 0.15:
            done = op.info("timeout: no answer")
            processes[processes.index(process)] = retired
            retired += 1
        elif op.f == "read":
            done = op.ok(rng.choice(values[-3:]))
        elif op.f == "cas" and mismatches and rng.random() < 0.5:
            done = op.fail("cas-mismatch: another value")
        else:
            done = op.ok(op.value)
        ops.append(Op(len(ops), len(ops), op.process, done.type, op.f, value=done.value, error=done.error))
    return History(ops)
