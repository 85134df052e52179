"""Any transactions at all: the checkers find what the definitions, tried one by one, find."""

import random
from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serial import Done, history

from checkers.transactions.checker import TransactionChecker
from checkers.transactions.list_append import ListAppendChecker
from checkers.transactions.rw_register import RwRegisterChecker

CHECKERS: dict[bool, TransactionChecker] = {True: ListAppendChecker(), False: RwRegisterChecker()}


def anything(rng: random.Random, transactions: int, *, lists: bool) -> list[Done]:
    """One after the other; what reads return is drawn, mostly from what was written."""
    plan = []
    keys = range(rng.randint(1, 2))
    fresh = 0
    written: dict[int, list[int]] = {key: [] for key in keys}
    for number in range(transactions):
        micros: list[list[Any]] = []
        for _ in range(rng.randint(1, 4)):
            key = rng.choice(keys)
            if rng.random() < 0.5:
                fresh += 1
                written[key].append(fresh)
                micros.append(["append" if lists else "w", key, fresh])
            elif lists:
                size = rng.randint(0, len(written[key]))
                value = written[key][:size]
                if rng.random() < 0.2:
                    rng.shuffle(value)
                micros.append(["r", key, value or None])
            else:
                micros.append(
                    ["r", key, rng.choice([None, *written[key], *written[key][-2:], fresh + rng.randint(0, 2)])]
                )
        plan.append(Done(number, micros, number, number + 0.5, rng.choices(("ok", "fail", "info"), (8, 2, 1))[0]))
    return plan


def version(value: Any, *, lists: bool) -> Any:
    return tuple(value or ()) if lists else value


def shown(value: Any, *, lists: bool) -> list[Any]:
    """The written values that a read shows."""
    return list(value or ()) if lists else [] if value is None else [value]


def internal(micros: list[list[Any]], *, lists: bool) -> bool:
    """Whether some read contradicts the transaction's own operations before it."""
    for at, (f, key, value) in enumerate(micros):
        before = [one for one in micros[:at] if one[1] == key]
        if f != "r" or not before:
            continue
        reads = [place for place, one in enumerate(before) if one[0] == "r"]
        since = before[reads[-1] + 1 :] if reads else before
        own = [one[2] for one in since]
        if not lists:
            expected = own[-1] if own else before[-1][2]
            if value != expected:
                return True
        else:
            got = list(value or ())
            if reads and got != [*(before[reads[-1]][2] or ()), *own]:
                return True
            if not reads and got[len(got) - len(own) :] != own:
                return True
    return False


Writers = dict[tuple[Any, Any], tuple[Done, int]]
"""Per key and value, who writes it, and as which of its micro-operations."""


def of_element(reader: tuple[Done, int], key: Any, element: Any, writers: Writers) -> set[str]:
    """What is wrong with reading that at all."""
    done, at = reader
    if (key, element) not in writers:
        return {"thin-air-read"}
    by, place = writers[key, element]
    if by.outcome == "fail":
        return {"G1a"}
    return {"future-read"} if by.start > done.end or (by is done and place > at) else set()


def intermediate(done: Done, key: Any, elements: list[Any], writers: Writers) -> bool:
    """Whether a read ends in the middle of another transaction."""
    by, place = writers.get((key, elements[-1]), (done, -1)) if elements else (done, -1)
    if by is done or by.outcome == "fail" or by.start > done.end:
        return False
    later = [v for f, k, v in by.micros[place + 1 :] if f != "r" and k == key]
    return bool(later) and later[0] not in elements


def disordered(key: Any, elements: list[Any], writers: Writers) -> bool:
    """Whether a list has an append without one that the same transaction made before it."""
    for at, element in enumerate(elements):
        by, place = writers.get((key, element), (None, 0))
        if by is not None and by.outcome != "fail":
            mine = [v for f, k, v in by.micros[:place] if f != "r" and k == key]
            if mine and mine[-1] not in elements[:at]:
                return True
    return False


def forked(one: list[Any], other: list[Any]) -> bool:
    size = min(len(one), len(other))
    return one[:size] != other[:size]


def foreign(micros: list[list[Any]], at: int) -> list[Any]:
    """What a read shows besides the transaction's own appends."""
    _, key, value = micros[at]
    own = [v for f, k, v in micros[:at] if f != "r" and k == key]
    elements = list(value or ())
    size = len(elements) - len(own)
    return elements[:size] if size >= 0 and elements[size:] == own else elements


def order(ok: list[Done]) -> set[str]:
    """Whether the reads of each key have one order, with and without the readers' own appends."""
    found = set()
    reads = [(done.micros, at) for done in ok for at, one in enumerate(done.micros) if one[0] == "r"]
    for key in {micros[at][1] for micros, at in reads}:
        here = [(list(micros[at][2] or ()), foreign(micros, at)) for micros, at in reads if micros[at][1] == key]
        strict = any(forked(one[1], other[1]) for one, other in combinations(here, 2))
        if any(forked(one[0], other[0]) for one, other in combinations(here, 2)):
            found.add("incompatible-order" if strict else "unseen-append")
    return found


def lost_update(ok: list[Done], writers: Writers, *, lists: bool) -> bool:
    """Whether two transactions read one version of a key from outside and then wrote the key."""
    updates: Counter[Any] = Counter()
    for done in ok:
        for key in {one[1] for one in done.micros}:
            mine = [one for one in done.micros if one[1] == key]
            reads = next((place for place, one in enumerate(mine) if one[0] != "r"), 0)
            if reads:
                updates[key, version(mine[reads - 1][2], lists=lists)] += 1
    twice = [one for one, count in updates.items() if count > 1]
    return any(lists or value is None or (key, value) in writers for key, value in twice)


def oracle(plan: list[Done], *, lists: bool) -> set[str]:
    """The names of all anomalies."""
    found = set()
    ok = [done for done in plan if done.outcome == "ok"]
    writers = {(k, v): (done, at) for done in plan for at, (f, k, v) in enumerate(done.micros) if f != "r"}
    for done in ok:
        for at, (f, key, value) in enumerate(done.micros):
            if f != "r":
                continue
            elements = shown(value, lists=lists)
            found |= {"duplicate-elements"} if len(set(elements)) < len(elements) else set()
            found |= {name for element in elements for name in of_element((done, at), key, element, writers)}
            found |= {"incompatible-order"} if lists and disordered(key, elements, writers) else set()
            found |= {"G1b"} if intermediate(done, key, elements, writers) else set()
    found |= {"internal"} if any(internal(done.micros, lists=lists) for done in ok) else set()
    found |= order(ok) if lists else set()
    return found | ({"lost-update"} if lost_update(ok, writers, lists=lists) else set())


@pytest.mark.parametrize("lists", [True, False])
@given(st.integers(0, 10**9), st.integers(1, 12))
@settings(max_examples=400, deadline=None)
def test_any_history_is_judged_as_the_definitions_say(lists: bool, seed: int, count: int) -> None:
    plan = anything(random.Random(seed), count, lists=lists)
    verdict = CHECKERS[lists].check(history(plan))

    assert {anomaly.name for anomaly in verdict.anomalies} == oracle(plan, lists=lists)
