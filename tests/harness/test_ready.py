"""Waiting for the nodes of a cluster."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cluster import NodeState
from harness.errors import NodeFailed
from harness.ready import until_all


class Member:
    """A node that is in one state for ever."""

    def __init__(self, name: str, state: NodeState) -> None:
        self.name = name
        self._state = state

    async def state(self) -> NodeState:
        return self._state

    async def log(self) -> bytes:
        return b"first\nlast words\n"


async def test_when_one_has_ended_nobody_asks_the_others_any_more() -> None:
    asked = asyncio.Event()
    others = asyncio.all_tasks()

    async def never(node: Any) -> bool:
        if node.name == "n1":
            asked.set()
        else:
            await asked.wait()
        return False

    cluster: Any = SimpleNamespace(nodes=(Member("n1", NodeState.RUNNING), Member("n2", NodeState.STOPPED)))
    with pytest.raises(NodeFailed, match=r"node n2 ended before it was ready\. Its last lines: first / last words"):
        await until_all(cluster, never)
    assert asyncio.all_tasks() == others
