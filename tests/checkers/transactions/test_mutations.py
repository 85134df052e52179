"""Serial histories give nothing; one violation put into them is found, and named."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from serial import Done, history, serial, with_read

from checkers.transactions.checker import TransactionChecker
from checkers.transactions.list_append import ListAppendChecker
from checkers.transactions.rw_register import RwRegisterChecker

CHECKERS: dict[bool, TransactionChecker] = {True: ListAppendChecker(), False: RwRegisterChecker()}


@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.parametrize("seed", range(60))
def test_a_serial_history_has_no_anomaly(seed: int, lists: bool) -> None:
    rng = random.Random(seed)
    plan = serial(rng, rng.choice((5, 50, 400)), lists=lists, keys=rng.randint(1, 8))
    verdict = CHECKERS[lists].check(history(plan))

    assert not verdict.anomalies, verdict.anomalies[0].sentence
    assert verdict.validity in ("valid", "unknown")
    assert verdict.validity == "valid" or not verdict.statistics["reads of committed"]


def written(plan: list[Done], key: Any, *outcomes: str) -> list[Any]:
    return [value for one in plan if one.outcome in outcomes for f, k, value in one.micros if k == key and f != "r"]


def outside(done: Done, micro: list[Any]) -> bool:
    """Whether it is the only micro-operation of its transaction on that key."""
    return sum(one[1] == micro[1] for one in done.micros) == 1


def thin_air(plan: list[Done], *, lists: bool) -> Callable[[Done, list[Any]], list[Any] | None]:
    del plan

    def choose(done: Done, micro: list[Any]) -> list[Any] | None:
        f, key, value = micro
        return [f, key, [*(value or []), 10**6] if lists else 10**6] if outside(done, micro) else None

    return choose


def aborted(plan: list[Done], *, lists: bool) -> Callable[[Done, list[Any]], list[Any] | None]:
    def choose(done: Done, micro: list[Any]) -> list[Any] | None:
        f, key, value = micro
        failed = written(plan, key, "fail")
        if not failed or not outside(done, micro):
            return None
        return [f, key, [*(value or []), failed[0]] if lists else failed[0]]

    return choose


def intermediate(plan: list[Done], *, lists: bool) -> Callable[[Done, list[Any]], list[Any] | None]:
    """What a read saw, cut off in the middle of another transaction's writes."""

    def choose(done: Done, micro: list[Any]) -> list[Any] | None:
        f, key, value = micro
        for other in plan:
            own = [v for g, k, v in other.micros if g != "r" and k == key]
            if other is done or other.outcome == "fail" or len(own) < 2 or other.start > done.end:
                continue
            if not outside(done, micro) or (lists and own[0] not in (value or [])):
                continue
            return [f, key, value[: value.index(own[0]) + 1] if lists else own[0]]
        return None

    return choose


def internal(plan: list[Done], *, lists: bool) -> Callable[[Done, list[Any]], list[Any] | None]:
    """A read after an own write that does not show it."""
    del plan

    def choose(done: Done, micro: list[Any]) -> list[Any] | None:
        f, key, value = micro
        before = done.micros[: next(at for at, one in enumerate(done.micros) if one is micro)]
        own = [one for one in before if one[0] != "r" and one[1] == key]
        if not own:
            return None
        return [f, key, value[:-1] if lists else None]

    return choose


def shuffled(plan: list[Done], *, lists: bool) -> Callable[[Done, list[Any]], list[Any] | None]:
    """The first two elements of a list the other way round."""
    assert lists
    longest: dict[Any, int] = {}
    for one in plan:
        for f, key, value in one.micros:
            if f == "r" and one.outcome == "ok":
                longest[key] = max(longest.get(key, 0), len(value or ()))

    def choose(done: Done, micro: list[Any]) -> list[Any] | None:
        f, key, value = micro
        if not outside(done, micro) or not 2 <= len(value or ()) < longest[key]:
            return None
        return [f, key, [value[1], value[0], *value[2:]]]

    return choose


def repeated(plan: list[Done], *, lists: bool) -> Callable[[Done, list[Any]], list[Any] | None]:
    """The first element of a list again at its end."""
    assert lists
    del plan

    def choose(done: Done, micro: list[Any]) -> list[Any] | None:
        f, key, value = micro
        return [f, key, [*value, value[0]]] if value and outside(done, micro) else None

    return choose


@pytest.mark.parametrize(
    ("mutate", "name", "lists"),
    [
        (thin_air, "thin-air-read", True),
        (thin_air, "thin-air-read", False),
        (aborted, "G1a", True),
        (aborted, "G1a", False),
        (intermediate, "G1b", True),
        (intermediate, "G1b", False),
        (internal, "internal", True),
        (internal, "internal", False),
        (shuffled, "incompatible-order", True),
        (repeated, "duplicate-elements", True),
    ],
)
@pytest.mark.parametrize("seed", range(10))
def test_one_violation_is_found(mutate: Any, name: str, lists: bool, seed: int) -> None:
    rng = random.Random(seed)
    plan = serial(rng, 300, lists=lists)
    verdict = CHECKERS[lists].check(history(with_read(rng, plan, mutate(plan, lists=lists))))

    assert verdict.validity == "invalid"
    assert verdict.statistics["anomalies"][name] == 1
    witness = next(anomaly for anomaly in verdict.anomalies if anomaly.name == name)
    assert 1 <= len(witness.events) <= 4


@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.parametrize("seed", range(10))
def test_a_lost_update_is_found(seed: int, lists: bool) -> None:
    """Two transactions at the end read the same and write."""
    rng = random.Random(seed)
    plan = serial(rng, 100, lists=lists)
    end = max(one.end for one in plan)
    write = "append" if lists else "w"
    seen = [one[2] for done in plan if done.outcome == "ok" for one in done.micros if one[0] == "r" and one[1] == 0]
    latest = max((read or [] for read in seen), key=len) if lists else seen[-1]
    both = [Done(1000 + n, [["r", 0, latest], [write, 0, 10**6 + n]], end + n, end + n + 0.5, "ok") for n in range(2)]
    verdict = CHECKERS[lists].check(history([*plan, *both]))

    assert verdict.statistics["anomalies"]["lost-update"] >= 1


def test_anomalies_are_bounded_and_all_are_counted() -> None:
    plan = [Done(n, [["r", 0, 7 + n]], n, n + 0.5, "ok") for n in range(100)]
    verdict = RwRegisterChecker(anomalies=5).check(history(plan))

    assert len(verdict.anomalies) == 5
    assert verdict.statistics["anomalies"] == {"thin-air-read": 100}
