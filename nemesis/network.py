"""Who cuts the network: iptables inside each node's own namespace, or the simulated network.

Both take the whole desired set of cuts, and both can be asked what is really so.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol, cast

from harness.cluster import Cluster, Completed, NodeState
from harness.errors import FaultFailed, NodeFailed
from nemesis import iptables, probe
from nemesis.fault import Undo
from nemesis.grudge import Cuts


class Network(Protocol):
    """A way to cut a cluster's network.

    Attributes:
        name: As the run record keeps it.
    """

    name: str

    def undo(self, cuts: Cuts) -> list[Undo]:
        """How another process takes these cuts back."""

    async def cut(self, cuts: Cuts) -> None:
        """Make exactly these pairs drop packets, and no others.

        Raises:
            FaultFailed: It could not be done.
        """

    async def missing(self, cuts: Cuts) -> list[str]:
        """What is not as these cuts want it, in words; empty when the network is exactly so."""


class Enterable(Protocol):
    """A node whose network namespace can be entered from outside."""

    name: str
    address: str
    container: str

    @property
    def entry(self) -> str:
        """How: ``nsenter`` or ``helper``."""

    async def state(self) -> NodeState:
        """What its main process is doing."""

    async def in_network(self, argv: list[str], *, stdin: bytes = b"", timeout: float = 10.0) -> Completed:
        """Run a tool of the host in it."""


class Iptables:
    """Rules in the namespaces of containers; nodes that do not run have no namespace, and get theirs when they restart.

    Args:
        cluster: Of containers.
    """

    name = "iptables"

    def __init__(self, cluster: Cluster) -> None:
        self._nodes = [cast(Enterable, node) for node in cluster.nodes]
        self._addresses = {node.name: node.address for node in cluster.nodes}

    def undo(self, cuts: Cuts) -> list[Undo]:
        """One command in the namespace of every node that drops packets."""
        refusing = {node for _, node in cuts}
        return [
            Undo("docker-network", {"container": node.container, "entry": node.entry, "argv": iptables.remove()})
            for node in self._nodes
            if node.name in refusing
        ]

    async def cut(self, cuts: Cuts) -> None:
        """Set the rules of every node that has a network, in parallel."""
        await asyncio.gather(*(self._set(node, cuts) for node in await self._with_network()))

    async def missing(self, cuts: Cuts) -> list[str]:
        """Compare the rules, then let every pair try."""
        nodes = await self._with_network()
        wrong = [
            line for lines in await asyncio.gather(*(self._compare(node, cuts) for node in nodes)) for line in lines
        ]
        return wrong or await self._try_pairs(nodes, cuts)

    async def _with_network(self) -> list[Enterable]:
        """The nodes that run or are paused."""
        states = await asyncio.gather(*(node.state() for node in self._nodes))
        return [node for node, state in zip(self._nodes, states, strict=True) if state in _ALIVE]

    async def _set(self, node: Enterable, cuts: Cuts) -> None:
        if not any(refusing == node.name for _, refusing in cuts):
            await self._do(node, iptables.remove())
            return
        await self._do(node, iptables.restore(), iptables.restore_text(node.name, cuts, self._addresses))
        await self._do(node, iptables.hook())

    async def _do(self, node: Enterable, argv: list[str], stdin: bytes = b"") -> None:
        try:
            done = await node.in_network(argv, stdin=stdin)
        except NodeFailed as error:
            if await node.state() not in _ALIVE:
                return  # it died meanwhile, and its rules with it
            raise FaultFailed(f"cannot set the rules of {node.name}: {error}") from error
        if done.code:
            said = done.stderr.decode(errors="replace").strip() or f"exit code {done.code}"
            raise FaultFailed(f"cannot set the rules of {node.name}: {argv[0]} says: {said}")

    async def _compare(self, node: Enterable, cuts: Cuts) -> list[str]:
        wanted = iptables.rules(node.name, cuts, self._addresses)
        done = await node.in_network(iptables.show())
        found = iptables.parse(done.stdout.decode())
        if found is None:
            return [f"{node.name} has lost its rules"] if wanted else []
        if found != wanted:
            return [f"{node.name} has other rules than those of this run"]
        return []

    async def _try_pairs(self, nodes: Iterable[Enterable], cuts: Cuts) -> list[str]:
        """Every node that runs sends to every other one: a pair that is cut must get no answer, another one must."""
        running = [node for node in nodes if await node.state() is NodeState.RUNNING]
        addresses = {node.name: node.address for node in running}
        heard = await asyncio.gather(*(_heard(node, addresses) for node in running))
        return [
            problem
            for node, answers in zip(running, heard, strict=True)
            for peer, answered in sorted(answers.items())
            if (problem := _judge(node.name, peer, answered, cuts))
        ]


class Simulated:
    """The network of a simulated cluster."""

    name = "simulated"

    def __init__(self, cluster: Cluster) -> None:
        self._network = cast(_SimulatedCluster, cluster).network
        self._names = [node.name for node in cluster.nodes]

    def undo(self, cuts: Cuts) -> list[Undo]:
        """Nothing: a simulated network ends with its process."""
        del cuts
        return []

    async def cut(self, cuts: Cuts) -> None:
        """Tell the network."""
        self._network.cut(cuts)

    async def missing(self, cuts: Cuts) -> list[str]:
        """Ask the network about every pair."""
        pairs = [(one, other) for one in self._names for other in self._names if one != other]
        return [
            f"{sender} {'reaches' if reaches else 'does not reach'} {receiver}"
            for sender, receiver in pairs
            if (reaches := self._network.reachable(sender, receiver)) == ((sender, receiver) in cuts)
        ]


class _SimulatedNetwork(Protocol):
    def cut(self, pairs: Cuts) -> None: ...

    def reachable(self, src: str, dst: str) -> bool: ...


class _SimulatedCluster(Protocol):
    network: _SimulatedNetwork


_ALIVE = (NodeState.RUNNING, NodeState.PAUSED)


def of(cluster: Cluster) -> Network:
    """What cuts the network of this cluster."""
    return Simulated(cluster) if cluster.kind == "simulated" else Iptables(cluster)


def _judge(node: str, peer: str, answered: bool, cuts: Cuts) -> str:
    """An answer needs both directions: it must fail when either is cut, and come when neither is."""
    cut = (node, peer) in cuts or (peer, node) in cuts
    if cut and answered:
        return f"{node} still talks to {peer}"
    if not cut and not answered:
        return f"{node} cannot talk to {peer}, although nothing was cut between them"
    return ""


async def _heard(node: Enterable, addresses: Mapping[str, str]) -> dict[str, bool]:
    """Which peers answer this node."""
    peers = {name: address for name, address in addresses.items() if name != node.name}
    if not peers:
        return {}
    done = await node.in_network(probe.command(list(peers.values())), timeout=probe.LIMIT)
    answered = probe.parse(done.stdout.decode())
    return {name: address in answered for name, address in peers.items()}
