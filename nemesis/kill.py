"""``kill``: SIGKILL of whole nodes, and their restart."""

from collections.abc import Sequence

from harness.cluster import Node, NodeState
from nemesis.fault import Active, Situation, Undo
from nemesis.strike import Strike


class Kill(Strike):
    """The main process of the victims ends with SIGKILL; healing starts it again on the same files."""

    name = "kill"
    summary = "Ends nodes with SIGKILL and starts them again: what was only in memory is lost."
    struck = NodeState.STOPPED

    async def undo(self, situation: Situation, wanted: Sequence[Active]) -> Sequence[Undo]:
        """Nothing: a dead node harms nobody, and goes with its cluster."""
        del situation, wanted
        return []

    async def strike(self, node: Node) -> None:
        """SIGKILL."""
        await node.kill()

    async def release(self, node: Node) -> None:
        """Start it again."""
        await node.start()
