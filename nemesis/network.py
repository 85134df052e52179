"""Who cuts the network: iptables inside each node's own namespace, or the simulated network.

Both take the whole desired set of cuts, and both can be asked what is really so.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from harness.cluster import Cluster, Completed, NodeState
from harness.errors import FaultFailed, NodeFailed
from harness.parallel import all_of
from nemesis import iptables, probe
from nemesis.fault import Undo
from nemesis.grudge import NO_CUTS, Cuts

TOOL_LIMIT = 15.0
"""Seconds that one command may take; several of them may wait for the lock of iptables in turn."""

_NOBODY = "192.0.2.1"
"""An address for documentation (RFC 5737): no node has it."""


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

    async def trial(self) -> list[str]:
        """Why it cannot cut here, found by trying without harm; empty when it can."""


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
        await all_of(self._set(node, cuts) for node in await self._with_network())

    async def missing(self, cuts: Cuts) -> list[str]:
        """Compare the rules, then let every pair try."""
        nodes = await self._with_network()
        wrong = await all_of(self._compare(node, iptables.rules(node.name, cuts, self._addresses)) for node in nodes)
        return list(filter(None, wrong)) or await self._try_pairs(nodes, cuts)

    async def trial(self) -> list[str]:
        """Drop what comes from an address that nobody has, read the rule back, and take it away."""
        cuts = frozenset((_NOBODY, node.name) for node in self._nodes)
        addresses = {_NOBODY: _NOBODY}
        try:
            await all_of(self._fill(node, cuts, addresses) for node in self._nodes)
            wrong = await all_of(
                self._compare(node, iptables.rules(node.name, cuts, addresses)) for node in self._nodes
            )
        finally:
            await self.cut(NO_CUTS)
        return list(filter(None, wrong)) or await self.missing(NO_CUTS)

    async def _with_network(self) -> list[Enterable]:
        """The nodes that run or are paused."""
        states = await all_of(node.state() for node in self._nodes)
        return [node for node, state in zip(self._nodes, states, strict=True) if state in _ALIVE]

    async def _set(self, node: Enterable, cuts: Cuts) -> None:
        if any(refusing == node.name for _, refusing in cuts):
            await self._fill(node, cuts, self._addresses)
        else:
            await self._do(node, iptables.remove())

    async def _fill(self, node: Enterable, cuts: Cuts, addresses: Mapping[str, str]) -> None:
        await self._do(node, iptables.restore(), iptables.restore_text(node.name, cuts, addresses))
        await self._do(node, iptables.hook())

    async def _do(
        self, node: Enterable, argv: list[str], stdin: bytes = b"", timeout: float = TOOL_LIMIT
    ) -> str | None:
        """What the tool printed; None when the node died meanwhile, and its network with it."""
        try:
            done = await node.in_network(argv, stdin=stdin, timeout=timeout)
        except NodeFailed as error:
            if await node.state() not in _ALIVE:
                return None
            raise FaultFailed(f"cannot reach into the network of {node.name}: {error}") from error
        if done.code:
            if await node.state() not in _ALIVE:
                return None
            said = " ".join(done.stderr.decode(errors="replace").split()) or f"exit code {done.code}"
            raise FaultFailed(f"cannot reach into the network of {node.name}: {argv[0]} says: {said}")
        return done.stdout.decode(errors="replace")

    async def _compare(self, node: Enterable, wanted: list[str]) -> str:
        listing = await self._do(node, iptables.show())
        if listing is None:
            return ""
        found = iptables.parse(listing)
        if found == (wanted or None):
            return ""
        if not wanted:
            return f"{node.name} still has rules of this run"
        return f"{node.name} has other rules than those of this run" if found else f"{node.name} has lost its rules"

    async def _try_pairs(self, nodes: Sequence[Enterable], cuts: Cuts) -> list[str]:
        """Every node sends to every other one: a pair that is cut must get no answer, another one must.

        Kernels answer, those of paused nodes too. A node that dies meanwhile is left out when this is asked again.
        """
        addresses = {node.name: node.address for node in nodes}
        heard = await all_of(self._heard(node, addresses) for node in nodes)
        return [
            problem
            for node, answers in zip(nodes, heard, strict=True)
            for peer, answered in sorted(answers.items())
            if (problem := _judge(node.name, peer, answered, cuts))
        ]

    async def _heard(self, node: Enterable, addresses: Mapping[str, str]) -> dict[str, bool]:
        """Which peers answer this node; nothing is known of a node that died."""
        peers = {name: address for name, address in addresses.items() if name != node.name}
        if not peers:
            return {}
        output = await self._do(node, probe.command(list(peers.values())), timeout=probe.LIMIT)
        if output is None:
            return {}
        answered = probe.parse(output)
        return {name: address in answered for name, address in peers.items()}


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

    async def trial(self) -> list[str]:
        """It always can."""
        return []


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
