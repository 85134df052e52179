"""What a simulated datastore is written against: a server on a machine, requests of clients, answers.

A server is a plain object with callbacks. It never blocks and starts no tasks: it reacts to a message, to a request or
to a timer, at one instant of virtual time, and all that it knows of the world is its machine.
"""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, Protocol

import msgspec

from harness.simulated.clock import SimulatedClock
from harness.simulated.disk import Disk
from harness.simulated.loop import SECOND, VirtualLoop
from harness.simulated.network import Link


class Request(msgspec.Struct, frozen=True, gc=False):
    """What a client asks of a server.

    Args:
        interface: ``register``, ``set``, ``counter``: what kind of object.
        f: What to do with it: ``read``, ``write``, ``cas``, ``add``.
        key: Which object.
        value: The argument.
    """

    interface: str
    f: str
    key: str | int | None = None
    value: Any = None


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What a server tells a client.

    Args:
        type: ``ok`` it happened, ``fail`` it certainly did not and never will, ``info`` the server cannot know.
        value: What was read.
        version: The version of what was read or written, where the design has versions.
        error: Why it is not ``ok``, as ``code: words``.
    """

    type: Literal["ok", "fail", "info"]
    value: Any = None
    version: int | None = None
    error: str = ""


DONE: Final = Answer("ok")
"""It happened, and there is nothing to tell."""


class Call(Protocol):
    """A request that waits for its answer."""

    @property
    def request(self) -> Request:
        """What the client asks."""

    def answer(self, answer: Answer) -> None:
        """Send the answer; only the first one of a call counts."""


class Machine:
    """What one boot of a server runs on; dead for good once the process is killed.

    Args:
        name: Name of the node.
        loop: Where time comes from.
        links: To every other node.
        disk: What survives a kill.
        clock: What this machine believes the time to be.
        rng: The only chance that a server may use.
        hold: Keeps a callback until the process is resumed when it is paused now, and says whether it did.
        journal: Takes a line of the node's log.
    """

    def __init__(
        self,
        name: str,
        loop: VirtualLoop,
        links: Mapping[str, Link],
        *,
        disk: Disk,
        clock: SimulatedClock,
        rng: random.Random,
        hold: Callable[[Callable[[Any], None], Any], bool],
        journal: Callable[[str], None],
    ) -> None:
        self.name = name
        self.peers = tuple(links)
        self.disk = disk
        self.clock = clock
        self.rng = rng
        self.log = journal
        self.alive = True
        self._loop = loop
        self._hold = hold
        self._send = {peer: link.send for peer, link in links.items()}

    def send(self, to: str, message: Any) -> None:
        """Send a message to another node; it may be lost. What was sent must not be changed afterwards."""
        self._send[to](message)

    def broadcast(self, message: Any) -> None:
        """Send a message to every other node."""
        for send in self._send.values():
            send(message)

    def after(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back later, unless the process is killed first; while it is paused, the callback waits."""
        self._loop.call_after(round(seconds * SECOND), self._fire, callback)

    def elapsed(self) -> int:
        """Nanoseconds on the machine's monotonic clock, which is never wrong."""
        return self._loop.now

    def _fire(self, callback: Callable[[], None]) -> None:
        if self.alive and not self._hold(self._fire, callback):
            callback()


class Server(ABC):
    """One boot of a datastore's process; made anew from the machine's disk whenever the process is started.

    Attributes:
        leads: Whether it thinks now that it is the primary.
        ready: Whether it can serve now.
    """

    leads: bool = False
    ready: bool = True

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    @abstractmethod
    def start(self) -> None:
        """The process boots: read the disk, set timers."""

    @abstractmethod
    def receive(self, sender: str, message: Any) -> None:
        """A message of another node."""

    @abstractmethod
    def serve(self, call: Call) -> None:
        """A request of a client; answer it now, later, or never."""
