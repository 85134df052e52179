"""A simulated node: a machine whose process can be killed, started, paused and resumed."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.client import DidNotHappen
from harness.cluster import Completed, Node, NodeState
from harness.errors import NodeFailed
from harness.simulated.clock import SimulatedClock
from harness.simulated.disk import Disk
from harness.simulated.loop import SECOND, VirtualLoop
from harness.simulated.network import CLIENT, Link, Network
from harness.simulated.server import Answer, Machine, Request, Server


class ConnectionLost(Exception):
    """The process died while the request was with it: nobody knows what became of it."""


class ClientCall:
    """One request of one client, from the moment it is sent."""

    __slots__ = ("_back", "future", "machine", "request", "result")

    def __init__(self, request: Request, machine: Machine, future: "asyncio.Future[Answer]", back: Link) -> None:
        self.request = request
        self.machine = machine
        self.future = future
        self.result: Answer | None = None
        self._back = back

    def answer(self, answer: Answer) -> None:
        """Send the answer to the client; only the first one counts."""
        if self.result is None and self.machine.alive:
            self.result = answer
            self._back.send(self)


class SimulatedNode(Node):
    """One machine of a simulated cluster.

    Args:
        name: ``n1``, ``n2``, and so on; also its address.
        loop: Where time comes from.
        make: Makes the server of a boot.
        clock: The machine's wall clock.
        rng: The chance that the servers of all boots share.

    Attributes:
        server: The server of the current boot; None while the process does not run.
        disk: What survives a kill.
        clock: The machine's wall clock.
    """

    def __init__(
        self,
        name: str,
        loop: VirtualLoop,
        make: Callable[[Machine], Server],
        *,
        clock: SimulatedClock,
        rng: random.Random,
    ) -> None:
        self.name = name
        self.address = name
        self.disk = Disk()
        self.clock = clock
        self.server: Server | None = None
        self._loop = loop
        self._make = make
        self._rng = rng
        self._links: Mapping[str, Link] = {}
        self._inward: Link
        self._back: Link
        self._paused = False
        self._held: list[tuple[Callable[[Any], None], Any]] = []
        self._calls: dict[ClientCall, None] = {}
        self._log: list[str] = []

    @property
    def responding(self) -> Server | None:
        """The server, when it runs and is not paused: who can be asked now."""
        return None if self._paused else self.server

    def connect(self, network: Network) -> None:
        """Take the links to the other nodes and to the clients."""
        self._links = network.outgoing(self.name)
        self._inward = network.link(CLIENT, self.name, self._requested)
        self._back = network.link(self.name, CLIENT, self._answered)

    async def request(self, request: Request) -> Answer:
        """Send a request as a client and wait for its answer, which may never come.

        Raises:
            DidNotHappen: The process does not run.
            ConnectionLost: The process was killed before the answer came.
        """
        if self.server is None:
            raise DidNotHappen(f"connection-refused: {self.name} does not run")
        call = ClientCall(request, self.server.machine, self._loop.create_future(), self._back)
        self._calls[call] = None
        self._inward.send(call)
        return await call.future

    def deliver(self, sender: str, message: Any) -> None:
        """A message of another node arrives; it is lost when no process runs."""
        if self.server is not None:
            if self._paused:
                self._held.append((self._redeliver, (sender, message)))
            else:
                self.server.receive(sender, message)

    async def state(self) -> NodeState:
        """Running, paused or stopped."""
        if self.server is None:
            return NodeState.STOPPED
        return NodeState.PAUSED if self._paused else NodeState.RUNNING

    async def start(self) -> None:
        """Boot a new server from the disk."""
        if self.server is not None:
            return
        machine = Machine(
            self.name,
            self._loop,
            self._links,
            disk=self.disk,
            clock=self.clock,
            rng=self._rng,
            hold=self._hold,
            journal=self._note,
        )
        self._note("process started")
        self.server = self._make(machine)
        self.server.start()

    async def kill(self) -> None:
        """End the process: memory, timers and connections are gone, the disk stays."""
        if self.server is None:
            return
        self._note("process killed")
        self.server.machine.alive = False
        self.server = None
        self._paused = False
        self._held.clear()
        calls, self._calls = self._calls, {}
        for call in calls:
            if not call.future.done():
                call.future.set_exception(ConnectionLost(f"{self.name} was killed before it answered"))

    async def pause(self) -> str:
        """Hold everything that reaches the process, timers included, until it is resumed.

        Raises:
            NodeFailed: No process runs.
        """
        if self.server is None:
            raise NodeFailed(f"node {self.name} cannot be paused: its process does not run. Start it first")
        if not self._paused:
            self._note("process paused")
            self._paused = True
        return "simulated"

    async def resume(self) -> None:
        """Let the process go on: it sees at once, in order, what was held."""
        if not self._paused:
            return
        self._note("process resumed")
        self._paused = False
        held, self._held = self._held, []
        for callback, argument in held:
            callback(argument)

    async def run(self, argv: Sequence[str], *, timeout: float = 30.0) -> Completed:
        """Refused.

        Raises:
            NodeFailed: Always: there is no operating system.
        """
        del timeout
        command = argv[0] if argv else "a command"
        raise NodeFailed(
            f"node {self.name} is simulated and cannot run {command}: choose a target that uses containers"
        )

    async def put(self, path: str, data: bytes) -> None:
        """Refused.

        Raises:
            NodeFailed: Always: there is no file system.
        """
        del data
        raise NodeFailed(f"node {self.name} is simulated and has no file {path}: choose a target that uses containers")

    async def get(self, path: str) -> bytes:
        """Refused.

        Raises:
            NodeFailed: Always: there is no file system.
        """
        raise NodeFailed(f"node {self.name} is simulated and has no file {path}: choose a target that uses containers")

    async def log(self) -> bytes:
        """What happened to the process and what its servers logged, with virtual times."""
        return "".join(f"{line}\n" for line in self._log).encode()

    def _note(self, text: str) -> None:
        self._log.append(f"{self._loop.now / SECOND:12.6f} {self.name} {text}")

    def _hold(self, callback: Callable[[Any], None], argument: Any) -> bool:
        if self._paused:
            self._held.append((callback, argument))
        return self._paused

    def _redeliver(self, held: tuple[str, Any]) -> None:
        self.deliver(*held)

    def _requested(self, _: str, call: ClientCall) -> None:
        """A request arrives; the connection of an earlier boot is gone already."""
        if call.machine.alive and self.server is not None and not self._hold(self._serve, call):
            self.server.serve(call)

    def _serve(self, call: ClientCall) -> None:
        self._requested(CLIENT, call)

    def _answered(self, _: str, call: ClientCall) -> None:
        """An answer arrives at the client, which may have given up waiting."""
        if call not in self._calls:
            return
        del self._calls[call]
        if call.result is not None and not call.future.done():
            call.future.set_result(call.result)
