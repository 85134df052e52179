"""A run on a cluster that exists in memory only, every part of which a test may bend."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from harness import generator as g
from harness.capability import Capability
from harness.client import Client
from harness.cluster import Cluster, Completed, Node, NodeState
from harness.errors import HarnessError
from harness.history import History
from harness.op import Invocation, Op
from harness.run import Outcome, Plan, Run, Stop
from harness.simulated import loop
from harness.target import Target


class MemoryNode(Node):
    """A node that only has a state."""

    def __init__(self, name: str) -> None:
        self.name = self.address = name
        self.now = NodeState.STOPPED
        self.serves = True

    async def state(self) -> NodeState:
        return self.now

    async def start(self) -> None:
        self.now = NodeState.RUNNING

    async def kill(self) -> None:
        self.now = NodeState.STOPPED

    async def pause(self) -> str:
        raise NotImplementedError

    async def resume(self) -> None:
        raise NotImplementedError

    async def run(self, argv: Sequence[str], *, timeout: float = 30.0) -> Completed:
        raise NotImplementedError

    async def put(self, path: str, data: bytes) -> None:
        raise NotImplementedError

    async def get(self, path: str) -> bytes:
        raise NotImplementedError

    async def log(self) -> bytes:
        return f"first line\nlast line of {self.name}\n".encode()


class MemoryCluster(Cluster):
    """Three nodes; ``up`` and ``down`` are counted and may fail."""

    kind = "memory"

    def __init__(self) -> None:
        self.nodes: tuple[MemoryNode, ...] = tuple(MemoryNode(name) for name in ("n1", "n2", "n3"))
        self.removed = 0
        self.up_error: HarnessError | None = None
        self.down_error: HarnessError | None = None

    async def up(self) -> None:
        if self.up_error is not None:
            raise self.up_error
        for node in self.nodes:
            await node.start()

    async def down(self) -> None:
        self.removed += 1
        if self.down_error is not None:
            raise self.down_error

    def facts(self) -> dict[str, Any]:
        return {"kind": self.kind}


class MemoryClient(Client):
    """Answers after a millisecond."""

    undone: ClassVar[list[str]] = []

    async def teardown(self) -> None:
        self.undone.append(self.node.name)

    async def open(self, node: Node) -> None:
        self.node = node

    async def invoke(self, op: Op) -> Op:
        await asyncio.sleep(0.001)
        return op.ok(1)


class MemoryTarget(Target):
    """Ready when its node says so."""

    name = "memory"
    summary = "For tests."
    cluster_kind = "memory"

    @property
    def clients(self) -> Mapping[str, Callable[[], Client]]:
        return {"register": MemoryClient}

    async def ready(self, cluster: Cluster, node: Node) -> bool:
        assert isinstance(node, MemoryNode)
        return node.serves and node.now is NodeState.RUNNING


class MemoryNemesis:
    """Injects by saying so."""

    def __init__(self) -> None:
        self.healed = 0
        self.capability = Capability(True, "memory")
        self.problems: list[str] = []
        self.on_inject: Callable[[], None] = lambda: None

    async def probe(self) -> Mapping[str, Capability]:
        return {"blackout": self.capability}

    async def invoke(self, op: Op) -> Op:
        self.on_inject()
        return op.ok({"phase": "inject", "id": "blackout-1", "words": "all", "detail": {}})

    async def heal_all(self) -> list[str]:
        self.healed += 1
        return self.problems


class Watcher:
    """Remembers the phases."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.on_phase: Callable[[str], None] = lambda _: None

    def phase(self, name: str, limit: float | None) -> None:
        del limit
        self.phases.append(name)
        self.on_phase(name)

    def event(self, op: Op) -> None:
        del op


class World:
    """Everything of one run that a test may bend before it executes."""

    def __init__(self, folder: Path) -> None:
        self.cluster = MemoryCluster()
        self.nemesis = MemoryNemesis()
        self.watcher = Watcher()
        reads = g.clients(g.repeat(Invocation("read")))
        attack = g.nemesis([Invocation("blackout", {"phase": "inject"})])
        self.plan = Plan(
            target=MemoryTarget({}),
            cluster=self.cluster,
            interface="register",
            load=g.time_limit(2, g.any_of(reads, attack)),
            heal=None,
            final=g.clients(g.once(Invocation("final"))),
            nemesis=self.nemesis,
            concurrency=3,
            time_limit=2,
            op_timeout=1,
            history=folder / "history.jsonl",
            logs=folder / "nodes",
        )
        self.outcome = Outcome()

    def execute(self, user: Callable[[Stop], None] = lambda _: None) -> Outcome:
        async def main() -> None:
            stop = Stop()
            user(stop)
            run = Run(self.plan, stop, self.watcher)
            self.outcome = run.outcome
            await run.execute()

        loop.run(main())
        return self.outcome

    def history(self) -> History:
        return History.read(self.plan.history)
