"""Which nodes a fault strikes."""

import random
from collections.abc import Collection, Sequence

from harness.cluster import NodeState
from nemesis.fault import Situation

KINDS = ("one", "minority", "majority", "primaries", "all")
USUAL = ("one", "minority", "primaries")
"""What ``any`` chooses from: what a replicated datastore promises to survive."""


def pick(
    kind: str, candidates: Sequence[str], nodes: Sequence[str], primaries: Collection[str], rng: random.Random
) -> list[str]:
    """The victims, in the order of the nodes; empty when nobody fits.

    Args:
        kind: One of ``KINDS``, or ``any``.
        candidates: The nodes that can be struck now.
        nodes: All nodes: they say what a majority is.
        primaries: Those that lead.
        rng: Source of chance.
    """
    leading = [node for node in candidates if node in primaries]
    if kind == "any":
        kind = rng.choice([usual for usual in USUAL if leading or usual != "primaries"])
    if kind == "primaries":
        return leading
    size = {
        "one": 1,
        "minority": rng.randint(1, max(1, (len(nodes) - 1) // 2)),
        "majority": len(nodes) // 2 + 1,
        "all": len(nodes),
    }[kind]
    chosen = rng.sample(list(candidates), min(size, len(candidates)))
    return [node for node in candidates if node in chosen]


async def running(situation: Situation) -> list[str]:
    """The nodes whose main process runs: what is dead or paused already belongs to another fault."""
    nodes = situation.cluster.nodes
    return [node.name for node in nodes if await node.state() is NodeState.RUNNING]
