"""Histories in the formats of other programs: what comes back when they are read again, and what is said to be lost."""

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.models.kv import Kv
from checkers.linearizability.models.multi_register import MultiRegister
from harness.errors import UsageError
from harness.formats import Options, read
from harness.formats.write import WRITERS
from harness.history import History
from harness.op import NEMESIS, Op

DATA = Path(__file__).parents[4] / "shared" / "data"

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
processes = st.integers(0, 5) | st.just(NEMESIS)


@st.composite
def histories(draw: st.DrawFn, keyed: bool) -> History:
    """Well-formed ones: a completion has the f and the key of its invocation."""
    ops: list[Op] = []
    pending: dict[int, Op] = {}
    for index in range(draw(st.integers(0, 8))):
        process = draw(processes)
        details: dict[str, Any] = {"node": draw(st.none() | st.text()), "version": draw(st.none() | st.integers(0, 9))}
        time = index * draw(st.integers(1, 10**9))
        if process in pending:
            begun = pending.pop(process)
            kind = draw(st.sampled_from(["ok", "fail", "info"]))
            error = (
                None if kind == "ok" else draw(st.none() | st.sampled_from(["timeout: no answer", "cas-mismatch: 5"]))
            )
            ops.append(Op(index, time, process, kind, begun.f, begun.key, draw(values), error=error, **details))
        else:
            f = draw(st.sampled_from(["read", "write", "cas", "add", "a b", "é"]))
            key = draw(st.text() | st.integers()) if keyed and process != NEMESIS else None
            pending[process] = Op(index, time, process, "invoke", f, key, draw(values), **details)
            ops.append(pending[process])
    return History(ops)


def written(history: History, name: str) -> tuple[bytes, list[str]]:
    result = WRITERS[name](history)
    return b"".join(result.lines), result.losses


@given(histories(False) | histories(True))
def test_what_is_written_as_our_own_is_read_back(history: History) -> None:
    content, losses = written(history, "quorate")
    again = read(content, Options("quorate")).history
    assert again.damage is None
    assert list(again) == list(history)
    assert not losses


@given(st.data(), st.booleans())
def test_what_is_written_as_jepsens_is_read_back_with_the_options_that_are_named(
    data: st.DataObject, keyed: bool
) -> None:
    history = data.draw(histories(keyed))
    content, losses = written(history, "jepsen-edn")
    said = " ".join(losses)
    keys = "pairs" if "--keys pairs" in said else "none" if "--keys none" in said else None
    nil = "initial" if "--nil-reads initial" in said else None
    again = read(content, Options("jepsen-edn", nil_reads=nil, keys=keys)).history
    assert again.damage is None
    assert list(again) == list(history)


def test_what_jepsens_edn_looks_like() -> None:
    ops = [
        Op(0, 5, 0, "invoke", "write", "x", {"a": [1, None]}, "n1"),
        Op(1, 6, NEMESIS, "info", "kill", value="n1"),
        Op(2, 7, 0, "info", "write", "x", error="timeout: no answer"),
    ]
    content, losses = written(History(ops), "jepsen-edn")
    assert content.decode().splitlines() == [
        '{:index 0, :time 5, :type :invoke, :process 0, :f :write, :value ["x" {"a" [1 nil]}], :node "n1"}',
        '{:index 1, :time 6, :type :info, :process :nemesis, :f :kill, :value "n1"}',
        '{:index 2, :time 7, :type :info, :process 0, :f :write, :value ["x" nil], :error "timeout: no answer"}',
    ]
    assert losses == []


def test_the_keys_of_transactions_are_marked_for_a_pair_may_be_a_part_of_one() -> None:
    """Two maps, of which each has an x."""
    events = [("a", "txn", [["w", "x", 1]]), ("b", "txn", [["r", "x", None]]), ("b", "read", ["x", None])]
    ops = []
    for key, f, value in events:
        ops += [Op(len(ops) + more, 0, 0, kind, f, key, value) for more, kind in enumerate(("invoke", "ok"))]  # type: ignore[arg-type]  # kinds
    content, losses = written(History(ops), "jepsen-edn")
    assert content.decode().splitlines()[-1].endswith(':f :read, :value #jepsen.independent.Tuple["b" ["x" nil]]}')
    assert losses == ["that 1 reads of null saw that there was no value (there nil is unknown: --nil-reads initial)"]
    for keys in ("tagged", "auto"):
        again = read(content, Options(keys=keys, nil_reads="initial")).history  # type: ignore[arg-type]  # two of them
        assert list(again) == ops
        for history in (History(ops), again):
            assert LinearizabilityChecker(MultiRegister()).check(history).validity == "valid"


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def test_what_is_nested_too_deep_is_a_usage_error() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20 * limit)
    try:
        deep = History([Op(0, 0, 0, "invoke", "write", value=nested(2 * limit))])
    finally:
        sys.setrecursionlimit(limit)
    with pytest.raises(UsageError, match="jepsen-edn cannot hold event 0: its value is nested too deep"):
        written(deep, "jepsen-edn")
    with pytest.raises(UsageError, match="a value is nested too deep to be compared"):
        History([Op(0, 0, 0, "invoke", "write", value=nested(100 * limit))])


