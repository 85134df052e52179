"""Counters: the documented examples, witnesses, sentences and what is not a counter."""

from typing import Any

import numpy as np
import pytest

from checkers.linearizability import kernel
from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.decision import HOLDS, INITIAL, NEVER, UNDECIDED, VIOLATED
from checkers.linearizability.models.counter import Counter
from checkers.linearizability.twins import counter as twin
from checkers.linearizability.twins.counter import ADD, READ, Columns, complete
from checkers.verdict import Verdict
from harness.history import History
from harness.op import Op

Call = tuple[int, int, str, Any, str]
"""Start, end (0: never), f, value, outcome."""


def history(*calls: Call, keys: tuple[Any, ...] = ()) -> History:
    """One process for each."""
    events = []
    for process, (start, end, f, value, outcome) in enumerate(calls):
        key = keys[process] if keys else None
        asked = None if f == "read" else value
        events.append((start, Op(0, start * 10**6, process, "invoke", f, key, asked)))
        if end:
            events.append((end, Op(0, end * 10**6, process, outcome, f, key, value)))  # type: ignore[arg-type]  # one of the types
    return History([op for _, op in sorted(events, key=lambda event: event[0])])


def verdict(*calls: Call, initial: int = 0) -> Verdict:
    return LinearizabilityChecker(Counter(initial)).check(history(*calls))


def test_two_reads_suffice_where_the_counter_went_back() -> None:
    found = verdict(
        (1, 2, "add", 1, "ok"), (3, 4, "read", 1, "ok"), (5, 6, "add", 1, "ok"), (7, 8, "read", 0, "ok")
    ).anomalies[0]
    assert found.name == "stale-read"
    assert found.sentence == (
        "p3's read of 0 (0.007-0.008 s) was invoked after p1's read of 1 (0.003-0.004 s) was complete, and returned "
        "less, although every add is positive"
    )
    assert found.events == (2, 3, 6, 7)


def test_a_missing_add_is_named_with_the_read_it_counts_from() -> None:
    adds: list[Call] = [(i, i + 1, "add", 1, "ok") for i in range(1, 40, 2)]
    found = verdict(*adds, (50, 51, "read", 20, "ok"), (52, 53, "add", 1, "ok"), (54, 55, "read", 20, "ok")).anomalies[
        0
    ]
    assert found.name == "lost-write"
    assert found.events == (40, 41, 42, 43, 44, 45)
    assert found.sentence == (
        "p22's read of 20 (0.054-0.055 s) is below 21, the least that the 20 that p20's read of 20 (0.050-0.051 s) had "
        "returned and the 1 adds of 1 invoked after that and acknowledged before it was invoked allow: the last of "
        "them is p21's add of 1 (0.052-0.053 s); no later read made up for it"
    )


def test_a_read_above_everything_that_was_invoked() -> None:
    found = verdict((1, 0, "add", 5, "info"), (2, 3, "read", 10, "ok")).anomalies[0]
    assert found.name == "thin-air-read"
    assert found.sentence == (
        "p1's read of 10 (0.002-0.003 s) is above 5, the most that all adds invoked before it returned allow"
    )


def test_a_value_between_the_steps() -> None:
    found = verdict((1, 2, "add", 5, "ok"), (3, 4, "read", 8, "ok"), initial=1).anomalies[0]
    assert found.name == "thin-air-read"
    assert found.sentence == (
        "p1's read of 8 (0.003-0.004 s) returned what no adds make: all adds are multiples of 5 and the counter began "
        "at 1"
    )


@pytest.mark.parametrize(
    ("calls", "name"),
    [
        ([(1, 2, "add", -1, "ok"), (3, 4, "read", 0, "ok")], "lost-write"),
        ([(1, 2, "add", -1, "ok"), (3, 4, "read", 1, "ok")], "thin-air-read"),
        ([(1, 2, "add", 1, "ok"), (3, 4, "read", -1, "ok")], "thin-air-read"),
        ([(1, 2, "add", 1, "ok"), (3, 4, "add", 2, "ok"), (5, 6, "read", 2, "ok")], "lost-write"),
        ([(1, 2, "add", 1, "ok"), (3, 4, "add", -2, "ok"), (5, 6, "read", 1, "ok")], "lost-write"),
        ([(1, 2, "add", 2, "ok"), (3, 4, "add", 1, "info"), (5, 6, "read", 4, "ok")], "thin-air-read"),
        ([(1, 2, "add", 2, "ok"), (3, 4, "read", 0, "ok"), (5, 6, "read", 2, "ok")], "stale-read"),
    ],
)
def test_names(calls: list[Call], name: str) -> None:
    assert [anomaly.name for anomaly in verdict(*calls).anomalies] == [name]


