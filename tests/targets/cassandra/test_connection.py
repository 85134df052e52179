"""Sessions that clients share, with a driver that is told what to do."""

import asyncio
import threading
from typing import Any

import pytest
from cassandra import InvalidRequest, OperationTimedOut

from targets.cassandra import connection
from targets.cassandra.connection import NodeSession, Sessions, Statement
from targets.cassandra.errors import Failed

READ = Statement("SELECT", "read", "LOCAL_QUORUM")
WRITE = Statement("UPDATE", "conditional", "QUORUM", "LOCAL_SERIAL")


class Future:
    """Answers from another thread, as the driver does; never when there is nothing to answer."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def add_callbacks(self, answered: Any, refused: Any) -> None:
        if self._answer is None:
            return
        tell = refused if isinstance(self._answer, Exception) else answered
        threading.Thread(target=tell, args=(self._answer,)).start()


class Bound:
    """A statement with its values."""

    def __init__(self, values: Any) -> None:
        self.values = values
        self.consistency_level = self.serial_consistency_level = None


class Prepared:
    """A prepared statement."""

    bind = Bound


class Driver:
    """A session of the driver, and its cluster; ``answers`` come one after the other."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.prepared: list[str] = []
        self.executed: list[Any] = []
        self.closed = 0
        self.cluster = self

    def prepare(self, cql: str) -> Any:
        self.prepared.append(cql)
        answer = self.answers.pop(0) if cql == "REFUSED" else Prepared()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def execute_async(self, bound: Any, timeout: float) -> Any:
        self.executed.append(bound)
        return Future(self.answers.pop(0))

    def shutdown(self) -> None:
        self.closed += 1


async def test_a_statement_is_prepared_once_and_executed_at_its_levels() -> None:
    driver = Driver([(1,)], [(True,)], [(2,)])
    session = NodeSession(driver, 4.0)
    assert await session.execute(READ, {"key": "k"}) == [(1,)]
    assert await session.execute(WRITE, {}) == [(True,)]
    assert await session.execute(READ, {}) == [(2,)]
    assert driver.prepared == ["SELECT", "UPDATE"]
    read, write, _ = driver.executed
    assert (read.values, read.consistency_level, read.serial_consistency_level) == ({"key": "k"}, 6, None)
    assert (write.consistency_level, write.serial_consistency_level) == (4, 9)


async def test_an_error_of_the_driver_says_what_became_of_the_request() -> None:
    session = NodeSession(Driver(OperationTimedOut(), OperationTimedOut()), 4.0)
    for statement, outcome in ((READ, "fail"), (WRITE, "info")):
        with pytest.raises(Failed, match="client-timeout: OperationTimedOut") as caught:
            await session.execute(statement, {})
        assert caught.value.outcome == outcome


async def test_what_could_not_be_prepared_was_not_sent_and_is_tried_again() -> None:
    driver = Driver(InvalidRequest("no table"), Prepared(), [(1,)])
    session = NodeSession(driver, 4.0)
    refused = Statement("REFUSED", "write", "ONE")
    with pytest.raises(Failed, match="not-prepared: invalid-request: InvalidRequest no table") as caught:
        await session.execute(refused, {})
    assert (caught.value.outcome, driver.executed) == ("fail", [])
    assert await session.execute(refused, {}) == [(1,)]


async def test_who_gives_up_leaves_nothing_behind() -> None:
    """The answer may come when nobody waits for it any more."""
    future = Future(None)
    kept: list[Any] = []
    future.add_callbacks = lambda answered, refused: kept.append((answered, refused))  # type: ignore[method-assign] # a fake
    waiting = asyncio.ensure_future(connection._answer(future))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    answered, refused = kept[0]
    answered([(1,)])
    refused(OperationTimedOut())
    await asyncio.sleep(0)


def test_an_answer_after_the_end_of_the_event_loop_is_nobodys() -> None:
    kept: list[Any] = []

    class Late:
        def add_callbacks(self, answered: Any, refused: Any) -> None:
            kept.append(answered)

    async def abandon() -> None:
        asyncio.ensure_future(connection._answer(Late()))  # noqa: RUF006 - asyncio.run cancels it
        await asyncio.sleep(0)

    asyncio.run(abandon())
    kept[0]([(1,)])


@pytest.fixture
def drivers(monkeypatch: pytest.MonkeyPatch) -> list[Driver]:
    """The driver's sessions, in the order in which they are made."""
    made: list[Driver] = []

    def connect(address: str, timeout: float) -> Driver:
        if address == "nobody":
            raise ConnectionError("no connection")
        made.append(Driver())
        return made[-1]

    monkeypatch.setattr(connection, "connect", connect)
    return made


async def test_clients_at_a_node_share_its_session_and_the_last_one_closes_it(drivers: list[Driver]) -> None:
    sessions = Sessions(4.0)
    one, other = await asyncio.gather(sessions.acquire("a"), sessions.acquire("a"))
    assert one is other
    assert await sessions.acquire("b") is not one
    assert len(drivers) == 2
    await sessions.release("a")
    assert drivers[0].closed == 0
    await sessions.release("a")
    assert [driver.closed for driver in drivers] == [1, 0]
    assert await sessions.acquire("a") is not one


async def test_a_node_that_is_not_there_is_tried_anew_each_time(drivers: list[Driver]) -> None:
    sessions = Sessions(4.0)
    for _ in range(2):
        tries = await asyncio.gather(sessions.acquire("nobody"), sessions.acquire("nobody"), return_exceptions=True)
        assert [type(error) for error in tries] == [ConnectionError, ConnectionError]
    assert not drivers


async def test_a_connection_that_nobody_waits_for_any_more_is_closed(
    monkeypatch: pytest.MonkeyPatch, drivers: list[Driver]
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    connect = connection.connect

    def slow(address: str, timeout: float) -> Any:
        begun.set()
        go_on.wait()
        return connect(address, timeout)

    monkeypatch.setattr(connection, "connect", slow)
    sessions = Sessions(4.0)
    waiting = asyncio.ensure_future(sessions.acquire("a"))
    await asyncio.to_thread(begun.wait)
    waiting.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert [driver.closed for driver in drivers] == [1]
