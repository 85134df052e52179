"""Grow-only sets and sets: the documented examples, witnesses, sentences and what is neither."""

import random
from collections.abc import Hashable
from io import BytesIO
from typing import Any, ClassVar

import msgspec
import pytest
from linearizability import datatypes, proof

from checkers.linearizability import kernel
from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.model import Model, Operation
from checkers.linearizability.models.grow_only_set import GrowOnlySet
from checkers.linearizability.models.set import Set
from checkers.linearizability.operations import collect
from checkers.verdict import Verdict
from harness.history import History
from harness.op import Op

Call = tuple[int, int, str, Any, Any, str]
"""Start, end (0: never), f, argument, result, outcome."""


def verdict(model: Model, *calls: Call) -> Verdict:
    events = []
    for process, (start, end, f, argument, result, outcome) in enumerate(calls):
        events.append((start, Op(0, start * 10**6, process, "invoke", f, None, argument)))
        if end:
            error = "x: no" if outcome == "fail" else None
            events.append((end, Op(0, end * 10**6, process, outcome, f, None, result, None, error)))  # type: ignore[arg-type]  # one of the types
    history = History([op for _, op in sorted(events, key=lambda event: event[0])])
    return LinearizabilityChecker(model).check(history)


def add(start: int, end: int, value: Any, outcome: str = "ok") -> Call:
    return (start, end, "add", value, value, outcome)


def read(start: int, end: int, *values: Any) -> Call:
    return (start, end, "read", None, list(values), "ok")


@pytest.mark.parametrize(
    ("calls", "name", "sentence"),
    [
        (
            [add(1, 2, 7), read(3, 4)],
            "lost-write",
            (
                "p1's read of 0 elements (0.003-0.004 s) did not return 7, although p0's add of 7 "
                "(0.001-0.002 s) was complete "
                "at 0.002 s, before that was invoked; no later read returned it"
            ),
        ),
        (
            [add(1, 9, "a"), read(2, 3, "a"), read(4, 5), read(6, 7, "a")],
            "stale-read",
            (
                "p2's read of 0 elements (0.004-0.005 s) did not return \"a\", although p1's read of 1 element "
                "(0.002-0.003 s), which did, was complete at 0.003 s, before that was invoked; a later read returned it"
            ),
        ),
        (
            [add(1, 9, "a"), add(2, 8, "b"), read(3, 6, "a"), read(4, 7, "b")],
            "long-fork",
            (
                'p2\'s read of 1 element (0.003-0.006 s) returned "a" without "b", and p3\'s read of 1 element '
                '(0.004-0.007 s) returned "b" without "a": no order of the two adds explains both'
            ),
        ),
        (
            [read(1, 2, 5), add(3, 4, 5)],
            "future-read",
            (
                "p0's read of 1 element (0.001-0.002 s) returned 5 and was complete at 0.002 s, "
                "before anybody tried to add "
                "that: p1's add of 5 (0.003-0.004 s) was the first"
            ),
        ),
        (
            [add(2, 3, 1), add(4, 9, 2), read(1, 8, 2)],
            "lost-write",
            (
                "p2's read of 1 element (0.001-0.008 s) returned 2 without 1, although p0's add of "
                "1 (0.002-0.003 s) was "
                "complete at 0.003 s, before p1's add of 2 (0.004-0.009 s), the first of that element, was invoked; no "
                "later read returned it"
            ),
        ),
        (
            [read(1, 2, 5)],
            "thin-air-read",
            "p0's read of 1 element (0.001-0.002 s) returned 5, which no operation ever tried to add",
        ),
        (
            [add(1, 2, 5, "fail"), read(3, 4, 5)],
            "aborted-read",
            (
                "p1's read of 1 element (0.003-0.004 s) returned 5, although the only attempt to "
                "add it, by p0, had failed "
                'for certain at 0.002 s: "x: no"'
            ),
        ),
        (
            [add(1, 2, 5), read(3, 4, 5, 5)],
            "duplicate-element",
            "p1's read of 2 elements (0.003-0.004 s) returned 5 more than once",
        ),
    ],
)
def test_grow_only_set_anomalies(calls: list[Call], name: str, sentence: str) -> None:
    (found,) = verdict(GrowOnlySet(), *calls).anomalies
    assert (found.name, found.sentence) == (name, sentence)


def test_an_element_that_is_added_twice_is_there_from_the_first_that_took_effect() -> None:
    assert verdict(GrowOnlySet(), add(1, 0, 5, "info"), add(4, 7, 5), read(2, 3, 5)).validity == "valid"
    assert verdict(GrowOnlySet(), add(1, 2, 5), add(4, 7, 5), read(3, 5)).validity == "invalid"


def test_the_order_of_a_list_and_null_mean_nothing() -> None:
    calls = [read(1, 2), (3, 4, "read", None, None, "ok"), add(5, 6, 1), add(7, 8, 2), read(9, 10, 2, 1)]
    assert verdict(GrowOnlySet(), *calls, read(11, 12, 1, 2)).validity == "valid"


