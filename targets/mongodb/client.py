"""Clients of single documents: register, session, set, counter and lock, each document read and written as a whole.

MongoDB changes one document atomically; ``targets.mongodb.transactions`` has what needs more than one.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import msgspec
import pymongo
from pymongo.errors import DuplicateKeyError, PyMongoError

from harness.client import Client
from harness.cluster import Node
from harness.op import FAIL, Op
from targets.mongodb import errors
from targets.mongodb.connection import REQUEST_TIMEOUT, Connection
from targets.mongodb.consistency import Consistency


class MongoClient(Client):
    """What the interfaces share.

    Args:
        how: How it reads and writes.

    Attributes:
        collection: Where its documents are.
        transactions: Whether its operations are transactions.
    """

    collection: ClassVar[str]
    transactions: ClassVar[bool] = False

    def __init__(self, how: Consistency) -> None:
        self._how = how
        self._connection: Connection | None = None

    async def open(self, node: Node) -> None:
        """Connect to the member on ``node``, and through it to the replica set.

        Raises:
            pymongo.errors.PyMongoError: It did not answer in time.
        """
        connection = Connection(node, self._how, self.collection, session=self.transactions)
        try:
            await connection.connect()
        except BaseException:
            await connection.close()
            raise
        self._connection = connection

    async def close(self) -> None:
        """Close the connections."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def invoke(self, op: Op) -> Op:
        """Do it; errors are classified by ``targets.mongodb.errors``.

        A refusal says what the last attempt found. One before it that got no answer may have happened all the same.
        """
        connection = self._connection
        if connection is None:
            return op.fail("not-open: the client is not open")
        connection.attempts.forget()
        try:
            with pymongo.timeout(REQUEST_TIMEOUT):
                done = await self._do(connection, op)
        except PyMongoError as error:
            sent = connection.attempts.made
            certain = self._only_reads(op) or errors.did_not_happen(sent)
            return (op.fail if certain else op.info)(errors.words(error, sent))
        if done.type == FAIL and not errors.did_not_happen(connection.attempts.made[:-1]):
            return op.info(f"sent-again: an attempt before got no answer, and then {done.error}")
        return done

    @abstractmethod
    async def _do(self, connection: Connection, op: Op) -> Op:
        """Do what ``op`` asks for; raises ``PyMongoError``."""

    def _only_reads(self, op: Op) -> bool:
        """Whether it has no effect: then it is ``fail`` without an answer, whatever went wrong."""
        return op.f == "read"


class RegisterClient(MongoClient):
    """``read``, ``write`` and ``cas`` of one document per key.

    A ``cas`` that matches nothing changes nothing, and that is all it says: a deposed primary that has not noticed
    answers so as well, whatever the write concern, so it is no observation of the value (``cas-mismatch``).
    """

    collection = "registers"

    async def _do(self, connection: Connection, op: Op) -> Op:
        name = _name(op)
        if op.f == "read":
            return op.ok(await connection.value(name))
        if op.f == "write":
            await connection.update(name, {"$set": {"value": op.value}})
            return op.ok(op.value)
        if op.f == "cas":
            return await self._cas(connection, op, name)
        return op.fail(unknown(op))

    @staticmethod
    async def _cas(connection: Connection, op: Op, name: str | int) -> Op:
        """Find and modify in one step; a document that must be absent is inserted, which a present one refuses."""
        old, new = op.value
        if old is None:
            try:
                await connection.insert({"_id": name, "value": new}, answered=True)
            except DuplicateKeyError:
                return op.fail("no-match: there is a value")
            return op.ok(op.value)
        changed = await connection.find_and_update({"_id": name, "value": old}, {"$set": {"value": new}})
        return op.fail("no-match: there is another value, or none") if changed is None else op.ok(op.value)


class SessionClient(RegisterClient):
    """A register whose client can ``move`` to another node, and takes its session with it.

    The driver asks another member than the preferred one where the read preference rules that one out. So a completion
    names the node that was really asked.

    Args:
        how: How it reads and writes.
        names: Of the nodes, by address.
    """

    collection = "sessions"

    def __init__(self, how: Consistency, names: Mapping[str, str]) -> None:
        super().__init__(how)
        self._names = names

    async def invoke(self, op: Op) -> Op:
        """Do it; see ``MongoClient.invoke``."""
        done = await super().invoke(op)
        if self._connection is None or not self._connection.attempts.made:
            return done
        asked = self._connection.attempts.made[-1].member
        return msgspec.structs.replace(done, node=self._names.get(asked, asked))

    async def _do(self, connection: Connection, op: Op) -> Op:
        if op.f != "move":
            return await super()._do(connection, op)
        connection.move(op.value)
        return msgspec.structs.replace(op.ok(op.value), node=op.value)


class SetClient(MongoClient):
    """``add`` of a document per element, ``read`` of all of them."""

    collection = "elements"

    async def _do(self, connection: Connection, op: Op) -> Op:
        name = _name(op)
        if op.f == "add":
            await connection.insert({"_id": {"set": name, "element": op.value}, "set": name, "element": op.value})
            return op.ok(op.value)
        if op.f == "read":
            return op.ok(sorted(found["element"] for found in await connection.find({"set": name})))
        return op.fail(unknown(op))


class CounterClient(MongoClient):
    """``add`` of a number with ``$inc``, and ``read``."""

    collection = "counters"

    async def _do(self, connection: Connection, op: Op) -> Op:
        name = _name(op)
        if op.f == "add":
            await connection.update(name, {"$inc": {"value": op.value}})
            return op.ok(op.value)
        if op.f == "read":
            return op.ok(await connection.value(name, absent=0))
        return op.fail(unknown(op))


class LockClient(MongoClient):
    """``acquire`` and ``release`` of a document that names its holder; every acquisition has a larger token.

    A lock that is not given is ``busy``, not ``held``: a deposed primary may say so of one that is free by now.
    """

    collection = "locks"

    async def _do(self, connection: Connection, op: Op) -> Op:
        name = _name(op)
        if op.f == "acquire":
            return await self._acquire(connection, op, name)
        if op.f == "release":
            held = {"_id": name, "holder": op.process}
            freed = await connection.find_and_update(held, {"$set": {"holder": None}})
            return op.fail("not-held: this process does not hold it") if freed is None else op.ok(op.value)
        return op.fail(unknown(op))

    @staticmethod
    async def _acquire(connection: Connection, op: Op, name: str | int) -> Op:
        """Take the document without a holder, or make it, which one with a holder refuses."""
        free = {"_id": name, "holder": None}
        taking = {"$set": {"holder": op.process}, "$inc": {"token": 1}}
        try:
            taken = await connection.find_and_update(free, taking, upsert=True)
        except DuplicateKeyError:
            return op.fail("busy: another process holds it")
        return op.ok(None if taken is None else taken["token"])


def _name(op: Op) -> str | int:
    """The name of the document of an operation's key."""
    return "" if op.key is None else op.key


def unknown(op: Op) -> str:
    """The error of an operation that an interface does not have."""
    return f"unknown-operation: this interface has no {op.f!r}"
