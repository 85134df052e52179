"""Two numbers that are written together: two cells of one row, or two partitions in one batch."""

from collections.abc import Mapping
from typing import Final

from harness.op import Op
from targets.cassandra.client import CassandraClient, unknown_operation

_HALVES: Final = (
    "UPDATE quorate.batch_half SET value = :a WHERE key = :key AND half = 'a'; "
    "UPDATE quorate.batch_half SET value = :b WHERE key = :key AND half = 'b'; "
)
_BATCHES: Final[Mapping[str, str]] = {
    "logged": "BEGIN BATCH USING TIMESTAMP :stamp " + _HALVES + "APPLY BATCH",
    "unlogged": "BEGIN UNLOGGED BATCH USING TIMESTAMP :stamp " + _HALVES + "APPLY BATCH",
}


class WriteIsolationClient(CassandraClient):
    """``write`` of [a, b] to two cells of one row in one statement, and ``read`` of both."""

    name = "pair"
    table = "(key text PRIMARY KEY, a bigint, b bigint)"

    async def _do(self, op: Op) -> Op:
        if op.f == "write":
            a, b = op.value
            cql = "UPDATE quorate.pair USING TIMESTAMP :stamp SET a = :a, b = :b WHERE key = :key"
            await self._write(cql, op, a=a, b=b)
            return op.ok(op.value)
        if op.f == "read":
            rows = await self._read("SELECT a, b FROM quorate.pair WHERE key = :key", op)
            return op.ok(list(rows[0]) if rows else None)
        return unknown_operation(op)


class BatchClient(CassandraClient):
    """``write`` of [a, b] to two partitions in one batch, and ``read`` of both in one request."""

    name = "batch_half"
    table = "(key text, half text, value bigint, PRIMARY KEY ((key, half)))"

    async def _do(self, op: Op) -> Op:
        if op.f == "write":
            a, b = op.value
            await self._write(_BATCHES[self._manner.batch], op, self._manner.batch, a=a, b=b)
            return op.ok(op.value)
        if op.f == "read":
            cql = "SELECT half, value FROM quorate.batch_half WHERE key = :key AND half IN ('a', 'b')"
            halves: dict[str, int] = dict(await self._read(cql, op))
            return op.ok([halves.get("a"), halves.get("b")] if halves else None)
        return unknown_operation(op)
