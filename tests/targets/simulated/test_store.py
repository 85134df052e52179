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
