"""The client of a simulated target: sends each operation to its node as a request."""

from harness.client import Client, DidNotHappen
from harness.cluster import Node
from harness.op import Op
from harness.simulated.node import ConnectionLost, SimulatedNode
from harness.simulated.server import Request


class RequestClient(Client):
    """A client of one interface of a simulated target.

    Args:
        interface: Told to the server with every request.
    """

    def __init__(self, interface: str) -> None:
        self._interface = interface
        self._node: SimulatedNode

    async def open(self, node: Node) -> None:
        """Connect.

        Raises:
            DidNotHappen: The node's process does not run.
        """
        if not isinstance(node, SimulatedNode):
            raise TypeError(f"{node.name} is not a simulated node")
        if node.server is None:
            raise DidNotHappen(f"connection-refused: {node.name} does not run")
        self._node = node

    async def invoke(self, op: Op) -> Op:
        """Send the operation and wait for the answer: what was read, or its own argument."""
        try:
            answer = await self._node.request(Request(self._interface, op.f, op.key, op.value))
        except ConnectionLost as error:
            return op.info(f"connection-lost: {error}")
        if answer.type == "ok":
            told = op.f == "read" or answer.value is not None
            return op.ok(answer.value if told else op.value, answer.version)
        return op.fail(answer.error) if answer.type == "fail" else op.info(answer.error)
