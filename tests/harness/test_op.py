"""Completions are made from their invocation."""

import msgspec
import pytest

from harness.op import FAIL, INFO, INVOKE, OK, Op

ASKED = Op(3, 17, 5, INVOKE, "cas", "k", [1, 2], "n1")


def test_ok_carries_the_answer() -> None:
    assert ASKED.ok([1, 2], version=8) == Op(-1, 17, 5, OK, "cas", "k", [1, 2], "n1", None, 8)


def test_fail_and_info_keep_the_argument() -> None:
    assert ASKED.fail("cas-mismatch: it was 3") == Op(
        -1, 17, 5, FAIL, "cas", "k", [1, 2], "n1", "cas-mismatch: it was 3"
    )
    assert ASKED.info("timeout: 5 s") == Op(-1, 17, 5, INFO, "cas", "k", [1, 2], "n1", "timeout: 5 s")


def test_an_op_does_not_change() -> None:
    with pytest.raises(AttributeError):
        ASKED.value = 3  # type: ignore[misc]  # that is what is tested


def test_a_line_holds_only_what_is_set() -> None:
    line = msgspec.json.encode(Op(0, 1, 2, INVOKE, "read"))
    assert line == b'{"index":0,"time":1,"process":2,"type":"invoke","f":"read"}'
    assert msgspec.json.decode(line, type=Op) == Op(0, 1, 2, INVOKE, "read")
