"""The examples of the literature, in its notation, and what they must be called."""

from typing import Any

import pytest
from notation import history

from checkers.judge import judge
from checkers.transactions.list_append import ListAppendChecker
from checkers.transactions.rw_register import RwRegisterChecker
from checkers.verdict import Verdict
from harness.history import History
from harness.op import Op


def check(text: str, *, lists: bool) -> Verdict:
    checker = ListAppendChecker() if lists else RwRegisterChecker()
    return judge(history(text, lists=lists), [checker]).verdicts[0]


def names(verdict: Verdict) -> set[str]:
    return {anomaly.name for anomaly in verdict.anomalies}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fail ax1 | rx1", {"G1a"}),
        ("fail ax1 | ax2 | rx12", {"G1a"}),
        ("info ax1 | rx1", set()),
        ("ax1ax2 | rx1", {"G1b"}),
        ("info ax1ax2 | rx1", {"G1b"}),
        ("ax1rx1ax2", set()),
        ("ax1ax2 | rx12", set()),
        ("ax1 | ax2 | ax3 | rx13 | rx123", {"incompatible-order"}),
        ("ax1 | ax2 | rx12 | rx21", {"incompatible-order"}),
        ("ax1 | ax2 | rx1 | rx12 | rx", set()),
        ("ax1 | ax2 | rx121", {"duplicate-elements"}),
        ("ax0 | rx0ax1 | rx0ax2", {"lost-update"}),
        ("rxax1 | rxax2", {"lost-update"}),
        ("rxax1 | fail rxax2", set()),
        ("ax0 | rx0ax1 | rxrx0ax2", {"internal", "lost-update"}),
        ("rxax1 | rxrx1ax2", {"internal"}),
        ("ax1rx1 | ax2rx2", {"unseen-append"}),
        ("ax1 | ax2rx2 | rx1", {"unseen-append"}),
        ("ax1 | ax2 | ax3 | rx12 | ax4rx134", {"incompatible-order"}),
        ("ax1 | ax2 | rx1 | rx2 | ax3ax4ax5rx345", {"incompatible-order"}),
        ("ax1ax2 | rx2", {"incompatible-order"}),
        ("ax1ax2 | rx21", {"incompatible-order"}),
        ("info ax1ax2 | rx2", {"incompatible-order"}),
        ("fail ax1ax2 | rx2", {"G1a"}),
        ("ax1ay2 | ry2 | rx", set()),
        ("ax1ax2 | ax1 | rx2", {"incompatible-order"}),
        ("rxax1 | info rxax2", set()),
        ("rxax1ax2 | rx12", set()),
        ("ax1 | rx19", {"thin-air-read"}),
        ("ax1 | ax2 | rx12ax3rx12", {"internal"}),
        ("ax1 | ax2 | ax4 | ax3rx1234", {"internal"}),
        ("ax1 | ax3rx13", set()),
        ("ax1 | ax3rx1", {"internal"}),
        ("ax3rx", {"internal"}),
        ("ax2 | rxrx2", {"internal"}),
        ("rx1ax1", {"future-read"}),
        ("rx1 | ax1", {"future-read"}),
    ],
)
def test_lists(text: str, expected: set[str]) -> None:
    verdict = check(text, lists=True)

    assert names(verdict) == expected
    assert verdict.validity == ("invalid" if expected else "valid")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wx1 | wx2 | rx1rx2", {"internal"}),
        ("wx1 | rx1wx2rx1", {"internal"}),
        ("wx2 | rxrx2", {"internal"}),
        ("wx1rx1", set()),
        ("fail wx1 | rx1", {"G1a"}),
        ("info wx1 | rx1", set()),
        ("wx1wx2 | rx1", {"G1b"}),
        ("wx1wx2 | rx2", set()),
        ("wx1rx1wx2", set()),
        ("wx1 | rx2", {"thin-air-read"}),
        ("rx1 | wx1", {"future-read"}),
        ("rx1wx1", {"future-read"}),
        ("wx0 | rx0wx1 | rx0wx2", {"lost-update"}),
        ("rxwx1 | rxwx2", {"lost-update"}),
        ("wx0 | rx0wx1 | fail rx0wx2", set()),
        ("wx0 | rx0wx1 | info rx0wx2", set()),
        ("wx0wy0 | rx0wy1 | ry0wx2", set()),
    ],
)
def test_registers(text: str, expected: set[str]) -> None:
    verdict = check(text, lists=False)

    assert names(verdict) == expected
    assert verdict.validity == ("invalid" if expected else "valid")


def test_a_cycle_is_not_looked_for_and_the_verdict_says_so() -> None:
    verdict = check("rxay1 | ryax1 | rx1ry1", lists=True)

    assert verdict.validity == "valid"
    assert "cycles of dependencies" in verdict.reasons[0]
    assert {model.standing for model in verdict.models} == {"undecided"}


