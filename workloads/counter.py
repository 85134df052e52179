"""``counter``: increments under faults, reads in between, and a read from every node in the end."""

import random
from collections.abc import Sequence

from checkers.checker import Checker
from checkers.counter import CounterChecker
from harness import generator as g
from harness.generator import Generator
from harness.op import Invocation
from harness.options import Option
from workloads.final import read_every_node
from workloads.workload import Workload


class Counter(Workload):
    """Increments of one: then it is decided exactly which values a read may return."""

    name = "counter"
    summary = "Increments one counter by one and reads it; finds lost and doubled increments."
    interface = "counter"
    options = (Option("reads", 0.3, "Share of reads, 0 to 1.", minimum=0, maximum=1),)

    def generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """Increments and reads."""
        del nodes, concurrency
        share = self.settings["reads"]
        return g.lift(lambda: Invocation("read") if rng.random() < share else Invocation("add", 1))

    def final_generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """A read from every node."""
        del rng
        return read_every_node(nodes, concurrency)

    def checkers(self) -> Sequence[Checker]:
        """Which reads no order of the increments explains."""
        return [CounterChecker()]
