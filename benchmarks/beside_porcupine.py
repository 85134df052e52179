"""quorate and Porcupine on the same files, in one run on one machine: verdicts, seconds, memory, as a Markdown table.

Porcupine (Go) is built once into a temporary folder from ``benchmarks/porcupine``. Every file is a quorate history, so
both read the same bytes. Run it when the machine is quiet::

    python benchmarks/beside_porcupine.py                       # everything, about an hour
    python benchmarks/beside_porcupine.py --most 10000          # no case of more operations
    python benchmarks/beside_porcupine.py --data ../shared/data # where the recorded histories are

``check`` is the decision alone, from the history in memory (for quorate with a small witness of each violation),
``whole`` the process from start to exit: reading the file, for quorate also the interpreter's start and the
explanation. Several files: their sum, and the slowest.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
TIMEOUT = 60
"""Seconds that Porcupine may check one file."""
READING = 300
"""Seconds that a process may take besides, for reading."""
MEMORY = 12 << 30
"""Bytes of address space that a process may use."""


@dataclass
class Case:
    """Files that are checked with one model.

    Args:
        name: As the table has it.
        model: The same here and there.
        files: They.
    """

    name: str
    model: str
    files: Sequence[Path]


@dataclass
class Result:
    """What one program made of one case; seconds, and bytes of resident memory at the peak."""

    verdict: str
    checks: list[float] = field(default_factory=list)
    whole: float = 0.0
    peak: int = 0


class Register:
    """Every value is written once."""

    def __init__(self) -> None:
        self._fresh = count(1)
        self._now: int | None = None

    def ask(self, rng: Random) -> tuple[str, Any]:
        """What the next operation does, and its argument."""
        return ("read", None) if rng.random() < 0.5 else ("write", next(self._fresh))

    def happen(self, f: str, argument: Any) -> Any:
        """Its result, when it happens."""
        if f == "write":
            self._now = argument
        return self._now


class Ordered:
    """A queue or a stack: as much is taken as was put there."""

    def __init__(self, put: str, take: str, end: int) -> None:
        self._put, self._take = put, take
        self._first = end == 0
        self._fresh = count(1)
        self._held = deque[int]()

    def ask(self, rng: Random) -> tuple[str, Any]:
        """What the next operation does, and its argument."""
        return (self._take, None) if rng.random() < 0.5 else (self._put, next(self._fresh))

    def happen(self, f: str, argument: Any) -> Any:
        """Its result, when it happens."""
        if f == self._put:
            self._held.append(argument)
            return argument
        if not self._held:
            return None
        return self._held.popleft() if self._first else self._held.pop()


class DistinctSet:
    """Every element is added once and may be looked for."""

    def __init__(self) -> None:
        self._added = 0
        self._held = set[int]()

    def ask(self, rng: Random) -> tuple[str, Any]:
        """What the next operation does, and its argument."""
        if rng.random() < 0.5 or not self._added:
            self._added += 1
            return "add", self._added
        return "contains", max(1, self._added - int(rng.expovariate(0.1)))

    def happen(self, f: str, argument: Any) -> Any:
        """Its result, when it happens."""
        if f == "contains":
            return argument in self._held
        self._held.add(argument)
        return argument


class Counter:
    """Increments of one."""

    def __init__(self) -> None:
        self._now = 0

    def ask(self, rng: Random) -> tuple[str, Any]:
        """What the next operation does, and its argument."""
        return ("read", None) if rng.random() < 0.5 else ("add", 1)

    def happen(self, f: str, argument: Any) -> Any:
        """Its result, when it happens."""
        if f == "read":
            return self._now
        self._now += argument
        return argument


OBJECTS: dict[str, Callable[[], Any]] = {
    "register": Register,
    "fifo-queue": lambda: Ordered("enqueue", "dequeue", 0),
    "stack": lambda: Ordered("push", "pop", -1),
    "set": DistinctSet,
    "counter": Counter,
}


def event(index: int, process: int, kind: str, f: str, key: str, value: Any) -> str:  # noqa: PLR0917 - as in the line
    """One line of a history file."""
    told = "" if value is None else f',"value":{json.dumps(value)}'
    return f'{{"index":{index},"time":{index * 1000},"process":{process},"type":"{kind}","f":"{f}"{key}{told}}}\n'


def lines(model: str, ops: int, processes: int, keys: int = 1) -> Iterator[str]:
    """A linearizable history of clients that are always busy.

    Each operation happens at one instant between its invocation and its completion, in an order of its own.
    """
    rng = Random(ops + processes)
    index = 0
    for key in range(keys):
        thing = OBJECTS[model]()
        where = f',"key":{key}' if keys > 1 else ""
        idle = [(process, "", None) for process in range(processes)]
        asked, happened = list[Any](), list[Any]()
        started = done = 0
        while done < ops:
            starts = bool(idle) and started < ops and rng.random() < 0.9
            pool = idle if starts else asked if asked and (not happened or rng.random() < 0.5) else happened
            if not pool:
                continue
            place = rng.randrange(len(pool))
            pool[place], pool[-1] = pool[-1], pool[place]
            process, f, value = pool.pop()
            if pool is idle:
                f, value = thing.ask(rng)
                asked.append((process, f, value))
                started += 1
            elif pool is asked:
                happened.append((process, f, thing.happen(f, value)))
                continue
            else:
                idle.append((process, "", None))
                done += 1
            yield event(index, process, "invoke" if starts else "ok", f, where, value)
            index += 1


def generated(folder: Path, most: int) -> Iterator[Case]:
    """The cases without recorded data, each file deleted before the next one is made."""
    asked = [("register", ops, processes, 1) for ops in (10_000, 1_000_000, 10_000_000) for processes in (10, 1000)]
    asked += [(model, 1_000_000, 10, 1) for model in ("fifo-queue", "set", "stack", "counter")]
    asked += [("register", 20, 5, 10_000), ("fifo-queue", 20, 5, 10_000)]
    for model, ops, processes, keys in asked:
        if ops * keys > most:
            continue
        path = folder / f"{model}-{ops}-{processes}.jsonl"
        with path.open("w", buffering=1 << 20) as file:
            file.writelines(lines(model, ops, processes, keys))
        size = f"{keys:,} histories of {ops}" if keys > 1 else f"{ops:,}"
        yield Case(f"{model}, {size} operations, {processes} processes", model, [path])
        path.unlink()


def recorded(folder: Path, data: Path) -> Iterator[Case]:
    """Porcupine's own test data, as quorate histories."""
    from harness import formats
    from harness.history import HistoryWriter

    def convert(path: Path) -> Path:
        made = folder / f"{path.stem}.jsonl"
        writer = HistoryWriter(made)
        for op in formats.read(path).history:
            writer.append(op)
        writer.close()
        return made

    logs = sorted(data.glob("porcupine/jepsen/etcd_*.log"))
    if logs:
        yield Case(f"etcd, {len(logs)} recorded histories", "cas-register", list(map(convert, logs)))
    for name in ("c10-ok", "c10-bad", "c50-bad"):
        path = data / f"porcupine/kv/{name}.txt"
        if path.exists():
            yield Case(f"kv {name}", "kv", [convert(path)])


