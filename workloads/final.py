"""Final reads: one from every node, once all faults are healed."""

from collections.abc import Sequence

from harness import generator as g
from harness.generator import Generator
from harness.op import Invocation

SPACING = 0.2
"""Seconds between two attempts of one client."""

ATTEMPTS = 25
"""How often one client tries."""


def read_every_node(nodes: Sequence[str], concurrency: int, key: str | int | None = None) -> Generator:
    """One read of ``key`` from every node that a client talks to, each tried until it succeeds.

    Client i talks to node i modulo their number, so the first clients reach every node.
    """
    readers = range(min(len(nodes), concurrency))
    attempts = g.limit(ATTEMPTS, g.delay(SPACING, g.repeat(Invocation("read", key=key))))
    return g.clients(g.on_threads(readers, g.each_thread(g.until_ok(attempts))))
