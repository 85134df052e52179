"""Speed of the search: recorded histories, series that are hard for a search, and many small histories.

With a folder of recorded histories beside the checkout (``../shared/data``)::

    python benchmarks/ladder.py
"""

import random
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from checkers.linearizability import search
from checkers.linearizability.decide import decide
from checkers.linearizability.decision import Budget, Decision
from checkers.linearizability.intervals import history
from checkers.linearizability.model import Model
from checkers.linearizability.models.kv import Kv
from checkers.linearizability.models.register import CasRegister
from checkers.linearizability.operations import Operations, collect
from harness.formats import read

DATA = Path(__file__).parents[2] / "shared" / "data"
WORDS = ("holds", "violated", "undecided")
SECONDS = 20.0
"""That one history may take."""

Row = tuple[int, str, object, object, int, int | None, None]
"""Process, f, argument, result, call, return (None: unknown), key."""


def timed(work: Callable[[], object], rounds: int = 5) -> float:
    """The best of some rounds, in seconds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def searching(operations: Operations, model: Model) -> float:
    """Seconds for the search alone, whatever the linear-time procedures would say."""
    rows = [np.arange(len(operations))]
    return timed(lambda: search.parts(operations, model, rows, Budget(SECONDS, 1 << 30), 1))


def recorded(name: str, files: Iterable[Path], model: Model) -> None:
    """Decide each file whole, and each by the search alone."""
    whole, searched, operations = [], [], 0
    for file in files:
        collected = collect(read(file).history, model)
        operations += len(collected)
        whole.append((timed(lambda c=collected: decide(c, model, Budget(SECONDS, 1 << 30))), file.name))  # type: ignore[misc]  # bound now
        if collected.parts == 1:
            searched.append((searching(collected, model), file.name))
    if not whole:
        return
    for kind, times in (("decided", whole), ("search alone", searched)):
        if times:
            seconds, slowest = max(times)
            total = sum(one for one, _ in times)
            print(
                f"{name:24} {kind:13} {len(times):4} files {operations:6} operations  {total * 1e3:8.2f} ms in all, "
                f"at most {seconds * 1e3:.2f} ms ({slowest})"
            )


def told(name: str, rows: list[Row]) -> None:
    """Decide one history of a register, and the same as a user's model, which only a search decides."""
    cells = []
    for model in (CasRegister(), Plain()):
        collected = collect(history(rows), model)
        start = time.perf_counter()
        found: Decision = decide(collected, model, Budget(SECONDS, 1 << 30))
        seconds = time.perf_counter() - start
        if seconds < 0.1:
            seconds = min(seconds, timed(lambda c=collected, m=model: decide(c, m, Budget(SECONDS, 1 << 30)), 3))  # type: ignore[misc]  # bound now
        cells.append(f"{WORDS[found.standing[0]]} {seconds * 1e3:.2f} ms {' '.join(found.reasons.values())}".strip())
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def busy(rng: random.Random, count: int, clients: int, values: int, unknown: int = 0) -> list[Row]:
    """A linearizable history of a register: every client has always an operation open."""
    rows: list[Row] = []
    instant, value = 0, None
    open_ops: list[tuple[int, int]] = []
    crash = set(rng.sample(range(count), unknown))
    for number in range(count + clients):
        if number < count:
            open_ops.append((number, instant))
            instant += 1
        if len(open_ops) == clients or number >= count:
            if not open_ops:
                break
            which, call = open_ops.pop(rng.randrange(len(open_ops)))
            # It takes effect just before it returns.
            write = rng.random() < 0.5 or which in crash
            argument = rng.randrange(values) if write else None
            if which in crash:
                value = argument if rng.random() < 0.5 else value
                rows.append((which, "write", argument, None, call, None, None))
                continue
            value = argument if write else value
            rows.append((which, "write" if write else "read", argument, None if write else value, call, instant, None))
            instant += 1
    return sorted(rows, key=lambda row: row[4])


