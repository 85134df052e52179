"""One real violation put into a long history that is linearizable; why it is one, is said with each.

All values are distinct, so it is known which operation an answer comes from.
"""

import random
from collections.abc import Callable
from typing import Any, Final

from linearizability.element_violations import (
    below_the_top,
    element_early,
    element_lost,
    elements_exchanged,
    exchanged,
    found_empty,
    member_back,
    member_gone,
    offset_again,
    out_of_line,
    out_of_rank,
    removed_twice,
    taken_before_put,
    taken_twice,
)
from linearizability.histories import Done
from linearizability.oracle import Type
from linearizability.planting import NOBODY, Place, changed, drawn, end, inserted, told

TRIES: Final = 200


def put_into(kind: Type, rng: random.Random, plan: list[Done], name: str) -> list[Done] | None:
    """The history with one violation of that name; None where it offers no place for one."""
    for _ in range(TRIES):
        found = VIOLATIONS[kind.name][name](rng, plan)
        if found is not None:
            return found
    return None


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
