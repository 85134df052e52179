"""The cluster of simulated machines."""

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

from harness.cluster import Cluster
from harness.errors import EnvironmentFailed, UsageError
from harness.random import Streams
from harness.simulated.clock import SimulatedClock
from harness.simulated.loop import SECOND, VirtualLoop
from harness.simulated.network import Network
from harness.simulated.node import SimulatedNode
from harness.simulated.target import SimulatedTarget
from harness.target import Target

MILLISECOND = SECOND // 1000


class SimulatedCluster(Cluster):
    """Machines, their clocks and disks, and the network between them; must be made on the virtual-time loop.

    Args:
        target: A simulated target.
        names: Of the nodes.
        streams: Where all chance comes from: ``network/n1->n2``, ``clock/n1`` and ``server/n1``.

    Attributes:
        network: Can be cut between nodes; the clients always reach every node.

    Raises:
        UsageError: The target does not run in a simulated cluster.
        EnvironmentFailed: The running event loop is not the virtual-time loop.
    """

    kind: ClassVar[str] = "simulated"
    nodes: tuple[SimulatedNode, ...]

    def __init__(self, target: Target, names: Sequence[str], streams: Streams) -> None:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, VirtualLoop):
            raise EnvironmentFailed("a simulated cluster needs virtual time: run it with harness.simulated.loop.run")
        if not isinstance(target, SimulatedTarget):
            raise UsageError(f"target {target.name} cannot be simulated: it runs on a {target.cluster_kind} cluster")
        self._skew = round(target.clock_skew * MILLISECOND)
        self._latency = target.latency
        self.nodes = tuple(
            SimulatedNode(
                name,
                loop,
                target.server,
                clock=SimulatedClock(loop, streams.stream(f"clock/{name}").randint(-self._skew, self._skew)),
                rng=streams.stream(f"server/{name}"),
            )
            for name in names
        )
        self.network = Network(
            loop,
            names,
            {node.name: node.deliver for node in self.nodes},
            latency=round(target.latency * MILLISECOND),
            streams=streams,
        )
        for node in self.nodes:
            node.connect(self.network)

    async def up(self) -> None:
        """Boot all nodes."""
        for node in self.nodes:
            await node.start()

    async def down(self) -> None:
        """Stop all nodes and mend the network; the disks stay with their nodes."""
        self.network.cut(frozenset())
        for node in self.nodes:
            await node.kill()

    def facts(self) -> dict[str, Any]:
        """Kind, nodes, latency and the error of each clock now."""
        return {
            "kind": self.kind,
            "nodes": {node.name: {"address": node.address} for node in self.nodes},
            "latency_ms": self._latency,
            "clock_offsets_ms": {node.name: node.clock.offset / MILLISECOND for node in self.nodes},
        }
