"""``set``: elements are added under faults, and every node is asked for all of them in the end."""

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


class Set(Workload):
    """No acknowledged element may be missing from a later read."""

    name = "set"
    summary = "Adds unique elements and reads all of them from every node after healing; finds lost writes."
    interface = "set"
    options = (
        Option(
            "reads", 0.01, "Share of reads during the load, 0 to 1; each returns the whole set.", minimum=0, maximum=1
        ),
    )

    def generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """Adds, and some reads in between."""
        del nodes, concurrency
        elements, share = itertools.count(1), self.settings["reads"]
        return g.lift(lambda: Invocation("read") if rng.random() < share else Invocation("add", next(elements)))

    def final_generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """A read from every node."""
        del rng
        return read_every_node(nodes, concurrency)

    def checkers(self) -> Sequence[Checker]:
        """What became of every element."""
        return [SetChecker()]