def test_what_an_anomaly_rules_out_is_ruled_out_for_all_stronger_models() -> None:
    standing = {model.name: (model.standing, model.why) for model in check("fail ax1 | rx1", lists=True).models}

    assert standing["read-uncommitted"][0] == "undecided"
    for model in ("read-committed", "read-atomic", "cursor-stability", "snapshot-isolation", "serializable"):
        assert standing[model] == ("violated", "G1a")


def test_two_that_saw_only_their_own_append_may_both_have_read_what_was_committed() -> None:
    standing = {model.name: model.standing for model in check("ax1rx1 | ax2rx2", lists=True).models}

    assert [name for name, found in standing.items() if found == "violated"] == ["snapshot-isolation", "serializable"]


def test_an_internal_inconsistency_does_not_rule_out_read_committed() -> None:
    standing = {model.name: model.standing for model in check("wx1 | rx1wx2rx1", lists=False).models}

    assert standing["read-committed"] == "undecided"
    assert standing["read-atomic"] == standing["serializable"] == "violated"


def test_the_witness_of_an_aborted_read_is_the_reader_and_the_writer() -> None:
    (anomaly,) = check("ay1 | fail ax1 | rx1", lists=True).anomalies

    assert anomaly.events == (2, 3, 4, 5)
    assert anomaly.key == "x"
    assert anomaly.sentence == (
        "p2's txn (n3) of 0.005 s read [1] of key \"x\": 1 was appended only by p1's txn (n2) of 0.003 s, which had "
        "failed for certain"
    )


@pytest.mark.parametrize("lists", [True, False])
def test_what_was_written_twice_proves_nothing_and_leaves_the_rest_open(lists: bool) -> None:
    text = "fail ax1 | ax1 | rx1" if lists else "fail wx1 | wx1 | rx1"
    verdict = check(text, lists=lists)

    assert verdict.validity == "unknown"
    assert "more than once" in verdict.reasons[0]
    assert check("ax1 | ax1 | rx11" if lists else "wx1wx2 | wx1 | rx1", lists=lists).validity == "unknown"


@pytest.mark.parametrize("lists", [True, False])
def test_without_a_read_nothing_is_known(lists: bool) -> None:
    assert check("ax1 | ax2" if lists else "wx1", lists=lists).validity == "unknown"


STRANGE = [5, [["r", "x"]], [["x", "x", 1]], ["r"], [["append", "x", None]]]


@pytest.mark.parametrize("value", STRANGE)
def test_what_is_no_transaction_is_undecided_with_the_event(value: Any) -> None:
    ops = [Op(0, 0, 0, "invoke", "txn", value=value), Op(0, 1, 0, "ok", "txn", value=value)]

    for checker in (ListAppendChecker(), RwRegisterChecker()):
        verdict = judge(History(ops), [checker]).verdicts[0]
        assert verdict.validity == "unknown"
        assert "event 0" in verdict.reasons[0]
        assert "crashed" not in verdict.reasons[0]


def test_a_completion_that_is_about_something_else_is_undecided() -> None:
    start = Op(0, 0, 0, "invoke", "txn", value=[["r", "x", None]])
    verdict = ListAppendChecker().check(History([start, start.ok([["r", "y", [1]]])]))

    assert verdict.validity == "unknown"
    assert "does not repeat" in verdict.reasons[0]


@pytest.mark.parametrize(
    ("told", "validity"),
    [
        ([["w", "x", 1], ["r", "x", 1]], "valid"),
        ([["r", "y", None], ["w", "x", 1], ["r", "x", 1]], "valid"),
        ([["r", "y", None], ["r", "x", 1]], "unknown"),
        ([["w", "x", 1], ["r", "y", None], ["r", "x", 1]], "unknown"),
        ([["w", "x", 2], ["r", "x", 1]], "unknown"),
        ([["w", "x", 1], ["r", "x", 1], ["r", "x", 1]], "unknown"),
    ],
)
def test_reads_of_which_nothing_is_known_may_be_left_out_of_a_completion(told: Any, validity: str) -> None:
    start = Op(0, 0, 0, "invoke", "txn", value=[["r", "y", None], ["w", "x", 1], ["r", "x", None]])
    assert RwRegisterChecker().check(History([start, start.ok(told)])).validity == validity


def test_a_read_of_a_list_that_is_none_is_undecided() -> None:
    start = Op(0, 0, 0, "invoke", "txn", value=[["r", "x", None]])
    verdict = ListAppendChecker().check(History([start, start.ok([["r", "x", 5]])]))

    assert verdict.validity == "unknown"
    assert "no list" in verdict.reasons[0]


def test_true_is_not_one() -> None:
    ops = [Op(0, 0, 0, "invoke", "txn", value=[["w", "x", 1]]), Op(0, 1, 0, "ok", "txn", value=[["w", "x", 1]])]
    read = Op(0, 2, 1, "invoke", "txn", value=[["r", "x", None]])
    assert RwRegisterChecker().check(History([*ops, read, read.ok([["r", "x", 1.0]])])).validity == "valid"
    assert names(RwRegisterChecker().check(History([*ops, read, read.ok([["r", "x", True]])]))) == {"thin-air-read"}