def measured(command: Sequence[str]) -> tuple[list[dict[str, Any]], float, int, str]:
    """What it printed, its seconds, its peak memory in bytes, and why it ended too early."""
    start = time.perf_counter()
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))  # noqa: E731 - runs in the child
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err, preexec_fn=limit)  # noqa: PLW1509 - no threads here
        end = start + TIMEOUT + READING
        pid = 0
        while not pid and time.perf_counter() < end:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            time.sleep(0 if pid else 0.002)
        if not pid:
            child.kill()
            _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        out.seek(0), err.seek(0)
        rows = []
        for line in out:
            with suppress(ValueError):
                rows.append(json.loads(line))
        words = err.read()
    why = "" if pid else f"did not finish in {TIMEOUT + READING} s"
    if not why and child.returncode not in (0, 1, 2):
        memory = "out of memory" in words or "MemoryError" in words or "cannot allocate" in words
        why = "out of memory" if memory else f"exit {child.returncode}: {' '.join(words.split())[:60]}"
    return rows, seconds, used.ru_maxrss * 1024, why


def verdict_of(rows: Sequence[dict[str, Any]], why: str) -> str:
    """Of one file its verdict, of several how often each."""
    found = [row["verdict"] for row in rows]
    if why or len(found) <= 1:
        return why or (found[0] if found else "nothing")
    return ", ".join(f"{found.count(one)} {one}" for one in sorted(set(found)))


