"""The clients against a connection that answers by script: what they send, and what they make of each answer."""

from types import SimpleNamespace
from typing import Any

import pytest
from grpc import StatusCode
from grpc.aio import AioRpcError, Metadata

from harness.op import INVOKE, Op
from targets.etcd.client import CounterClient, RegisterClient, SetClient


def invocation(f: str, value: Any = None, key: Any = None) -> Any:
    return Op(index=-1, time=0, process=0, type=INVOKE, f=f, key=key, value=value)


def lost(code: Any = StatusCode.UNAVAILABLE, details: str = "Socket closed") -> Any:
    return AioRpcError(code, Metadata(), Metadata(), details)


def pair(value: Any, revision: Any) -> Any:
    return SimpleNamespace(value=value, mod_revision=revision)


def found(*pairs: Any) -> Any:
    return SimpleNamespace(kvs=list(pairs))


def txn(succeeded: Any, revision: Any = 0, *pairs: Any) -> Any:
    responses = [SimpleNamespace(response_range=found(*pairs))]
    return SimpleNamespace(succeeded=succeeded, header=SimpleNamespace(revision=revision), responses=responses)


class Script:
    """Answers each request with the next of ``answers``; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent = []

    def _next(self, *what: Any) -> Any:
        self.sent.append(what)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def range(self, key: Any, *, end: Any = b"", serializable: Any = False) -> Any:
        return self._next("range", key, end, serializable)

    async def put(self, key: Any, value: Any) -> Any:
        return self._next("put", key, value)

    async def put_if(self, compare: Any, key: Any, value: Any, *, timeout: Any = None) -> Any:
        del timeout
        return self._next("put_if", compare.WhichOneof("target_union"), key, value)


async def answer(client: Any, op: Any, *answers: Any) -> Any:
    client._connection = Script(*answers)
    done = await client.invoke(op)
    assert not client._connection.answers
    return done, client._connection.sent


@pytest.mark.parametrize("reads", ["linearizable", "serializable"])
async def test_reads_ask_as_the_option_says(reads: Any) -> None:
    done, sent = await answer(RegisterClient(reads), invocation("read", key=3), found(pair(b"4", 9)))
    assert (done.type, done.value, done.version) == ("ok", 4, 9)
    assert sent == [("range", b"/quorate/register/3", b"", reads == "serializable")]
    done, sent = await answer(SetClient(reads), invocation("read"), found(pair(b"4", 9), pair(b'"w"', 10)))
    assert done.value == [4, "w"]
    assert sent == [("range", b"/quorate/set//", b"/quorate/set/0", reads == "serializable")]


@pytest.mark.parametrize(
    ("error", "write", "read"),
    [
        (lost(), "info", "fail"),
        (lost(StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded"), "info", "fail"),
        (lost(details="failed to connect to all addresses; last error"), "fail", "fail"),
        (lost(details="etcdserver: leader changed"), "info", "fail"),
    ],
)
async def test_errors_of_a_write_and_of_a_read(error: Any, write: Any, read: Any) -> None:
    client = RegisterClient("linearizable")
    assert (await answer(client, invocation("write", 1, 1), error))[0].type == write
    assert (await answer(client, invocation("cas", [1, 2], 1), error))[0].type == write
    assert (await answer(client, invocation("read", None, 1), error))[0].type == read


async def test_cas_of_an_absent_key_asks_whether_it_was_ever_made() -> None:
    client = RegisterClient("linearizable")
    done, sent = await answer(client, invocation("cas", [None, 2], 1), txn(True, 12))
    assert (done.type, done.version) == ("ok", 12)
    assert sent == [("put_if", "create_revision", b"/quorate/register/1", b"2")]


async def test_a_counter_tries_again_only_when_the_compare_certainly_failed() -> None:
    client = CounterClient("linearizable")
    answers = (found(pair(b"5", 3)), txn(False, 0, pair(b"6", 4)), txn(True, 5))
    done, sent = await answer(client, invocation("add", 2), *answers)
    assert done.type == "ok"
    assert [what[-1] for what in sent[1:]] == [b"7", b"8"]
    done, sent = await answer(client, invocation("add", 2), found(), lost())
    assert (done.type, len(sent)) == ("info", 2)
    done, _ = await answer(client, invocation("add", 2), lost())
    assert done.type == "fail"


async def test_operations_that_an_interface_lacks() -> None:
    for client in (RegisterClient, SetClient, CounterClient):
        done, sent = await answer(client("linearizable"), invocation("drop"))
        assert (done.type, sent) == ("fail", [])
