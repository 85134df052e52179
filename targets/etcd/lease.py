"""A lock on a lease: a key that goes with its holder's lease, kept alive in the background.

The lock is free when its key is absent. Whoever makes the key, in a transaction on its create revision, holds the
lock; that revision is its fencing token, since revisions of etcd only grow. The key disappears with its lease: when the
holder revokes it, or when it was not kept alive for as long as it lasts.
"""

import asyncio
import contextlib
from typing import Final

from grpc import StatusCode
from grpc.aio import AioRpcError

from targets.etcd import errors
from targets.etcd.connection import Connection, is_absent

RENEWALS: Final = 3
"""How often a lease is kept alive while it lasts once."""


class Held(Exception):
    """Somebody else holds the lock."""


class NothingHappened(Exception):
    """The lock was certainly not acquired; the message is the reason."""


class Lease:
    """A lock that this client holds.

    As most users of such a lock do, it does not look whether the lease is still alive while it works: whoever is told
    of that may be told too late in any case.

    Args:
        connection: To one member.
        number: Of the lease.
        ttl: Seconds that it lasts when it is not kept alive.
        token: The fencing token.
    """

    def __init__(self, connection: Connection, number: int, ttl: int, token: int) -> None:
        self.token = token
        self._connection = connection
        self._number = number
        self._ttl = ttl
        self._task = asyncio.get_running_loop().create_task(self._keep_alive())

    @classmethod
    async def acquire(cls, connection: Connection, path: bytes, owner: bytes, ttl: int) -> "Lease":
        """Make the lock's key, if it is absent.

        Raises:
            Held: It is there.
            NothingHappened: No lease was granted.
            AioRpcError: Nobody knows whether the key was made; it disappears with its lease.
        """
        try:
            number = await connection.grant(ttl)
        except AioRpcError as error:
            raise NothingHappened(errors.words(error.code(), error.details() or "")) from error
        answer = await connection.put_if(is_absent(path), path, owner, lease=number)
        if answer.succeeded:
            return cls(connection, number, ttl, int(answer.header.revision))
        with contextlib.suppress(AioRpcError):
            await connection.revoke(number)  # else it runs out by itself
        raise Held

    async def release(self) -> None:
        """Revoke the lease; also done when it had run out.

        Raises:
            AioRpcError: Nobody knows when it ends: now, or when it runs out.
        """
        self.abandon()
        try:
            await self._connection.revoke(self._number)
        except AioRpcError as error:
            if error.code() is not StatusCode.NOT_FOUND:
                raise

    def abandon(self) -> None:
        """Stop keeping it alive, as when the holder's process dies."""
        self._task.cancel()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._ttl / RENEWALS)
            with contextlib.suppress(AioRpcError, asyncio.InvalidStateError):
                await self._connection.keep_alive(self._number, timeout=self._ttl)
