"""Speed of the linear-time procedures, from columns: the compiled kernel beside its NumPy twin.

Each history is made in one process and decided in another one, so that the peak memory is that of the procedure::

    python benchmarks/kernels.py
    python benchmarks/kernels.py 1000000 16 stack
"""

import heapq
import pickle
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from checkers.linearizability import kernel
from checkers.linearizability.decision import Decision
from checkers.linearizability.twins import (
    collection,
    counter,
    grow_only_set,
    priority_queue,
    queue,
    rank,
    stack,
    zones,
)
from checkers.linearizability.twins import set as element_set

Array = np.ndarray[Any, np.dtype[Any]]

OPERATIONS = 1_000_000
PROCESSES = 16
REGISTERS = [(operations, processes) for operations in (10_000, 1_000_000, 10_000_000) for processes in (10, 1000)]
"""Sizes and processes of the registers; of the others there is one size."""

ROUNDS = 3
LISTS = 1_000
"""Different lists that a grow-only set is read as, each many times."""
ADDS = 10
"""Elements that each has more than the one before."""


def intervals(operations: int, processes: int) -> tuple[Array, Array, Array]:
    """Processes that are always busy: calls, returns, and which operation of the order each row is."""
    rng = np.random.default_rng(1)
    moment = np.arange(operations, dtype=np.float64)
    call = moment - rng.random(operations) * processes / 2
    ret = moment + rng.random(operations) * processes / 2
    instant = np.empty(2 * operations, dtype=np.int32)
    instant[np.argsort(np.concatenate([call, ret]), kind="stable")] = np.arange(2 * operations, dtype=np.int32)
    rows = np.argsort(call, kind="stable")
    return instant[:operations][rows], instant[operations:][rows], rows


def certain(operations: int) -> Array:
    """No outcome is unknown."""
    return np.zeros(operations, dtype=np.bool_)


def zeros(operations: int) -> Array:
    """The part of each operation, where there is one part."""
    return np.zeros(operations, dtype=np.int32)


def registers(operations: int, processes: int, cas: float) -> zones.Columns:
    """60 % reads, of the rest a share is cas."""
    call, ret, done = intervals(operations, processes)
    draw = np.random.default_rng(2).random(operations)
    f = np.where(draw < 0.6, zones.READ, np.where(draw < 1 - 0.4 * cas, zones.WRITE, zones.CAS)).astype(np.int8)
    changes = f != zones.READ
    after = np.cumsum(changes, dtype=np.int32)
    old = np.where(f == zones.WRITE, -1, after - changes).astype(np.int32)
    new = np.where(changes, after, -1).astype(np.int32)
    columns = (certain(operations), f[done], zeros(operations), old[done], new[done])
    return zones.Columns(call, ret, *columns, 1, int(after[-1]) + 1)


def ranks(operations: int, processes: int) -> rank.Columns:
    """Of a register, the version that each operation shows."""
    c = registers(operations, processes, 0.0)
    version = np.maximum(c.old, c.new).astype(np.int64)
    return rank.Columns(c.call, c.ret, c.key, 2 * version + (c.f == zones.READ), 1)