def test_a_read_of_something_else_leaves_the_set_undecided() -> None:
    found = verdict(GrowOnlySet(), add(1, 2, 5), (3, 4, "read", None, 5, "ok"))
    assert found.reasons == ("the history is undecided: a read of 5 is not of a list",)


@pytest.mark.kernel
def test_the_kernel_trusts_no_column() -> None:
    import numpy as np

    def ints(*numbers: int) -> Any:
        return np.array(numbers, dtype=np.int32)

    def offsets(*numbers: int) -> Any:
        return np.array(numbers, dtype=np.int64)

    sound = [ints(0), ints(1), ints(0), ints(0), offsets(0, 1), ints(1), 2]
    flaw, appears = kernel.native.grow_only_set(*sound)
    assert (flaw.tolist(), appears.tolist()) == ([0], [0])
    for place, wrong in (
        (0, ints(0, 0)),
        (1, ints(2)),
        (2, ints(1)),
        (3, ints(-1)),
        (4, offsets(0, 2)),
        (4, offsets(1, 1)),
        (5, ints(-1)),
    ):
        with pytest.raises(ValueError, match=r"range|lengths|fit"):
            kernel.native.grow_only_set(*[wrong if at == place else one for at, one in enumerate(sound)])


@pytest.mark.parametrize(
    ("calls", "validity"),
    [
        ([(1, 2, "add", 5, True, "ok"), (3, 4, "contains", 5, True, "ok")], "valid"),
        ([(1, 2, "add", 5, None, "ok"), (3, 4, "contains", 5, False, "ok")], "invalid"),
        ([(1, 2, "add", 5, True, "ok"), (3, 4, "add", 5, True, "ok")], "invalid"),
        ([(1, 2, "add", 5, True, "ok"), (3, 4, "add", 5, False, "ok")], "valid"),
        ([(1, 2, "remove", 5, True, "ok")], "invalid"),
        ([(1, 2, "remove", 5, False, "ok")], "valid"),
        ([(1, 0, "add", 5, None, "info"), (3, 4, "contains", 5, True, "ok")], "valid"),
        ([(1, 2, "add", 5, True, "ok"), (3, 4, "contains", 6, False, "ok")], "valid"),
    ],
)
def test_sets(calls: list[Call], validity: str) -> None:
    assert verdict(Set(), *calls).validity == validity


def look(start: int, end: int, told: bool | None) -> Call:
    return (start, end, "contains", 5, told, "ok")


def put(start: int, end: int, told: bool | None = None, outcome: str = "ok") -> Call:
    return (start, end, "add", 5, told, outcome)


def take(start: int, end: int, told: bool | None = None, outcome: str = "ok") -> Call:
    return (start, end, "remove", 5, told, outcome)


@pytest.mark.parametrize(
    ("calls", "name", "sentence"),
    [
        (
            [look(1, 2, True)],
            "thin-air-read",
            "p0's contains 5 -> true (0.001-0.002 s) found 5, which no operation ever tried to add",
        ),
        (
            [put(1, 2, outcome="fail"), look(3, 4, True)],
            "aborted-read",
            (
                "p1's contains 5 -> true (0.003-0.004 s) found 5, although the only attempt to add it, by p0, had "
                'failed for certain at 0.002 s: "x: no"'
            ),
        ),
        (
            [take(1, 2, True), put(3, 4)],
            "future-read",
            (
                "p0's remove of 5 -> true (0.001-0.002 s) found 5 and was complete at 0.002 s, before the only "
                "operation that adds it was invoked: p1's add of 5 (0.003-0.004 s)"
            ),
        ),
        (
            [put(1, 2), look(3, 4, False), look(5, 6, True)],
            "stale-read",
            (
                "p1's contains 5 -> false (0.003-0.004 s) did not find 5, although p0's add of 5 (0.001-0.002 s) was "
                "complete at 0.002 s, before that was invoked, and no operation ever tried to remove it; a later "
                "operation found it"
            ),
        ),
        (
            [put(1, 2), take(3, 4, outcome="fail"), look(5, 6, False)],
            "lost-write",
            (
                "p2's contains 5 -> false (0.005-0.006 s) did not find 5, although p0's add of 5 (0.001-0.002 s) was "
                "complete at 0.002 s, before that was invoked, and the only attempt to remove it, by p1, had failed "
                'for certain at 0.004 s: "x: no"; no later operation found it'
            ),
        ),
        (
            [put(1, 10), look(2, 3, True), look(4, 5, False), take(6, 7)],
            "lost-write",
            (
                "p2's contains 5 -> false (0.004-0.005 s) did not find 5, although p1's contains 5 -> true "
                "(0.002-0.003 s), which found it, was complete at 0.003 s, before that was invoked, and was complete "
                "at 0.005 s, before the only operation that removes it was invoked: p3's remove of 5 (0.006-0.007 s); "
                "no later operation found it"
            ),
        ),
        (
            [put(1, 3), take(2, 10), look(4, 5, False), look(6, 7, True)],
            "stale-read",
            (
                "p2's contains 5 -> false (0.004-0.005 s) did not find 5, although p0's add of 5 (0.001-0.003 s) was "
                "complete at 0.003 s, before that was invoked; p3's contains 5 -> true (0.006-0.007 s) found it again, "
                "although it was added only once"
            ),
        ),
        (
            [put(1, 10), take(2, 3, True), look(4, 5, True)],
            "lost-write",
            (
                "p2's contains 5 -> true (0.004-0.005 s) found 5, although p1's remove of 5 -> true (0.002-0.003 s) "
                "was complete at 0.003 s, before that was invoked; the remove had found it, and it was added "
                "only once; every later operation found it, if any"
            ),
        ),
        (
            [put(1, 2), take(3, 4), look(5, 6, True), look(7, 8, False)],
            "stale-read",
            (
                "p2's contains 5 -> true (0.005-0.006 s) found 5, although p1's remove of 5 (0.003-0.004 s) was "
                "complete at 0.004 s, before that was invoked; it was added only once, and before that: p0's add of 5 "
                "(0.001-0.002 s) was complete at 0.002 s, before the remove was invoked; a later operation did not "
                "find it"
            ),
        ),
        (
            [take(1, 2), put(3, 4), look(5, 6, False)],
            "lost-write",
            (
                "p2's contains 5 -> false (0.005-0.006 s) did not find 5, although p1's add of 5 (0.003-0.004 s) was "
                "complete at 0.004 s, before that was invoked, and the only operation that removes it, p0's remove of "
                "5 (0.001-0.002 s), was over at 0.002 s, before p1's add of 5 (0.003-0.004 s) was invoked; no later "
                "operation found it"
            ),
        ),
    ],
)
def test_set_anomalies(calls: list[Call], name: str, sentence: str) -> None:
    (found,) = verdict(Set(), *calls).anomalies
    assert (found.name, found.sentence) == (name, sentence)


