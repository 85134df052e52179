"""Sets and counters against brute force, and what the anomalies are called."""

import os
import random
from functools import cache

import pytest

from checkers.checker import Checker
from checkers.counter import CounterChecker
from checkers.set import SetChecker
from harness.history import History
from harness.op import Op

HISTORIES = int(os.environ.get("QUORATE_ORACLE_HISTORIES", "20000")) // 4


def random_history(rng: random.Random, operations: int, clients: int, *, is_set: bool) -> History:
    ops: list[Op] = []
    open_ops: dict[int, Op] = {}
    processes = list(range(clients))
    fresh, left = 0, operations
    while left or open_ops:
        process = rng.choice(processes)
        if process not in open_ops:
            if left:
                left -= 1
                f = rng.choice(("add", "read"))
                fresh += f == "add"
                value = None if f == "read" else fresh if is_set else 1
                ops.append(Op(len(ops), len(ops), process, "invoke", f, value=value))
                open_ops[process] = ops[-1]
            continue
        op = open_ops.pop(process)
        if rng.random() < 0.15:
            done = op.info("timeout: no answer")
            processes[processes.index(process)] = max(processes) + 100
        elif op.f == "add":
            done = op.ok(op.value)
        else:
            elements = list(range(1, rng.randint(max(0, fresh - 2), fresh) + 1))
            if is_set and elements and rng.random() < 0.3:
                elements.remove(rng.choice(elements))
            done = op.ok(elements if is_set else len(elements))
        ops.append(Op(len(ops), len(ops), op.process, done.type, op.f, value=done.value, error=done.error))
    return History(ops)


def linearizable(history: History, *, is_set: bool) -> bool:
    rows = []
    for op in history:
        end = int(history.partner[op.index]) if op.type == "invoke" else -1
        if end >= 0 and history[end].type == "ok":
            rows.append((op.index, end, op.f, history[end].value))
        elif end >= 0 and op.f == "add":
            rows.append((op.index, None, op.f, op.value))
    must = sum(1 << i for i, row in enumerate(rows) if row[1] is not None)

    @cache
    def search(done: int) -> bool:
        if done & must == must:
            return True
        added = [row[3] for i, row in enumerate(rows) if done >> i & 1 and row[2] == "add"]
        earliest = min(row[1] for i, row in enumerate(rows) if not done >> i & 1 and row[1] is not None)
        for i, (call, _, f, value) in enumerate(rows):
            if done >> i & 1 or call > earliest:
                continue
            legal = f == "add" or (set(value) == set(added) if is_set else value == sum(added))
            if legal and search(done | 1 << i):
                return True
        return False

    return search(0)


@pytest.mark.parametrize(("checker", "is_set"), [(SetChecker(), True), (CounterChecker(), False)])
def test_agrees_with_brute_force(checker: Checker, is_set: bool) -> None:
    standings = {"holds": 0, "violated": 0, "undecided": 0}
    for seed in range(HISTORIES):
        rng = random.Random(seed)
        history = random_history(rng, rng.randint(1, 9), rng.randint(1, 5), is_set=is_set)
        standing = checker.check(history).models[0].standing
        standings[standing] += 1
        if standing != "undecided":
            assert (standing == "holds") == linearizable(history, is_set=is_set), seed
    assert standings["holds"] > standings["undecided"]
    assert standings["violated"] > standings["undecided"]


def history_of(*calls: tuple[str, object, str]) -> History:
    """One operation after the other: f, value (of a read what it returned), outcome."""
    ops: list[Op] = []
    for i, (f, value, outcome) in enumerate(calls):
        start = Op(2 * i, 2 * i * 10**9, i, "invoke", f, value=None if f == "read" else value, node="n1")
        ops += [start, Op(2 * i + 1, (2 * i + 1) * 10**9, i, outcome, f, value=value, node="n1")]  # type: ignore[arg-type]  # one of the types
    return History(ops)


@pytest.mark.parametrize(
    ("calls", "names", "statistic"),
    [
        ([("add", 1, "ok"), ("add", 2, "ok"), ("read", [2], "ok")], ["lost-write"], "lost"),
        ([("add", 1, "ok"), ("read", [], "ok"), ("read", [1], "ok")], ["stale-read"], "stale"),
        ([("read", [9], "ok")], ["thin-air-read"], "unexpected"),
        ([("add", 9, "fail"), ("read", [9], "ok")], ["aborted-read"], "unexpected"),
        ([("read", [9], "ok"), ("add", 9, "ok"), ("read", [9], "ok")], ["future-read"], "unexpected"),
        ([("add", 1, "ok"), ("read", [1, 1], "ok")], ["duplicate-element"], "duplicated"),
        ([("add", 1, "info"), ("read", [1], "ok")], [], "recovered"),
    ],
)
def test_set_anomalies(calls: list[tuple[str, object, str]], names: list[str], statistic: str) -> None:
    verdict = SetChecker().check(history_of(*calls))
    assert [anomaly.name for anomaly in verdict.anomalies] == names
    assert verdict.validity == ("invalid" if names else "valid")
    assert verdict.statistics[statistic] == 1


def test_a_set_that_was_never_read_is_unknown() -> None:
    assert SetChecker().check(history_of(("add", 1, "ok"))).validity == "unknown"
    verdict = SetChecker().check(history_of(("read", [], "ok"), ("add", 1, "ok")))
    assert verdict.validity == "unknown"
    assert verdict.statistics["never-read"] == 1
    assert verdict.models[0].standing == "holds"


@pytest.mark.parametrize(
    ("calls", "names"),
    [
        ([("add", 1, "ok"), ("add", 1, "ok"), ("read", 1, "ok")], ["lost-write"]),
        ([("add", 5, "ok"), ("read", 0, "ok"), ("read", 5, "ok")], ["stale-read"]),
        ([("add", 5, "ok"), ("read", 6, "ok")], ["thin-air-read"]),
        ([("add", 1, "info"), ("read", 1, "ok"), ("read", 0, "ok")], ["stale-read"]),
        ([("add", -3, "ok"), ("read", -3, "ok")], []),
    ],
)
def test_counter_anomalies(calls: list[tuple[str, object, str]], names: list[str]) -> None:
    verdict = CounterChecker().check(history_of(*calls))
    assert [anomaly.name for anomaly in verdict.anomalies] == names


def test_a_counter_with_other_deltas_is_searched() -> None:
    legal = history_of(("add", 5, "ok"), ("add", 2, "info"), ("read", 7, "ok"))
    assert CounterChecker().check(legal).validity == "valid"


def test_a_counter_that_was_never_read_is_unknown() -> None:
    verdict = CounterChecker().check(history_of(("add", 5, "ok")))
    assert (verdict.validity, verdict.models[0].standing) == ("unknown", "undecided")
    assert verdict.reasons == ("the counter was never read successfully, so nothing is known about it",)
    assert (verdict.statistics["adds"], verdict.statistics["reads"]) == (1, 0)
