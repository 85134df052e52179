"""What killing and pausing have in common: victims that are put into one state, and out of it again."""

import random
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from harness.capability import Capability
from harness.cluster import Node, NodeState
from harness.errors import FaultFailed, HarnessError
from harness.options import Option
from harness.parallel import all_of
from nemesis import victims
from nemesis.fault import Active, Fault, Situation, Verification


class Strike(Fault):
    """A fault that puts whole nodes into a state.

    Attributes:
        struck: The state of a victim.
    """

    struck: ClassVar[NodeState]
    options: ClassVar[Sequence[Option]] = (
        Option("victims", "any", "Which nodes; any = one, minority or primaries.", ("any", *victims.KINDS)),
    )

    @abstractmethod
    async def strike(self, node: Node) -> None:
        """Put the node into the state."""

    @abstractmethod
    async def release(self, node: Node) -> None:
        """Put it out of the state."""

    @classmethod
    async def backends(cls) -> Sequence[Capability]:
        """Docker and the simulation can always do it."""
        return [Capability(True, "docker"), Capability(True, "simulated")]

    async def probe(self, situation: Situation) -> Capability:
        """Every cluster can do it."""
        return Capability(True, situation.cluster.kind)

    async def choose(self, situation: Situation, rng: random.Random) -> tuple[dict[str, Any], str] | None:
        """Victims among the nodes that run."""
        primaries = await situation.target.primaries(situation.cluster)
        names = [node.name for node in situation.cluster.nodes]
        candidates = await victims.running(situation)
        chosen = victims.pick(self.settings["victims"], candidates, names, primaries, rng)
        return ({"nodes": chosen}, " ".join(chosen)) if chosen else None

    async def apply(self, situation: Situation, wanted: Sequence[Active]) -> None:
        """Strike the victims that are not struck yet; with none wanted, release everybody.

        Until then a node that came into that state by itself is left in it, so that the verification finds it.
        """
        chosen, nodes = self.victims_of(wanted), situation.cluster.nodes
        if wanted:
            await all_of(self._strike(node) for node in nodes if node.name in chosen)
        else:
            await all_of(self._release(node) for node in nodes)

    async def verify(self, situation: Situation, wanted: Sequence[Active]) -> Verification:
        """Whether exactly the victims are struck. When the others serve again is what the checkers measure."""
        chosen = self.victims_of(wanted)
        for node in situation.cluster.nodes:
            state = await node.state()
            if (node.name in chosen) != (state is self.struck):
                return Verification(False, f"{node.name} is {state}")
        return Verification(True)

    @staticmethod
    def victims_of(wanted: Sequence[Active]) -> set[str]:
        """Everybody that some active fault names."""
        return {name for active in wanted for name in active.detail["nodes"]}

    async def _strike(self, node: Node) -> None:
        if await node.state() is not self.struck:
            with self._explained(node):
                await self.strike(node)

    async def _release(self, node: Node) -> None:
        if await node.state() is self.struck:
            with self._explained(node):
                await self.release(node)

    @contextmanager
    def _explained(self, node: Node) -> Iterator[None]:
        try:
            yield
        except HarnessError as error:
            raise FaultFailed(f"{self.name} of {node.name} failed: {error}") from error
