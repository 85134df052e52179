"""An own, independent meaning of every data type, and a brute-force decision: slow, short, obviously right.

Nothing here uses the checker. A type is a class that says what an operation can answer in a state, and what the state
is afterwards; whether a history is linearizable is decided by trying every order that real time allows.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from harness.history import History

FOREVER = 1 << 60


@dataclass(frozen=True, slots=True)
class Row:
    """One whole operation.

    ``begin`` and ``end`` are twice an event index, or odd: between two events. ``told`` is whether the outcome is
    known, ``failed`` whether it is a failure (that happened in a state which explains it), ``optional`` whether the
    operation may not have happened.
    """

    event: int
    begin: int
    end: int
    process: int
    f: str
    argument: Any
    result: Any
    told: bool = True
    failed: bool = False
    optional: bool = False
    version: int | None = None


class Outcome(NamedTuple):
    """What an operation may answer (``failed``: a failure), and the state afterwards."""

    result: Any
    after: Any
    failed: bool = False
    version: int | None = None


def frozen(value: Any) -> Any:
    """Hashable, and equal for equal JSON values only."""
    if isinstance(value, bool):
        return ("bool", value)
    return tuple(map(frozen, value)) if isinstance(value, list | tuple) else value


class Type:
    """A data type.

    Attributes:
        fs: Per f, how often it is drawn.
        failure: The error with which a failure is an observation.
    """

    name = ""
    fs: dict[str, int] = {}  # noqa: RUF012
    failure = ""
    initial: Any = None

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        """Everything that the operation can answer in that state."""
        raise NotImplementedError

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        """An argument, where the state is known and ``value`` is what to write."""
        del rng, f, state
        return value

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        """Whether the answer is the one that was recorded."""
        return bool(frozen(row.result) == frozen(outcome.result))

    def after(self, state: Any, row: Row) -> Iterator[Any]:
        """The states in which the operation, as it was recorded, can leave the object."""
        for outcome in self.outcomes(state, row):
            if outcome.failed == row.failed and (not row.told or row.failed or self.agrees(row, outcome)):
                yield outcome.after

    def wrong(self, rng: random.Random, row: Row, pool: list[Any]) -> Row:
        """The same operation with another answer."""
        return replace(row, result=rng.choice(pool))


class Register(Type):
    name = "register"
    fs = {"read": 5, "write": 4}  # noqa: RUF012

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        return None if f == "read" else value

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        yield Outcome(state, state) if row.f == "read" else Outcome(None, frozen(row.argument))

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return row.f != "read" or super().agrees(row, outcome)


class CasRegister(Register):
    name = "cas-register"
    fs = {"read": 5, "write": 3, "cas": 4}  # noqa: RUF012
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
    fs = {"acquire": 1, "release": 1}  # noqa: RUF012
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


class FifoQueue(Type):
    name = "fifo-queue"
    fs = {"enqueue": 4, "dequeue": 4}  # noqa: RUF012
    initial = ()

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        return value if f == "enqueue" else None

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        if row.f == "enqueue":
            yield Outcome(None, (*state, frozen(row.argument)))
        elif state:
            yield Outcome(state[0], state[1:])
        else:
            yield Outcome(None, state)

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return row.f == "enqueue" or super().agrees(row, outcome)


class Stack(Type):
    name = "stack"
    fs = {"push": 4, "pop": 4}  # noqa: RUF012
    initial = ()

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        return value if f == "push" else None

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        if row.f == "push":
            yield Outcome(None, (*state, frozen(row.argument)))
        elif state:
            yield Outcome(state[-1], state[:-1])
        else:
            yield Outcome(None, state)

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return row.f == "push" or super().agrees(row, outcome)


class PriorityQueue(Type):
    """The state is the bag of values in some canonical order."""

    name = "priority-queue"
    fs = {"insert": 4, "poll": 4}  # noqa: RUF012
    initial = ()

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        if f == "poll":
            return None
        # A third are pairs, some of the same priority; numbers come in no order.
        number = value * 7 % 11 if value < 11 else value
        return [rng.randrange(3), value] if rng.random() < 0.3 else number

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        if row.f == "insert":
            yield Outcome(None, tuple(sorted((*state, frozen(row.argument)), key=repr)))
            return
        most = max(map(_priority, state), default=None)
        for place, one in enumerate(state):
            if _priority(one) == most:
                yield Outcome(one, state[:place] + state[place + 1 :])
        if not state:
            yield Outcome(None, state)

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        return row.f == "insert" or super().agrees(row, outcome)


def _priority(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value


class Set(Type):
    """A null answer tells nothing."""

    name = "set"
    fs = {"add": 4, "remove": 3, "contains": 4}  # noqa: RUF012
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
    fs = {"add": 4, "read": 4}  # noqa: RUF012
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
    fs = {"add": 5, "read": 4}  # noqa: RUF012
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
    fs = {"append": 4, "read": 4}  # noqa: RUF012
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
    fs = {"get": 5, "put": 3, "append": 3}  # noqa: RUF012
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
    fs = {"txn": 1}  # noqa: RUF012
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


def linearizable(kind: Type, rows: list[Row]) -> bool:
    """Try every order that real time allows."""
    must = sum(1 << i for i, row in enumerate(rows) if not row.optional)
    # Who has to stand before whom, as masks.
    earlier = [sum(1 << j for j, other in enumerate(rows) if other.end < row.begin) & must for row in rows]
    later = [sum(1 << j for j, other in enumerate(rows) if row.end < other.begin) for row in rows]
    refuted: set[tuple[int, Any]] = set()

    def search(done: int, state: Any) -> bool:
        if done & must == must:
            return True
        if (done, state) in refuted:
            return False
        for i, row in enumerate(rows):
            if done >> i & 1 or earlier[i] & ~done or later[i] & done:
                continue
            if any(search(done | 1 << i, after) for after in kind.after(state, row)):
                return True
        refuted.add((done, state))
        return False

    return search(0, kind.initial)


def rows_of(kind: Type, history: History) -> dict[Any, list[Row]]:
    """The operations of each key that say something, in the order of their invocations."""
    found: dict[Any, list[Row]] = {}
    observed = kind.failure.split(":")[0]
    for op in history:
        if op.type != "invoke" or op.process < 0:
            continue
        partner = int(history.partner[op.index])
        done = history[partner] if partner >= 0 else None
        rows = found.setdefault(op.key, [])
        if done is None or done.type == "info":
            row = Row(op.index, 2 * op.index, FOREVER, op.process, op.f, op.value, None, told=False, optional=True)
            for piece in history.evidence.get(op.index, ()):
                row = _with(row, piece)
            if not (row.optional and row.end == -1):
                rows.append(row)
        elif done.type == "ok":
            ends = 2 * done.index
            row = Row(op.index, 2 * op.index, ends, op.process, op.f, op.value, done.value, version=done.version)
            rows.append(row)
        elif observed and (done.error or "").split(":")[0] == observed:
            rows.append(
                Row(op.index, 2 * op.index, 2 * done.index, op.process, op.f, op.value, done.value, failed=True)
            )
    return found


def _with(row: Row, piece: Any) -> Row:
    """What evidence says of an operation of unknown outcome; one that did not happen ends before everything."""
    if piece.persisted is False:
        return replace(row, end=-1)
    return replace(
        row,
        optional=row.optional and not piece.persisted and piece.version is None,
        version=row.version if piece.version is None else piece.version,
        begin=row.begin if piece.not_before is None else max(row.begin, 2 * piece.not_before + 1),
        end=row.end if piece.not_after is None else min(row.end, 2 * piece.not_after - 1),
    )


def stands_alone(kind: Type, rows: list[Row], witness: set[int]) -> bool:
    """Whether the operations invoked at these events refute, all others being only possible."""
    return not linearizable(kind, [row if row.event in witness else replace(row, optional=True) for row in rows])
