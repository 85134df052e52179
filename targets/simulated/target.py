"""The target ``simulated``: three designs of a datastore, each wrong or right in its own way."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from harness.client import Client
from harness.cluster import Cluster, Node
from harness.options import Option
from harness.simulated.server import Machine, Server
from harness.simulated.target import SimulatedTarget
from harness.target import Defaults
from targets.simulated.async_replication import PrimaryServer
from targets.simulated.last_write_wins import GossipServer
from targets.simulated.linearizable import RaftServer
from targets.simulated.session import SessionClient
from targets.simulated.store import INTERFACES

MILLISECOND: Final = 0.001

DESIGNS: Final = ("linearizable", "async-replication", "last-write-wins")


class Simulated(SimulatedTarget):
    """A datastore inside this process, on virtual time: fast, and the same for the same seed, byte for byte."""

    name = "simulated"
    summary = "A datastore simulated in virtual time: one sound design and two that lose data."
    interfaces = INTERFACES
    options = (
        Option("design", "linearizable", "How replicas agree.", choices=DESIGNS),
        Option("latency", 1.0, "What a message takes on average.", unit="ms", minimum=0.001),
        Option("clock-skew", 50.0, "How far a clock may be ahead or behind.", unit="ms", minimum=0),
        Option("replication-lag", 50.0, "How often a weak design replicates.", unit="ms", minimum=1),
        Option("election-timeout", 150.0, "Silence after which another node takes over.", unit="ms", minimum=1),
    )
    defaults = Defaults(
        nemesis=("partition", "kill", "pause"), time_limit=20.0, rate=300.0, concurrency=15, interval=2.0
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self.latency = self.settings["latency"]
        self.clock_skew = self.settings["clock-skew"]
        self._lag = self.settings["replication-lag"] * MILLISECOND
        self._timeout = self.settings["election-timeout"] * MILLISECOND
        self._nodes: dict[str, Node] = {}

    @property
    def clients(self) -> Mapping[str, Callable[[], Client]]:
        """One factory per interface."""
        return {**super().clients, "session": partial(SessionClient, lambda name: self._nodes[name])}

    async def setup(self, cluster: Cluster) -> None:
        """Know the nodes, between which sessions move."""
        self._nodes = {node.name: node for node in cluster.nodes}

    def server(self, machine: Machine) -> Server:
        """One member of the chosen design."""
        design = self.settings["design"]
        if design == "linearizable":
            return RaftServer(machine, self._timeout)
        if design == "async-replication":
            return PrimaryServer(machine, lag=self._lag, timeout=self._timeout)
        return GossipServer(machine, lag=self._lag)
