"""Clients of etcd: what all share, and register, set and counter; each is bound to one member."""

import asyncio
from abc import abstractmethod
from typing import Any, Final, Literal

import msgspec
from grpc.aio import AioRpcError

from harness.client import Client
from harness.cluster import Node
from harness.op import Op
from targets.etcd import errors
from targets.etcd.connection import REQUEST_TIMEOUT, Connection, is_absent, unchanged_since, value_is

Reads = Literal["linearizable", "serializable"]

READS_ONLY: Final = "read"
"""The operation without an effect: without an answer it is ``fail``, whatever went wrong."""


class EtcdClient(Client):
    """What the interfaces share.

    Args:
        reads: ``linearizable`` asks the quorum, ``serializable`` only the member itself.
    """

    folder: str

    def __init__(self, reads: Reads) -> None:
        self._serializable = reads == "serializable"
        self._connection: Connection | None = None

    async def open(self, node: Node) -> None:
        """Connect to the member on ``node``.

        Raises:
            ConnectionError: There was no connection in time.
        """
        connection = Connection(node.address)
        try:
            await connection.connect()
        except BaseException:
            await connection.close()
            raise
        self._connection = connection

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def invoke(self, op: Op) -> Op:
        """Do it; errors are classified by ``targets.etcd.errors``."""
        if self._connection is None:
            return op.fail("not-open: the client is not open")
        try:
            return await self._do(self._connection, op)
        except AioRpcError as error:
            code, details = error.code(), error.details() or ""
            certain = op.f == READS_ONLY or errors.rule_for(code, details).outcome == "fail"
            return (op.fail if certain else op.info)(errors.words(code, details))

    @abstractmethod
    async def _do(self, connection: Connection, op: Op) -> Op:
        """Send what ``op`` asks for; raises ``AioRpcError``."""

    def _path(self, op: Op) -> bytes:
        """The key in etcd of an operation's key."""
        return f"/quorate/{self.folder}/{'' if op.key is None else op.key}".encode()


class RegisterClient(EtcdClient):
    """``read``, ``write`` and ``cas`` of one key each; the version is the mod revision."""

    folder = "register"

    async def _do(self, connection: Connection, op: Op) -> Op:
        path = self._path(op)
        if op.f == "read":
            answer = await connection.range(path, serializable=self._serializable)
            if not answer.kvs:
                return op.ok(None)
            return op.ok(decode(answer.kvs[0].value), answer.kvs[0].mod_revision)
        if op.f == "write":
            return op.ok(op.value, await connection.put(path, encode(op.value)))
        if op.f == "cas":
            return await self._cas(connection, op, path)
        return op.fail(unknown(op))

    @staticmethod
    async def _cas(connection: Connection, op: Op, path: bytes) -> Op:
        old, new = op.value
        compare = is_absent(path) if old is None else value_is(path, encode(old))
        answer = await connection.put_if(compare, path, encode(new))
        if answer.succeeded:
            return op.ok(op.value, answer.header.revision)
        found = answer.responses[0].response_range.kvs
        return op.fail(f"cas-mismatch: found {decode(found[0].value)!r}" if found else "cas-mismatch: found nothing")


class SetClient(EtcdClient):
    """``add`` of a distinct key each, ``read`` of all keys below the folder."""

    folder = "set"

    async def _do(self, connection: Connection, op: Op) -> Op:
        folder = self._path(op) + b"/"
        if op.f == "add":
            element = encode(op.value)
            return op.ok(op.value, await connection.put(folder + element, element))
        if op.f == "read":
            answer = await connection.range(folder, end=_after(folder), serializable=self._serializable)
            return op.ok([decode(pair.value) for pair in answer.kvs])
        return op.fail(unknown(op))


class CounterClient(EtcdClient):
    """``add`` of a number, as a loop of compare-and-set on one key, and ``read``.

    A compare that failed certainly wrote nothing, so the loop goes on; after an error that leaves it open it never
    does, because a second attempt could count twice.
    """

    folder = "counter"

    async def _do(self, connection: Connection, op: Op) -> Op:
        path = self._path(op)
        if op.f == "read":
            number, revision = _counted((await connection.range(path, serializable=self._serializable)).kvs)
            return op.ok(number, revision or None)
        if op.f == "add":
            return await self._add(connection, op, path)
        return op.fail(unknown(op))

    async def _add(self, connection: Connection, op: Op, path: bytes) -> Op:
        clock = asyncio.get_running_loop().time
        end = clock() + REQUEST_TIMEOUT
        try:
            seen = (await connection.range(path, serializable=self._serializable)).kvs
        except AioRpcError as error:
            return op.fail(errors.words(error.code(), error.details() or ""))
        while (left := end - clock()) > 0:
            number, revision = _counted(seen)
            compare = unchanged_since(path, revision)
            answer = await connection.put_if(compare, path, encode(number + op.value), timeout=left)
            if answer.succeeded:
                return op.ok(op.value, answer.header.revision)
            seen = answer.responses[0].response_range.kvs
        return op.fail(f"contended: other clients were faster for {REQUEST_TIMEOUT:g} s")


def _counted(pairs: Any) -> tuple[int, int]:
    """The number in the pair that was read, and its mod revision; (0, 0) when there is none."""
    return (int(decode(pairs[0].value)), int(pairs[0].mod_revision)) if pairs else (0, 0)


def _after(prefix: bytes) -> bytes:
    """The first key behind all that begin with ``prefix``; its last byte is a slash."""
    return prefix[:-1] + bytes([prefix[-1] + 1])


def encode(value: Any) -> bytes:
    """A value as etcd keeps it."""
    return msgspec.json.encode(value)


def decode(data: bytes) -> Any:
    """The same the other way round."""
    return msgspec.json.decode(data)


def unknown(op: Op) -> str:
    """The error of an operation that an interface lacks."""
    return f"unknown-operation: this interface has no {op.f!r}"
