"""The set and the counter."""

from harness.op import Op
from targets.cassandra.client import CassandraClient, unknown_operation


class RowsClient(CassandraClient):
    """A set whose elements are rows of one partition: ``add`` inserts one, ``read`` selects all."""

    name = "set_rows"
    table = "(key text, element bigint, PRIMARY KEY (key, element))"

    async def _do(self, op: Op) -> Op:
        if op.f == "add":
            cql = "INSERT INTO quorate.set_rows (key, element) VALUES (:key, :element) USING TIMESTAMP :stamp"
            await self._write(cql, op, element=op.value)
            return op.ok(op.value)
        if op.f == "read":
            rows = await self._read("SELECT element FROM quorate.set_rows WHERE key = :key", op)
            return op.ok([element for (element,) in rows])
        return unknown_operation(op)


class CellClient(CassandraClient):
    """A set that is one collection of CQL: ``add`` appends to it without reading, ``read`` selects it."""

    name = "set_cell"
    table = "(key text PRIMARY KEY, elements set<bigint>)"

    async def _do(self, op: Op) -> Op:
        if op.f == "add":
            cql = "UPDATE quorate.set_cell USING TIMESTAMP :stamp SET elements = elements + :added WHERE key = :key"
            await self._write(cql, op, added={op.value})
            return op.ok(op.value)
        if op.f == "read":
            rows = await self._read("SELECT elements FROM quorate.set_cell WHERE key = :key", op)
            return op.ok(sorted(rows[0][0]) if rows and rows[0][0] else [])
        return unknown_operation(op)


class CounterClient(CassandraClient):
    """A counter column: ``add`` of a number and ``read``.

    It has neither lightweight transactions nor timestamps, and what is added twice counts twice.
    """

    name = "counter"
    table = "(key text PRIMARY KEY, value counter)"

    async def _do(self, op: Op) -> Op:
        if op.f == "add":
            cql = "UPDATE quorate.counter SET value = value + :amount WHERE key = :key"
            await self._write(cql, op, "counter", amount=op.value)
            return op.ok(op.value)
        if op.f == "read":
            rows = await self._read("SELECT value FROM quorate.counter WHERE key = :key", op)
            return op.ok(rows[0][0] if rows and rows[0][0] is not None else 0)
        return unknown_operation(op)
