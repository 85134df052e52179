"""Grow-only sets and sets: the documented examples, witnesses, sentences and what is neither."""

from typing import Any

import pytest

from checkers.linearizability import kernel
from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.model import Model
from checkers.linearizability.models.grow_only_set import GrowOnlySet
from checkers.linearizability.models.set import Set
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
            events.append((end, Op(0, end * 10**6, process, outcome, f, None, result, None, error)))  # type: ignore[arg-type]
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


@pytest.mark.skipif(kernel.native is None, reason="the kernel was not built")
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
