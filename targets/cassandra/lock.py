"""A lock with fencing tokens, as a row that lightweight transactions change."""

from typing import Final

from harness.op import Op
from targets.cassandra.client import CassandraClient, Manner, unknown_operation
from targets.cassandra.connection import Row, Sessions, Statement

_LOOK: Final = "SELECT owner, fence FROM quorate.locks WHERE key = :key"
_TAKE_FIRST: Final = (
    "BEGIN BATCH "
    "UPDATE quorate.locks SET fence = :fence WHERE key = :key IF owner = null AND fence = null; "
    "UPDATE quorate.locks USING TTL :ttl SET owner = :owner WHERE key = :key; "
    "APPLY BATCH"
)
_TAKE: Final = _TAKE_FIRST.replace("fence = null", "fence = :last")
"""Two statements, because the owner may expire and the token must not."""

_GIVE_BACK: Final = "UPDATE quorate.locks SET owner = null WHERE key = :key IF owner = :mine AND fence = :fence"


class LockClient(CassandraClient):
    """``acquire``, which answers with a token larger than those before, and ``release``.

    The row says which process owns the lock, and which token was given last. An acquire reads both, and takes the lock
    if nobody owns it and the token is still the last one. Both are done at the serial level, whatever the option says
    about reads. Where the owner expires, a lock that is not given is ``busy``, not ``held``: its holder may be gone.

    Args:
        manner: How requests are made.
        sessions: Of the run.
        ttl: Seconds after which the lock is free by itself; 0 for never.
    """

    name = "locks"
    table = "(key text PRIMARY KEY, owner bigint, fence bigint)"

    def __init__(self, manner: Manner, sessions: Sessions, ttl: int) -> None:
        super().__init__(manner, sessions)
        self._ttl = ttl
        self._tokens: dict[str | int | None, int] = {}

    async def _do(self, op: Op) -> Op:
        if op.f == "acquire":
            return await self._acquire(op)
        if op.f == "release":
            return await self._release(op)
        return unknown_operation(op)

    async def _acquire(self, op: Op) -> Op:
        owner, last = await self._row(op)
        if owner is not None:
            return self._taken(op, owner)
        token = 1 if last is None else last + 1
        take = _TAKE_FIRST if last is None else _TAKE
        answer = await self._conditional(take, op, owner=op.process, fence=token, last=last, ttl=self._ttl)
        if not answer[0]:
            return op.fail("contended: somebody was faster")
        self._tokens[op.key] = token
        return op.ok(token)

    async def _release(self, op: Op) -> Op:
        token = self._tokens.get(op.key)
        if token is None:
            return op.fail("not-held: this client does not hold the lock")
        applied, *_ = await self._conditional(_GIVE_BACK, op, mine=op.process, fence=token)
        del self._tokens[op.key]
        if not applied and not self._ttl:
            return op.fail("not-held: somebody else has given it back")
        return op.ok()  # also when it had expired: this client does not hold it any more

    def _taken(self, op: Op, owner: int) -> Op:
        return op.fail(f"{'busy' if self._ttl else 'held'}: by process {owner}")

    async def _row(self, op: Op) -> Row:
        rows = await self._execute(Statement(_LOOK, "read", self._manner.serial), op)
        return rows[0] if rows else (None, None)
