"""Workers: one asyncio task per thread, which does one operation at a time.

The task lives as long as the thread, so an operation costs one wake-up and no new task, and whatever a client does runs
inside a real task, as ``asyncio.timeout``, anyio and grpc.aio need.
"""

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any, Protocol

from harness.client import Client, DidNotHappen
from harness.cluster import Node
from harness.op import FAIL, INFO, OK, Op

CLOSE_LIMIT = 2.0
"""Seconds that a client may take to close."""

Report = Callable[[int, Op, Op], None]
"""Called with the thread, the invocation and the completion."""


class Injector(Protocol):
    """The nemesis as the scheduler sees it."""

    async def invoke(self, op: Op) -> Op:
        """Inject or heal a fault, and say how it went."""


Resumed = Callable[[asyncio.Future[None]], object]
"""asyncio's own callback, which goes on with a task that waited."""


class Inbox:
    """Where a worker's task waits for its next operation; it follows asyncio's protocol for what can be awaited.

    A future would do the same, and have the event loop schedule one callback for every operation. The scheduler gives
    out many operations in one turn; this lets one callback (``resume``) wake all their workers.
    """

    __slots__ = ("_asyncio_future_blocking", "_context", "_done", "_loop", "_resumed", "op")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._loop = loop
        # What the callback is told has happened: asyncio takes the shortest way with a future of its own.
        self._done: asyncio.Future[None] = loop.create_future()
        self._done.set_result(None)
        self._resumed: Resumed | None = None
        self._context: Context | None = None
        self.op: Op | None = None

    def __await__(self) -> Generator[Any, None, Op]:
        while self.op is None:
            self._asyncio_future_blocking = True
            yield self
        op, self.op = self.op, None
        return op

    def resume(self) -> None:
        """Go on with the task; nothing when it does not wait, because it has just begun or was cancelled."""
        resumed, self._resumed = self._resumed, None
        if resumed is not None and self._context is not None:
            self._context.run(resumed, self._done)

    def add_done_callback(self, resumed: Resumed, *, context: Context) -> None:
        """What asyncio calls when the task begins to wait."""
        self._resumed, self._context = resumed, context

    def cancel(self, msg: object = None) -> bool:
        """What asyncio calls when the task is cancelled; with False it throws the error in when the task goes on."""
        del msg
        self._loop.call_soon(self.resume)
        return False


class Worker:
    """The nemesis' worker, and the base of the clients'.

    Args:
        thread: Its number.
        report: Whom it tells about a completion.
        injector: What does the operations.

    Attributes:
        inbox: Where it takes its operations from; the one before must have been reported.
        opening: The client is being opened, so an operation that it was given has not been sent yet.
    """

    def __init__(self, thread: int, report: Report, injector: Injector | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = thread
        self._report = report
        self._injector = injector
        self.inbox = Inbox(self._loop)
        self._abandoned = False
        self.opening = False
        self._task = self._loop.create_task(self._work())

    def abandon(self) -> asyncio.Task[None]:
        """Cancel what it is doing and ignore its answer; the task returned ends when everything is released."""
        self._abandoned = True
        self._task.cancel()
        return self._loop.create_task(self._release())

    async def _work(self) -> None:
        while True:
            op = await self.inbox
            try:
                done = await self._perform(op)
            except DidNotHappen as error:
                done = op.fail(str(error))
            except asyncio.CancelledError:
                # A library may raise this for a call that it cancelled by itself; then nobody cancelled this task.
                if self._abandoned:
                    raise
                done = op.info("unmapped: CancelledError: the client's library cancelled its own call")
            except Exception as error:  # noqa: BLE001 - the contract: whatever a client raises means that nobody knows
                done = op.info(f"unmapped: {words(error)}")
            if self._abandoned:
                return
            if type(done) is not Op or done.process != op.process or done.f != op.f or done.type not in COMPLETIONS:
                done = op.info(f"unmapped: InvalidCompletion: the client answered with {done!r:.200}")
            self._settle(done)
            self._report(self._thread, op, done)

    async def _perform(self, op: Op) -> Op:
        if self._injector is None:
            return op.fail("no-nemesis: this run has none")
        return await self._injector.invoke(op)

    def _settle(self, done: Op) -> None:
        """Draw the consequences of a completion before it is reported."""

    async def _release(self) -> None:
        await asyncio.wait([self._task], timeout=CLOSE_LIMIT)


class ClientWorker(Worker):
    """A client thread: opens a client for its process when it needs one, and closes it when the process is retired.

    Args:
        thread: Its number.
        report: Whom it tells about a completion.
        node: Whom its clients talk to.
        open_client: Makes a client that is not open yet.
        closing: Keeps the tasks that close clients until they are done.
    """

    def __init__(
        self,
        thread: int,
        report: Report,
        node: Node,
        open_client: Callable[[], Client],
        closing: set[asyncio.Task[None]],
    ) -> None:
        super().__init__(thread, report)
        self._node = node
        self._open_client = open_client
        self._closing = closing
        self._client: Client | None = None

    async def _perform(self, op: Op) -> Op:
        client = self._client
        if client is None:
            self.opening = True
            try:
                client = self._client = self._open_client()
                await client.open(self._node)
            except Exception as error:  # noqa: BLE001 - whatever kept it from connecting, nothing was sent
                self._drop()
                return op.fail(f"no-client: {words(error)}")
            finally:
                self.opening = False
        return await client.invoke(op)

    def _settle(self, done: Op) -> None:
        if done.type == INFO:
            self._drop()

    def _drop(self) -> None:
        """Close the client aside; the next operation opens another."""
        client, self._client = self._client, None
        if client is not None:
            task = self._loop.create_task(close(client))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _release(self) -> None:
        await super()._release()
        client, self._client = self._client, None
        if client is not None:
            await close(client)


COMPLETIONS = frozenset((OK, FAIL, INFO))


async def close(client: Client) -> None:
    """Close a client that is no longer needed; one that fails or hangs while closing is left to itself."""
    task = asyncio.ensure_future(client.close())
    await asyncio.wait([task], timeout=CLOSE_LIMIT)
    if task.done():
        if not task.cancelled():
            task.exception()  # taken so that asyncio does not complain: the contract lets a dead connection be
    else:
        task.cancel()


def words(error: BaseException) -> str:
    """An exception in one line: its type and its text."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
