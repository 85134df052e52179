"""A client that goes on at another node when it is told to."""

from collections.abc import Callable

import msgspec

from harness.client import DidNotHappen
from harness.cluster import Node
from harness.op import Op
from harness.simulated.client import RequestClient
from harness.simulated.node import SimulatedNode


class SessionClient(RequestClient):
    """``read`` and ``write`` of registers, and ``move`` to a node.

    Args:
        node: Finds a node by its name.
    """

    def __init__(self, node: Callable[[str], Node]) -> None:
        super().__init__("session")
        self._find = node

    async def invoke(self, op: Op) -> Op:
        """Do it, or talk to another node from now on; the completion names the node that was asked.

        Raises:
            DidNotHappen: No process runs there; the session stays where it is.
        """
        if op.f != "move":
            return msgspec.structs.replace(await super().invoke(op), node=self._node.name)
        node = self._find(op.value)
        if not isinstance(node, SimulatedNode) or node.server is None:
            raise DidNotHappen(f"connection-refused: {op.value} does not run")
        self._node = node
        return msgspec.structs.replace(op.ok(op.value), node=op.value)
