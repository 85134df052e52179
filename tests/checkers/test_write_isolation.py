"""Rows of two cells: what a read may show."""

import random
from typing import Any

import pytest

from checkers.verdict import Verdict
from checkers.write_isolation import WriteIsolationChecker
from harness.history import History
from harness.op import Op


def check(*operations: tuple[Any, ...]) -> Verdict:
    """One operation after the other: f, value, and type of the completion where that is not ok; of row 1 or another."""
    ops = []
    for number, (f, value, *more) in enumerate(operations):
        kind = more[0] if more else "ok"
        key = more[1] if len(more) > 1 else 1
        start = Op(0, 2 * number, number, "invoke", f, key, value if f == "write" else None, "n1")
        ops += [start, Op(0, 2 * number + 1, number, kind, f, key, value, "n1")]
    return WriteIsolationChecker().check(History(ops))


@pytest.mark.parametrize(
    ("operations", "name", "events"),
    [
        ([("write", [1, -1]), ("write", [2, -2]), ("read", [1, -2])], "torn-row", (0, 1, 2, 3, 4, 5)),
        ([("write", [1, -1]), ("read", [1, None])], "torn-row", (0, 1, 2, 3)),
        ([("write", [1, -1]), ("write", [2, -2], "fail"), ("read", [1, -2])], "torn-row", (0, 1, 2, 3, 4, 5)),
        ([("write", [1, -1]), ("write", [2, -2], "ok", 2), ("read", [2, -2])], "thin-air-read", (4, 5)),
        ([("write", [1, -1]), ("read", [1, -9])], "thin-air-read", (0, 1, 2, 3)),
        ([("write", [1, -1], "fail"), ("read", [1, -1])], "aborted-read", (0, 1, 2, 3)),
        ([("read", [1, -1]), ("write", [1, -1])], "future-read", (0, 1, 2, 3)),
        ([("write", [1, -1], "fail"), ("read", [1, -1]), ("write", [1, -1])], "future-read", (2, 3, 4, 5)),
    ],
)
def test_what_is_wrong_has_a_name_and_a_witness(operations: list[Any], name: str, events: tuple[int, ...]) -> None:
    verdict = check(*operations)

    assert verdict.validity == "invalid"
    (anomaly,) = verdict.anomalies
    assert (anomaly.name, anomaly.events) == (name, events)
    assert "read-atomic" in anomaly.models
    assert verdict.models[0].standing == "violated"


@pytest.mark.parametrize(
    "operations",
    [
        [("write", [1, -1]), ("write", [2, -2]), ("read", [1, -1])],
        [("write", [1, -1], "info"), ("read", [1, -1])],
        [("write", [1, -1], "fail"), ("write", [1, -1]), ("read", [1, -1])],
        [("write", [1, -1]), ("write", [1, -1], "fail"), ("read", [1, -1])],
        [("write", [1, -1]), ("read", None)],
        [("write", [1, -1]), ("read", [None, None])],
        [("write", [1, -1]), ("read", [1, -1]), ("write", [1, -1])],
    ],
)
def test_whole_rows_are_legal_however_old(operations: list[Any]) -> None:
    verdict = check(*operations)
    assert (verdict.validity, verdict.models[0].standing) == ("valid", "holds")


@pytest.mark.parametrize(
    "operations", [[], [("write", [1, -1])], [("write", 1), ("read", 1)], [("add", 1), ("read", None)]]
)
def test_what_cannot_be_decided_says_why(operations: list[Any]) -> None:
    verdict = check(*operations)
    assert verdict.validity == "unknown"
    assert verdict.reasons
    assert verdict.models[0].standing == "undecided"


@pytest.mark.parametrize("seed", range(20))
def test_one_torn_row_among_many_whole_ones_is_found(seed: int) -> None:
    rng = random.Random(seed)
    written: list[int] = []
    operations: list[Any] = []
    for number in range(1, 200):
        if rng.random() < 0.5 or not written:
            operations.append(("write", [number, -number], rng.choice(("ok", "ok", "info"))))
            written.append(number)
        else:
            seen = rng.choice(written)
            operations.append(("read", [seen, -seen]))
    assert check(*operations).validity == "valid"

    at = rng.choice([place for place, one in enumerate(operations) if one[0] == "read"])
    old = [-one[1][1] for one in operations[:at] if one[0] == "write"]
    seen = operations[at][1][0]
    others = [one for one in old if one != seen] or [0]
    operations[at] = ("read", [seen, -rng.choice(others)])
    verdict = check(*operations)
    assert verdict.validity == "invalid"
    assert sum(verdict.statistics["anomalies"].values()) == 1
