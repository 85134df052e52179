"""Speed of the linear-time procedures of registers, from columns: the compiled kernel beside its NumPy twin.

Each size runs in a process of its own, so that the peak memory is its own::

    python benchmarks/kernel_register.py
    python benchmarks/kernel_register.py 1000000 10 cas
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from checkers.linearizability import kernel
from checkers.linearizability.decision import Decision
from checkers.linearizability.twins import rank, zones

SIZES = (10_000, 1_000_000, 10_000_000)
PROCESSES = (10, 1000)
KINDS = ("register", "cas", "rank")
ROUNDS = 3


def columns(operations: int, processes: int, cas: float) -> zones.Columns:
    """A linearizable register whose processes are always busy: 60 % reads, of the rest a share is cas."""
    rng = np.random.default_rng(1)
    moment = np.arange(operations, dtype=np.float64)
    call = moment - rng.random(operations) * processes / 2
    ret = moment + rng.random(operations) * processes / 2
    order = np.argsort(np.concatenate([call, ret]), kind="stable")
    instant = np.empty(2 * operations, dtype=np.int32)
    instant[order] = np.arange(2 * operations, dtype=np.int32)
    call, ret = instant[:operations], instant[operations:]
    draw = rng.random(operations)
    f = np.where(draw < 0.6, zones.READ, np.where(draw < 1 - 0.4 * cas, zones.WRITE, zones.CAS)).astype(np.int8)
    changes = f != zones.READ
    after = np.cumsum(changes, dtype=np.int32)
    old = np.where(f == zones.WRITE, -1, after - changes).astype(np.int32)
    new = np.where(changes, after, -1).astype(np.int32)
    rows = np.argsort(call, kind="stable")
    return zones.Columns(
        call[rows],
        ret[rows],
        np.zeros(operations, dtype=np.bool_),
        f[rows],
        np.zeros(operations, dtype=np.int32),
        old[rows],
        new[rows],
        1,
        int(after[-1]) + 1,
    )


def procedures(kind: str, operations: int, processes: int) -> tuple[Callable[[], Decision], Callable[[], Decision]]:
    """What decides one history: the kernel, and its twin."""
    encoded = columns(operations, processes, 0.5 if kind == "cas" else 0.0)
    if kind != "rank":
        return lambda: kernel.zones(encoded), lambda: zones.decide(encoded)
    version = np.maximum(encoded.old, encoded.new).astype(np.int64)
    ranked = rank.Columns(encoded.call, encoded.ret, encoded.key, 2 * version + (encoded.f == zones.READ), 1)
    return lambda: kernel.rank(ranked), lambda: rank.decide(ranked)


def best(procedure: Callable[[], Decision]) -> float:
    """Seconds of the fastest round."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = procedure()
        times.append(time.perf_counter() - start)
        if found.conflicts:
            sys.exit(f"a linearizable history was refuted: {found.conflicts}")
    return min(times)


def peak() -> float:
    """Peak resident memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(operations: int, processes: int, kind: str) -> None:
    """One line."""
    compiled, twin = procedures(kind, operations, processes)
    before = peak()
    fast = best(compiled)
    grown = peak()
    slow = best(twin)
    print(
        f"{kind:9} {operations:11,} ops {processes:5} processes {kernel.NAME} {operations / fast / 1e6:7.1f} M ops/s   "
        f"twin {operations / slow / 1e6:6.1f} M ops/s   peak {grown:6.0f} MiB ({before:.0f} before, {peak():.0f} with "
        f"the twin)",
        flush=True,
    )


def main() -> None:
    """Measure what the command line names, or everything."""
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
        return
    for kind in KINDS:
        for operations in SIZES:
            for processes in PROCESSES:
                subprocess.run([sys.executable, __file__, str(operations), str(processes), kind], check=True)


if __name__ == "__main__":
    main()
