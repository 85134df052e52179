"""A gRPC connection to one member: no balancing, no retry, every request with a deadline."""

import asyncio
from typing import Any, Final

from aetcd import rpc

PORT: Final = 2379

REQUEST_TIMEOUT: Final = 4.0
"""Seconds that one request may take: less than an operation may, so that the answer names the reason."""

CONNECT_TIMEOUT: Final = 1.0
"""Seconds that connecting may take."""

OPTIONS: Final = (
    ("grpc.enable_retries", 0),  # an answer that got lost must not be asked for again
    ("grpc.use_local_subchannel_pool", 1),  # a connection of its own for each client
    ("grpc.enable_http_proxy", 0),  # the member itself, whatever the environment says
    ("grpc.max_receive_message_length", -1),  # a set may be large
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)
"""Settings of the channel."""


class Connection:
    """The connection to the member at ``address``.

    Args:
        address: IP address.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._channel = rpc.insecure_channel(f"{address}:{PORT}", options=OPTIONS)
        self._kv = rpc.KVStub(self._channel)
        self._lease = rpc.LeaseStub(self._channel)
        self._maintenance = rpc.MaintenanceStub(self._channel)

    async def connect(self) -> None:
        """Wait for the connection.

        Raises:
            ConnectionError: There was none in time.
        """
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self._channel.channel_ready()
        except TimeoutError:
            raise ConnectionError(f"no connection to {self._address}:{PORT} within {CONNECT_TIMEOUT:g} s") from None

    async def range(
        self, key: bytes, *, end: bytes = b"", serializable: bool = False, timeout: float = REQUEST_TIMEOUT
    ) -> Any:
        """One key, or all from ``key`` up to ``end``; raises ``grpc.aio.AioRpcError``."""
        request = rpc.RangeRequest(key=key, range_end=end, serializable=serializable)
        return await self._kv.Range(request, timeout=timeout)

    async def put(self, key: bytes, value: bytes) -> int:
        """Write one key and return the revision; raises ``grpc.aio.AioRpcError``."""
        answer = await self._kv.Put(rpc.PutRequest(key=key, value=value), timeout=REQUEST_TIMEOUT)
        return int(answer.header.revision)

    async def put_if(
        self,
        compare: Any,
        key: bytes,
        value: bytes,
        *,
        lease: int = 0,
        read: bytes | None = None,
        timeout: float = REQUEST_TIMEOUT,
    ) -> Any:
        """Write one key if ``compare`` holds, else read it, as one transaction; raises ``grpc.aio.AioRpcError``.

        Args:
            compare: The comparison.
            key: What is written.
            value: What is written there.
            lease: The lease with which the key disappears; 0 for none.
            read: Another key that is read if the comparison holds.
            timeout: In seconds.
        """
        success = [rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=value, lease=lease))]
        if read is not None:
            success.append(rpc.RequestOp(request_range=rpc.RangeRequest(key=read)))
        failure = [rpc.RequestOp(request_range=rpc.RangeRequest(key=key))]
        return await self._kv.Txn(rpc.TxnRequest(compare=[compare], success=success, failure=failure), timeout=timeout)

    async def grant(self, ttl: int) -> int:
        """A new lease that lasts so many seconds; raises ``grpc.aio.AioRpcError``."""
        answer = await self._lease.LeaseGrant(rpc.LeaseGrantRequest(TTL=ttl), timeout=REQUEST_TIMEOUT)
        return int(answer.ID)

    async def keep_alive(self, lease: int, timeout: float) -> int:
        """Let a lease begin anew; the seconds that it lasts, 0 if it is gone; raises ``grpc.aio.AioRpcError``."""
        call = self._lease.LeaseKeepAlive(iter([rpc.LeaseKeepAliveRequest(ID=lease)]), timeout=timeout)
        async for answer in call:
            call.cancel()
            return int(answer.TTL)
        return 0

    async def revoke(self, lease: int) -> None:
        """End a lease, and with it its keys; raises ``grpc.aio.AioRpcError``."""
        await self._lease.LeaseRevoke(rpc.LeaseRevokeRequest(ID=lease), timeout=REQUEST_TIMEOUT)

    async def status(self, timeout: float) -> Any:
        """What the member says about itself; raises ``grpc.aio.AioRpcError``."""
        return await self._maintenance.Status(rpc.StatusRequest(), timeout=timeout)

    async def close(self) -> None:
        """Close it; requests that are under way are cancelled."""
        await self._channel.close()


def value_is(key: bytes, value: bytes) -> Any:
    """The comparison "the key is there and has this value"."""
    return rpc.Compare(result=rpc.Compare.EQUAL, target=rpc.Compare.VALUE, key=key, value=value)


def value_below(key: bytes, value: bytes) -> Any:
    """The comparison "the key is there, and its value comes before this one, byte by byte"."""
    return rpc.Compare(result=rpc.Compare.LESS, target=rpc.Compare.VALUE, key=key, value=value)


def is_absent(key: bytes) -> Any:
    """The comparison "there is no such key"."""
    return rpc.Compare(result=rpc.Compare.EQUAL, target=rpc.Compare.CREATE, key=key, create_revision=0)


def unchanged_since(key: bytes, revision: int) -> Any:
    """The comparison "the key was last written at this revision"; 0 for "there is no such key"."""
    return rpc.Compare(result=rpc.Compare.EQUAL, target=rpc.Compare.MOD, key=key, mod_revision=revision)
