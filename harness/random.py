"""Named random streams from one root seed.

Every consumer of chance asks for a stream by name (``generator``, ``nemesis``, ``network/n1->n2``), so that adding
one consumer never shifts the numbers that another one draws, and one seed repeats the whole run.
"""

import hashlib
import random


class Streams:
    """The random streams of one run.

    Args:
        seed: The root seed, any integer.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, name: str) -> random.Random:
        """A fresh generator for ``name``: the same seed and name always give the same sequence."""
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        return random.Random(int.from_bytes(digest[:16], "big"))
