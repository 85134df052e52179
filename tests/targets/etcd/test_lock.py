"""Locks on leases, against a connection that answers by script: what is sent, and what is made of each answer."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from grpc import StatusCode
from grpc.aio import AioRpcError, Metadata

from harness.op import INVOKE, Op
from targets.etcd.lock import LockClient, LockedSetClient

NO_LEASE = "etcdserver: requested lease not found"


def invocation(f: str, value: Any = None, key: Any = "k") -> Op:
    return Op(index=-1, time=0, process=3, type=INVOKE, f=f, key=key, value=value)


def lost(code: Any = StatusCode.UNAVAILABLE, details: str = "Socket closed") -> Any:
    return AioRpcError(code, Metadata(), Metadata(), details)


def found(value: bytes | None) -> Any:
    return SimpleNamespace(kvs=[] if value is None else [SimpleNamespace(value=value, mod_revision=1)])


def txn(succeeded: Any, revision: Any = 0, read: bytes | None = None) -> Any:
    responses = [SimpleNamespace(response_range=found(None)), SimpleNamespace(response_range=found(read))]
    return SimpleNamespace(succeeded=succeeded, header=SimpleNamespace(revision=revision), responses=responses)


class Script:
    """Answers each kind of request with the next of its answers; an exception is raised. Leases are kept alive."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = {name: list(each) for name, each in answers.items()}
        self.sent: list[Any] = []
        self.kept = asyncio.Event()

    def _next(self, name: str, *what: Any) -> Any:
        self.sent.append((name, *what))
        answer = self.answers[name].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def grant(self, ttl: int) -> Any:
        return self._next("grant", ttl)

    async def revoke(self, lease: int) -> Any:
        return self._next("revoke", lease)

    async def keep_alive(self, lease: int, timeout: float) -> int:
        del timeout
        self.sent.append(("keep_alive", lease))
        self.kept.set()
        return 2

    async def range(self, key: Any) -> Any:
        return self._next("range", key)

    async def put(self, key: Any, value: Any) -> Any:
        return self._next("put", key, value)

    async def put_if(self, compare: Any, key: Any, value: Any, *, lease: int = 0, read: Any = None) -> Any:
        kind = compare.WhichOneof("target_union"), compare.result
        return self._next("put_if", *kind, key, value, lease, read)

    async def close(self) -> None:
        pass


@pytest.fixture
async def lock() -> AsyncIterator[LockClient]:
    client = LockClient(2)
    yield client
    await client.close()


def script(client: Any, **answers: list[Any]) -> Script:
    client._connection = Script(**answers)
    made: Script = client._connection
    return made


async def test_the_lock_is_a_key_made_with_a_lease_and_its_revision_is_the_token(lock: LockClient) -> None:
    sent = script(lock, grant=[7], put_if=[txn(True, 12)], revoke=[None]).sent
    done = await lock.invoke(invocation("acquire"))
    assert (done.type, done.value, done.version) == ("ok", 12, 12)
    assert sent == [("grant", 2), ("put_if", "create_revision", 0, b"/quorate/lock/k", b"3", 7, None)]

    done = await lock.invoke(invocation("release"))
    assert (done.type, done.value) == ("ok", None)
    assert sent[-1] == ("revoke", 7)


async def test_a_lock_that_is_held_is_busy_and_the_lease_is_given_back(lock: LockClient) -> None:
    sent = script(lock, grant=[7, 8], put_if=[txn(False), txn(False)], revoke=[None, lost()]).sent
    for lease in (7, 8):
        done = await lock.invoke(invocation("acquire"))
        assert (done.type, done.error) == ("fail", "busy: somebody holds the lock")
        assert sent[-1] == ("revoke", lease)
    assert (await lock.invoke(invocation("release"))).error == "not-held: this client does not hold the lock"


async def test_without_a_lease_nothing_is_acquired_and_a_lost_answer_leaves_it_open(lock: LockClient) -> None:
    script(lock, grant=[lost()])
    assert (await lock.invoke(invocation("acquire"))).type == "fail"
    script(lock, grant=[7], put_if=[lost()])
    assert (await lock.invoke(invocation("acquire"))).type == "info"
    script(lock, grant=[7], put_if=[lost(details="etcdserver: no leader")])
    assert (await lock.invoke(invocation("acquire"))).type == "fail"