def porcupine(program: Path, case: Case) -> Result:
    """Porcupine's answer."""
    rows, whole, peak, why = measured(
        [str(program), "-model", case.model, "-timeout", f"{TIMEOUT}s", *map(str, case.files)]
    )
    return Result(verdict_of(rows, why), [row["check"] for row in rows], whole, peak)


def quorate(case: Case) -> Result:
    """Quorate's answer: the decision timed within one process, the whole by the command."""
    paths = list(map(str, case.files))
    rows, _, _, _ = measured([sys.executable, __file__, "--decide", case.model, *paths])
    program = [sys.executable, "-c", "from harness.cli.main import main; main()", "check", "--format", "jsonl"]
    answers, whole, peak, why = measured([*program, "--model", case.model, *paths])
    return Result(verdict_of(answers, why), [row["check"] for row in rows], whole, peak)


def decide(model: str, paths: Sequence[str]) -> None:
    """Print the seconds of each decision."""
    from checkers.linearizability.checker import LinearizabilityChecker
    from checkers.linearizability.decision import Budget
    from checkers.linearizability.operations import collect
    from harness import registry
    from harness.history import History

    specification = registry.load("model", model)()
    checker = LinearizabilityChecker(specification)
    for path in paths:
        history = History.read(Path(path))
        start = time.perf_counter()
        checker.decider(collect(history, specification), specification, Budget(TIMEOUT, checker.memory))
        print(json.dumps({"check": time.perf_counter() - start}))


def seconds(value: float) -> str:
    """Three digits."""
    return f"{value:.3g} s" if value >= 1 else f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} us"


def checks(result: Result) -> str:
    """The sum, and the slowest of many."""
    if not result.checks:
        return "-"
    slowest = f" (slowest {seconds(max(result.checks))})" if len(result.checks) > 1 else ""
    return seconds(sum(result.checks)) + slowest


def row(case: Case, theirs: Result, ours: Result) -> str:
    """One line of the table."""
    faster = "-"
    if theirs.checks and ours.checks:
        least = ">" if "did not" in theirs.verdict else ""
        faster = f"{least}{sum(theirs.checks) / sum(ours.checks):,.0f}"
    cells = [case.name]
    for one in (theirs, ours):
        cells += [one.verdict, checks(one), seconds(one.whole), f"{one.peak >> 20:,} MiB"]
    return f"| {' | '.join([*cells, faster])} |"


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=10_000_000, help="operations of one case")
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared/data", help="recorded histories")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--decide", nargs="+", metavar=("MODEL", "FILE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.decide:
        decide(asked.decide[0], asked.decide[1:])
        return
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        program = folder / "beside"
        subprocess.run(["go", "build", "-o", str(program), "."], cwd=HERE / "porcupine", check=True)
        print("| | Porcupine | check | whole | peak | quorate | check | whole | peak | times as fast (check) |")
        print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
        for cases in (recorded(folder, asked.data), generated(folder, asked.most)):
            for case in cases:
                if asked.only in case.name:
                    print(row(case, porcupine(program, case), quorate(case)), flush=True)


if __name__ == "__main__":
    main()
