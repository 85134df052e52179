"""The objects of a replica."""

from harness.simulated.server import Answer, Request
from targets.simulated.store import Store


def test_a_register_is_absent_until_it_is_written_and_cas_compares() -> None:
    store = Store()

    assert store.apply(Request("register", "read", 1), 1) == Answer("ok", None, None)
    assert store.apply(Request("register", "write", 1, 5), 2) == Answer("ok", None, 2)
    assert store.apply(Request("register", "cas", 1, [5, 6]), 3) == Answer("ok", None, 3)
    assert store.apply(Request("register", "cas", 1, [5, 7]), 4) == Answer("fail", error="cas-mismatch: it was not 5")
    assert store.apply(Request("register", "read", 1), 5) == Answer("ok", 6, 3)
    assert store.read(Request("register", "read", 2)).value is None


def test_a_set_keeps_each_element_once_in_the_order_of_arrival() -> None:
    store = Store()
    for element in (3, 1, 3, 2):
        store.apply(Request("set", "add", None, element), 1)

    assert store.read(Request("set", "read")).value == [3, 1, 2]
    assert store.read(Request("set", "read", "other")).value == []


def test_a_counter_starts_at_zero_and_sums() -> None:
    store = Store()

    assert store.read(Request("counter", "read")).value == 0
    for delta in (5, -2):
        store.apply(Request("counter", "add", None, delta), 1)
    assert store.read(Request("counter", "read")).value == 3


def test_what_an_interface_does_not_have_certainly_did_not_happen() -> None:
    assert Store().apply(Request("set", "write", None, 1), 1) == Answer("fail", error="unsupported: a set has no write")


def test_a_transaction_on_lists_sees_its_own_appends() -> None:
    store = Store()
    done = [["append", 1, 5], ["r", 1, None], ["append", 1, 6], ["r", 2, None]]

    assert store.apply(Request("list-append", "txn", None, done), 1).value == [
        ["append", 1, 5],
        ["r", 1, [5]],
        ["append", 1, 6],
        ["r", 2, None],
    ]
    assert store.read(Request("list-append", "txn", None, [["r", 1, None]])).value == [["r", 1, [5, 6]]]


def test_a_transaction_on_registers_reads_what_was_written_last() -> None:
    store = Store()
    store.apply(Request("rw-register", "txn", None, [["w", 1, 5], ["w", 1, 6]]), 1)

    assert store.read(Request("rw-register", "txn", None, [["r", 1, None], ["r", 2, None]])).value == [
        ["r", 1, 6],
        ["r", 2, None],
    ]
    assert store.read(Request("list-append", "txn", None, [["r", 1, None]])).value == [["r", 1, None]]


def test_a_bank_is_created_once_and_refuses_an_overdraft_that_is_not_allowed() -> None:
    store = Store()
    transfer = {"from": "0", "to": "1", "amount": 3}
    assert store.apply(Request("bank", "transfer", None, transfer), 1).error.startswith("no-account:")
    for balance in (2, 100):
        created = {"accounts": {"0": balance, "1": 0}}
        assert store.apply(Request("bank", "create", None, created), 2) == Answer("ok", created)

    assert store.apply(Request("bank", "transfer", None, transfer), 3).error.startswith("insufficient funds")
    assert store.read(Request("bank", "read")).value == {"0": 2, "1": 0}
    assert store.apply(Request("bank", "transfer", None, {**transfer, "overdraft": True}), 4).type == "ok"
    assert store.read(Request("bank", "read")).value == {"0": -1, "1": 3}
    assert store.apply(Request("bank", "write", None, 5), 5).error.startswith("unsupported:")