async def test_one_client_holds_a_lock_once_and_several_locks(lock: LockClient) -> None:
    script(lock, grant=[7, 8], put_if=[txn(True, 12), txn(True, 13)])
    assert (await lock.invoke(invocation("acquire"))).type == "ok"
    assert (await lock.invoke(invocation("acquire"))).error == "already-held: this client holds the lock"
    assert (await lock.invoke(invocation("acquire", key="other"))).value == 13


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lost(StatusCode.NOT_FOUND, NO_LEASE), "ok"),
        (lost(), "info"),
        (lost(details="failed to connect to all addresses"), "info"),
    ],
)
async def test_a_release_is_done_when_the_lease_had_run_out_and_never_certainly_not(
    lock: LockClient, answer: Any, kind: str
) -> None:
    script(lock, grant=[7], put_if=[txn(True, 12)], revoke=[answer])
    await lock.invoke(invocation("acquire"))
    assert (await lock.invoke(invocation("release"))).type == kind


async def test_the_lease_is_kept_alive_until_the_client_dies() -> None:
    client = LockClient(0)
    connection = script(client, grant=[7], put_if=[txn(True, 12)])
    await client.invoke(invocation("acquire"))
    await connection.kept.wait()
    (task,) = [lease._task for lease in client._held.values()]
    await client.close()
    await asyncio.wait([task])
    assert task.cancelled()
    assert ("revoke", 7) not in connection.sent


async def test_operations_that_an_interface_lacks(lock: LockClient) -> None:
    for client in (lock, LockedSetClient(0, fencing=False)):
        script(client)
        assert (await client.invoke(invocation("drop"))).type == "fail"


GRANTED = {"grant": [7], "revoke": [None]}


async def test_a_set_is_read_changed_and_written_back_under_the_lock() -> None:
    client = LockedSetClient(0, fencing=False)
    connection = script(client, **GRANTED, put_if=[txn(True, 12)], range=[found(b"[1]")], put=[13])
    done = await client.invoke(invocation("add", 2))

    assert (done.type, done.value, done.version) == ("ok", 2, 13)
    sent = [what for what in connection.sent if what[0] != "keep_alive"]
    assert sent[1:] == [
        ("put_if", "create_revision", 0, b"/quorate/locked-set/k/lock", b"3", 7, None),
        ("range", b"/quorate/locked-set/k"),
        ("put", b"/quorate/locked-set/k", b"[1,2]"),
        ("revoke", 7),
    ]
    script(client, range=[found(None)])
    assert (await client.invoke(invocation("read"))).value == []


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"grant": [lost()]}, "fail"),
        ({"grant": [7], "put_if": [lost()]}, "fail"),
        ({"grant": [7], "put_if": [txn(True, 12)], "range": [lost()]}, "fail"),
        ({"grant": [7], "put_if": [txn(True, 12)], "range": [found(None)], "put": [lost()]}, "info"),
        ({"grant": [7], "put_if": [txn(True, 12)], "range": [found(None)], "put": [9], "revoke": [lost()]}, "ok"),
    ],
)
async def test_only_the_write_itself_leaves_an_add_open(answers: Any, kind: str) -> None:
    client = LockedSetClient(0, fencing=False)
    script(client, **answers)
    assert (await client.invoke(invocation("add", 2))).type == kind


TOKEN = b"00000000000000000012"


async def test_a_fenced_set_remembers_the_largest_token_that_it_was_read_with() -> None:
    client = LockedSetClient(0, fencing=True)
    claims = [txn(False), txn(True, 13, b"[1]"), txn(True, 14)]
    connection = script(client, **GRANTED, put_if=[txn(True, 12), *claims])
    done = await client.invoke(invocation("add", 2))

    assert (done.type, done.version) == ("ok", 14)
    assert [what for what in connection.sent if what[0] == "put_if"][1:] == [
        ("put_if", "create_revision", 0, b"/quorate/locked-set/k/fence", TOKEN, 0, b"/quorate/locked-set/k"),
        ("put_if", "value", 2, b"/quorate/locked-set/k/fence", TOKEN, 0, b"/quorate/locked-set/k"),
        ("put_if", "value", 0, b"/quorate/locked-set/k", b"[1,2]", 0, None),
    ]


@pytest.mark.parametrize("answers", [[txn(False), txn(False)], [txn(True, 13), txn(False)]])
async def test_whoever_comes_with_an_older_token_is_refused_and_has_written_nothing(answers: Any) -> None:
    client = LockedSetClient(0, fencing=True)
    script(client, **GRANTED, put_if=[txn(True, 12), *answers])
    done = await client.invoke(invocation("add", 2))
    assert (done.type, done.error) == ("fail", "fenced: a later holder than 12 has read the set")
