"""One real violation put into a long history that is linearizable; why it is one, is said with each.

All values are distinct, so it is known which operation an answer comes from. "Before" means that one operation was
complete before the other was invoked.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from linearizability.histories import Done
from linearizability.oracle import FOREVER, Row, Type

NOBODY: Final = 10**9
"""A value that nobody writes."""

TRIES: Final = 200

Place = Callable[[random.Random, list[Done]], list[Done] | None]
"""The history with a violation; None where this try found no place."""


def put_into(kind: Type, rng: random.Random, plan: list[Done], name: str) -> list[Done] | None:
    """The history with one violation of that name; None where it offers no place for one."""
    for _ in range(TRIES):
        found = VIOLATIONS[kind.name][name](rng, plan)
        if found is not None:
            return found
    return None


def told(plan: list[Done], *fs: str) -> list[int]:
    """The positions of what is known to have happened."""
    return [i for i, done in enumerate(plan) if done.row.told and not done.row.failed and done.row.f in fs]


def end(done: Done) -> float:
    """When it was complete; never, where the outcome is unknown."""
    return float(FOREVER) if done.end is None or not done.row.told else done.end


def drawn(rng: random.Random, plan: list[Done], *fs: str) -> Done | None:
    """Something that is known to have happened."""
    some = told(plan, *fs)
    return plan[rng.choice(some)] if some else None


def changed(plan: list[Done], old: Done, **fields: Any) -> list[Done]:
    """With something else recorded of one operation."""
    return [replace(done, row=replace(done.row, **fields)) if done is old else done for done in plan]


def inserted(plan: list[Done], after: float, before: float, f: str, **fields: Any) -> list[Done]:
    """With an operation more, by somebody new, between two instants."""
    process = max(done.row.process for done in plan) + 1
    start, stop = after + (before - after) / 3, after + (before - after) * 2 / 3
    row = Row(-1, 0, 0, process, f, fields.pop("argument", None), fields.pop("result", None), **fields)
    return [*plan, Done(row, start, stop, start)]


def following(plan: list[Done], after: float, *fs: str) -> float:
    """When the first such operation of those that are complete after an instant was invoked; unknown ones never are."""
    return min((done.start for done in plan if done.row.f in fs and end(done) > after), default=after + 1)


# Registers and maps: a read, and the writes that it may show.


def _written(done: Done) -> Any:
    return done.row.argument[1] if done.row.f == "cas" else done.row.argument


def stale_read(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """It returns a value that was overwritten before: a was written before b, and b before the read."""
    read, newer = drawn(rng, plan, "read"), drawn(rng, plan, "write", "cas")
    if read is None or newer is None or end(newer) >= read.start:
        return None
    older = [plan[i] for i in told(plan, "write", "cas") if end(plan[i]) < newer.start]
    if not older:
        return None
    one = rng.choice(older)
    return changed(plan, read, result=_written(one), version=one.row.version)


def future_read(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """It returns a value before the only operation that writes it is invoked."""
    read, write = drawn(rng, plan, "read"), drawn(rng, plan, "write", "cas")
    if read is None or write is None or end(read) >= write.start:
        return None
    return changed(plan, read, result=_written(write), version=write.row.version)


def thin_air(*fs: str) -> Place:
    """An answer that nobody ever caused."""

    def place(rng: random.Random, plan: list[Done]) -> list[Done] | None:
        one = drawn(rng, plan, *fs)
        return None if one is None else changed(plan, one, result=NOBODY)

    return place


def lost_update(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """A cas succeeds from a value that was overwritten before."""
    cas, newer = drawn(rng, plan, "cas"), drawn(rng, plan, "write", "cas")
    if cas is None or newer is None or end(newer) >= cas.start:
        return None
    older = [plan[i] for i in told(plan, "write", "cas") if end(plan[i]) < newer.start]
    return changed(plan, cas, argument=[_written(rng.choice(older)), cas.row.argument[1]]) if older else None


def version_again(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """A write gets the version that an earlier one has."""
    one, two = drawn(rng, plan, "write"), drawn(rng, plan, "write")
    if one is None or two is None or one.row.version is None or end(one) >= two.start:
        return None
    return changed(plan, two, version=one.row.version)


# Locks.


def acquired_twice(*, owned: bool, fenced: bool = False) -> Place:
    """Nobody can have released it in between: of those who could, none was at it."""

    def place(rng: random.Random, plan: list[Done]) -> list[Done] | None:
        first = drawn(rng, plan, "acquire")
        if first is None:
            return None
        releases = [
            done
            for done in plan
            if done.row.f == "release"
            and end(done) > first.start
            and (not owned or done.row.process == first.row.process)
        ]
        limit = min((done.start for done in releases), default=end(first) + 1)
        if limit <= end(first):
            return None
        return inserted(plan, end(first), limit, "acquire", result=NOBODY if fenced else None)

    return place


def released_by_nobody(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """By somebody who never acquired it."""
    first = drawn(rng, plan, "acquire")
    return None if first is None else inserted(plan, end(first), end(first) + 0.1, "release")


def released_twice(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """Nobody can have acquired it in between: none was at it."""
    first = drawn(rng, plan, "release")
    limit = None if first is None else _nobody_acquires(plan, first)
    return None if first is None or limit is None else inserted(plan, end(first), limit, "release")


def held_by_nobody(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """An acquire fails because it is held, but nobody can have acquired it since it was released."""
    first = drawn(rng, plan, "release")
    limit = None if first is None else _nobody_acquires(plan, first)
    return None if first is None or limit is None else inserted(plan, end(first), limit, "acquire", failed=True)


def _nobody_acquires(plan: list[Done], since: Done) -> float | None:
    acquires = [done for done in plan if done.row.f == "acquire" and not done.row.failed and end(done) > since.start]
    limit = min((done.start for done in acquires), default=end(since) + 1)
    return limit if limit > end(since) else None


def token_again(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """An acquire gets the token of an earlier one."""
    one, two = drawn(rng, plan, "acquire"), drawn(rng, plan, "acquire")
    if one is None or two is None or end(one) >= two.start:
        return None
    return changed(plan, two, result=one.row.result)


# Queues and stacks: what is put in, and what is taken out.


def _taken(rng: random.Random, plan: list[Done], take: str) -> Done | None:
    one = drawn(rng, plan, take)
    return None if one is None or one.row.result is None else one


def taken_twice(take: str) -> Place:
    """What was put in once, is taken out twice."""

    def place(rng: random.Random, plan: list[Done]) -> list[Done] | None:
        one, two = _taken(rng, plan, take), drawn(rng, plan, take)
        return None if one is None or two is None or one is two else changed(plan, two, result=one.row.result)

    return place


def taken_before_put(put: str, take: str) -> Place:
    """It is taken out before it is put in."""

    def place(rng: random.Random, plan: list[Done]) -> list[Done] | None:
        one, two = drawn(rng, plan, put), drawn(rng, plan, take)
        if one is None or two is None or end(two) >= one.start:
            return None
        return changed(plan, two, result=one.row.argument)

    return place


def found_empty(put: str, take: str) -> Place:
    """It is found empty while something is in it: put in before, taken out after."""

    def place(rng: random.Random, plan: list[Done]) -> list[Done] | None:
        two = _taken(rng, plan, take)
        one = None if two is None else _put(plan, put, two)
        if one is None or two is None or end(one) >= two.start:
            return None
        at = rng.uniform(end(one), two.start)
        return inserted(plan, at, two.start, take)

    return place


def _put(plan: list[Done], put: str, taken: Done) -> Done | None:
    """Who put in what was taken, where that is known to have happened."""
    return next((plan[i] for i in told(plan, put) if plan[i].row.argument == taken.row.result), None)


def exchanged(put: str, take: str, rule: Callable[[Done, Done, Done, Done], bool]) -> Place:
    """Two take each other's: ``rule`` says of who put in a, who b, who took a and then who b, that it cannot be."""

    def place(rng: random.Random, plan: list[Done]) -> list[Done] | None:
        one, two = _taken(rng, plan, take), _taken(rng, plan, take)
        if one is None or two is None or end(one) >= two.start:
            return None
        first, second = _put(plan, put, one), _put(plan, put, two)
        if first is None or second is None or not rule(first, second, one, two):
            return None
        return changed(changed(plan, one, result=two.row.result), two, result=one.row.result)

    return place


