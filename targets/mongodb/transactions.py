"""Clients of transactions over many documents: list-append, rw-register and bank.

Every operation is one transaction, also when it only reads. What it read counts once it is committed.
"""

from abc import abstractmethod
from typing import ClassVar

from harness.op import FAIL, Op
from targets.mongodb.client import MongoClient, unknown
from targets.mongodb.connection import Connection


class TransactionClient(MongoClient):
    """What the interfaces share: begin, do, commit."""

    transactions = True

    async def _do(self, connection: Connection, op: Op) -> Op:
        async with await connection.begin():
            done = await self._within(connection, op)
            if done.type == FAIL:
                await connection.abort()
        return done

    @abstractmethod
    async def _within(self, connection: Connection, op: Op) -> Op:
        """Do it inside a transaction: ``fail`` takes all of it back, any other answer is given when it is committed."""


class MicroOpClient(TransactionClient):
    """``txn`` of micro-operations ``[f, key, value]``: reads ``r``, and one kind of write.

    Attributes:
        write: The name of the write.
        operator: What it is in MongoDB's language.
    """

    write: ClassVar[str]
    operator: ClassVar[str]

    async def _within(self, connection: Connection, op: Op) -> Op:
        if op.f != "txn":
            return op.fail(unknown(op))
        done = []
        for f, key, value in op.value:
            if f == "r":
                done.append([f, key, await connection.value(key)])
            elif f == self.write:
                await connection.update(key, {self.operator: {"value": value}})
                done.append([f, key, value])
            else:
                return op.fail(f"unknown-operation: this interface has no micro-operation {f!r}")
        return op.ok(done)

    def _only_reads(self, op: Op) -> bool:
        return op.f == "txn" and all(f == "r" for f, _, _ in op.value)


class ListAppendClient(MicroOpClient):
    """``append`` to lists, and reads of whole lists."""

    collection = "lists"
    write = "append"
    operator = "$push"


class RwRegisterClient(MicroOpClient):
    """``w`` of registers, and reads."""

    collection = "cells"
    write = "w"
    operator = "$set"


class BankClient(TransactionClient):
    """``create`` of accounts, ``transfer`` between two, and ``read`` of all balances."""

    collection = "accounts"

    async def _within(self, connection: Connection, op: Op) -> Op:
        if op.f == "create":
            for account, balance in op.value["accounts"].items():
                await connection.update(account, {"$setOnInsert": {"value": balance}})
            return op.ok(op.value)
        if op.f == "read":
            found = await connection.find({})
            return op.ok({document["_id"]: document["value"] for document in found})
        if op.f == "transfer":
            return await self._transfer(connection, op)
        return op.fail(unknown(op))

    @staticmethod
    async def _transfer(connection: Connection, op: Op) -> Op:
        source, destination, amount = op.value["from"], op.value["to"], op.value["amount"]
        balance = await connection.value(source, absent=0)
        if balance < amount and not op.value.get("overdraft"):
            return op.fail(f"insufficient-funds: {source} holds {balance}")
        await connection.update(source, {"$inc": {"value": -amount}})
        await connection.update(destination, {"$inc": {"value": amount}})
        return op.ok(op.value)
