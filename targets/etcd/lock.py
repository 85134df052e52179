"""Clients that hold locks of etcd: the lock itself, and sets that are changed under one."""

import asyncio
import contextlib
import random
from collections.abc import Iterator
from typing import Any, Final

from grpc.aio import AioRpcError

from harness.op import Op
from targets.etcd import errors
from targets.etcd.client import EtcdClient, decode, encode, unknown
from targets.etcd.connection import Connection, is_absent, value_below, value_is
from targets.etcd.lease import Held, Lease, NothingHappened

ATTEMPTS_EVERY: Final = 0.2
"""Seconds between two attempts to acquire a lock that protects a set."""

PATIENCE: Final = 2.0
"""Seconds for which that is tried."""


class LockClient(EtcdClient):
    """``acquire`` (its ok value is the fencing token) and ``release`` of one lock for each key.

    A lock that somebody holds is ``fail`` at once, with the error ``busy``: not ``held``, for that would say that there
    is a holder, and a lease outlives the process that crashed with it. A release that got no answer is never ``fail``:
    the lease runs out by itself, so the lock is free in the end.

    Args:
        ttl: Seconds that a lease lasts when it is not kept alive.
    """

    folder = "lock"

    def __init__(self, ttl: int) -> None:
        super().__init__("linearizable")
        self._ttl = ttl
        self._held: dict[Any, Lease] = {}

    async def close(self) -> None:
        """Die like a process: nothing is released."""
        for lease in self._held.values():
            lease.abandon()
        self._held.clear()
        await super().close()

    async def _do(self, connection: Connection, op: Op) -> Op:
        if op.f == "acquire":
            return await self._acquire(connection, op)
        if op.f == "release":
            return await self._release(op)
        return op.fail(unknown(op))

    async def _acquire(self, connection: Connection, op: Op) -> Op:
        if op.key in self._held:
            return op.fail("already-held: this client holds the lock")
        try:
            lease = await Lease.acquire(connection, self._path(op), encode(op.process), self._ttl)
        except Held:
            return op.fail("busy: somebody holds the lock")
        except NothingHappened as nothing:
            return op.fail(str(nothing))
        self._held[op.key] = lease
        return op.ok(lease.token, lease.token)

    async def _release(self, op: Op) -> Op:
        lease = self._held.pop(op.key, None)
        if lease is None:
            return op.fail("not-held: this client does not hold the lock")
        try:
            await lease.release()
        except AioRpcError as error:
            return op.info(f"{errors.words(error.code(), error.details() or '')}; the lease runs out by itself")
        return op.ok()


class LockedSetClient(EtcdClient):
    """``add`` of an element by reading the whole set, changing it and writing it back, all under a lock; ``read``.

    Between the read and the write it works for about as long as a lease lasts: a quarter of that at least, one and a
    quarter at most.

    Args:
        ttl: Seconds that a lease lasts when it is not kept alive.
        fencing: The set remembers the largest token that it was read with for a change, and refuses writes with smaller
            ones.
    """

    folder = "locked-set"

    def __init__(self, ttl: int, *, fencing: bool) -> None:
        super().__init__("linearizable")
        self._ttl = ttl
        self._fencing = fencing

    async def _do(self, connection: Connection, op: Op) -> Op:
        path = self._path(op)
        if op.f == "read":
            return op.ok(_elements(await connection.range(path)))
        if op.f != "add":
            return op.fail(unknown(op))
        try:
            lease = await self._lock(connection, op)
            with _abandoned(lease):
                old = await self._begin(connection, path, lease.token)
                await asyncio.sleep(self._ttl * (0.25 + random.random()))
        except NothingHappened as nothing:
            return op.fail(str(nothing))
        except AioRpcError as error:  # nothing has been written yet
            return op.fail(errors.words(error.code(), error.details() or ""))
        with _abandoned(lease):
            done = await self._end(connection, op, lease.token, old)
        with contextlib.suppress(AioRpcError):
            await lease.release()  # else it runs out; the set has been written or not by now
        return done

    async def _lock(self, connection: Connection, op: Op) -> Lease:
        clock = asyncio.get_running_loop().time
        end = clock() + PATIENCE
        while True:
            try:
                return await Lease.acquire(connection, self._path(op) + b"/lock", encode(op.process), self._ttl)
            except Held:
                if clock() > end:
                    raise NothingHappened(f"busy: somebody held the lock for {PATIENCE:g} s") from None
            await asyncio.sleep(ATTEMPTS_EVERY)

    async def _begin(self, connection: Connection, path: bytes, token: int) -> list[Any]:
        """The set; where it is fenced, it knows the token from then on."""
        if not self._fencing:
            return _elements(await connection.range(path))
        fence, mine = path + b"/fence", _token(token)
        for compare in (is_absent(fence), value_below(fence, mine)):
            answer = await connection.put_if(compare, fence, mine, read=path)
            if answer.succeeded:
                return _elements(answer.responses[1].response_range)
        raise NothingHappened(f"fenced: a later holder than {token} has read the set")

    async def _end(self, connection: Connection, op: Op, token: int, old: list[Any]) -> Op:
        """Write the set back."""
        path, new = self._path(op), encode([*old, op.value])
        if not self._fencing:
            return op.ok(op.value, await connection.put(path, new))
        answer = await connection.put_if(value_is(path + b"/fence", _token(token)), path, new)
        if answer.succeeded:
            return op.ok(op.value, int(answer.header.revision))
        return op.fail(f"fenced: a later holder than {token} has read the set")


@contextlib.contextmanager
def _abandoned(lease: Lease) -> Iterator[None]:
    """Whoever fails with the lock in his hands does not keep it alive any more."""
    try:
        yield
    except BaseException:
        lease.abandon()
        raise


def _elements(answer: Any) -> list[Any]:
    found: list[Any] = decode(answer.kvs[0].value) if answer.kvs else []
    return found


def _token(number: int) -> bytes:
    """Compares as the numbers do."""
    return f"{number:020}".encode()
