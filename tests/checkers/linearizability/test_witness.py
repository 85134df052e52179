"""Conflicts as sentences and as data: what a report draws and a program reads."""

import random
from typing import Any

import msgspec
import pytest

from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.model import Model
from checkers.linearizability.models.register import CasRegister
from checkers.linearizability.witness import MOST, WORDS, Witness
from checkers.verdict import Anomaly
from harness.history import History
from harness.op import Op, Type

MS = 1_000_000


class Slot(Model):
    """A register that knows no fast procedure, so that everything is searched."""

    name = "slot"

    def init(self) -> Any:
        return None

    def step(self, state: Any, op: Any) -> Any:
        return CasRegister().step(state, op)


def op(ms: int, process: int, kind: Type, f: str, value: Any = None, **more: Any) -> Op:
    return Op(-1, ms * MS, process, kind, f, value=value, node=f"n{process}", **more)


def dead_end() -> History:
    """1 is written twice, then 2; a later read of 1 comes too late, and a crashed cas from 3 does not help it."""
    return History(
        [
            op(1000, 1, "invoke", "write", 1),
            op(1001, 1, "ok", "write", 1),
            op(1002, 2, "invoke", "write", 1),
            op(1003, 2, "ok", "write", 1),
            op(1004, 3, "invoke", "cas", [3, 1]),
            op(1005, 1, "invoke", "write", 2),
            op(1006, 1, "ok", "write", 2),
            op(1007, 2, "invoke", "read"),
            op(1009, 2, "ok", "read", 1),
        ]
    )


def only(history: History, model: Model | None = None) -> tuple[Anomaly, Witness]:
    (anomaly,) = LinearizabilityChecker(model or Slot()).check(history).anomalies
    return anomaly, msgspec.convert(anomaly.data, Witness)


def test_the_sentence_says_where_the_order_ends_and_why() -> None:
    anomaly, _ = only(dead_end(), CasRegister())

    assert anomaly.sentence == (
        "After p1's write of 2 (n1, 1.005-1.006 s), which leaves the state 2, "
        "p2's read of 1 (n2, 1.007-1.009 s) cannot come next, "
        "nor can p3's cas of 3 to 1 (n3, invoked at 1.004 s, outcome unknown)"
    )


def test_the_data_have_the_order_its_states_and_what_is_stuck() -> None:
    anomaly, told = only(dead_end(), CasRegister())

    words = [one.words for one in told.operations]
    order = [(words[step.operation], step.before, step.after) for step in told.order]
    assert told.rule == "search"
    assert order[-1] == ("write of 2", "1", "2")
    assert order[0][1] == "nothing"
    assert [(words[step.operation], step.why) for step in told.stuck] == [
        ("read of 1", "impossible in state 2, complete at 1.009 s"),
        ("cas of 3 to 1", "impossible in state 2"),
    ]
    assert told.window == (min(told.operations[0].events), 8)
    assert set(anomaly.events) <= {event for one in told.operations for event in one.events}


def test_an_operation_has_its_times_and_an_unknown_one_has_no_end() -> None:
    _, told = only(dead_end(), CasRegister())

    read, cas = (next(one for one in told.operations if one.f == f) for f in ("read", "cas"))
    assert (read.process, read.node, read.start, read.end) == (2, "n2", 1007 * MS, 1009 * MS)
    assert (cas.end, cas.optional, cas.events) == (None, True, (4,))


def test_what_is_allowed_and_does_not_help_is_said() -> None:
    more = [op(1010, 4, "invoke", "write", 5)]
    history = History([*more, *map(dead_end().__getitem__, range(9))])

    anomaly, told = only(history, CasRegister())

    assert "; after p4's write of 5 (n4, invoked at 1.010 s, outcome unknown) it is impossible all the same" in (
        anomaly.sentence
    )
    assert "possible in state 2, but then read of 1 is not" in [step.why for step in told.stuck]


def test_a_beginning_without_any_step() -> None:
    anomaly, told = only(History([op(1, 1, "invoke", "read"), op(2, 1, "ok", "read", 7)]))

    assert anomaly.sentence == (
        "At the beginning, p1's read -> 7 (n1, 0.001-0.002 s) cannot come next, and nothing else can"
    )
    assert not told.order


def test_a_rule_of_a_fast_procedure_has_its_operations() -> None:
    history = History([op(1, 1, "invoke", "read"), op(2, 1, "ok", "read", 7)])

    anomaly, told = only(history, CasRegister())

    assert anomaly.data["rule"] == told.rule == "thin-air"
    assert [one.words for one in told.operations] == ["read of 7"]
    assert not told.stuck


def test_states_of_any_form_are_short_words() -> None:
    describe = Slot().describe_state

    assert describe(None) == "nothing"
    assert describe((1, "a", (False, b"[2]"))) == '[1, "a", [2]]'
    assert describe(frozenset({2, 1})) == "{1, 2}"
    assert len(describe(tuple(range(10**6)))) <= 60
    assert len(describe("x" * 10**6)) <= 60


def repeated(operations: int) -> list[Op]:
    """Valid, values are repeated, so that a search is needed."""
    rng = random.Random(3)
    ops, state = [], None
    for number in range(operations):
        f = rng.choice(("read", "write"))
        value = state if f == "read" else rng.randrange(3)
        state = value
        asked = None if f == "read" else value
        ops += [op(2 * number, 1, "invoke", f, asked), op(2 * number + 1, 1, "ok", f, value)]
    return ops


@pytest.mark.parametrize("value", [9, "x" * 5000, "<script>\x00\u202e", [1, [2] * 3000]])
def test_the_data_are_bounded_whatever_the_history(value: object) -> None:
    ops = repeated(200)
    end = len(ops)
    late = [
        op(end, 2, "invoke", "write", value),
        op(end + 1, 2, "ok", "write", value),
        *(op(end + 2, 10 + n, "invoke", "write", [n, value]) for n in range(100)),
        op(end + 3, 3, "invoke", "read"),
        op(end + 4, 3, "ok", "read", 77),
    ]

    anomaly, told = only(History([*ops, *late]))

    assert len(told.operations) <= MOST
    assert max(len(one.words) for one in told.operations) <= WORDS
    assert len(msgspec.json.encode(anomaly)) < 50_000


@pytest.mark.parametrize(("operations", "more"), [(2000, ", and nothing else can"), (12_000, "")])
def test_of_a_long_history_the_end_is_explained(operations: int, more: str) -> None:
    ops = repeated(operations)
    end = len(ops)
    stale = [
        op(end, 2, "invoke", "write", 9),
        op(end + 1, 2, "ok", "write", 9),
        op(end + 2, 3, "invoke", "read"),
        op(end + 3, 3, "ok", "read", 1),
    ]

    anomaly, told = only(History([*ops, *stale]), CasRegister())

    written, read = (f"{(end + n) / 1000:.3f}-{(end + n + 1) / 1000:.3f} s" for n in (0, 2))
    assert anomaly.sentence == (
        f"After p2's write of 9 (n2, {written}), which leaves the state 9, "
        f"p3's read of 1 (n3, {read}) cannot come next{more}"
    )
    assert len(told.operations) <= MOST
    assert told.order[-1].after == "9"
    assert len(anomaly.events) <= 400
