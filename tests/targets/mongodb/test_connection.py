"""What is remembered of the commands that a driver sends."""

from types import SimpleNamespace
from typing import Any

import pytest
from pymongo import _csot

from harness.workers import CLOSE_LIMIT
from targets.mongodb import consistency
from targets.mongodb.connection import CLOSE_TIMEOUT, Attempts, Connection


def event(request: int, name: str = "update", **more: Any) -> Any:
    command, connection = more.pop("command", {}), ("10.0.0.1", 27017)
    return SimpleNamespace(request_id=request, command_name=name, command=command, connection_id=connection, **more)


def test_every_attempt_and_its_answer() -> None:
    attempts = Attempts()
    attempts.started(event(1))
    attempts.failed(event(1, failure={"errmsg": "closed", "errtype": "AutoReconnect"}))
    attempts.started(event(2))
    attempts.failed(event(2, failure={"ok": 0.0, "code": 10107}))
    attempts.started(event(3))
    attempts.succeeded(event(3, reply={"ok": 1.0, "n": 1}))
    attempts.started(event(4))
    assert {one.member for one in attempts.made} == {"10.0.0.1"}
    assert [one.answer for one in attempts.made] == [None, {"ok": 0.0, "code": 10107}, {"ok": 1.0, "n": 1}, None]
    attempts.forget()
    assert attempts.made == []


def test_an_answer_to_what_is_forgotten_is_nobody_s() -> None:
    attempts = Attempts()
    attempts.started(event(1))
    attempts.forget()
    attempts.started(event(2))
    attempts.succeeded(event(1, reply={"ok": 1.0}))
    assert [one.answer for one in attempts.made] == [None]


def test_an_error_of_the_write_concern_alone_is_told_by_the_driver_as_a_failure() -> None:
    attempts = Attempts()
    attempts.started(event(1, "findAndModify"))
    attempts.failed(event(1, failure={"code": 11602, "codeName": "InterruptedDueToReplStateChange"}))
    assert attempts.made[0].answer == {
        "ok": 1,
        "writeConcernError": {"code": 11602, "codeName": "InterruptedDueToReplStateChange"},
    }


def test_parts_of_a_transaction_decide_nothing_but_its_commit() -> None:
    attempts = Attempts()
    for request, name in enumerate(["update", "commitTransaction", "abortTransaction"]):
        attempts.started(event(request, name, command={"autocommit": False}))
    attempts.started(event(9, "update", command={}))
    assert [(one.command, one.decides) for one in attempts.made] == [
        ("update", False),
        ("commitTransaction", True),
        ("update", True),
    ]


async def test_closing_waits_for_no_member_for_long() -> None:
    """A driver has sessions to end; given up while it looks for a member to tell, it would go on looking for ever."""
    how = consistency.of({option.name: option.default for option in consistency.OPTIONS})
    node: Any = SimpleNamespace(name="n1", address="127.0.0.1")
    made = Connection(node, how, "registers", session=False)
    waits = []

    async def close() -> None:
        waits.append(_csot.get_timeout())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made._driver, "close", close)
        await made.close()
    assert waits == [CLOSE_TIMEOUT]
    assert CLOSE_TIMEOUT < CLOSE_LIMIT
