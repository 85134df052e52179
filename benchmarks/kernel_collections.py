"""Speed of the procedures of queues, stacks and priority queues, from columns: the compiled kernel beside its twin.

Each kind runs in a process of its own, so that the peak memory is its own::

    python benchmarks/kernel_collections.py
    python benchmarks/kernel_collections.py 1000000 16 stack
"""

import heapq
import random
import resource
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from checkers.linearizability import kernel
from checkers.linearizability.decision import Decision
from checkers.linearizability.twins import priority_queue, queue, stack
from checkers.linearizability.twins.collection import ADD, EMPTY, TAKE, Columns

OPERATIONS = 1_000_000
PROCESSES = 16
KINDS = ("fifo-queue", "stack", "priority-queue")
ROUNDS = 3


def columns(kind: str, operations: int, processes: int) -> Columns:
    """A linearizable history of processes that are always busy: as many take as add, and often nothing is inside."""
    rng = np.random.default_rng(1)
    moment = np.arange(operations, dtype=np.float64)
    call = moment - rng.random(operations) * processes / 2
    ret = moment + rng.random(operations) * processes / 2
    order = np.argsort(np.concatenate([call, ret]), kind="stable")
    instant = np.empty(2 * operations, dtype=np.int32)
    instant[order] = np.arange(2 * operations, dtype=np.int32)
    call, ret = instant[:operations], instant[operations:]
    f, value = _done(kind, rng.random(operations) < 0.5)
    rows = np.argsort(call, kind="stable")
    return Columns(
        call[rows],
        ret[rows],
        np.zeros(operations, dtype=np.bool_),
        f[rows],
        np.zeros(operations, dtype=np.int32),
        value[rows],
        1,
        int(value.max()) + 1,
    )


def _done(kind: str, adds: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> tuple[np.ndarray, np.ndarray]:
    """What each operation did, one after the other: its kind, and its value."""
    f, value = np.full(len(adds), EMPTY, dtype=np.int8), np.full(len(adds), -1, dtype=np.int32)
    inside, heap = deque[int](), list[tuple[float, int]]()
    priority = priorities(len(adds))
    added = 0
    for i, add in enumerate(adds.tolist()):
        if add:
            f[i], value[i] = ADD, added
            inside.append(added)
            if kind == "priority-queue":
                heapq.heappush(heap, (-int(priority[added]), added))
            added += 1
        elif inside:
            f[i] = TAKE
            value[i] = inside.popleft() if kind == "fifo-queue" else inside.pop()
            if kind == "priority-queue":
                value[i] = heapq.heappop(heap)[1]
    return f, value


def priorities(values: int) -> np.ndarray:
    """Per value, at random; many are equal."""
    return np.array(random.Random(1).choices(range(max(1, values // 4)), k=values), dtype=np.int32)


def procedures(kind: str, encoded: Columns) -> tuple[Callable[[], Decision], Callable[[], Decision]]:
    """What decides one history: the kernel, and its twin."""
    if kind == "fifo-queue":
        return lambda: kernel.queue(encoded), lambda: queue.decide(encoded)
    if kind == "stack":
        return lambda: kernel.stack(encoded), lambda: stack.decide(encoded)
    rank = priorities(len(encoded))[: encoded.values].copy()
    return lambda: kernel.priority_queue(encoded, rank), lambda: priority_queue.decide(encoded, rank)


def best(procedure: Callable[[], Decision], rounds: int) -> float:
    """Seconds of the fastest round."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        found = procedure()
        times.append(time.perf_counter() - start)
        if found.standing.any():
            sys.exit(f"a linearizable history was refuted: {found.conflicts}")
    return min(times)


def peak() -> float:
    """Peak resident memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(operations: int, processes: int, kind: str) -> None:
    """One line."""
    compiled, twin = procedures(kind, columns(kind, operations, processes))
    before = peak()
    fast = best(compiled, ROUNDS)
    grown = peak()
    slow = best(twin, 1)
    print(
        f"{kind:14} {operations:11,} ops {processes:5} processes {kernel.NAME} {operations / fast / 1e6:7.2f} M ops/s "
        f"  twin {operations / slow / 1e6:6.3f} M ops/s   peak {grown:6.0f} MiB "
        f"({before:.0f} before, {peak():.0f} with the twin)",
        flush=True,
    )


def main() -> None:
    """Measure what the command line names, or everything."""
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
        return
    for kind in KINDS:
        subprocess.run([sys.executable, __file__, str(OPERATIONS), str(PROCESSES), kind], check=True)


if __name__ == "__main__":
    main()
