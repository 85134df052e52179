"""The network between simulated machines: directed links with seeded latency that can be cut.

A link delivers in order, like a TCP connection. What is in flight over a link when it is cut is lost, and so is what is
sent while it is cut; nothing is ever duplicated or damaged. Each link draws its latencies from a stream of its own
(``network/n1->n2``), so that what happens on one link never changes the latencies of another.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any, Final

from harness.random import Streams
from harness.simulated.loop import VirtualLoop

CLIENT: Final = "client"
"""The name of where all clients are; faults between nodes never touch its links."""

Deliver = Callable[[str, Any], None]
"""Takes the name of the sender, and what it sent."""


class _Wire:
    """What a link's messages travel on until it is cut; afterwards the link has another one."""

    __slots__ = ("broken", "deliver", "source")

    def __init__(self, source: str, deliver: Deliver) -> None:
        self.source = source
        self.deliver = deliver
        self.broken = False

    def land(self, message: Any) -> None:
        """Deliver a message that was in flight, unless the wire was cut under it."""
        if not self.broken:
            self.deliver(self.source, message)


class Link:
    """One direction between two machines.

    Args:
        loop: Where time comes from.
        source: Name of the sender.
        deliver: What takes the message at the other end.
        latency: Nanoseconds that a message takes on average; each takes from half of it to one and a half of it.
        rng: Where latencies come from.
    """

    __slots__ = ("_base", "_free", "_land", "_later", "_loop", "_random", "_spread", "_wire", "cut")

    def __init__(self, loop: VirtualLoop, source: str, deliver: Deliver, *, latency: int, rng: random.Random) -> None:
        self._loop = loop
        self._later = loop.call_after
        self._base = latency // 2
        self._spread = latency
        self._random = rng.random
        self._wire = _Wire(source, deliver)
        self._land = self._wire.land
        self._free = 0
        self.cut = False

    def send(self, message: Any) -> None:
        """Send a message; it arrives later and in order, or never."""
        if self.cut:
            return
        now = self._loop.now
        arrival = now + self._base + int(self._random() * self._spread)
        arrival = max(arrival, self._free)
        self._free = arrival
        self._later(arrival - now, self._land, message)

    def sever(self) -> None:
        """Cut the link and lose what is in flight."""
        old = self._wire
        old.broken = True
        self._wire = _Wire(old.source, old.deliver)
        self._land = self._wire.land
        self._free = 0
        self.cut = True


class Network:
    """All links: between any two nodes, and between each node and the clients.

    Args:
        loop: Where time comes from.
        names: The nodes.
        receivers: What takes a message, for each node.
        latency: Nanoseconds of a link, on average.
        streams: Where the links' random streams come from.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        names: Sequence[str],
        receivers: dict[str, Deliver],
        *,
        latency: int,
        streams: Streams,
    ) -> None:
        self._loop = loop
        self._latency = latency
        self._streams = streams
        self._names = frozenset(names)
        self._cut: frozenset[tuple[str, str]] = frozenset()
        self._links = {
            (source, to): self.link(source, to, receivers[to]) for source in names for to in names if source != to
        }

    def link(self, source: str, to: str, deliver: Deliver) -> Link:
        """A new link with the latencies of this network."""
        rng = self._streams.stream(f"network/{source}->{to}")
        return Link(self._loop, source, deliver, latency=self._latency, rng=rng)

    def outgoing(self, source: str) -> dict[str, Link]:
        """The links from ``source`` to every other node, by name."""
        return {to: link for (start, to), link in self._links.items() if start == source}

    def cut(self, pairs: frozenset[tuple[str, str]]) -> None:
        """Make exactly these directed pairs (source, destination) unable to talk; all others can.

        Raises:
            KeyError: A pair names a node that does not exist.
        """
        for pair in sorted(pairs):
            if pair not in self._links:
                raise KeyError(pair)
        for pair, link in self._links.items():
            if pair in pairs and not link.cut:
                link.sever()
            elif pair not in pairs:
                link.cut = False
        self._cut = pairs

    def reachable(self, source: str, destination: str) -> bool:
        """Whether a message of ``source`` would arrive at ``destination``; a node always reaches itself.

        Raises:
            KeyError: There is no such node.
        """
        if source == destination and source in self._names:
            return True
        return not self._links[source, destination].cut

    @property
    def cut_pairs(self) -> frozenset[tuple[str, str]]:
        """The directed pairs that cannot talk now."""
        return self._cut
