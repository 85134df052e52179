"""The register and the session: one cell of one partition for each key."""

from collections.abc import Mapping
from typing import Final

import msgspec

from harness.op import Op
from targets.cassandra.client import CassandraClient, Manner, unknown_operation
from targets.cassandra.connection import Sessions

_READ: Final = "SELECT value FROM quorate.register WHERE key = :key"
_UPDATE: Final = "UPDATE quorate.register USING TIMESTAMP :stamp SET value = :value WHERE key = :key"
_UPDATE_BY_PAXOS: Final = "UPDATE quorate.register SET value = :value WHERE key = :key IF never = null"
_SWAP: Final = "UPDATE quorate.register SET value = :new WHERE key = :key IF value = :old"
_SWAP_NOTHING: Final = "UPDATE quorate.register SET value = :new WHERE key = :key IF value = null"


class RegisterClient(CassandraClient):
    """``read``, ``write`` and ``cas`` of one key each.

    By lightweight transactions, ``cas`` is one, and ``write`` has a condition that always holds. Otherwise ``write`` is
    an update without a condition, and ``cas`` reads, compares, and writes: what others write in between is lost.
    """

    name = "register"
    table = "(key text PRIMARY KEY, value bigint, never bigint)"

    async def _do(self, op: Op) -> Op:
        if op.f == "read":
            return op.ok(await self._value(op))
        if op.f == "write":
            if self._manner.conditional:
                await self._conditional(_UPDATE_BY_PAXOS, op, value=op.value)
            else:
                await self._write(_UPDATE, op, value=op.value)
            return op.ok(op.value)
        if op.f == "cas":
            return await (self._swap if self._manner.conditional else self._compare_then_write)(op)
        return unknown_operation(op)

    async def _value(self, op: Op) -> int | None:
        rows = await self._read(_READ, op)
        return rows[0][0] if rows else None

    async def _swap(self, op: Op) -> Op:
        old, new = op.value
        applied, *found = await self._conditional(_SWAP_NOTHING if old is None else _SWAP, op, old=old, new=new)
        return op.ok(op.value) if applied else _mismatch(op, found[0] if found else None)

    async def _compare_then_write(self, op: Op) -> Op:
        old, new = op.value
        found = await self._value(op)
        if found != old:
            return _mismatch(op, found)
        await self._write(_UPDATE, op, value=new)
        return op.ok(op.value)


class SessionClient(RegisterClient):
    """A register whose client can go on at another node: ``move`` to the node of that name.

    Completions name the node that was asked, from the first move on.

    Args:
        manner: How requests are made.
        sessions: Of the run.
        addresses: Of the nodes, by name.
    """

    def __init__(self, manner: Manner, sessions: Sessions, addresses: Mapping[str, str]) -> None:
        super().__init__(manner, sessions)
        self._addresses = addresses
        self._node: str | None = None

    async def invoke(self, op: Op) -> Op:
        """Do it; see ``CassandraClient.invoke``."""
        done = await super().invoke(op)
        return done if self._node is None else msgspec.structs.replace(done, node=self._node)

    async def _do(self, op: Op) -> Op:
        if op.f == "move":
            return await self._move(op)
        return await super()._do(op)

    async def _move(self, op: Op) -> Op:
        address = self._addresses.get(op.value)
        if address is None:
            return op.fail(f"unknown-node: there is no {op.value!r}")
        before = self._address
        try:
            await self._connect(address)
        except ConnectionError as error:
            return op.fail(f"not-connected: {error}")
        self._node = op.value
        await self._sessions.release(before)
        return op.ok(op.value)


def _mismatch(op: Op, found: int | None) -> Op:
    return op.fail(f"cas-mismatch: found {'nothing' if found is None else found}")
