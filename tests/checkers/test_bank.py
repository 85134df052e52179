"""Banks: what a read of all accounts must show."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.bank import BankChecker
from checkers.verdict import Verdict
from harness.history import History
from harness.op import Op

ACCOUNTS = {"0": 10, "1": 10}


def done(*operations: tuple[Any, ...]) -> History:
    """One operation after the other: f, argument, type and value of the completion."""
    ops = []
    for number, (f, asked, kind, told) in enumerate(operations):
        ops.append(Op(0, 2 * number * 10**6, number, "invoke", f, value=asked, node="n1"))
        ops.append(Op(0, (2 * number + 1) * 10**6, number, kind, f, value=told, node="n1"))
    return History(ops)


def created(*operations: tuple[Any, ...]) -> History:
    return done(("create", {"accounts": ACCOUNTS}, "ok", None), *operations)


def read(balances: Any) -> tuple[Any, ...]:
    return ("read", None, "ok", balances)


def check(history: History) -> Verdict:
    return BankChecker().check(history)


@pytest.mark.parametrize(
    ("balances", "name"),
    [
        ({"0": 10, "1": 11}, "wrong-total"),
        ({"0": 21, "1": -1}, "negative-balance"),
        ({"0": 20}, "missing-account"),
        ({"0": 20, "1": None}, "missing-account"),
        ({"0": 10, "1": 10, "2": 0}, "unexpected-account"),
        ("nothing", "missing-account"),
    ],
)
def test_what_is_wrong_has_a_name(balances: Any, name: str) -> None:
    verdict = check(created(read(balances)))

    assert verdict.validity == "invalid"
    (anomaly,) = verdict.anomalies
    assert anomaly.name == name
    assert anomaly.events == (2, 3)
    assert anomaly.models[0] == "snapshot-isolation"
    assert verdict.models[0].standing == "violated"


def test_a_wrong_total_is_told_with_both_totals() -> None:
    (anomaly,) = check(created(read({"0": 4, "1": 10}))).anomalies
    assert anomaly.sentence == (
        'p1\'s read (n1) at 0.003 s returned balances that add up to 14 instead of 20: {"0":4,"1":10}'
    )


@pytest.mark.parametrize("balances", [{"0": 20, "1": 0}, {"0": 0, "1": 20}, {"1": 10.0, "0": 10}])
def test_money_may_be_anywhere(balances: Any) -> None:
    assert check(created(read(balances))).validity == "valid"


def test_a_transfer_that_may_overdraw_makes_negative_balances_legal_but_no_other_total() -> None:
    transfer = {"from": "0", "to": "1", "amount": 15, "overdraft": True}
    overdrawn = ("transfer", transfer, "ok", transfer)

    assert check(created(overdrawn, read({"0": -5, "1": 25}))).validity == "valid"
    assert check(created(overdrawn, read({"0": -5, "1": 20}))).validity == "invalid"


@pytest.mark.parametrize(("balances", "validity"), [((-5, 25), "valid"), ((-1, 21), "valid"), ((-6, 26), "invalid")])
def test_an_account_that_was_created_overdrawn_may_stay_so(balances: tuple[int, int], validity: str) -> None:
    create = ("create", {"accounts": {"0": -5, "1": 25}}, "ok", None)
    verdict = check(done(create, read(dict(zip("01", balances, strict=True)))))

    assert verdict.validity == validity


def test_an_old_snapshot_from_before_the_creation_is_no_violation_and_proves_nothing() -> None:
    verdict = check(created(read({}), read(ACCOUNTS)))
    assert (verdict.validity, verdict.statistics["reads of no account"]) == ("valid", 1)
    assert check(created(read({}))).validity == "unknown"


@pytest.mark.parametrize(
    "operations",
    [
        (),
        (read(ACCOUNTS),),
        (("create", {"accounts": ACCOUNTS}, "info", None), read(ACCOUNTS)),
        (("create", {"accounts": ACCOUNTS}, "ok", None),),
        (("create", {"accounts": ACCOUNTS}, "ok", None), ("read", None, "fail", None)),
        (("create", {"accounts": {"0": "much"}}, "ok", None), read({"0": "much"})),
        (("create", 5, "ok", None), read({"0": 5})),
        (("create", {"accounts": ACCOUNTS}, "ok", None), ("create", {"accounts": {}}, "ok", None), read(ACCOUNTS)),
        (("create", {"accounts": ACCOUNTS}, "ok", None), ("write", 5, "ok", 5), read(ACCOUNTS)),
    ],
)
def test_what_cannot_be_decided_says_why(operations: tuple[Any, ...]) -> None:
    verdict = check(done(*operations))
    assert verdict.validity == "unknown"
    assert verdict.reasons


def test_a_creation_may_be_tried_again_and_reads_before_it_do_not_count() -> None:
    attempt = ("create", {"accounts": ACCOUNTS}, "info", None)
    assert (
        check(done(attempt, read({"9": 1}), ("create", {"accounts": ACCOUNTS}, "ok", None), read(ACCOUNTS))).validity
        == "valid"
    )


@given(st.integers(0, 10**6), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_a_serial_bank_is_valid_and_one_changed_balance_is_found(seed: int, count: int) -> None:
    rng = random.Random(seed)
    balances = {str(number): rng.randint(0, 20) for number in range(rng.randint(2, 6))}
    operations: list[tuple[Any, ...]] = [("create", {"accounts": dict(balances)}, "ok", None)]
    for _ in range(count):
        payer, payee = rng.sample(sorted(balances), 2)
        amount = rng.randint(1, 5)
        asked = {"from": payer, "to": payee, "amount": amount}
        happened = balances[payer] >= amount and rng.random() < 0.8
        if happened:
            balances[payer] -= amount
            balances[payee] += amount
        kind = rng.choice(("ok", "info")) if happened else rng.choice(("fail", "info"))
        operations += [("transfer", asked, kind, asked), read(dict(balances))]
    assert check(done(*operations)).validity == "valid"

    place = rng.choice([number for number, one in enumerate(operations) if one[0] == "read"])
    wrong = dict(operations[place][3])
    wrong[rng.choice(sorted(wrong))] += rng.choice((-1, 1))
    operations[place] = read(wrong)
    verdict = check(done(*operations))
    assert [anomaly.name for anomaly in verdict.anomalies] == ["wrong-total"]
