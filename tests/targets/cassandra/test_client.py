"""The clients against a session that answers by script: what they send, and what they make of each answer."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from harness.op import INVOKE, Op
from targets.cassandra.client import Clock, Manner
from targets.cassandra.collections import CellClient, CounterClient, RowsClient
from targets.cassandra.errors import Failed
from targets.cassandra.lock import LockClient
from targets.cassandra.pairs import BatchClient, WriteIsolationClient
from targets.cassandra.register import RegisterClient, SessionClient

UNKNOWN = Failed("info", "client-timeout: no answer")
REFUSED = Failed("fail", "unavailable: too few")

STRONG = Manner()
PLAIN = Manner(read="QUORUM", write="ONE", conditional=False)


def invocation(f: str, value: Any = None, key: Any = None, process: int = 0) -> Any:
    return Op(index=-1, time=0, process=process, type=INVOKE, f=f, key=key, value=value)


class Script:
    """Answers each request with the next of ``answers``; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[Any, Any]] = []

    async def execute(self, statement: Any, values: Any) -> Sequence[Any]:
        self.sent.append((statement, values))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Sessions:
    """Sessions with nodes that are there, by address."""

    def __init__(self, *addresses: str) -> None:
        self.users = dict.fromkeys(addresses, 0)

    async def acquire(self, address: str) -> Any:
        if address not in self.users:
            raise ConnectionError(f"no connection to {address}")
        self.users[address] += 1
        return Script()

    async def release(self, address: str) -> None:
        self.users[address] -= 1


async def answer(client: Any, op: Any, *answers: Any) -> Any:
    client._session = Script(*answers)
    done = await client.invoke(op)
    assert not client._session.answers
    return done, client._session.sent


def made(kind: Any, manner: Any = STRONG) -> Any:
    return kind(manner, Sessions())


def levels(sent: Any) -> list[tuple[str, str, str | None]]:
    return [(statement.request, statement.consistency, statement.serial) for statement, _ in sent]


async def test_reads_and_writes_at_the_levels_of_the_options() -> None:
    done, sent = await answer(made(RegisterClient, PLAIN), invocation("read", key=3), [(4,)])
    assert (done.type, done.value, levels(sent)) == ("ok", 4, [("read", "QUORUM", None)])
    assert sent[0][1] == {"key": "/3"}
    done, sent = await answer(made(RegisterClient, PLAIN), invocation("write", 5), ())
    assert (done.type, levels(sent)) == ("ok", [("write", "ONE", None)])
    assert sent[0][1] == {"key": "/", "value": 5}
    manner = Manner(write="ALL", serial="LOCAL_SERIAL")
    done, sent = await answer(made(RegisterClient, manner), invocation("write", 5), [(True,)])
    assert (done.type, levels(sent)) == ("ok", [("conditional", "ALL", "LOCAL_SERIAL")])


async def test_what_was_never_written_is_null() -> None:
    assert (await answer(made(RegisterClient), invocation("read"), ()))[0].value is None
    assert (await answer(made(CounterClient), invocation("read"), ()))[0].value == 0
    assert (await answer(made(RowsClient), invocation("read"), ()))[0].value == []
    assert (await answer(made(CellClient), invocation("read"), ()))[0].value == []
    assert (await answer(made(WriteIsolationClient), invocation("read"), ()))[0].value is None
    assert (await answer(made(BatchClient), invocation("read"), ()))[0].value is None


async def test_a_cas_by_paxos_says_what_it_found() -> None:
    client = made(RegisterClient)
    done, sent = await answer(client, invocation("cas", [1, 2]), [(True,)])
    assert (done.type, done.value) == ("ok", [1, 2])
    assert "IF value = :old" in sent[0][0].cql
    done, _ = await answer(client, invocation("cas", [1, 2]), [(False, 7)])
    assert (done.type, done.error) == ("fail", "cas-mismatch: found 7")
    done, _ = await answer(client, invocation("cas", [1, 2]), [(False,)])
    assert done.error == "cas-mismatch: found nothing"
    done, sent = await answer(client, invocation("cas", [None, 2]), [(True,)])
    assert "IF value = null" in sent[0][0].cql