KV = [
    Op(0, 0, 0, "invoke", "put", "k", "a"),
    Op(1, 1, 1, "invoke", "get", "k"),
    Op(2, 2, NEMESIS, "info", "kill"),
    Op(3, 3, 2, "invoke", "append", "k", "b"),
    Op(4, 4, 0, "ok", "put", "k", "a"),
    Op(5, 5, 1, "ok", "get", "k", None),
    Op(6, 6, 2, "info", "append", "k", error="timeout"),
    Op(7, 7, 0, "invoke", "put", "k", "c"),
    Op(8, 8, 0, "fail", "put", "k", error="refused"),
    Op(9, 9, 1, "invoke", "get", "k"),
]


def test_what_porcupines_kv_text_holds_and_what_it_does_not() -> None:
    content, losses = written(History(KV), "porcupine-kv")
    assert content.decode().splitlines() == [
        '{:process 0, :type :invoke, :f :put, :key "k", :value "a"}',
        '{:process 1, :type :invoke, :f :get, :key "k", :value nil}',
        '{:process 2, :type :invoke, :f :append, :key "k", :value "b"}',
        '{:process 0, :type :ok, :f :put, :key "k", :value "a"}',
        '{:process 1, :type :ok, :f :get, :key "k", :value ""}',
    ]
    assert losses == [
        "times, nodes and versions",
        "1 operations that failed (left out)",
        "2 unknown outcomes (left open, gets left out)",
        "1 events of the nemesis (left out)",
    ]
    assert len(read(content).history) == 5


def test_in_porcupines_text_whoever_goes_on_after_an_unknown_outcome_is_somebody_else() -> None:
    """Otherwise the answer to its next operation would be taken for that of the unknown one."""
    ops = [
        Op(0, 0, 1, "invoke", "put", "k", "a"),
        Op(1, 1, 1, "info", "put", "k", error="timeout"),
        Op(2, 2, 1, "invoke", "append", "k", "b"),
        Op(3, 3, 1, "info", "append", "k", error="timeout"),
        Op(4, 4, 1, "invoke", "get", "k"),
        Op(5, 5, 1, "ok", "get", "k", "b"),
        Op(6, 6, 1, "invoke", "get", "k"),
        Op(7, 7, 1, "ok", "get", "k", "a"),
    ]
    content, _ = written(History(ops), "porcupine-kv")
    again = read(content).history
    assert again.process.tolist() == [1, 2, 3, 3, 3, 3]
    for history in (History(ops), again):
        assert LinearizabilityChecker(Kv()).check(history).validity == "valid"


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        (Op(0, 0, 0, "ok", "put", "k", "a"), "holds only whole operations, and event 0 completes none"),
        (Op(0, 0, 0, "invoke", "write", "k", "a"), "holds only get, put and append, and event 0 is a 'write'"),
        (Op(0, 0, 0, "invoke", "put", None, "a"), "the key of event 0 is null"),
        (Op(0, 0, 0, "invoke", "put", "k", 5), "the value of event 0 is 5"),
        (Op(0, 0, 0, "invoke", "put", "k", 'a"b'), "only strings without quotes"),
    ],
)
def test_what_porcupines_kv_text_cannot_hold_is_a_usage_error(op: Op, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        written(History([op]), "porcupine-kv")


@pytest.mark.skipif(not DATA.is_dir(), reason="the recorded histories are not beside the checkout")
@pytest.mark.parametrize("name", ["c10-ok", "c10-bad", "c50-bad"])
def test_recorded_kv_text_comes_back_byte_for_byte(name: str) -> None:
    content = (DATA / "porcupine" / "kv" / f"{name}.txt").read_bytes()
    for through in ("quorate", "jepsen-edn"):
        between, _ = written(read(content).history, through)
        again, _ = written(read(between).history, "porcupine-kv")
        assert again == content
