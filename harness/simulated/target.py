"""The contract of a target that runs in this process, on virtual time."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from harness.client import Client
from harness.cluster import Cluster, Node
from harness.simulated.client import RequestClient
from harness.simulated.node import SimulatedNode
from harness.simulated.server import Machine, Server
from harness.target import Target


class SimulatedTarget(Target):
    """A datastore design, simulated: subclass it, name its interfaces, and make its servers.

    Attributes:
        interfaces: What the servers understand as ``Request.interface``.
        latency: Milliseconds that a message takes over any link, on average.
        clock_skew: Milliseconds that a machine's clock may be ahead or behind; each machine draws its own.
    """

    cluster_kind = "simulated"
    interfaces: ClassVar[Sequence[str]] = ("register",)
    latency: float = 1.0
    clock_skew: float = 0.0

    @abstractmethod
    def server(self, machine: Machine) -> Server:
        """The server of one boot of a node's process."""

    @property
    def clients(self) -> Mapping[str, Callable[[], Client]]:
        """One factory per interface."""
        return {interface: partial(RequestClient, interface) for interface in self.interfaces}

    async def ready(self, cluster: Cluster, node: Node) -> bool:
        """Whether the node's server runs, is not paused, and says that it serves."""
        del cluster
        return isinstance(node, SimulatedNode) and node.responding is not None and node.responding.ready

    async def primaries(self, cluster: Cluster) -> list[str]:
        """Names of the nodes whose servers run, are not paused, and think that they lead."""
        servers = [(node.name, node.responding) for node in cluster.nodes if isinstance(node, SimulatedNode)]
        return [name for name, server in servers if server is not None and server.leads]
