"""``locked-set``: sets that are read, changed and written back under a lock."""

import itertools
import random
from collections.abc import Sequence

from checkers.checker import Checker
from checkers.set import SetChecker
from harness import generator as g
from harness.generator import Generator
from harness.op import Invocation
from harness.options import Option
from workloads.final import read_every_node
from workloads.workload import Workload


class LockedSet(Workload):
    """No element may be lost, as long as the lock excludes everybody else, or what it protects compares tokens."""

    name = "locked-set"
    summary = "Adds elements to sets by read, change and write under a lock; finds lost updates."
    interface = "locked-set"
    options = (
        Option("sets", 6, "Sets, each under a lock of its own; an add takes any of them.", minimum=1),
        Option("reads", 0.1, "Share of reads, 0 to 1; they need no lock.", minimum=0, maximum=1),
    )

    def _keys(self) -> list[str]:
        return [f"set{number}" for number in range(self.settings["sets"])]

    def generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """Adds of new elements, and reads."""
        del nodes, concurrency
        keys, elements, share = self._keys(), itertools.count(1), self.settings["reads"]

        def operation() -> Invocation:
            key = rng.choice(keys)
            return Invocation("read", key=key) if rng.random() < share else Invocation("add", next(elements), key)

        return g.lift(operation)

    def final_generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """A read of every set from every node."""
        del rng
        return g.phases(*(read_every_node(nodes, concurrency, key) for key in self._keys()))

    def checkers(self) -> Sequence[Checker]:
        """What became of every element."""
        return [SetChecker()]
