"""Connections through pymongo's asynchronous driver, which remember what was sent; every request has a deadline."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import pymongo
from pymongo import AsyncMongoClient, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import AutoReconnect, CollectionInvalid, InvalidOperation, OperationFailure, PyMongoError
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from pymongo.read_preferences import Nearest, Primary
from pymongo.write_concern import WriteConcern

from harness.cluster import Node
from targets.mongodb.consistency import MAJORITY, PRIMARY, Consistency
from targets.mongodb.errors import Attempt

PORT: Final = 27017
REPLICA_SET: Final = "quorate"

REQUEST_TIMEOUT: Final = 4.0
"""Seconds that one operation may take, waiting for a primary included; the harness gives it more, so that the answer
names the reason.
"""

OPEN_TIMEOUT: Final = 2.0
"""Seconds that a new client may take to find the first member."""

CONNECT_TIMEOUT: Final = 1.0
"""Seconds that one connection may take, and that a monitored member may be silent."""

HEARTBEAT: Final = 0.5
"""Seconds between two looks of the driver at a member, the shortest that it allows."""

CLOSE_TIMEOUT: Final = 1.0
"""Seconds that a member may take to hear that sessions are over; the harness gives closing more."""

ASK_TIMEOUT: Final = 1.0
"""Seconds that a question about readiness or leadership may take."""

LARGE_BATCH: Final = 1_000_000
"""More documents than one answer can hold, so that a read has as few answers as possible."""

DATABASE: Final = "quorate"

Document = dict[str, Any]
Driver = AsyncMongoClient[Document]


class Attempts(CommandListener):
    """Remembers each command that is sent, and its answer.

    Attributes:
        made: In the order in which they were sent.
    """

    def __init__(self) -> None:
        self.made: list[Attempt] = []
        self._open: dict[int, Attempt] = {}

    def forget(self) -> None:
        """Begin anew, for the next operation."""
        self.made, self._open = [], {}

    def started(self, event: CommandStartedEvent) -> None:
        """It is about to be sent; taking a transaction back is no attempt at anything."""
        if event.command_name == "abortTransaction":
            return
        attempt = Attempt(event.command_name, event.command.get("autocommit") is False, event.connection_id[0])
        self.made.append(attempt)
        self._open[event.request_id] = attempt

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """There is an answer; errors of a write and of its write concern are in it."""
        self._answered(event.request_id, event.reply)

    def failed(self, event: CommandFailedEvent) -> None:
        """The answer is an error, that of the write concern alone, or there will be none."""
        failure = event.failure
        if "errtype" in failure:  # the driver's own words for an exception that is no answer
            self._answered(event.request_id, None)
        else:
            self._answered(event.request_id, failure if "ok" in failure else {"ok": 1, "writeConcernError": failure})

    def _answered(self, request: int, answer: Mapping[str, Any] | None) -> None:
        attempt = self._open.pop(request, None)
        if attempt is not None:
            attempt.answer = answer


class Connection:
    """The driver of one client, bound to one collection.

    Args:
        node: Whose member is asked first; also the one that reads prefer.
        how: How it reads and writes.
        collection: Name of the collection.
        session: Always have a session, as transactions need one; otherwise only a causal one.

    Attributes:
        attempts: What was sent since they were last forgotten.
    """

    def __init__(self, node: Node, how: Consistency, collection: str, *, session: bool) -> None:
        self._how = how
        self._near = node.name
        self.attempts = Attempts()
        # Where there is no other member to turn to, a request to one that is silent is not cut short.
        alone = {"directConnection": True, "connectTimeoutMS": round(REQUEST_TIMEOUT * 1000)}
        reach: dict[str, Any] = {"replicaSet": REPLICA_SET} if how.discovery else alone
        again = {"retryWrites": how.retryable_writes, "retryReads": how.retryable_reads}
        self._driver = _driver(node.address, **reach, **again, event_listeners=[self.attempts])
        self._database = self._driver[DATABASE]
        self._collection = collection
        session = session or how.causal
        self._session = self._driver.start_session(causal_consistency=how.causal) if session else None

    async def connect(self) -> None:
        """Wait until a member answers.

        Raises:
            pymongo.errors.PyMongoError: None did in time.
        """
        with pymongo.timeout(OPEN_TIMEOUT):
            await self._driver.admin.command("ping", read_preference=Nearest())

    def move(self, node: str) -> None:
        """Prefer another node for reads from now on."""
        self._near = node

    @property
    def documents(self) -> AsyncCollection[Document]:
        """The collection, with the concerns and the preference of this client."""
        return self._documents(self._how.write_concern)

    async def find(self, wanted: Mapping[str, Any]) -> list[Document]:
        """The documents that match."""
        if self._how.discovery or self._how.read_preference != PRIMARY or self._in_transaction:
            return await self.documents.find(wanted, batch_size=LARGE_BATCH, session=self._session).to_list()
        return await self._find_if_primary(wanted)

    async def value(self, name: Any, absent: Any = None) -> Any:
        """What the document of that name holds as ``value``."""
        found = await self.find({"_id": name})
        return found[0]["value"] if found else absent

    async def update(self, name: Any, change: Mapping[str, Any]) -> None:
        """Change the document of that name; make it if need be."""
        await self.documents.update_one({"_id": name}, change, upsert=True, session=self._session)

    async def insert(self, document: Mapping[str, Any], *, answered: bool = False) -> None:
        """Insert a document.

        Args:
            document: The document.
            answered: Wait in any case for the answer of the primary at least, also where writes are not acknowledged.

        Raises:
            pymongo.errors.DuplicateKeyError: There is one of its ``_id``.
        """
        documents = self._answering if answered else self.documents
        await documents.insert_one(dict(document), session=self._session)

    async def find_and_update(
        self, wanted: Mapping[str, Any], change: Mapping[str, Any], *, upsert: bool = False
    ) -> Document | None:
        """Change the document that matches, in one step with finding it; the document afterwards, if there is one.

        Only an answer can say which, so this waits for that of the primary at least.
        """
        return await self._answering.find_one_and_update(
            wanted, change, upsert=upsert, return_document=ReturnDocument.AFTER, session=self._session
        )

    async def begin(self) -> AbstractAsyncContextManager[object]:
        """Begin a transaction: a context whose end commits it, and whose error aborts it; raises ``PyMongoError``."""
        if self._session is None:
            raise InvalidOperation("this connection was made without a session, which transactions need")
        return await self._session.start_transaction(
            read_concern=self._how.transaction_read_concern,
            write_concern=self._how.write_concern,
            read_preference=Primary(),
        )

    async def abort(self) -> None:
        """Take back the transaction that was begun."""
        if self._session is not None:
            await self._session.abort_transaction()

    async def close(self) -> None:
        """Close it."""
        await _close(self._driver)

    @property
    def _answering(self) -> AsyncCollection[Document]:
        """The collection, whose writes are acknowledged by the primary at least."""
        concern = self._how.write_concern
        return self._documents(concern if concern.acknowledged else WriteConcern(1))

    def _documents(self, concern: WriteConcern) -> AsyncCollection[Document]:
        return self._database.get_collection(
            self._collection,
            read_concern=self._how.read_concern,
            write_concern=concern,
            read_preference=self._how.preference(self._near),
        )

    @property
    def _in_transaction(self) -> bool:
        return self._session is not None and self._session.in_transaction

    async def _find_if_primary(self, wanted: Mapping[str, Any]) -> list[Document]:
        """The documents that match, of the client's own node, which refuses when it is no primary.

        A driver that knows only one member asks it as ``primaryPreferred``, whatever it was told; but not in a command
        that says it itself.
        """
        concern: dict[str, Any] = dict(self._how.read_concern.document)
        if self._session is not None and self._session.operation_time is not None:
            concern["afterClusterTime"] = self._session.operation_time
        answer = await self._database.command(
            {
                "find": self._collection,
                "filter": dict(wanted),
                "batchSize": LARGE_BATCH,
                "singleBatch": True,
                "readConcern": concern,
                "$readPreference": {"mode": PRIMARY},
            },
            session=self._session,
        )
        documents: list[Document] = answer["cursor"]["firstBatch"]
        return documents


async def make_collections(address: str, names: Iterable[str]) -> None:
    """Make collections on a majority; made by the first writes, they would get in their way. Those that are there stay.

    It takes as long as it takes until the replica set has a primary; the one who waits for it has a time-out.

    Args:
        address: IP address of a member.
        names: Of the collections.

    Raises:
        pymongo.errors.PyMongoError: The primary refused.
    """
    driver = _driver(address, replicaSet=REPLICA_SET)
    try:
        for name in names:
            while not await _made(driver, name):  # noqa: ASYNC110 - an election has no event to wait for
                await asyncio.sleep(HEARTBEAT)
    finally:
        await _close(driver)


async def _made(driver: Driver, name: str) -> bool:
    """Whether the collection is there; no while the primary changes."""
    try:
        with pymongo.timeout(REQUEST_TIMEOUT):
            await driver[DATABASE].create_collection(name, write_concern=WriteConcern(MAJORITY))
    except CollectionInvalid:
        return True
    except AutoReconnect:
        return False
    return True


async def ask(address: str, command: str | Mapping[str, Any], *, timeout: float = ASK_TIMEOUT) -> Mapping[str, Any]:
    """What the member at ``address`` itself answers to a command of the database ``admin``.

    Args:
        address: IP address.
        command: Its name, or the whole of it.
        timeout: Seconds that it may take.

    Returns:
        The answer, also one that is an error; empty when there is none in time.
    """
    driver = _driver(address, directConnection=True)
    try:
        with pymongo.timeout(timeout):
            return await driver.admin.command(command if isinstance(command, str) else dict(command))
    except OperationFailure as error:
        return error.details or {}
    except PyMongoError:
        return {}
    finally:
        await _close(driver)


def _driver(address: str, **settings: Any) -> Driver:
    """A driver with our time-outs; it begins to connect when it is first used."""
    usual = {
        "serverSelectionTimeoutMS": round(OPEN_TIMEOUT * 1000),
        "connectTimeoutMS": round(CONNECT_TIMEOUT * 1000),
        "heartbeatFrequencyMS": round(HEARTBEAT * 1000),
        "serverMonitoringMode": "poll",  # one connection per member, not two: every client has a driver of its own
    }
    return AsyncMongoClient(address, PORT, **{**usual, **settings})


async def _close(driver: Driver) -> None:
    """Close a driver: one that is given up while it tells a member of its sessions would go on for ever."""
    with pymongo.timeout(CLOSE_TIMEOUT):
        await driver.close()