@pytest.mark.parametrize(
    ("calls", "validity"),
    [
        ([put(1, 0, outcome="info"), look(2, 3, False), look(4, 5, True), look(6, 7, True)], "valid"),
        ([put(1, 0, outcome="info"), look(2, 3, True), look(4, 5, False)], "invalid"),
        ([put(1, 2), take(3, 0, outcome="info"), look(4, 5, True), look(6, 7, False)], "valid"),
        ([put(1, 2), take(3, 0, outcome="info"), look(4, 5, False), look(6, 7, True)], "invalid"),
        ([put(1, 2), put(3, 4, told=False), take(5, 6, True), take(7, 8, told=False)], "valid"),
        ([put(1, 2), take(3, 4), put(5, 6, told=False)], "invalid"),
        ([put(1, 2), look(3, 4, None), take(5, 6)], "valid"),
    ],
)
def test_one_add_and_one_remove_need_no_search(calls: list[Call], validity: str) -> None:
    found = verdict(Set(), *calls)
    assert (found.validity, found.statistics["keys searched"]) == (validity, 0)


def test_an_element_that_is_added_twice_is_searched() -> None:
    found = verdict(Set(), put(1, 2), put(3, 4))
    assert (found.validity, found.statistics["keys searched"]) == ("valid", 1)


class OneElement(datatypes.Set):
    """Mostly looked up; added and removed about once."""

    fs: ClassVar = {"add": 1, "remove": 1, "contains": 4}

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        return 7


@pytest.mark.parametrize("seed", range(4))
def test_one_element_is_decided_as_by_the_oracle(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(datatypes.TYPES, "set", OneElement())
    count = proof.batch("set", seed)
    assert count.wrong == []
    assert count.fast > count.histories / 2


@pytest.mark.parametrize("from_file", [False, True])
def test_the_parts_of_a_set_are_those_that_partition_names(from_file: bool) -> None:
    values = [True, 1, "1", 1.0, 1.5, None, [1], [1.0], {"a": 1}, False, 0, "1", 1 << 70]
    ops = []
    for place, value in enumerate(values * 3):
        key = (None, "k", 1)[place % 3]
        ops += [Op(len(ops) + i, 0, place, kind, "add", key, value) for i, kind in enumerate(("invoke", "ok"))]
    history = History(ops)
    if from_file:
        history = History.load(BytesIO(b"".join(msgspec.json.encode(op) + b"\n" for op in ops)))

    class OneByOne(Set):
        def partition(self, op: Operation) -> Hashable:
            return super().partition(op)

    one, two = (collect(history, model) for model in (Set(), OneByOne()))
    assert len(history) == len(ops)
    assert (one.keys, one.part.tolist()) == (two.keys, two.part.tolist())


def test_a_set_that_partitions_otherwise_is_asked() -> None:
    class Whole(Set):
        def partition(self, op: Operation) -> Hashable:
            return None

    history = History([Op(-1, 0, 0, kind, "add", None, value) for value in (1, 2) for kind in ("invoke", "ok")])  # type: ignore[arg-type]  # one of the types
    assert collect(history, Whole()).keys == (None,)
