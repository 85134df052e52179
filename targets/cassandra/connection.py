"""Sessions with single nodes: no balancing, no retry, every request with a deadline, and no thread waits for one."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from cassandra import ConsistencyLevel
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, ResponseFuture, Session
from cassandra.policies import ConstantReconnectionPolicy, FallthroughRetryPolicy, WhiteListRoundRobinPolicy
from cassandra.query import PreparedStatement, tuple_factory

from harness.errors import NodeFailed
from targets.cassandra.config import CQL_PORT
from targets.cassandra.errors import Failed, Request, failed

PROTOCOL: Final = 5
CONNECT_TIMEOUT: Final = 1.0
"""Seconds that connecting may take."""

RECONNECT: Final = 0.25
"""Seconds between two attempts to reach a node again."""

POLL: Final = 0.05
"""Seconds between two looks at the versions of the schema."""

SCHEMA_TIMEOUT: Final = 20.0
"""Seconds that a change of the schema may take, and the agreement of the nodes about it."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of CQL, and how it is executed.

    Args:
        cql: Its text, with named markers.
        request: What it does, for the table of errors.
        consistency: Level by name.
        serial: Level of the Paxos rounds by name, where it is conditional.
    """

    cql: str
    request: Request
    consistency: str
    serial: str | None = None


VERSIONS: Final = (
    Statement("SELECT schema_version FROM system.local", "read", "ONE"),
    Statement("SELECT schema_version FROM system.peers_v2", "read", "ONE"),
)
"""Of the schema, at the node and at the others."""


def connect(address: str, timeout: float) -> Session:
    """A session with the node at ``address`` and no other; blocks.

    Args:
        address: IP address.
        timeout: Seconds that a request may take.

    Raises:
        ConnectionError: There was no connection in time.
    """
    profile = ExecutionProfile(
        load_balancing_policy=WhiteListRoundRobinPolicy([address]),
        retry_policy=FallthroughRetryPolicy(),
        request_timeout=timeout,
        row_factory=tuple_factory,
    )
    cluster = Cluster(
        [address],
        port=CQL_PORT,
        protocol_version=PROTOCOL,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        reconnection_policy=ConstantReconnectionPolicy(RECONNECT, max_attempts=None),
        connect_timeout=CONNECT_TIMEOUT,
        control_connection_timeout=CONNECT_TIMEOUT,
        max_schema_agreement_wait=0,  # ``define`` waits by itself
        idle_heartbeat_interval=0,  # a paused node is no dead one: its requests run into their own time-outs
        schema_metadata_enabled=False,
        token_metadata_enabled=False,
        monitor_reporting_enabled=False,
        prepare_on_all_hosts=False,
        reprepare_on_up=False,
    )
    try:
        session = cluster.connect()
    except NoHostAvailable as error:
        cluster.shutdown()
        raise ConnectionError(f"no connection to {address}:{CQL_PORT} within {CONNECT_TIMEOUT:g} s") from error
    except BaseException:
        cluster.shutdown()
        raise
    session.default_fetch_size = None  # a set is one answer
    session.use_client_timestamp = False
    return session


class NodeSession:
    """A session that all clients at one node share; the driver tells their requests apart on one connection.

    Args:
        session: Of the driver.
        timeout: Seconds that a request may take.
    """

    def __init__(self, session: Session, timeout: float) -> None:
        self._session = session
        self._timeout = timeout
        self._prepared: dict[str, asyncio.Task[PreparedStatement]] = {}

    async def execute(self, statement: Statement, values: Mapping[str, Any]) -> Sequence[Row]:
        """Execute a statement and return its rows.

        Raises:
            Failed: There was no answer, or it was an error.
        """
        bound = (await self._prepare(statement.cql)).bind(values)
        bound.consistency_level = ConsistencyLevel.name_to_value[statement.consistency]
        if statement.serial is not None:
            bound.serial_consistency_level = ConsistencyLevel.name_to_value[statement.serial]
        try:
            rows: Sequence[Row] | None = await _answer(self._session.execute_async(bound, timeout=self._timeout))
        except NoHostAvailable as error:
            await asyncio.sleep(RECONNECT)  # or clients of a dead node would take most of the operations
            raise failed(error, statement.request) from error
        except Exception as error:
            raise failed(error, statement.request) from error
        return rows or ()

    async def define(self, cql: str) -> None:
        """Change the schema, and wait until the nodes agree about it.

        Raises:
            NodeFailed: They refuse it, or do not agree in time.
        """
        words = " ".join(cql.split())
        try:
            await asyncio.to_thread(self._session.execute, cql, timeout=SCHEMA_TIMEOUT)
        except Exception as error:
            raise NodeFailed(f"Cassandra did not do `{words}`: {failed(error, 'write')}") from error
        try:
            async with asyncio.timeout(SCHEMA_TIMEOUT):
                while not await self._agreed():  # noqa: ASYNC110 - a node has no event to wait for
                    await asyncio.sleep(POLL)
        except TimeoutError:
            raise NodeFailed(f"the nodes do not agree about `{words}` after {SCHEMA_TIMEOUT:g} s") from None

    async def close(self) -> None:
        """Close the connection; requests that are under way get an error."""
        for task in self._prepared.values():
            task.cancel()
        await asyncio.to_thread(self._session.cluster.shutdown)

    async def _agreed(self) -> bool:
        """Whether all nodes have the same version of the schema, as far as this one has heard."""
        try:
            versions = [row for statement in VERSIONS for row in await self.execute(statement, {})]
        except Failed:
            return False
        return len(set(versions)) == 1

    async def _prepare(self, cql: str) -> PreparedStatement:
        """The prepared statement, made once for all clients."""
        task = self._prepared.get(cql)
        if task is None:
            task = self._prepared[cql] = asyncio.ensure_future(asyncio.to_thread(self._session.prepare, cql))
            task.add_done_callback(partial(self._forget_failure, cql))
        try:
            async with asyncio.timeout(self._timeout):  # the driver's own is longer
                return await asyncio.shield(task)
        except TimeoutError:
            raise Failed("fail", f"not-prepared: no answer within {self._timeout:g} s") from None
        except Exception as error:
            raise Failed("fail", f"not-prepared: {failed(error, 'read')}") from error

    def _forget_failure(self, cql: str, task: asyncio.Task[PreparedStatement]) -> None:
        """What could not be prepared is tried again by the next one who needs it."""
        if task.cancelled() or task.exception() is not None:
            self._prepared.pop(cql, None)


class Sessions:
    """The sessions of one run: one per node, opened for the first client at it and closed after the last.

    Args:
        timeout: Seconds that a request may take.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._shared: dict[str, _Shared] = {}

    async def acquire(self, address: str) -> NodeSession:
        """The session with the node at ``address``; give it back with ``release``.

        Raises:
            ConnectionError: There was no connection in time.
        """
        shared = self._shared.get(address)
        if shared is None:
            opening = asyncio.ensure_future(asyncio.to_thread(connect, address, self._timeout))
            shared = self._shared[address] = _Shared(opening)
        shared.users += 1
        try:
            session = await asyncio.shield(shared.opening)
        except BaseException:
            await self._release(address, shared)
            raise
        if shared.session is None:
            shared.session = NodeSession(session, self._timeout)
        return shared.session

    async def release(self, address: str) -> None:
        """One client less."""
        await self._release(address, self._shared[address])

    async def _release(self, address: str, shared: "_Shared") -> None:
        shared.users -= 1
        if shared.users:
            return
        if self._shared.get(address) is shared:
            del self._shared[address]
        await asyncio.wait([shared.opening])
        if not shared.opening.cancelled() and shared.opening.exception() is None:
            await (shared.session or NodeSession(shared.opening.result(), self._timeout)).close()


@dataclass(slots=True)
class _Shared:
    opening: asyncio.Future[Session]
    session: NodeSession | None = None
    users: int = 0


async def _answer(future: ResponseFuture) -> Any:
    """What the driver's future ends with; its thread only wakes the event loop."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[Any] = loop.create_future()

    def answered(rows: Any) -> None:
        _tell(loop, waiting, waiting.set_result, rows)

    def refused(error: BaseException) -> None:
        _tell(loop, waiting, waiting.set_exception, error)

    future.add_callbacks(answered, refused)
    return await waiting


def _tell(
    loop: asyncio.AbstractEventLoop, waiting: asyncio.Future[Any], settle: Callable[[Any], None], result: Any
) -> None:
    """Settle what is waited for, from the driver's thread; it may have been given up, and the loop may be gone."""

    def tell() -> None:
        if not waiting.done():
            settle(result)

    with contextlib.suppress(RuntimeError):  # a closed loop: nobody waits
        loop.call_soon_threadsafe(tell)
