"""Logs and fetch-and-add: decided by the places that were shown, and told of when they are wrong."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.decision import HOLDS, UNDECIDED
from checkers.linearizability.model import Model
from checkers.linearizability.models.counter import Counter
from checkers.linearizability.models.fetch_and_add import FetchAndAdd
from checkers.linearizability.models.log import Log
from checkers.linearizability.operations import collect
from harness.history import History
from harness.op import Op

Event = tuple[int, str, str, object]


def history(*events: Event) -> History:
    return History(Op(i, i * 1_000_000_000, p, t, f, value=v) for i, (p, t, f, v) in enumerate(events))  # type: ignore[arg-type]  # one of the types


def done(process: int, f: str, value: object, result: object) -> list[Event]:
    return [(process, "invoke", f, value), (process, "ok", f, result)]


def lost(process: int, f: str, value: object) -> list[Event]:
    return [(process, "invoke", f, value), (process, "info", f, value)]


def standing(model: Model, *events: Event) -> int:
    decision = model.fast(collect(history(*events), model))
    assert decision is not None
    return int(decision.standing[0])


def refuted(model: Model, events: Sequence[Event]) -> tuple[str, str]:
    verdict = LinearizabilityChecker(model).check(history(*events))
    (anomaly,) = verdict.anomalies
    assert verdict.statistics["keys searched"] == 0
    return anomaly.name, anomaly.sentence


def test_a_log_with_offsets_and_reads_holds() -> None:
    events = [*done(1, "append", 7, 0), *lost(2, "append", 8), *done(1, "append", 9, 2)]
    assert standing(Log(), *events) == HOLDS
    assert standing(Log(), *events, *done(1, "read", None, [7, 8, 9])) == HOLDS
    assert standing(Log(), *events, *done(1, "read", {"from": 2}, [9])) == HOLDS
    assert standing(Log(), *events, *done(1, "read", {"from": 3}, [])) == HOLDS
    assert standing(Log(), *done(1, "read", None, None), *events) == HOLDS


def test_repeated_values_of_a_log_are_left_to_the_ladder() -> None:
    repeated = [*done(1, "append", 7, None), *lost(3, "append", 7), *done(2, "read", None, [7, 7])]
    assert standing(Log(), *repeated) == UNDECIDED
    assert LinearizabilityChecker(Log()).check(history(*repeated)).validity == "valid"
    told = [*done(1, "append", 7, 0), *done(3, "append", 7, 1), *done(2, "read", None, [7, 7])]
    assert standing(Log(), *told) == HOLDS


def test_that_a_shown_value_is_of_another_append_is_part_of_the_witness() -> None:
    events = [*done(1, "append", 7, None), *done(2, "read", None, [7]), *done(1, "append", 7, 0)]
    decision = Log().fast(collect(history(*events), Log()))
    assert decision.conflicts[0].rule == "rank"
    assert sorted(decision.conflicts[0].rows) == [0, 1, 2]


@pytest.mark.parametrize(
    ("events", "name", "sentence"),
    [
        (
            [*done(1, "append", 7, None), *done(2, "read", None, [])],
            "stale-read",
            (
                "p2's read of [] (2.000-3.000 s) does not see p1's append of 7 (0.000-1.000 s), which "
                "was complete at 1.000 s"
            ),
        ),
        (
            [*done(1, "append", 7, 0), *done(2, "read", None, [7, 8])],
            "thin-air-read",
            "p2's read of [7,8] (2.000-3.000 s) shows a value that no operation ever tried to append",
        ),
        (
            [*done(1, "append", 7, 0), *done(2, "append", 8, 0)],
            "diverging-logs",
            (
                "p2's append of 8 at offset 0 (2.000-3.000 s) and p1's append of 7 at offset 0 "
                "(0.000-1.000 s) do not agree "
                "on what stands where"
            ),
        ),
        (
            [*done(1, "append", 7, 1), *lost(2, "append", 8)],
            "gap",
            (
                "p1's append of 7 at offset 1 (0.000-1.000 s): too few appends were begun by then to "
                "fill the offsets before"
            ),
        ),
        (
            [*done(1, "append", 7, None), *done(1, "append", 8, 0)],
            "lost-append",
            (
                "p1's append of 8 at offset 0 (2.000-3.000 s) was invoked at 2.000 s, after p1's "
                "append of 7 (0.000-1.000 s) "
                "was complete at 1.000 s, and yet it comes before"
            ),
        ),
        (
            [*lost(3, "append", 9), *done(1, "append", 7, 1), *done(1, "append", 8, 0)],
            "out-of-order",
            (
                "p1's append of 8 at offset 0 (4.000-5.000 s) was invoked at 4.000 s, after p1's "
                "append of 7 at offset 1 "
                "(2.000-3.000 s) was complete at 3.000 s, and yet it comes before"
            ),
        ),
    ],
)
def test_what_a_log_refutes_is_told(events: list[Event], name: str, sentence: str) -> None:
    assert refuted(Log(), events) == (name, sentence)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (done(1, "read", None, 7), "a read of 7 is not of a list from an offset on"),
        (done(1, "read", {"to": 7}, [7]), 'a read of {"to":7} is not of a list from an offset on'),
        (done(1, "read", {"from": -1}, []), 'a read of {"from":-1} is not of a list from an offset on'),
        (done(1, "append", 7, "x"), 'an append at "x" is not at an offset'),
        (done(1, "append", 7, -3), "an append at -3 is not at an offset"),
    ],
)
def test_what_is_no_log_is_said_as_such(event: list[Event], why: str) -> None:
    verdict = LinearizabilityChecker(Log()).check(history(*event))
    assert verdict.reasons == (f"the history is undecided: {why}",)


def test_a_far_offset_costs_no_memory() -> None:
    far = [*done(1, "append", 7, 1 << 59), *done(1, "read", {"from": 1 << 58}, None)]
    assert LinearizabilityChecker(Log()).check(history(*far)).validity == "invalid"


def test_fetch_and_add_holds_with_unknown_increments() -> None:
    events = [*done(1, "add", 1, 0), *lost(2, "add", 1), *lost(3, "add", 1), *done(1, "add", 1, 2)]
    assert standing(FetchAndAdd(), *events) == HOLDS
    assert standing(FetchAndAdd(), *events, *done(1, "read", None, 3)) == HOLDS
    assert standing(FetchAndAdd(), *events, *done(1, "read", None, 4)) == HOLDS
    assert standing(FetchAndAdd(), *done(1, "read", None, None), *events) == HOLDS
    assert standing(FetchAndAdd(), *done(1, "add", 3, 0), *done(1, "add", 2, 3)) == HOLDS


def test_what_amounts_alone_do_not_tell_is_left_to_the_ladder() -> None:
    mixed = [*lost(1, "add", 3), *lost(2, "add", 2), *done(3, "add", 1, 5)]
    assert standing(FetchAndAdd(), *mixed) == UNDECIDED
    assert LinearizabilityChecker(FetchAndAdd()).check(history(*mixed)).validity == "valid"
    down = [*done(1, "add", -1, 0), *done(2, "read", None, -1)]
    assert LinearizabilityChecker(FetchAndAdd()).check(history(*down)).validity == "valid"


@pytest.mark.parametrize(
    ("events", "name", "sentence"),
    [
        (
            [*done(1, "add", 1, 0), *done(2, "add", 1, 0)],
            "lost-update",
            (
                "p2's add of 1 to 0 (2.000-3.000 s) and p1's add of 1 to 0 (0.000-1.000 s) both "
                "started from one value: one "
                "update overwrote the other"
            ),
        ),
        (
            [*done(1, "add", 3, 0), *done(2, "read", None, 2)],
            "thin-air-read",
            (
                "p2's read of 2 (2.000-3.000 s) saw a value in the middle of p1's add of 3 to 0 "
                "(0.000-1.000 s), which is one "
                "step"
            ),
        ),
        (
            [*done(1, "add", 3, 0), *done(2, "read", None, 4)],
            "thin-air-read",
            "p2's read of 4 (2.000-3.000 s) saw a value that no sum of increments reaches",
        ),
        (
            [*done(1, "add", 1, 0), *done(2, "read", None, 0)],
            "stale-read",
            (
                "p2's read of 0 (2.000-3.000 s) was invoked at 2.000 s, after p1's add of 1 to 0 "
                "(0.000-1.000 s) was complete "
                "at 1.000 s, although its value comes first"
            ),
        ),
    ],
)
def test_what_fetch_and_add_refutes_is_told(events: list[Event], name: str, sentence: str) -> None:
    assert refuted(FetchAndAdd(), events) == (name, sentence)


def test_an_amount_that_is_no_number_is_said_as_such() -> None:
    verdict = LinearizabilityChecker(FetchAndAdd()).check(history(*done(1, "add", "x", 0)))
    assert verdict.reasons == ('the history is undecided: an add of "x" is not a whole number',)


@pytest.mark.parametrize("model", [FetchAndAdd, Counter])
def test_two_is_two_however_json_wrote_it(model: type[FetchAndAdd] | type[Counter], tmp_path: Path) -> None:
    lines = [("invoke", "add", "2"), ("ok", "add", "0"), ("invoke", "read", "null"), ("ok", "read", "2.0")]
    path = tmp_path / "history.jsonl"
    path.write_text(
        "".join(
            f'{{"index":{i},"time":{i},"process":0,"type":"{kind}","f":"{f}","value":{value}}}\n'
            for i, (kind, f, value) in enumerate(lines)
        )
    )
    assert LinearizabilityChecker(model()).check(History.read(path)).validity == "valid"


@pytest.mark.parametrize("initial", [None, "x", 1.5, True])
@pytest.mark.parametrize("model", [FetchAndAdd, Counter])
def test_a_number_begins_with_an_integer(model: type[FetchAndAdd] | type[Counter], initial: object) -> None:
    with pytest.raises(ValueError, match="it begins with an integer"):
        model(initial)  # type: ignore[arg-type]  # a user's mistake
