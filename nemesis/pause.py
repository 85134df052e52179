"""``pause``: whole nodes stand still, and go on later as if no time had passed."""

import random
from collections.abc import Sequence
from typing import Any

from harness.capability import Capability
from harness.cluster import Node, NodeState
from nemesis.fault import Active, Situation, Undo
from nemesis.strike import Strike

METHODS = {"docker": "freezer", "simulated": "simulated"}
"""How a cluster of each kind stops its nodes: the freezer of a container's control group stops all its processes."""


class Pause(Strike):
    """All processes of the victims stop where they are; healing lets them go on."""

    name = "pause"
    summary = "Stops nodes where they are and lets them go on: leases expire and clocks jump for them."
    struck = NodeState.PAUSED

    async def probe(self, situation: Situation) -> Capability:
        """Every cluster can do it, each in its own way."""
        kind = situation.cluster.kind
        return Capability(True, METHODS.get(kind, kind))

    async def choose(self, situation: Situation, rng: random.Random) -> tuple[dict[str, Any], str] | None:
        """Victims among the nodes that run; says how they are stopped."""
        chosen = await super().choose(situation, rng)
        if chosen is None:
            return None
        method = (await self.probe(situation)).backend
        return chosen[0] | {"method": method}, f"{chosen[1]} ({method})"

    async def undo(self, situation: Situation, wanted: Sequence[Active]) -> Sequence[Undo]:
        """Let each victim's container go on."""
        chosen = self.victims_of(wanted)
        return [
            Undo("docker-unpause", {"container": container})
            for node in situation.cluster.nodes
            if node.name in chosen and (container := getattr(node, "container", ""))
        ]

    async def strike(self, node: Node) -> None:
        """Stop it."""
        await node.pause()

    async def release(self, node: Node) -> None:
        """Let it go on."""
        await node.resume()