async def test_a_plain_cas_reads_compares_and_writes() -> None:
    client = made(RegisterClient, PLAIN)
    done, sent = await answer(client, invocation("cas", [1, 2]), [(1,)], ())
    assert (done.type, levels(sent)) == ("ok", [("read", "QUORUM", None), ("write", "ONE", None)])
    done, sent = await answer(client, invocation("cas", [1, 2]), [(3,)])
    assert (done.type, done.error, len(sent)) == ("fail", "cas-mismatch: found 3", 1)
    done, _ = await answer(client, invocation("cas", [1, 2]), [(1,)], UNKNOWN)
    assert (done.type, done.error) == ("info", "client-timeout: no answer")


async def test_an_error_decides_about_the_operation() -> None:
    for error, kind in ((UNKNOWN, "info"), (REFUSED, "fail")):
        done, _ = await answer(made(RegisterClient), invocation("write", 1), error)
        assert (done.type, done.error) == (kind, str(error))


async def test_what_has_an_unknown_outcome_is_sent_again_as_often_as_the_option_says() -> None:
    client = made(CounterClient, Manner(retries=2))
    done, sent = await answer(client, invocation("add", 3), UNKNOWN, UNKNOWN, ())
    assert (done.type, len(sent)) == ("ok", 3)
    done, sent = await answer(client, invocation("add", 3), UNKNOWN, UNKNOWN, UNKNOWN)
    assert (done.type, len(sent)) == ("info", 3)
    done, sent = await answer(client, invocation("add", 3), REFUSED)
    assert (done.type, len(sent)) == ("fail", 1)


async def test_what_may_have_happened_before_it_was_sent_again_is_never_a_failure() -> None:
    done, _ = await answer(made(CounterClient, Manner(retries=2)), invocation("add", 3), UNKNOWN, REFUSED)
    assert (done.type, done.error) == ("info", "client-timeout: no answer")
    done, _ = await answer(made(RegisterClient, Manner(retries=1)), invocation("cas", [1, 2]), UNKNOWN, [(False, 2)])
    assert done.type == "info"


async def test_timestamps_are_sent_only_when_the_client_gives_them() -> None:
    _, sent = await answer(made(RowsClient, PLAIN), invocation("add", 1), ())
    assert "stamp" not in sent[0][1]
    _, sent = await answer(made(RowsClient, Manner(timestamps="client")), invocation("add", 1), ())
    assert sent[0][1]["stamp"] > 0


def test_clocks_of_processes_differ_by_twice_the_skew_at_most_and_always_go_on() -> None:
    clocks = [Clock(process, 500, 0) for process in range(20)]
    offsets = [clock._offset for clock in clocks]
    assert all(-500_000 <= offset <= 500_000 for offset in offsets)
    assert max(offsets) - min(offsets) > 500_000
    assert [Clock(process, 500, 0)._offset for process in range(20)] == offsets
    times = [clocks[0].read() for _ in range(1000)]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))


def test_a_coarse_clock_shows_whole_ticks() -> None:
    assert Clock(0, 0, 1000).read() % 1_000_000 == 0


async def test_sets() -> None:
    done, _ = await answer(made(RowsClient), invocation("read"), [(1,), (3,)])
    assert done.value == [1, 3]
    done, _ = await answer(made(CellClient), invocation("read"), [({3, 1},)])
    assert done.value == [1, 3]
    _, sent = await answer(made(CellClient), invocation("add", 4), ())
    assert sent[0][1]["added"] == {4}


async def test_pairs() -> None:
    done, sent = await answer(made(WriteIsolationClient), invocation("write", [1, 2]), ())
    assert (done.value, sent[0][1]["a"], sent[0][1]["b"]) == ([1, 2], 1, 2)
    assert (await answer(made(WriteIsolationClient), invocation("read"), [(1, 2)]))[0].value == [1, 2]
    assert (await answer(made(BatchClient), invocation("read"), [("b", 2), ("a", 1)]))[0].value == [1, 2]
    assert (await answer(made(BatchClient), invocation("read"), [("b", 2)]))[0].value == [None, 2]