def test_null_is_the_initial_value_and_adds_of_nothing_do_nothing() -> None:
    assert verdict((1, 2, "add", 0, "ok"), (3, 4, "read", None, "ok"), initial=7).validity == "valid"
    assert verdict((1, 2, "add", 1, "ok"), (3, 4, "read", None, "ok"), initial=7).validity == "invalid"


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ((1, 2, "add", "many", "ok"), 'an add of "many" is not of an integer'),
        ((1, 2, "add", None, "ok"), "an add of null is not of an integer"),
        ((1, 2, "read", True, "ok"), "a read of true is not of an integer"),
        ((1, 2, "read", 1.5, "ok"), "a read of 1.5 is not of an integer"),
    ],
)
def test_what_is_no_number_leaves_the_counter_undecided(call: Call, why: str) -> None:
    found = verdict(call)
    assert found.reasons == (f"the history is undecided: {why}",)


def test_numbers_beyond_64_bits_are_searched() -> None:
    huge = 1 << 70
    assert verdict((1, 2, "add", huge, "ok"), (3, 4, "read", huge, "ok")).validity == "valid"
    assert verdict((1, 2, "add", huge, "ok"), (3, 4, "read", 0, "ok")).validity == "invalid"


def test_adds_that_differ_are_searched_within_their_bounds() -> None:
    adds: list[Call] = [(1, 9, "add", 1, "ok"), (2, 10, "add", 2, "ok")]
    assert verdict(*adds, (3, 4, "read", 1, "ok"), (5, 6, "read", 3, "ok")).validity == "valid"
    refuted = verdict(*adds, (3, 4, "read", 1, "ok"), (5, 6, "read", 2, "ok"))
    assert [anomaly.name for anomaly in refuted.anomalies] == ["not-linearizable"]


def test_counters_are_independent() -> None:
    recorded = history((1, 2, "add", 1, "ok"), (3, 4, "read", 1, "ok"), (5, 6, "read", 1, "ok"), keys=("a", "a", "b"))
    found = LinearizabilityChecker(Counter()).check(recorded)
    assert [anomaly.key for anomaly in found.anomalies] == ["b"]


def columns(*rows: tuple[int, int, bool, int, int]) -> Columns:
    call, ret, optional, f, amount = (np.array(column) for column in zip(*rows, strict=True))
    return Columns(
        call.astype(np.int32),
        ret.astype(np.int32),
        optional.astype(np.bool_),
        f.astype(np.int8),
        np.zeros(len(rows), dtype=np.int32),
        amount.astype(np.int64),
        1,
    )


@pytest.mark.parametrize("decide", [twin.decide, kernel.counter])
def test_evidence(decide: Any) -> None:
    """An unknown add that cannot have happened late, and one that certainly happened."""
    late = columns((1, 2, True, ADD, 1), (3, 4, False, READ, 0), (5, 6, False, READ, 1))
    found = complete(late, decide(late))
    assert (found.standing.tolist(), found.conflicts[0].rows) == ([VIOLATED], (1, 2))
    never = columns((1, 2, True, ADD, 1), (3, 4, False, READ, 0))
    assert decide(never).standing.tolist() == [HOLDS]
    certain = columns((1, NEVER, False, ADD, 1), (3, 4, False, READ, 0))
    assert decide(certain).standing.tolist() == [HOLDS]


@pytest.mark.parametrize("decide", [twin.decide, kernel.counter])
def test_adds_that_differ_are_undecided_within_their_bounds(decide: Any) -> None:
    open_question = columns((1, 2, False, ADD, 5), (3, 4, False, ADD, 2), (5, 6, False, READ, 7))
    assert decide(open_question).standing.tolist() == [UNDECIDED]


def test_a_witness_is_bounded() -> None:
    adds = [(2 * i, 2 * i + 1, False, ADD, 1) for i in range(100)]
    many = columns(*adds, (500, 501, False, READ, 99))
    found = complete(many, kernel.counter(many))
    assert found.conflicts[0].rows == (INITIAL, 100, 99)


@pytest.mark.kernel
@pytest.mark.parametrize("broken", ["call", "part", "amount", "f", "ret"])
def test_the_kernel_trusts_no_column(broken: str) -> None:
    c = columns((1, 2, False, ADD, 1), (3, 4, False, READ, 1))
    arguments = {name: getattr(c, name).copy() for name in ("call", "ret", "optional", "f", "part", "amount")}
    arguments[broken][-1 if broken != "amount" else 0] = {"call": 0, "part": 1, "amount": 0, "f": 2, "ret": -1}[broken]
    with pytest.raises(ValueError, match=r"out of range|ascend"):
        kernel.native.counter(**arguments, parts=1)
    with pytest.raises(ValueError, match="lengths"):
        kernel.native.counter(c.call, c.ret[:1], c.optional, c.f, c.part, c.amount, 1)
