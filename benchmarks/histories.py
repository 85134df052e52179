"""Histories to measure with: clients that are always busy, against an object that is what it should be, or nearly.

As a command it writes a linearizable one, of so many operations on each of so many independent objects, or writes
recorded ones, in whatever format they are, as quorate does::

    python benchmarks/histories.py MODEL OPERATIONS PROCESSES OBJECTS FILE
    python benchmarks/histories.py --convert FOLDER FILE...
"""

import json
import sys
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

OBSERVING = frozenset({"read", "get", "contains", "dequeue", "pop"})
"""The f whose result tells something."""


class Mismatch(NamedTuple):
    """Instead of a result: a cas found this value, and not the one that it expected."""

    found: Any


class Event(NamedTuple):
    """One line of a history, without its number."""

    process: int
    type: str
    f: str
    value: Any
    error: str = ""


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


class CasRegister:
    """Few values, again and again."""

    def __init__(self) -> None:
        self._now: int | None = None

    def ask(self, rng: Random) -> tuple[str, Any]:
        """What the next operation does, and its argument."""
        f = rng.choice(("read", "write", "cas"))
        return f, {"read": None, "write": rng.randrange(3), "cas": [rng.randrange(3), rng.randrange(3)]}[f]

    def happen(self, f: str, argument: Any) -> Any:
        """Its result, when it happens."""
        if f == "read":
            return self._now
        if f == "cas" and self._now != argument[0]:
            return Mismatch(self._now)
        self._now = argument[1] if f == "cas" else argument
        return argument


class Kv:
    """One string."""

    def __init__(self) -> None:
        self._now = ""

    def ask(self, rng: Random) -> tuple[str, Any]:
        """What the next operation does, and its argument."""
        f = rng.choice(("get", "put", "append"))
        return f, None if f == "get" else rng.choice("abc")

    def happen(self, f: str, argument: Any) -> Any:
        """Its result, when it happens."""
        if f == "get":
            return self._now
        self._now = argument if f == "put" else self._now + argument
        return argument


class Ordered:
    """A queue or a stack: as much is taken as was put there."""

    def __init__(self, put: str, take: str, *, first: bool) -> None:
        self._put, self._take, self._first = put, take, first
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
    "cas-register": CasRegister,
    "kv": Kv,
    "fifo-queue": lambda: Ordered("enqueue", "dequeue", first=True),
    "stack": lambda: Ordered("push", "pop", first=False),
    "set": DistinctSet,
    "counter": Counter,
}
"""By the name of the model, here and in ``porcupine/models.go``."""


def events(thing: Any, ops: int, processes: int, rng: Random, unknown: float = 0.0) -> Iterator[Event]:
    """A linearizable history in which every process has almost always an operation open.

    Args:
        thing: Each operation on it happens at one instant between its invocation and its completion.
        ops: How many are completed.
        processes: How many at once.
        rng: Their order.
        unknown: How many of the completions say nothing, with or without the operation having happened; 0 to 1.
    """
    idle: list[Any] = [(process, "", None) for process in range(processes)]
    asked, happened = list[Any](), list[Any]()
    fresh = count(processes)
    started = done = 0
    chance = rng.random
    while done < ops:
        starts = idle and started < ops and chance() < 0.9
        pool = idle if starts else asked if asked and (not happened or chance() < 0.5) else happened
        if not pool:
            continue
        place = int(chance() * len(pool))
        pool[place], pool[-1] = pool[-1], pool[place]
        process, f, value = pool.pop()
        if pool is idle:
            f, value = thing.ask(rng)
            asked.append((process, f, value))
            started += 1
            yield Event(process, "invoke", f, value)
        elif unknown and chance() < unknown:
            idle.append((next(fresh), "", None))
            done += 1
            yield Event(process, "info", f, None, "timeout")
        elif pool is asked:
            happened.append((process, f, thing.happen(f, value)))
        else:
            idle.append((process, "", None))
            done += 1
            if isinstance(value, Mismatch):
                yield Event(process, "fail", f, None, f"cas-mismatch: found {value.found}")
            else:
                yield Event(process, "ok", f, value)


def spoilt(history: list[Event], rng: Random) -> list[Event]:
    """One result is another one: of the same history, or one that nobody wrote. Not always a violation."""
    results = [place for place, event in enumerate(history) if event.type == "ok" and event.f in OBSERVING]
    if not results:
        return history
    place = rng.choice(results)
    value = history[place].value
    if isinstance(value, bool):
        other: Any = not value
    else:
        other = rng.choice([history[one].value for one in results] + [None if value is None else value * 2])
    return [*history[:place], history[place]._replace(value=other), *history[place + 1 :]]


def lines(history: Iterator[Event] | list[Event], first: int = 0, key: int | None = None) -> Iterator[str]:
    """The lines of a history file, numbered from ``first``."""
    where = "" if key is None else f',"key":{key}'
    for index, (process, kind, f, value, error) in enumerate(history, first):
        told = "" if value is None else f',"value":{value if type(value) is int else json.dumps(value)}'
        why = f',"error":{json.dumps(error)}' if error else ""
        yield (
            f'{{"index":{index},"time":{index * 1000},"process":{process},"type":"{kind}","f":"{f}"'
            f"{where}{told}{why}}}\n"
        )


def write(path: Path, model: str, ops: int, processes: int, objects: int) -> None:
    """A file with a linearizable history; the objects come one after the other, each with its key if there are many."""
    rng = Random(ops + processes)
    written = 0
    with path.open("w", buffering=1 << 20) as file:
        for key in range(objects):
            file.writelines(lines(events(OBJECTS[model](), ops, processes, rng), written, key if objects > 1 else None))
            written += 2 * ops


def convert(folder: Path, paths: list[Path]) -> None:
    """Recorded histories as quorate's, each under its name."""
    from harness import formats
    from harness.history_file import HistoryWriter

    for path in paths:
        writer = HistoryWriter(folder / f"{path.stem}.jsonl")
        for op in formats.read(path).history:
            writer.append(op)
        writer.close()


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "--convert":
        convert(Path(sys.argv[2]), list(map(Path, sys.argv[3:])))
    elif len(sys.argv) == 6:
        write(Path(sys.argv[5]), sys.argv[1], *map(int, sys.argv[2:5]))
    else:
        sys.exit("usage: python benchmarks/histories.py MODEL OPERATIONS PROCESSES OBJECTS FILE")
