"""A lock with fencing tokens, as a row that lightweight transactions change."""

from typing import Final

from harness.op import Op
from targets.cassandra.client import CassandraClient, unknown_operation
from targets.cassandra.connection import Row, Statement

_LOOK: Final = "SELECT owner, fence FROM quorate.locks WHERE key = :key"
_TAKE: Final = (
    "UPDATE quorate.locks SET owner = :owner, fence = :fence WHERE key = :key IF owner = null AND fence = :last"
)
_TAKE_FIRST: Final = (
    "UPDATE quorate.locks SET owner = :owner, fence = :fence WHERE key = :key IF owner = null AND fence = null"
)
_GIVE_BACK: Final = "UPDATE quorate.locks SET owner = null WHERE key = :key IF owner = :mine"


class LockClient(CassandraClient):
    """``acquire``, which answers with a token larger than those before, and ``release``; nothing ever expires.

    The row says which process owns the lock, and which token was given last. An acquire reads both, and takes the lock
    if nobody owns it and the token is still the last one. Both are done at the serial level, whatever the option says
    about reads.
    """

    name = "locks"
    table = "(key text PRIMARY KEY, owner bigint, fence bigint)"

    async def _do(self, op: Op) -> Op:
        if op.f == "acquire":
            return await self._acquire(op)
        if op.f == "release":
            return await self._release(op)
        return unknown_operation(op)

    async def _acquire(self, op: Op) -> Op:
        owner, last = await self._row(op)
        if owner is not None:
            return op.fail(f"held: by process {owner}")
        token = 1 if last is None else last + 1
        take = _TAKE_FIRST if last is None else _TAKE
        applied, *found = await self._conditional(take, op, owner=op.process, fence=token, last=last)
        if applied:
            return op.ok(token)
        # What was found comes in the order of the condition, and not at all where there is no row.
        owner = found[0] if found else None
        return op.fail("contended: taken and given back meanwhile" if owner is None else f"held: by process {owner}")

    async def _release(self, op: Op) -> Op:
        applied, *found = await self._conditional(_GIVE_BACK, op, mine=op.process)
        if applied:
            return op.ok()
        return op.fail(f"not-held: owned by {f'process {found[0]}' if found and found[0] is not None else 'nobody'}")

    async def _row(self, op: Op) -> Row:
        rows = await self._execute(Statement(_LOOK, "read", self._manner.serial), op)
        return rows[0] if rows else (None, None)
