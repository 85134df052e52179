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

from checkers.linearizability.decide import decide
from checkers.linearizability.decision import Budget, Decision
from checkers.linearizability.intervals import history
from checkers.linearizability.model import Model
from checkers.linearizability.models.kv import Kv
from checkers.linearizability.models.register import CasRegister
from checkers.linearizability.operations import Operations, collect
from checkers.linearizability.search import parts
from harness.formats import read

DATA = Path(__file__).parents[2] / "shared" / "data"
WORDS = ("holds", "violated", "undecided")
SECONDS = 20.0

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
    return timed(lambda: parts(operations, model, rows, Budget(SECONDS, 1 << 30), 1))


def recorded(name: str, files: Iterable[Path], model: Model) -> None:
    """Decide each file whole, and each by the search alone."""
    whole, search, operations = [], [], 0
    for file in files:
        collected = collect(read(file).history, model)
        operations += len(collected)
        whole.append((timed(lambda c=collected: decide(c, model, Budget(SECONDS, 1 << 30))), file.name))  # type: ignore[misc]  # bound now
        if collected.parts == 1:
            search.append((searching(collected, model), file.name))
    if not whole:
        return
    for kind, times in (("decided", whole), ("search alone", search)):
        if times:
            seconds, slowest = max(times)
            total = sum(one for one, _ in times)
            print(
                f"{name:24} {kind:13} {len(times):4} files {operations:6} operations  {total * 1e3:8.2f} ms in all, "
                f"at most {seconds * 1e3:.2f} ms ({slowest})"
            )


def told(name: str, rows: list[Row], model: Model | None = None) -> None:
    """Decide one history, and say how long that took."""
    model = model or CasRegister()
    collected = collect(history(rows), model)
    start = time.perf_counter()
    found: Decision = decide(collected, model, Budget(SECONDS, 1 << 30))
    seconds = time.perf_counter() - start
    reason = f"  {found.reasons[0]}" if found.reasons else ""
    print(f"{name:60} {WORDS[found.standing[0]]:10} {seconds * 1e3:9.2f} ms{reason}")


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


def hard() -> None:
    """The series on which a search is known to run out of time or memory."""
    for unknown in (0, 10, 20, 40):
        rows = busy(random.Random(1), 200, 8, 5, unknown)
        told(f"200 operations, {unknown} unknown, a value never written", spoilt(rows, 99))
        told(f"200 operations, {unknown} unknown, another value", spoilt(rows, 3))
    for clients in (32, 64, 128, 256, 512):
        told(f"1000 operations, {clients} always busy, 5 values", busy(random.Random(2), 1000, clients, 5))
        rows = busy(random.Random(2), 1000, clients, 10**9)
        told(f"1000 operations, {clients} always busy, unique values", rows)
        told(
            f"1000 operations, {clients} always busy, 5 values, spoilt",
            spoilt(busy(random.Random(3), 1000, clients, 5), 77),
        )
    for values in (2, 5, 50):
        told(f"2000 operations, 40 unknown, 10 busy, {values} values", busy(random.Random(4), 2000, 10, values, 40))


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
    if "hard" in chosen:
        hard()
    if "small" in chosen:
        small()


if __name__ == "__main__":
    main()
