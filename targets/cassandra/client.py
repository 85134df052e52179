"""What the clients of Cassandra share: one session with one node, and how requests are made."""

import random
import time
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from harness.client import Client
from harness.cluster import Node
from harness.op import OK, Op
from targets.cassandra.connection import NodeSession, Row, Sessions, Statement
from targets.cassandra.errors import Failed, Request

KEYSPACE: Final = "quorate"

SERIAL_LEVELS: Final = ("SERIAL", "LOCAL_SERIAL")


@dataclass(frozen=True, slots=True)
class Manner:
    """How requests are made; names of consistency levels are those of CQL.

    Args:
        read: Consistency level of reads.
        write: Consistency level of writes, and of the commit of a lightweight transaction.
        serial: Consistency level of the Paxos rounds of a lightweight transaction.
        conditional: Whether registers are written by lightweight transactions.
        timestamps: Whether the client or the coordinator says when a write was made.
        skew: Milliseconds by which a client's clock is off at most, to either side.
        resolution: Milliseconds between two ticks of a client's clock; 0 for a clock of microseconds.
        batch: Whether a batch of several partitions goes through the batch log.
        retries: How often a request of unknown outcome is sent again.
        repair: Whether a read waits until the replicas that it asked have what it returns.
    """

    read: str = "SERIAL"
    write: str = "QUORUM"
    serial: str = "SERIAL"
    conditional: bool = True
    timestamps: Literal["server", "client"] = "server"
    skew: int = 0
    resolution: int = 0
    batch: Literal["logged", "unlogged"] = "logged"
    retries: int = 0
    repair: Literal["blocking", "none"] = "blocking"


class Clock:
    """A client's wall clock, off by what its process was dealt, and never standing still.

    A coarse one does stand still within a tick, as those do that count in milliseconds: timestamps are equal then.

    Args:
        process: Whose clock it is: decides how far it is off.
        skew: Milliseconds that it is off at most.
        resolution: Milliseconds of a tick; 0 for a clock of microseconds.
    """

    def __init__(self, process: int, skew: int, resolution: int) -> None:
        self._offset = round(random.Random(process).uniform(-skew, skew) * 1000)
        self._tick = resolution * 1000
        self._last = 0

    def read(self) -> int:
        """Microseconds since 1970."""
        now = time.time_ns() // 1000 + self._offset
        if self._tick:
            return now - now % self._tick
        self._last = max(self._last + 1, now)
        return self._last


class CassandraClient(Client):
    """What the interfaces share.

    Args:
        manner: How requests are made.
        sessions: Of the run.
    """

    table: ClassVar[str]
    """The table of the interface, as its definition goes on after its name."""

    name: ClassVar[str]
    """Of the table."""

    def __init__(self, manner: Manner, sessions: Sessions) -> None:
        self._manner = manner
        self._sessions = sessions
        self._session: NodeSession | None = None
        self._address = ""
        self._clock: Clock | None = None

    async def open(self, node: Node) -> None:
        """Share the session with ``node``.

        Raises:
            ConnectionError: There was no connection in time.
        """
        await self._connect(node.address)

    async def setup(self) -> None:
        """Make the table.

        Raises:
            NodeFailed: Cassandra refuses.
        """
        if self._session is not None:
            options = f"WITH read_repair = '{self._manner.repair.upper()}'"
            await self._session.define(f"CREATE TABLE IF NOT EXISTS {KEYSPACE}.{self.name} {self.table} {options}")

    async def close(self) -> None:
        """Leave the session; the last one closes it."""
        session, self._session = self._session, None
        if session is not None:
            await self._sessions.release(self._address)

    async def invoke(self, op: Op) -> Op:
        """Do it; errors are classified by ``targets.cassandra.errors``.

        A request that is sent again after an unknown outcome may have happened before, whatever becomes of it.
        """
        if self._session is None:
            return op.fail("not-open: the client is not open")
        unknown = ""
        for left in range(self._manner.retries, -1, -1):
            try:
                done = await self._do(op)
            except Failed as error:
                if error.outcome == "info" and left:
                    unknown = unknown or str(error)
                    continue
                done = (op.fail if error.outcome == "fail" else op.info)(str(error))
            break
        return done if done.type == OK or not unknown else op.info(unknown)

    @abstractmethod
    async def _do(self, op: Op) -> Op:
        """Send what ``op`` asks for; raises ``Failed``."""

    async def _connect(self, address: str) -> None:
        self._session = await self._sessions.acquire(address)
        self._address = address

    async def _read(self, cql: str, op: Op) -> Sequence[Row]:
        return await self._execute(Statement(cql, "read", self._manner.read), op)

    async def _write(self, cql: str, op: Op, request: Request = "write", **values: Any) -> None:
        await self._execute(Statement(cql, request, self._manner.write), op, **values)

    async def _conditional(self, cql: str, op: Op, **values: Any) -> Row:
        """The answer to a lightweight transaction: whether it was applied, and what it found where it was not."""
        statement = Statement(cql, "conditional", self._manner.write, self._manner.serial)
        return (await self._execute(statement, op, **values))[0]

    async def _execute(self, statement: Statement, op: Op, **values: Any) -> Sequence[Row]:
        if self._session is None:
            raise Failed("fail", "not-open: the client is closed")
        if self._manner.timestamps == "client":
            values["stamp"] = self._now(op)  # where it has no value, the coordinator gives the timestamp
        return await self._session.execute(statement, {"key": _row(op), **values})

    def _now(self, op: Op) -> int:
        if self._clock is None:
            self._clock = Clock(op.process, self._manner.skew, self._manner.resolution)
        return self._clock.read()


def unknown_operation(op: Op) -> Op:
    """The completion of what an interface has not."""
    return op.fail(f"unknown-operation: this interface has no {op.f!r}")


def _row(op: Op) -> str:
    """The partition of an operation's key; Cassandra knows no empty one."""
    return f"/{'' if op.key is None else op.key}"
