"""Clients: what turns an invocation into a request to the datastore, and the answer into a completion."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from harness.cluster import Node
from harness.op import Op

T = TypeVar("T")

_Call = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]

_log = logging.getLogger(__name__)


class DidNotHappen(Exception):
    """Raised by a client when it is certain that the operation had no effect: the completion is ``fail``.

    Every other exception means that nobody knows: the completion is ``info``. Say ``code: words``.
    """


class Client(ABC):
    """A connection of one process to one node.

    One instance serves one process. After an ``info`` it is closed, and a new instance is opened for the process
    that takes its place (Jepsen's rule: a process whose last operation is undecided never speaks again).
    """

    @abstractmethod
    async def open(self, node: Node) -> None:
        """Connect to ``node`` and to no other; must not change the datastore's logical state."""

    async def setup(self) -> None:
        """Prepare the datastore once before the run (tables, keys); called on one client only."""

    @abstractmethod
    async def invoke(self, op: Op) -> Op:
        """Do it, and return ``op.ok(...)``, ``op.fail(...)`` or ``op.info(...)``.

        Raises:
            DidNotHappen: It certainly had no effect.
            Exception: Anything else: recorded as ``info``.
        """

    async def teardown(self) -> None:
        """Undo ``setup``; called on one client only, after the run."""

    async def close(self) -> None:
        """Release the connection; must not fail when it is already gone."""


class BlockingClient(Client):
    """A client over a blocking driver: write ``connect``, ``request``, ``disconnect``; they run in its own thread.

    The thread ends with the process: a driver that never answers holds up neither the run nor its end, which the
    threads of an executor would.
    """

    _calls: "SimpleQueue[_Call | None]"

    @abstractmethod
    def connect(self, node: Node) -> None:
        """Like ``Client.open``, blocking."""

    @abstractmethod
    def request(self, op: Op) -> Op:
        """Like ``Client.invoke``, blocking."""

    @abstractmethod
    def disconnect(self) -> None:
        """Like ``Client.close``, blocking."""

    async def open(self, node: Node) -> None:
        """Start the client's thread and connect in it."""
        self._calls = SimpleQueue()
        Thread(target=_serve, args=(self._calls,), name=type(self).__name__, daemon=True).start()
        await asyncio.wrap_future(self._submit(self.connect, node))

    async def invoke(self, op: Op) -> Op:
        """Run ``request`` in the client's thread."""
        return await asyncio.wrap_future(self._submit(self.request, op))

    async def close(self) -> None:
        """Disconnect without waiting: a request that hangs comes first, and may never end."""
        if hasattr(self, "_calls"):
            self._submit(self.disconnect).add_done_callback(_log_failure)
            self._calls.put(None)

    def _submit(self, function: Callable[..., T], *arguments: Any) -> "Future[T]":
        future: Future[T] = Future()
        self._calls.put((future, function, arguments))
        return future


def _serve(calls: "SimpleQueue[_Call | None]") -> None:
    """Do the calls one after the other, until None."""
    while (call := calls.get()) is not None:
        future, function, arguments = call
        if not future.set_running_or_notify_cancel():
            continue
        try:
            future.set_result(function(*arguments))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the one who waits for it
            future.set_exception(error)


def _log_failure(disconnected: "Future[None]") -> None:
    """Nobody waits for a disconnection, so its failure would be lost."""
    if not disconnected.cancelled() and (error := disconnected.exception()) is not None:
        _log.warning("a client could not disconnect: %s: %s", type(error).__name__, error)