def out_of_line(first: Done, second: Done, one: Done, two: Done) -> bool:
    """A was put in before b, and now b is taken before a."""
    return end(first) < second.start


def below_the_top(first: Done, second: Done, one: Done, two: Done) -> bool:
    """B was put in before a, a before both are taken, and now b is taken before a."""
    return end(second) < first.start and end(first) < one.start


def out_of_rank(first: Done, second: Done, one: Done, two: Done) -> bool:
    """A is larger and was put in before both are taken, and now b is taken before a."""
    return _rank(first.row.argument) > _rank(second.row.argument) and end(first) < one.start


def _rank(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


# Sets.


def member_gone(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """It is not there, although it was added before, and nobody can have removed it."""
    one = drawn(rng, plan, "add")
    if one is None:
        return None
    removes = [done.start for done in plan if done.row.f == "remove" and done.row.argument == one.row.argument]
    limit = min(removes, default=end(one) + 1)
    if limit <= end(one):
        return None
    return inserted(plan, end(one), limit, "contains", argument=one.row.argument, result=False)


def member_back(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """It is there, although it was removed before, and added only before that."""
    one = drawn(rng, plan, "remove")
    adds = [] if one is None else [done for done in plan if done.row.f == "add" and _same(done, one)]
    if one is None or any(end(done) >= one.start for done in adds):
        return None
    return inserted(
        plan, end(one), end(one) + rng.choice((0.1, 5, 50)), "contains", argument=one.row.argument, result=True
    )


def removed_twice(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """What was added once, is there twice to be removed."""
    one = drawn(rng, plan, "remove")
    if one is None or one.row.result is not True or sum(done.row.f == "add" and _same(done, one) for done in plan) > 1:
        return None
    at = rng.choice(plan).start
    return inserted(plan, at, at + 1, "remove", argument=one.row.argument, result=True)


def _same(one: Done, two: Done) -> bool:
    return bool(one.row.argument == two.row.argument)


def element_lost(add: str) -> Place:
    """A list without what was added before."""

    def place(rng: random.Random, plan: list[Done]) -> list[Done] | None:
        read, one = drawn(rng, plan, "read"), drawn(rng, plan, add)
        if read is None or one is None or end(one) >= read.start:
            return None
        return changed(plan, read, result=[value for value in read.row.result or [] if value != one.row.argument])

    return place


def element_early(add: str) -> Place:
    """A list with what is added only later, or never."""

    def place(rng: random.Random, plan: list[Done]) -> list[Done] | None:
        read, one = drawn(rng, plan, "read"), drawn(rng, plan, add)
        if read is None or one is None or end(read) >= one.start:
            return None
        value = one.row.argument if rng.random() < 0.7 else NOBODY
        return changed(plan, read, result=[*(read.row.result or []), value])

    return place


def elements_exchanged(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """In the list, a stands after b, but was appended before."""
    read, one, two = drawn(rng, plan, "read"), drawn(rng, plan, "append"), drawn(rng, plan, "append")
    if read is None or one is None or two is None or end(one) >= two.start:
        return None
    values, pair = list(read.row.result or []), (one.row.argument, two.row.argument)
    if not set(pair) <= set(values):
        return None
    a, b = map(values.index, pair)
    values[a], values[b] = values[b], values[a]
    return changed(plan, read, result=values)


def offset_again(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """Two appends got one offset."""
    one, two = drawn(rng, plan, "append"), drawn(rng, plan, "append")
    if one is None or two is None or one is two or one.row.result is None:
        return None
    return changed(plan, two, result=one.row.result)


# Counters.


def miscounted(up: bool) -> Place:
    """More than everything that can have been added by then, or less than what was certainly added."""

    def place(rng: random.Random, plan: list[Done]) -> list[Done] | None:
        one = drawn(rng, plan, "read", "add")
        if one is None or one.row.result is None:
            return None
        sure = sum(plan[i].row.argument for i in told(plan, "add") if end(plan[i]) < one.start)
        others = [
            done.row.argument
            for done in plan
            if done.row.f == "add" and done is not one and end(done) >= one.start and done.start <= end(one)
        ]
        most, least = sum(x for x in others if x > 0), sum(x for x in others if x < 0)
        return changed(plan, one, result=sure + (most + 1 if up else least - 1))

    return place


def counted_again(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """Two adds of 1 found one number."""
    one, two = drawn(rng, plan, "add"), drawn(rng, plan, "add")
    return None if one is None or two is None or one is two else changed(plan, two, result=one.row.result)


# Keys and texts: the text begins with what was put last.


def stale_text(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """It is what was put first of two, one before the other and both before."""
    get, newer = drawn(rng, plan, "get"), drawn(rng, plan, "put")
    if get is None or newer is None or end(newer) >= get.start:
        return None
    older = [plan[i] for i in told(plan, "put") if end(plan[i]) < newer.start]
    return changed(plan, get, result=rng.choice(older).row.argument) if older else None


def append_lost(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """Without what was appended before, after the put with which the text begins."""
    get, one = drawn(rng, plan, "get"), drawn(rng, plan, "append")
    if get is None or one is None or end(one) >= get.start or one.row.argument not in _words(get.row.result):
        return None
    begin = _words(get.row.result)[0]
    put = next((done for done in plan if done.row.argument == begin), None)
    if put is None or put is one or put.row.f != "put" or end(put) >= one.start:
        return None
    return changed(plan, get, result="".join(word for word in _words(get.row.result) if word != one.row.argument))


def _words(text: str | None) -> list[str]:
    return [f"{word}." for word in (text or "").split(".")[:-1]]


def text_of_nobody(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """With something that nobody wrote."""
    get = drawn(rng, plan, "get")
    return None if get is None else changed(plan, get, result=f"{get.row.result or ''}{NOBODY}.")


# Transactions.


def stale_transaction(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """It reads a value of a key that was overwritten before."""
    return _transaction(rng, plan, stale=True)


def transaction_of_nobody(rng: random.Random, plan: list[Done]) -> list[Done] | None:
    """It reads a value that nobody wrote."""
    return _transaction(rng, plan, stale=False)


def _transaction(rng: random.Random, plan: list[Done], *, stale: bool) -> list[Done] | None:
    one, newer = drawn(rng, plan, "txn"), drawn(rng, plan, "txn")
    if one is None or newer is None or end(newer) >= one.start or one.row.result is None:
        return None
    place = rng.randrange(len(one.row.argument))
    f, key, _ = one.row.argument[place]
    if f != "r" or _writes(one.row.argument[:place], key) is not None or _writes(newer.row.argument, key) is None:
        return None
    older = [
        value
        for i in told(plan, "txn")
        if end(plan[i]) < newer.start and (value := _writes(plan[i].row.argument, key)) is not None
    ]
    if stale and not older:
        return None
    answer = [list(part) for part in one.row.result]
    answer[place][2] = rng.choice(older) if stale else NOBODY
    return changed(plan, one, result=answer)


def _writes(parts: Any, key: str) -> Any:
    """What a transaction leaves under that key; None where it does not write it."""
    return next((value for f, name, value in reversed(parts) if f == "w" and name == key), None)


READS: Final[dict[str, Place]] = {"stale read": stale_read, "future read": future_read, "thin air": thin_air("read")}
LOCKS: Final[dict[str, Place]] = {
    "acquired twice": acquired_twice(owned=True),
    "released by nobody": released_by_nobody,
}


def _bag(put: str, take: str, rule: Callable[[Done, Done, Done, Done], bool]) -> dict[str, Place]:
    return {
        "taken twice": taken_twice(take),
        "taken before put": taken_before_put(put, take),
        "thin air": thin_air(take),
        "found empty": found_empty(put, take),
        "exchanged": exchanged(put, take, rule),
    }


VIOLATIONS: Final[dict[str, dict[str, Place]]] = {
    "register": READS,
    "cas-register": {**READS, "lost update": lost_update},
    "versioned-register": {**READS, "version again": version_again},
    "mutex": {
        "acquired twice": acquired_twice(owned=False),
        "released twice": released_twice,
        "held by nobody": held_by_nobody,
    },
    "owned-mutex": {**LOCKS, "held by nobody": held_by_nobody},
    "fenced-mutex": {
        "acquired twice": acquired_twice(owned=True, fenced=True),
        "released by nobody": released_by_nobody,
        "held by nobody": held_by_nobody,
        "token again": token_again,
    },
    "reentrant-mutex": LOCKS,
    "fifo-queue": _bag("enqueue", "dequeue", out_of_line),
    "stack": _bag("push", "pop", below_the_top),
    "priority-queue": _bag("insert", "poll", out_of_rank),
    "set": {"member gone": member_gone, "member back": member_back, "removed twice": removed_twice},
    "grow-only-set": {"element lost": element_lost("add"), "element early": element_early("add")},
    "counter": {"too many": miscounted(True), "too few": miscounted(False)},
    "fetch-and-add": {
        "too many": miscounted(True),
        "too few": miscounted(False),
        "counted again": counted_again,
    },
    "log": {
        "element lost": element_lost("append"),
        "element early": element_early("append"),
        "elements exchanged": elements_exchanged,
        "offset again": offset_again,
    },
    "kv": {"stale text": stale_text, "append lost": append_lost, "text of nobody": text_of_nobody},
    "multi-register": {"stale transaction": stale_transaction, "read of nobody": transaction_of_nobody},
}
