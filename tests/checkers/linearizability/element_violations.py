"""Violations of what holds elements: queues, stacks and priority queues, sets, and lists that are read as a whole."""

import random
from collections.abc import Callable
from typing import Any

from linearizability.histories import Done
from linearizability.planting import NOBODY, Place, changed, drawn, end, inserted, told

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
