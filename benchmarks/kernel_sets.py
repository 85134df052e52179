"""Speed of the procedures of sets, grow-only sets and counters, from columns: the compiled kernel beside its twin.

Each kind runs in a process of its own, and its history is made in another one, so that the peak memory is that of the
procedure::

    python benchmarks/kernel_sets.py
    python benchmarks/kernel_sets.py 1000000 16 counter
"""

import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from checkers.linearizability import kernel
from checkers.linearizability.decision import Decision
from checkers.linearizability.twins import counter, grow_only_set, rank
from checkers.linearizability.twins import set as element_set

OPERATIONS = 1_000_000
PROCESSES = 16
KINDS = ("set", "counter", "grow-only-set")
ROUNDS = 3
LISTS = 1_000
"""Different lists that a grow-only set is read as, each many times."""
ADDS = 10
"""Elements that each has more than the one before."""


def intervals(operations: int, processes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Calls, returns, and which operation of the order each row is."""
    rng = np.random.default_rng(1)
    moment = np.arange(operations, dtype=np.float64)
    call = moment - rng.random(operations) * processes / 2
    ret = moment + rng.random(operations) * processes / 2
    instant = np.empty(2 * operations, dtype=np.int32)
    instant[np.argsort(np.concatenate([call, ret]), kind="stable")] = np.arange(2 * operations, dtype=np.int32)
    rows = np.argsort(call, kind="stable")
    return instant[:operations][rows], instant[operations:][rows], rows


def sets(operations: int, processes: int) -> element_set.Columns:
    """Each element is looked up, added, found, removed and looked up again, a few at a time."""
    call, ret, done = intervals(operations, processes)
    life = np.array([1, 2, 0, 4, 1], dtype=np.int8)
    block, place = np.divmod(done, len(life) * processes)
    step, element = np.divmod(place, processes)
    part = (block * processes + element).astype(np.int32)
    return element_set.Columns(
        call, ret, np.zeros(operations, dtype=np.bool_), life[step], part, int(part.max(initial=-1)) + 1
    )


def counters(operations: int, processes: int) -> counter.Columns:
    """One counter, read as often as it is added to."""
    call, ret, done = intervals(operations, processes)
    adds = np.random.default_rng(2).random(operations) < 0.5
    amount = np.where(adds, 1, np.cumsum(adds))[done]
    f = np.where(adds, counter.ADD, counter.READ)[done].astype(np.int8)
    zeros = np.zeros(operations, dtype=np.int32)
    return counter.Columns(call, ret, zeros.astype(np.bool_), f, zeros, amount.astype(np.int64), 1)


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
        optional=np.zeros(adds, dtype=np.bool_),
        part=np.zeros(adds, dtype=np.int32),
        element=(number * ADDS + inside)[adding].astype(np.int32),
        read_call=call[~adding],
        read_ret=ret[~adding],
        list=number[~adding].astype(np.int32),
        list_part=np.zeros(len(size), dtype=np.int32),
        offset=np.concatenate([[0], np.cumsum(size)]).astype(np.int64),
        listed=np.concatenate([np.arange(one, dtype=np.int32) for one in size.tolist()]),
        parts=1,
        elements=int(size[-1]),
    )


MADE: dict[str, Callable[[int, int], Any]] = {"set": sets, "counter": counters, "grow-only-set": grow_only_sets}


def procedures(kind: str, columns: Any) -> tuple[Callable[[], Decision], Callable[[], Decision]]:
    """What decides one history: the kernel, and its twin."""
    if kind == "set":
        return lambda: kernel.set_(columns), lambda: element_set.decide(columns)
    if kind == "counter":
        return lambda: kernel.counter(columns), lambda: counter.decide(columns)
    return (
        lambda: kernel.grow_only_set(columns),
        lambda: grow_only_set.decide(columns, grow_only_set.chain, rank.decide),
    )


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


def measure(operations: int, kind: str, file: str) -> None:
    """One line."""
    with Path(file).open("rb") as stream:
        columns = pickle.load(stream)  # noqa: S301 - written by this script
    size = operations
    what = "ops"
    if kind == "grow-only-set":
        size, what = len(columns.call) + len(columns.read_call) + len(columns.listed), "ops and elements of lists"
    compiled, twin = procedures(kind, columns)
    before = peak()
    fast = best(compiled, ROUNDS)
    grown = peak()
    slow = best(twin, 1)
    print(
        f"{kind:14} {size:11,} {what}: {kernel.NAME} {size / fast / 1e6:7.2f} M/s   twin {size / slow / 1e6:7.3f} M/s  "
        f" peak {grown:5.0f} MiB ({before:.0f} before, {peak():.0f} with the twin)",
        flush=True,
    )


def main() -> None:
    """Measure what the command line names, or everything."""
    match sys.argv[1:]:
        case ["make", operations, processes, kind, file]:
            with Path(file).open("wb") as stream:
                pickle.dump(MADE[kind](int(operations), int(processes)), stream, protocol=5)
        case ["measure", operations, kind, file]:
            measure(int(operations), kind, file)
        case [operations, processes, kind]:
            with tempfile.TemporaryDirectory() as folder:
                file = str(Path(folder) / "columns")
                subprocess.run([sys.executable, __file__, "make", operations, processes, kind, file], check=True)
                subprocess.run([sys.executable, __file__, "measure", operations, kind, file], check=True)
        case _:
            for kind in KINDS:
                subprocess.run([sys.executable, __file__, str(OPERATIONS), str(PROCESSES), kind], check=True)


if __name__ == "__main__":
    main()
