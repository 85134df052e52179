"""Strings by key, and registers in transactions."""

import random

import msgspec
import numpy as np
import pytest

from checkers.linearizability import kernel, search
from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.decision import Budget, Conflict
from checkers.linearizability.intervals import history
from checkers.linearizability.model import Model
from checkers.linearizability.models.kv import Kv
from checkers.linearizability.models.multi_register import MultiRegister
from checkers.linearizability.operations import collect
from checkers.linearizability.witness import MOST, Witness
from checkers.verdict import Verdict

Row = tuple[object, ...]
"""Process, f, argument, result, call, return (None: unknown), key."""


def verdict(model: Model, *rows: Row) -> Verdict:
    return LinearizabilityChecker(model).check(history(rows))  # type: ignore[arg-type]  # short


def random_rows(rng: random.Random) -> list[Row]:
    count, rows = rng.randint(1, 9), []
    for process in range(count):
        call = rng.randrange(3 * count)
        f = rng.choice(["get", "get", "put", "append"])
        text = "".join(rng.choices("ab", k=rng.randint(0 if f == "get" else 1, 2)))
        end = None if f != "get" and rng.random() < 0.2 else call + rng.randint(1, 6)
        rows.append((process, f, None if f == "get" else text, (text or None) if f == "get" else None, call, end, None))
    return rows


@pytest.mark.kernel
def test_strings_agree_with_the_table_of_the_model_and_witnesses_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = [0, 0]
    for seed in range(4000):
        operations = collect(history(random_rows(random.Random(seed))), Kv())  # type: ignore[arg-type]  # short
        rows = [np.arange(len(operations))]
        (found,) = search.parts(operations, Kv(), rows, Budget(60, 1 << 30), 1)
        with monkeypatch.context() as patch:
            patch.setattr(kernel, "native", None)
            (expected,) = search.parts(operations, Kv(), rows, Budget(60, 1 << 30), 1)
        assert type(found) is type(expected), seed
        verdicts[found is None] += 1
        if isinstance(found, Conflict):
            assert found.rows
            assert set(found.rows) <= set(range(len(operations)))
    assert min(verdicts) > 400


def test_a_lost_append_is_told() -> None:
    found = verdict(
        Kv(),
        (1, "append", "a", None, 0, 1, "k"),
        (2, "append", "b", None, 2, 3, "k"),
        (3, "get", None, "b", 4, 5, "k"),
        (4, "append", "c", None, 4, 6, "other"),
    )
    assert found.validity == "invalid"
    (anomaly,) = found.anomalies
    assert anomaly.key == "k"
    assert 'get of "b"' in anomaly.sentence


def test_orders_of_appends_that_overlap_and_an_empty_string() -> None:
    appends = [(p, "append", f"{p},", None, p, 20 + p, "k") for p in range(8)]
    read = (9, "get", None, "3,1,7,0,2,6,5,4,", 40, 41, "k")
    assert verdict(Kv(), (10, "get", None, None, 0, 0, "k"), *appends, read).validity == "valid"


def test_what_is_no_string_leaves_the_key_undecided_with_a_reason() -> None:
    found = verdict(Kv(), (1, "put", 7, None, 0, 1, "k"), (1, "put", "x", None, 0, 1, "fine"))
    assert found.validity == "unknown"
    assert "the value of a put must be a string" in found.reasons[0]


def test_transactions_take_effect_at_one_instant() -> None:
    write = (1, "txn", [["w", "x", 1], ["w", "y", 1]], [["w", "x", 1], ["w", "y", 1]], 0, 5, None)
    torn = (2, "txn", [["r", "x", None], ["r", "y", None]], [["r", "x", 1], ["r", "y", None]], 1, 2, None)
    whole = (2, "txn", [["r", "x", None], ["r", "y", None]], [["r", "x", 1], ["r", "y", 1]], 1, 2, None)
    assert verdict(MultiRegister(), write, torn).validity == "invalid"
    assert verdict(MultiRegister(), write, whole).validity == "valid"


def test_a_transaction_reads_what_it_wrote() -> None:
    own = [["write", "x", 1], ["read", "x", 1]]
    assert verdict(MultiRegister(), (1, "txn", own, own, 0, 1, None)).validity == "valid"


def test_single_operations_are_transactions_too() -> None:
    assert (
        verdict(
            MultiRegister(), (1, "write", ["x", 1], None, 0, 1, None), (1, "read", ["x", None], ["x", 2], 2, 3, None)
        ).validity
        == "invalid"
    )


@pytest.mark.parametrize("value", [7, [["add", "x", 1]], [["r", "x"]]])
def test_a_malformed_transaction_is_a_reason(value: object) -> None:
    found = verdict(MultiRegister(), (1, "txn", value, value, 0, 1, None))
    assert found.validity == "unknown"
    assert "the model failed" in found.reasons[0]
    assert "\n" not in found.reasons[0]


@pytest.mark.kernel
def test_where_hundreds_of_appends_overlap_the_order_is_told_up_to_where_it_ends() -> None:
    rng, rows, text = random.Random(5), [], ""
    for number in range(12):
        start, words = 100 * number, [f"{process}.{number} " for process in range(20)]
        rows += [
            (process, "append", word, None, start + process, start + 60 + rng.randrange(30), "k")
            for process, word in enumerate(words)
        ]
        before, text = text, text + "".join(rng.sample(words, len(words)))
        rows.append((30, "get", None, text, start + 95, start + 96, "k"))
    rows.append((31, "get", None, before, 1197, 1198, "k"))

    (anomaly,) = verdict(Kv(), *rows).anomalies

    told = msgspec.convert(anomaly.data, Witness)
    assert anomaly.sentence.startswith("After p30's get of ")
    assert anomaly.sentence.endswith(" cannot come next, and nothing else can")
    assert len(told.operations) == len(told.order) + 1 == MOST
    assert [(told.operations[one.operation].process) for one in told.stuck] == [31]
    assert told.left_out == len(rows) - MOST
