"""An own, independent meaning of every data type: what an operation can answer in a state, and the state afterwards."""

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from linearizability.oracle import Outcome, Row, Type, frozen


class Register(Type):
    name = "register"
    fs: ClassVar = {"read": 5, "write": 4}

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        return None if f == "read" else value

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        yield Outcome(state, state) if row.f == "read" else Outcome(None, frozen(row.argument))

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return row.f != "read" or super().agrees(row, outcome)


class CasRegister(Register):
    name = "cas-register"
    fs: ClassVar = {"read": 5, "write": 3, "cas": 4}
    failure = "cas-mismatch: another value"

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        if f == "cas":
            return [state if rng.random() < 0.7 else rng.randrange(4), value]
        return super().ask(rng, f, state, value)

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        if row.f != "cas":
            yield from super().outcomes(state, row)
        elif frozen(row.argument[0]) == state:
            yield Outcome(None, frozen(row.argument[1]))
        else:
            yield Outcome(None, state, failed=True)


class VersionedRegister(CasRegister):
    """The state is the value, a version, and whether the value has just that one, or one above that nobody told.

    Above a version and below the next there may be any number of others. The initial value has a version below all;
    reads that tell one of it tell 0.
    """

    name = "versioned-register"
    initial = (None, -1, True)

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        return super().ask(rng, f, state[0], value)

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        value, low, exact = state
        version = row.version
        for result, after, failed, _ in super().outcomes(value, row):
            if row.f == "read":
                if version is None or not row.told or version == (max(low, 0) if exact else None):
                    yield Outcome(result, state)
                elif version > low and not exact:
                    yield Outcome(result, (value, version, True))
            elif failed:
                yield Outcome(result, state, failed=True)
            elif version is None:
                yield Outcome(result, (after, low, False))
            elif version > low:
                yield Outcome(result, (after, version, True))

    def wrong(self, rng: random.Random, row: Row, pool: list[Any]) -> Row:
        if row.version is not None and rng.random() < 0.5:
            return replace(row, version=max(0, row.version + rng.choice((-1, 1))))
        return super().wrong(rng, row, pool)


class Mutex(Type):
    name = "mutex"
    fs: ClassVar = {"acquire": 1, "release": 1}
    failure = "held: by somebody"

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        return None

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        if row.f == "acquire":
            yield Outcome(None, state, failed=True) if state else Outcome(None, True)
        elif state:
            yield Outcome(None, None)

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return True

    def wrong(self, rng: random.Random, row: Row, pool: list[Any]) -> Row:
        return replace(row, f="release" if row.f == "acquire" else "acquire")


class OwnedMutex(Mutex):
    """The state is who holds it."""

    name = "owned-mutex"

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        if row.f == "acquire":
            yield Outcome(None, row.process) if state is None else Outcome(None, state, failed=True)
        elif state == row.process:
            yield Outcome(None, None)


class ReentrantMutex(Mutex):
    """The state is who holds it, and how many times."""

    name = "reentrant-mutex"
    initial = (None, 0)

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        holder, times = state
        if row.f == "acquire":
            free = holder in (None, row.process)
            yield Outcome(None, (row.process, times + 1)) if free else Outcome(None, state, failed=True)
        elif holder == row.process:
            yield Outcome(None, (holder, times - 1) if times > 1 else (None, 0))


class FencedMutex(Mutex):
    """The state is who holds it, and the last token that was told."""

    name = "fenced-mutex"
    initial = (None, 0)

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        holder, last = state
        if row.f != "acquire":
            if holder == row.process:
                yield Outcome(None, (None, last))
        elif holder is not None:
            yield Outcome(None, state, failed=True)
        elif not row.told:
            yield Outcome(last + 1, (row.process, last))
        elif not row.failed and row.result > last:
            yield Outcome(row.result, (row.process, row.result))

    def wrong(self, rng: random.Random, row: Row, pool: list[Any]) -> Row:
        return replace(row, result=max(1, row.result + rng.choice((-1, 1)))) if row.f == "acquire" else row


class Collection(Type):
    """Elements are added, and taken in an order of its own; null is taken where there is none."""

    initial = ()
    add = ""

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        return value if f == self.add else None

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        if row.f == self.add:
            yield Outcome(None, self.added(state, frozen(row.argument)))
        elif state:
            yield from (Outcome(state[place], state[:place] + state[place + 1 :]) for place in self.next(state))
        else:
            yield Outcome(None, state)

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return row.f == self.add or super().agrees(row, outcome)

    def added(self, state: Any, value: Any) -> Any:
        """The elements with one more."""
        return (*state, value)

    def next(self, state: Any) -> Iterable[int]:
        """The places of what may be taken."""
        raise NotImplementedError


class FifoQueue(Collection):
    name = "fifo-queue"
    fs: ClassVar = {"enqueue": 4, "dequeue": 4}
    add = "enqueue"

    def next(self, state: Any) -> Iterable[int]:
        return [0]


class Stack(Collection):
    name = "stack"
    fs: ClassVar = {"push": 4, "pop": 4}
    add = "push"

    def next(self, state: Any) -> Iterable[int]:
        return [len(state) - 1]


class PriorityQueue(Collection):
    """The state is the bag of values in some canonical order."""

    name = "priority-queue"
    fs: ClassVar = {"insert": 4, "poll": 4}
    add = "insert"

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        if f == "poll":
            return None
        # A third are pairs, some of the same priority; numbers come in no order.
        number = value * 7 % 11 if value < 11 else value
        return [rng.randrange(3), value] if rng.random() < 0.3 else number

    def added(self, state: Any, value: Any) -> Any:
        return tuple(sorted((*state, value), key=repr))

    def next(self, state: Any) -> Iterable[int]:
        most = max(map(_priority, state))
        return [place for place, one in enumerate(state) if _priority(one) == most]


