"""The clients against a connection that answers by script: what they make of each answer."""

from typing import Any

import pytest
from pymongo.errors import AutoReconnect, DuplicateKeyError

from harness.op import INVOKE, Op
from targets.mongodb import consistency
from targets.mongodb.client import LockClient, RegisterClient, SessionClient
from targets.mongodb.connection import Attempts
from targets.mongodb.errors import Attempt

DONE = {"ok": 1.0, "value": None}
NOT_PRIMARY = {"ok": 0.0, "code": 10107}
DUPLICATE = {"ok": 0.0, "code": 11000}


class Script:
    """A connection that has made attempts with these answers, of which the last one is told or raised."""

    def __init__(self, *answers: Any, found: Any = None) -> None:
        self.attempts = Attempts()
        self._answers = answers
        self._found = found

    async def find_and_update(self, wanted: Any, change: Any, *, upsert: bool = False) -> Any:
        del wanted, change, upsert
        self.attempts.made = [Attempt("findAndModify", False, "10.0.0.1", answer) for answer in self._answers]
        if isinstance(self._found, Exception):
            raise self._found
        return self._found

    async def value(self, name: Any) -> Any:
        return await self.find_and_update(name, {})

    def move(self, node: str) -> None:
        self.near = node

    async def insert(self, document: Any, *, answered: bool) -> None:
        assert answered
        await self.find_and_update(document, {})


async def answer(kind: Any, f: str, value: Any, *answers: Any, found: Any = None) -> tuple[str, str | None]:
    settings = {option.name: option.default for option in consistency.OPTIONS}
    client = kind(consistency.of(settings))
    client._connection = Script(*answers, found=found)
    done = await client.invoke(Op(index=-1, time=0, process=3, type=INVOKE, f=f, value=value))
    return done.type, (done.error or "").split(":")[0]


DUPLICATE_KEY = DuplicateKeyError("E11000")


@pytest.mark.parametrize(
    ("asked", "last", "found", "name"),
    [
        ((RegisterClient, "cas", [1, 2]), DONE, None, "no-match"),
        ((RegisterClient, "cas", [None, 2]), DUPLICATE, DUPLICATE_KEY, "no-match"),
        ((LockClient, "acquire", None), DUPLICATE, DUPLICATE_KEY, "busy"),
        ((LockClient, "release", None), DONE, None, "not-held"),
    ],
)
async def test_a_refusal_is_certain_unless_an_attempt_before_it_got_no_answer(
    asked: Any, last: Any, found: Any, name: str
) -> None:
    """And it claims no more than that: what a deposed primary says must not contradict the one that followed it."""
    assert await answer(*asked, last, found=found) == ("fail", name)
    assert await answer(*asked, NOT_PRIMARY, last, found=found) == ("fail", name)
    assert await answer(*asked, None, last, found=found) == ("info", "sent-again")


async def test_what_matches_is_done() -> None:
    assert await answer(RegisterClient, "cas", [1, 2], None, DONE, found={"value": 2}) == ("ok", "")
    assert await answer(LockClient, "acquire", None, DONE, found={"token": 4}) == ("ok", "")


async def test_an_error_is_judged_by_all_attempts() -> None:
    assert await answer(RegisterClient, "cas", [1, 2], NOT_PRIMARY, found=AutoReconnect("")) == ("fail", "not-primary")
    assert await answer(RegisterClient, "cas", [1, 2], None, NOT_PRIMARY, found=AutoReconnect("")) == (
        "info",
        "not-primary",
    )


async def test_a_session_names_the_node_that_was_asked_and_not_the_one_that_it_prefers() -> None:
    settings = {option.name: option.default for option in consistency.OPTIONS}
    client: Any = SessionClient(consistency.of(settings), {"10.0.0.1": "n1"})
    client._connection = Script(DONE, found=7)
    moved = await client.invoke(Op(index=-1, time=0, process=3, type=INVOKE, f="move", value="n2", node="n3"))
    assert (moved.type, moved.value, moved.node, client._connection.near) == ("ok", "n2", "n2", "n2")
    read = await client.invoke(Op(index=-1, time=0, process=3, type=INVOKE, f="read", node="n3"))
    assert (read.type, read.value, read.node) == ("ok", 7, "n1")
