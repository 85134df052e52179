"""Waiting until the nodes of a cluster serve."""

import asyncio
from collections.abc import Awaitable, Callable

from harness.cluster import Cluster, Node, NodeState
from harness.errors import NodeFailed
from harness.target import Target

POLL = 0.1
"""Seconds between two questions to a node whether it is ready."""

LAST_LINES = 5
"""How many lines of a dead node's log an error message quotes."""


async def all_ready(target: Target, cluster: Cluster) -> None:
    """Wait until every node serves.

    Raises:
        NodeFailed: A node's main process ended; the message quotes its last lines.
    """
    await until_all(cluster, lambda node: target.ready(cluster, node))


async def until_all(cluster: Cluster, condition: Callable[[Node], Awaitable[bool]]) -> None:
    """Wait until the condition holds of every node; of each of them, not of all at the same moment.

    Raises:
        NodeFailed: A node's main process ended; the message quotes its last lines.
    """
    waiting = [asyncio.ensure_future(_until(node, condition)) for node in cluster.nodes]
    try:
        await asyncio.gather(*waiting)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _until(node: Node, condition: Callable[[Node], Awaitable[bool]]) -> None:
    while not await condition(node):
        if await node.state() in (NodeState.STOPPED, NodeState.MISSING):
            lines = (await node.log()).decode(errors="replace").strip().splitlines()[-LAST_LINES:]
            raise NodeFailed(
                f"node {node.name} ended before it was ready. Its last lines: {' / '.join(lines) or 'none'}"
            )
        await asyncio.sleep(POLL)
