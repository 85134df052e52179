"""Clients: what turns an invocation into a request to the datastore, and the answer into a completion."""

import asyncio
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor

from harness.cluster import Node
from harness.op import Op


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
    """A client over a blocking driver: write ``connect``, ``request``, ``disconnect``; they run in its own thread."""

    _thread: ThreadPoolExecutor

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
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=type(self).__name__)
        await asyncio.get_running_loop().run_in_executor(self._thread, self.connect, node)

    async def invoke(self, op: Op) -> Op:
        """Run ``request`` in the client's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.request, op)

    async def close(self) -> None:
        """Disconnect without waiting for a request that hangs: its thread ends with it."""
        thread = getattr(self, "_thread", None)
        if thread is not None:
            thread.submit(self.disconnect)
            thread.shutdown(wait=False)
