"""A small cluster whose nodes and network do what they are told, and can be told to misbehave."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.client import Client
from harness.cluster import Cluster, Completed, Node, NodeState
from harness.errors import NodeFailed
from harness.op import INVOKE, NEMESIS, Op
from harness.simulated import loop
from harness.target import Target
from nemesis.fault import Situation

SECOND = 1_000_000_000


class FakeNode(Node):
    """Attributes: now, what it does; stuck, why it obeys nothing; starts, how often it was started."""

    def __init__(self, name: str, network: "FakeNetwork") -> None:
        self.name = self.address = name
        self.now = NodeState.RUNNING
        self.stuck = ""
        self.starts = 0
        self._network = network

    def _become(self, state: NodeState) -> None:
        if self.stuck:
            raise NodeFailed(self.stuck)
        self.now = state

    async def state(self) -> NodeState:
        return self.now

    async def start(self) -> None:
        self._become(NodeState.RUNNING)
        self.starts += 1
        self._network.forget(self.name)

    async def kill(self) -> None:
        self._become(NodeState.STOPPED)

    async def pause(self) -> str:
        self._become(NodeState.PAUSED)
        return "simulated"

    async def resume(self) -> None:
        self._become(NodeState.RUNNING)

    async def run(self, argv: Sequence[str], *, timeout: float = 30.0) -> Completed:
        raise NodeFailed(f"no {argv[0]} within {timeout} s")

    async def put(self, path: str, data: bytes) -> None:
        raise NodeFailed(f"no room for {len(data)} bytes at {path}")

    async def get(self, path: str) -> bytes:
        raise NodeFailed(f"no {path}")

    async def log(self) -> bytes:
        return b""


class FakeNetwork:
    """Cuts as asked, or not at all; loses the cuts of a node that restarts, as a new network namespace does."""

    def __init__(self) -> None:
        self.cuts: frozenset[tuple[str, str]] = frozenset()
        self.deaf = False

    def cut(self, pairs: frozenset[tuple[str, str]]) -> None:
        if not self.deaf:
            self.cuts = pairs

    def reachable(self, src: str, dst: str) -> bool:
        return (src, dst) not in self.cuts

    def forget(self, node: str) -> None:
        self.cuts = frozenset(pair for pair in self.cuts if pair[1] != node)


class FakeCluster(Cluster):
    kind = "simulated"

    def __init__(self, count: int) -> None:
        self.network = FakeNetwork()
        self.nodes = tuple(FakeNode(f"n{number}", self.network) for number in range(1, count + 1))

    def states(self) -> dict[str, str]:
        return {node.name: str(node.now) for node in self.fakes}

    @property
    def fakes(self) -> tuple[FakeNode, ...]:
        return tuple(node for node in self.nodes if isinstance(node, FakeNode))

    def fake(self, name: str) -> FakeNode:
        return next(node for node in self.fakes if node.name == name)

    async def up(self) -> None:
        return

    async def down(self) -> None:
        return

    def facts(self) -> dict[str, Any]:
        return {}


class FakeTarget(Target):
    name = "fake"
    summary = "for tests"
    cluster_kind = "simulated"
    leading: tuple[str, ...] = ("n1",)

    @property
    def clients(self) -> Mapping[str, Callable[[], Client]]:
        return {}

    async def ready(self, cluster: Cluster, node: Node) -> bool:
        del cluster
        return await node.state() is NodeState.RUNNING

    async def primaries(self, cluster: Cluster) -> list[str]:
        del cluster
        return list(self.leading)


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster(5)


@pytest.fixture
def situation(cluster: FakeCluster) -> Situation:
    return Situation(cluster, FakeTarget({}))


@pytest.fixture
def ask() -> Callable[..., Op]:
    """An invocation of the nemesis at that second."""

    def make(fault: str, phase: str, second: int = 0) -> Op:
        return Op(-1, second * SECOND, NEMESIS, INVOKE, fault, value={"phase": phase})

    return make


@pytest.fixture
def virtually() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine on virtual time, so that waiting takes none."""
    return loop.run


@pytest.fixture
def journal_path(tmp_path: Path) -> Path:
    return tmp_path / "faults.jsonl"