def collections(kind: str, operations: int, processes: int) -> tuple[collection.Columns, Array]:
    """As many take as add, and often nothing is inside; and per value its priority, many of which are equal."""
    call, ret, done = intervals(operations, processes)
    adds = np.random.default_rng(2).random(operations) < 0.5
    count = int(adds.sum())
    priority = np.array(random.Random(1).choices(range(max(1, count // 4)), k=count), dtype=np.int32)
    f, value = np.full(operations, collection.EMPTY, dtype=np.int8), np.full(operations, -1, dtype=np.int32)
    inside, heap = deque[int](), list[tuple[int, int]]()
    added = 0
    for i, add in enumerate(adds.tolist()):
        if add:
            f[i], value[i] = collection.ADD, added
            inside.append(added)
            if kind == "priority-queue":
                heapq.heappush(heap, (-int(priority[added]), added))
            added += 1
        elif inside:
            f[i] = collection.TAKE
            value[i] = inside.popleft() if kind == "fifo-queue" else inside.pop()
            if kind == "priority-queue":
                value[i] = heapq.heappop(heap)[1]
    columns = (certain(operations), f[done], zeros(operations), value[done])
    return collection.Columns(call, ret, *columns, 1, count), priority


def sets(operations: int, processes: int) -> element_set.Columns:
    """Each element is looked up, added, found, removed and looked up again, a few at a time."""
    call, ret, done = intervals(operations, processes)
    life = np.array([1, 2, 0, 4, 1], dtype=np.int8)
    block, place = np.divmod(done, len(life) * processes)
    step, element = np.divmod(place, processes)
    part = (block * processes + element).astype(np.int32)
    return element_set.Columns(call, ret, certain(operations), life[step], part, int(part.max(initial=-1)) + 1)


def counters(operations: int, processes: int) -> counter.Columns:
    """One counter, read as often as it is added to."""
    call, ret, done = intervals(operations, processes)
    adds = np.random.default_rng(2).random(operations) < 0.5
    amount = np.where(adds, 1, np.cumsum(adds))[done].astype(np.int64)
    f = np.where(adds, counter.ADD, counter.READ)[done].astype(np.int8)
    return counter.Columns(call, ret, certain(operations), f, zeros(operations), amount, 1)


def grow_only_sets(operations: int, processes: int) -> grow_only_set.Columns:
    """One set: some adds, then many reads, and so on."""
    call, ret, done = intervals(operations, processes)
    number, inside = np.divmod(done, operations // LISTS)
    adding = inside < ADDS
    size = np.arange(1, int(number.max()) + 2) * ADDS
    adds = int(adding.sum())
    return grow_only_set.Columns(
        call=call[adding],
        ret=ret[adding],
        optional=certain(adds),
        part=zeros(adds),
        element=(number * ADDS + inside)[adding].astype(np.int32),
        read_call=call[~adding],
        read_ret=ret[~adding],
        list=number[~adding].astype(np.int32),
        list_part=zeros(len(size)),
        offset=np.concatenate([[0], np.cumsum(size)]).astype(np.int64),
        listed=np.concatenate([np.arange(one, dtype=np.int32) for one in size.tolist()]),
        parts=1,
        elements=int(size[-1]),
    )


class Kind(NamedTuple):
    """How the columns of a history of so many operations and processes are made, and the two that decide them."""

    made: Callable[[int, int], Any]
    compiled: Callable[[Any], Decision]
    twin: Callable[[Any], Decision]


KINDS = {
    "register": Kind(lambda n, p: registers(n, p, 0.0), kernel.zones, zones.decide),
    "cas-register": Kind(lambda n, p: registers(n, p, 0.5), kernel.zones, zones.decide),
    "rank": Kind(ranks, kernel.rank, rank.decide),
    "fifo-queue": Kind(
        lambda n, p: collections("fifo-queue", n, p), lambda c: kernel.queue(c[0]), lambda c: queue.decide(c[0])
    ),
    "stack": Kind(lambda n, p: collections("stack", n, p), lambda c: kernel.stack(c[0]), lambda c: stack.decide(c[0])),
    "priority-queue": Kind(
        lambda n, p: collections("priority-queue", n, p),
        lambda c: kernel.priority_queue(*c),
        lambda c: priority_queue.decide(*c),
    ),
    "set": Kind(sets, kernel.set_, element_set.decide),
    "counter": Kind(counters, kernel.counter, counter.decide),
    "grow-only-set": Kind(
        grow_only_sets,
        kernel.grow_only_set,
        lambda c: grow_only_set.decide(c, grow_only_set.chain, rank.decide),
    ),
}


def best(decide: Callable[[Any], Decision], columns: Any, rounds: int) -> float:
    """Seconds of the fastest round."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        found = decide(columns)
        times.append(time.perf_counter() - start)
        if found.standing.any():
            sys.exit(f"a linearizable history was refuted: {found.conflicts}")
    return min(times)


def peak() -> float:
    """Peak resident memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(operations: int, processes: int, name: str, file: str) -> None:
    """One line."""
    with Path(file).open("rb") as stream:
        columns = pickle.load(stream)  # noqa: S301 - written by this script
    size, what = operations, "ops"
    if name == "grow-only-set":
        size, what = len(columns.call) + len(columns.read_call) + len(columns.listed), "ops and elements of lists"
    before = peak()
    fast = best(KINDS[name].compiled, columns, ROUNDS)
    grown = peak()
    slow = best(KINDS[name].twin, columns, 1)
    print(
        f"{name:14} {size:11,} {what}, {processes} processes: {kernel.NAME} {size / fast / 1e6:7.2f} M/s   "
        f"twin {size / slow / 1e6:7.3f} M/s   peak {grown:5.0f} MiB ({before:.0f} before, {peak():.0f} with the twin)",
        flush=True,
    )


def again(*words: object) -> None:
    """Run this script in a process of its own."""
    subprocess.run([sys.executable, __file__, *map(str, words)], check=True)


def main() -> None:
    """Measure what the command line names, or everything."""
    match sys.argv[1:]:
        case ["make", operations, processes, name, file]:
            with Path(file).open("wb") as stream:
                pickle.dump(KINDS[name].made(int(operations), int(processes)), stream, protocol=5)
        case ["measure", operations, processes, name, file]:
            measure(int(operations), int(processes), name, file)
        case [operations, processes, name]:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "columns"
                again("make", operations, processes, name, file)
                again("measure", operations, processes, name, file)
        case _:
            for name in KINDS:
                small = name not in ("register", "cas-register", "rank")
                for operations, processes in [(OPERATIONS, PROCESSES)] if small else REGISTERS:
                    again(operations, processes, name)


if __name__ == "__main__":
    main()
