"""Histories of a register that really is linearizable, and one violation put into them."""

import itertools
import random
from dataclasses import dataclass, replace

from harness.history import History
from harness.op import Op


@dataclass
class Done:
    """One operation with its instants; ``end`` is None for an unknown outcome."""

    process: int
    f: str
    value: object
    start: float
    point: float
    end: float | None
    key: int = 0


def valid(rng: random.Random, operations: int, clients: int = 6, keys: int = 1, crash: float = 0.03) -> list[Done]:
    """Each operation takes effect at its point, between its start and its end."""
    plan = []
    free = [0.0] * clients
    names = list(range(clients))
    for _ in range(operations):
        c = min(range(clients), key=free.__getitem__)
        start = free[c] + rng.expovariate(2)
        point = start + rng.expovariate(1)
        end = point + rng.expovariate(1)
        f = rng.choices(("read", "write", "cas"), (6, 3, 2))[0]
        plan.append(Done(names[c], f, None, start, point, end, rng.randrange(keys)))
        free[c] = end
        if f != "read" and rng.random() < crash:
            plan[-1].end = None
            names[c] = max(names) + 1
    value: dict[int, int | None] = {}
    fresh = 0
    for op in sorted(plan, key=lambda o: o.point):
        now = value.get(op.key)
        if op.f == "read":
            op.value = now
            continue
        fresh += 1
        op.value = fresh if op.f == "write" else [now, fresh]
        value[op.key] = fresh
    return plan


def history(plan: list[Done]) -> History:
    """The events in the order of time."""
    events: list[tuple[float, int, Op]] = []
    for n, op in enumerate(plan):
        asked = None if op.f == "read" else op.value
        node = f"n{op.process % 3 + 1}"
        events.append((op.start, 2 * n, Op(-1, int(op.start * 1e9), op.process, "invoke", op.f, op.key, asked, node)))
        if op.end is not None:
            ended = Op(-1, int(op.end * 1e9), op.process, "ok", op.f, op.key, op.value, node)
            events.append((op.end, 2 * n + 1, ended))
    return History([op for *_, op in sorted(events, key=lambda e: e[:2])])


def stale_read(rng: random.Random, plan: list[Done]) -> list[Done]:
    """A read returns a value that was overwritten, for certain, before it began."""
    return _read(rng, plan, after=True)


def future_read(rng: random.Random, plan: list[Done]) -> list[Done]:
    """A read returns a value whose write began after it."""
    return _read(rng, plan, after=False)


def _read(rng: random.Random, plan: list[Done], *, after: bool) -> list[Done]:
    reads = [i for i, op in enumerate(plan) if op.f == "read"]
    rng.shuffle(reads)
    for i in reads:
        read = plan[i]
        assert read.end is not None
        writes = [op for op in plan if op.key == read.key and op.f == "write"]
        if after:
            ended = sorted((op for op in writes if op.end is not None and op.end < read.start), key=lambda o: o.point)
            pairs = [(a, b) for a, b in itertools.pairwise(ended) if a.end is not None and a.end < b.start]
            wrong = [a.value for a, _ in pairs]
        else:
            wrong = [op.value for op in writes if op.start > read.end]
        if wrong:
            return [*plan[:i], replace(read, value=rng.choice(wrong)), *plan[i + 1 :]]
    raise AssertionError("the history offers no place for this violation")


def thin_air(rng: random.Random, plan: list[Done]) -> list[Done]:
    """A read returns a value that nobody wrote."""
    i = rng.choice([i for i, op in enumerate(plan) if op.f == "read"])
    return [*plan[:i], replace(plan[i], value=10**9), *plan[i + 1 :]]


def double_cas(rng: random.Random, plan: list[Done]) -> list[Done]:
    """Two cas succeed from the same value."""
    key, olds = rng.choice([(op.key, op.value) for op in plan if op.f == "cas" and op.end is not None])
    assert isinstance(olds, list)
    end = max(op.end or op.start for op in plan)
    return [*plan, Done(10**6, "cas", [olds[0], 10**9], end + 1, end + 2, end + 3, key)]


def lost_write(rng: random.Random, plan: list[Done]) -> list[Done]:
    """An acknowledged write is gone: all later reads, from every node, show the value before it."""
    del rng
    end = max(op.end or op.start for op in plan)
    writes = [Done(10**6, "write", 10**9 + n, end + 2 * n, end + 2 * n, end + 2 * n + 1) for n in (1, 2)]
    reads = [Done(10**6 + n, "read", 10**9 + 1, end + 5 + n, end + 5 + n, end + 6 + n) for n in range(4)]
    return [*plan, *writes, *reads]