def spoilt(rows: list[Row], value: object) -> list[Row]:
    """The last read saw something else."""
    at = max(i for i, row in enumerate(rows) if row[1] == "read")
    return [*rows[:at], (*rows[at][:3], value, *rows[at][4:]), *rows[at + 1 :]]


def writes(count: int, reads: tuple[int, ...]) -> list[Row]:
    """So many writes of distinct values at once, and then reads one after the other."""
    first: list[Row] = [(i, "write", i, None, i, count + i, None) for i in range(count)]
    return first + [
        (count, "read", None, value, 2 * count + 2 * i, 2 * count + 2 * i + 1, None) for i, value in enumerate(reads)
    ]


def hard() -> None:
    """The series on which a search is known to run out of time or memory; a reason says which budget ended."""
    # The verdict alone: a small witness may take its time.
    vars(search).update(SHRINKING=0.0, WITNESSES=0)
    print("| series | cas-register | a user's model of it |\n|---|---|---|")
    for unknown in (0, 5, 10, 15, 20, 30, 40):
        rows = busy(random.Random(1), 200, 8, 5, unknown)
        told(f"200 operations, {unknown} unknown, a value never written", spoilt(rows, 99))
        told(f"200 operations, {unknown} unknown, another value", spoilt(rows, 3))
    for clients in (32, 64, 128, 256, 512):
        for values, kind in ((5, "5 values"), (10**9, "unique values")):
            rows = busy(random.Random(2), 1000, clients, values)
            told(f"1000 operations, {clients} always busy, {kind}", rows)
            told(f"1000 operations, {clients} always busy, {kind}, a value never written", spoilt(rows, 77 - 10**9))
    for values in (2, 5, 50):
        told(f"2000 operations, 40 unknown, 10 busy, {values} values", busy(random.Random(4), 2000, 10, values, 40))
    for count in (16, 63, 200):
        told(f"{count} writes at once, one read of one", writes(count, (3,)))
        told(f"{count} writes at once, reads of two", writes(count, (3, 4)))
        told(f"{count} writes at once, a value never written", writes(count, (-1,)))
        told(f"{count} writes at once, reads of all", writes(count, tuple(range(count))))


def small(histories: int = 20_000) -> None:
    """Many short histories in one call."""
    rows: list[Row] = []
    rng = random.Random(5)
    for key in range(histories):
        base = len(rows) * 4
        for process, f, argument, result, call, end, _ in busy(rng, 20, 4, 3, 1):
            rows.append((process, f, argument, result, base + call, None if end is None else base + end, key))  # type: ignore[arg-type]  # with keys
    for model in (CasRegister(), Plain()):
        collected = collect(history(rows if isinstance(model, CasRegister) else rows[: len(rows) // 10]), model)
        seconds = timed(lambda c=collected, m=model: decide(c, m, Budget(SECONDS, 1 << 30)), 2)  # type: ignore[misc]  # bound now
        print(
            f"{collected.parts} histories of 20 operations, {model.name}: {seconds / collected.parts * 1e6:.2f} us each"
        )


class Plain(Model):
    """The same register as a user would write it."""

    name = "a user's model"

    def init(self) -> object:
        """Nothing was written."""
        return None

    def step(self, state: object, op: object) -> object:
        """As the register's."""
        return CasRegister().step(state, op)  # type: ignore[arg-type]  # an operation


def main() -> None:
    """Everything, or what is named on the command line: recorded, hard, small."""
    chosen = sys.argv[1:] or ["recorded", "hard", "small"]
    if "recorded" in chosen:
        recorded("etcd (Porcupine's set)", sorted((DATA / "porcupine" / "jepsen").glob("*.log")), CasRegister())
        knossos = DATA / "knossos" / "cas-register"
        recorded("Knossos' cas-register", sorted(knossos.glob("*/*.edn")), CasRegister(0))
        for file in sorted((DATA / "porcupine" / "kv").glob("*.txt")):
            recorded(f"Porcupine's {file.stem}", [file], Kv())
    if "small" in chosen:
        small()
    if "hard" in chosen:
        hard()


if __name__ == "__main__":
    main()