def _priority(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value


class Set(Type):
    """A null answer tells nothing."""

    name = "set"
    fs: ClassVar = {"add": 4, "remove": 3, "contains": 4}
    initial: Any = frozenset()

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        return value if f == "add" else rng.choice([*state, *range(1, 4)])

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        one = frozen(row.argument)
        present = one in state
        if row.f == "add":
            yield Outcome(not present, state | {one})
        elif row.f == "remove":
            yield Outcome(present, state - {one})
        else:
            yield Outcome(present, state)

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return row.result is None or super().agrees(row, outcome)

    def wrong(self, rng: random.Random, row: Row, pool: list[Any]) -> Row:
        return replace(row, result=rng.choice((True, False, None)))


class GrowOnlySet(Type):
    name = "grow-only-set"
    fs: ClassVar = {"add": 4, "read": 4}
    initial: Any = frozenset()

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        return value if f == "add" else None

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        yield Outcome(None, state | {frozen(row.argument)}) if row.f == "add" else Outcome(list(state), state)

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return row.f == "add" or frozenset(frozen(row.result or [])) == outcome.after

    def wrong(self, rng: random.Random, row: Row, pool: list[Any]) -> Row:
        return _other_list(rng, row, pool)


def _other_list(rng: random.Random, row: Row, pool: list[Any]) -> Row:
    """A list with something more, or less, than was read."""
    if not isinstance(row.result, list):
        return row
    if row.result and rng.random() < 0.5:
        one = rng.randrange(len(row.result))
        return replace(row, result=row.result[:one] + row.result[one + 1 :])
    values = [one for one in pool if isinstance(one, int) and not isinstance(one, bool) and one not in row.result]
    place = rng.randint(0, len(row.result))
    return replace(row, result=[*row.result[:place], rng.choice(values or [99]), *row.result[place:]])


class Counter(Type):
    name = "counter"
    fs: ClassVar = {"add": 5, "read": 4}
    initial = 0

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        # Drawn values say that this history is one with amounts other than 1.
        return None if f == "read" else 1 if value > 3 or rng.random() < 0.3 else rng.choice((1, 2, 3, -1))

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        yield Outcome(None, state + row.argument) if row.f == "add" else Outcome(state, state)

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return row.f == "add" or super().agrees(row, outcome)

    def wrong(self, rng: random.Random, row: Row, pool: list[Any]) -> Row:
        return replace(row, result=row.result + rng.choice((-1, 1))) if row.f == "read" else row


class FetchAndAdd(Counter):
    name = "fetch-and-add"

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        yield Outcome(state, state + row.argument if row.f == "add" else state)

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return Type.agrees(self, row, outcome)

    def wrong(self, rng: random.Random, row: Row, pool: list[Any]) -> Row:
        return replace(row, result=row.result + rng.choice((-1, 1)))


class Log(Type):
    """Of an append, a null answer tells nothing."""

    name = "log"
    fs: ClassVar = {"append": 4, "read": 4}
    initial = ()

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        return value if f == "append" else None

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        if row.f == "append":
            yield Outcome(len(state), (*state, frozen(row.argument)))
        else:
            yield Outcome(list(state), state)

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        if row.result is None:
            return row.f == "append" or not outcome.after
        return super().agrees(row, outcome)

    def wrong(self, rng: random.Random, row: Row, pool: list[Any]) -> Row:
        if row.f == "append":
            return replace(row, result=rng.choice((None, 0, 1, 2, 3)))
        return _other_list(rng, row, pool)


class Kv(Type):
    name = "kv"
    fs: ClassVar = {"get": 5, "put": 3, "append": 3}
    initial = ""

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        return None if f == "get" else f"{value}."

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        if row.f == "get":
            yield Outcome(state, state)
        else:
            yield Outcome(None, row.argument if row.f == "put" else state + row.argument)

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return row.f != "get" or (row.result or "") == outcome.result

    def wrong(self, rng: random.Random, row: Row, pool: list[Any]) -> Row:
        texts = [one for one in pool if isinstance(one, str)] or [""]
        if row.f != "get":
            return row
        return replace(row, result=rng.choice(texts) + (rng.choice(texts) if rng.random() < 0.3 else ""))


class MultiRegister(Type):
    """The state is a map, as a sorted tuple of pairs."""

    name = "multi-register"
    fs: ClassVar = {"txn": 1}
    initial = ()
    read, write = "r", "w"

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        keys = rng.choices("xyz", k=rng.randint(1, 3))
        return [[self.read, key, None] if rng.random() < 0.5 else [self.write, key, value] for key in keys]

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        held, answer = dict(state), []
        for f, key, value in row.argument:
            if f == self.write:
                held[key] = value
            answer.append([f, key, held.get(key)])
        yield Outcome(answer, tuple(sorted(held.items())))

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return bool(row.result == outcome.result)

    def wrong(self, rng: random.Random, row: Row, pool: list[Any]) -> Row:
        reads = [n for n, (f, _, _) in enumerate(row.argument) if f == self.read]
        if not reads or row.result is None:
            return row
        values = [one[2] for many in pool if isinstance(many, list) for one in many if isinstance(one, list)]
        other = [list(one) for one in row.result]
        other[rng.choice(reads)][2] = rng.choice([*values, None])
        return replace(row, result=other)


TYPES: dict[str, Type] = {
    one.name: one()
    for one in (
        Register,
        CasRegister,
        VersionedRegister,
        Mutex,
        OwnedMutex,
        FencedMutex,
        ReentrantMutex,
        FifoQueue,
        Stack,
        PriorityQueue,
        Set,
        GrowOnlySet,
        Counter,
        FetchAndAdd,
        Log,
        Kv,
        MultiRegister,
    )
}