@pytest.mark.parametrize(("batch", "words"), [("logged", "BEGIN BATCH"), ("unlogged", "BEGIN UNLOGGED BATCH")])
async def test_batches(batch: Any, words: str) -> None:
    _, sent = await answer(made(BatchClient, Manner(batch=batch)), invocation("write", [1, 2]), ())
    assert sent[0][0].request == batch
    assert sent[0][0].cql.startswith(words)


def lock(ttl: int = 0) -> Any:
    return LockClient(STRONG, Sessions(), ttl)  # type: ignore[arg-type] # a fake


async def test_a_lock_gives_larger_tokens() -> None:
    done, sent = await answer(lock(), invocation("acquire", process=7), (), [(True,)])
    values = sent[1][1]
    assert (done.type, done.value) == ("ok", 1)
    assert (values["owner"], values["fence"], values["ttl"]) == (7, 1, 0)
    assert "fence = null" in sent[1][0].cql
    done, sent = await answer(lock(5), invocation("acquire", process=7), [(None, 4)], [(True,)])
    assert (done.type, done.value, sent[1][1]["ttl"]) == ("ok", 5, 5)
    assert "fence = :last" in sent[1][0].cql


@pytest.mark.parametrize(("ttl", "word"), [(0, "held"), (5, "busy")])
async def test_a_lock_that_somebody_owns_is_not_given(ttl: int, word: str) -> None:
    """Whose owner may have expired at any moment is not said to be held."""
    done, _ = await answer(lock(ttl), invocation("acquire", process=7), [(3, 4)])
    assert (done.type, done.error) == ("fail", f"{word}: by process 3")
    done, _ = await answer(lock(ttl), invocation("acquire", process=7), [(None, 4)], [(False, 3, 5)])
    assert (done.type, done.error) == ("fail", "contended: somebody was faster")


async def test_a_lock_is_given_back_by_its_owner() -> None:
    client, acquire, release = lock(), invocation("acquire", process=7), invocation("release", process=7)
    done, sent = await answer(client, release)
    assert (done.type, done.error, sent) == ("fail", "not-held: this client does not hold the lock", [])
    await answer(client, acquire, (), [(True,)])
    assert (await answer(client, release, REFUSED))[0].type == "fail"
    done, sent = await answer(client, release, [(True,)])
    assert (done.type, done.value, sent[0][1]["mine"], sent[0][1]["fence"]) == ("ok", None, 7, 1)
    assert (await answer(client, release))[0].type == "fail"


@pytest.mark.parametrize(("ttl", "kind"), [(0, "fail"), (5, "ok")])
async def test_a_lock_that_has_expired_is_given_back_already(ttl: int, kind: str) -> None:
    client = lock(ttl)
    await answer(client, invocation("acquire", process=7), (), [(True,)])
    done, _ = await answer(client, invocation("release", process=7), [(False, None, 1)])
    assert done.type == kind


async def test_a_session_moves_to_another_node() -> None:
    sessions = Sessions("a1", "a2")
    client = SessionClient(PLAIN, sessions, {"n1": "a1", "n2": "a2", "n3": "a3"})  # type: ignore[arg-type] # fakes
    await client._connect("a1")
    done = await client.invoke(invocation("move", "n2"))
    assert (done.type, done.value, sessions.users) == ("ok", "n2", {"a1": 0, "a2": 1})
    assert done.node == "n2"
    for name, error in (("n3", "not-connected: no connection to a3"), ("n9", "unknown-node: there is no 'n9'")):
        done = await client.invoke(invocation("move", name))
        assert (done.type, done.error, sessions.users) == ("fail", error, {"a1": 0, "a2": 1})
        assert done.node == "n2"
    await client.close()
    await client.close()
    assert sessions.users == {"a1": 0, "a2": 0}


async def test_operations_that_an_interface_lacks() -> None:
    kinds = (RegisterClient, RowsClient, CellClient, CounterClient, WriteIsolationClient, BatchClient)
    for client in (lock(), *map(made, kinds)):
        done, sent = await answer(client, invocation("drop"))
        assert (done.type, done.error, sent) == ("fail", "unknown-operation: this interface has no 'drop'", [])


async def test_a_client_that_is_not_open_sends_nothing() -> None:
    done = await made(RegisterClient).invoke(invocation("write", 1))
    assert (done.type, done.error) == ("fail", "not-open: the client is not open")
