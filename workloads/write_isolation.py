"""``write-isolation``: rows whose two cells are always written together."""

import itertools
import random
from collections.abc import Sequence

from checkers.checker import Checker
from checkers.write_isolation import WriteIsolationChecker
from harness import generator as g
from harness.generator import Generator
from harness.op import Invocation
from harness.options import Option
from workloads.final import read_every_node
from workloads.workload import Workload


class WriteIsolation(Workload):
    """Each write is ``[n, -n]``: where equal time stamps are decided by the larger value, cell by cell, a row tears."""

    name = "write-isolation"
    summary = "Writes two cells of a row together and reads them; finds rows that nobody wrote as a whole."
    interface = "write-isolation"
    options = (
        Option("threads-per-key", 4, "Clients that work on one row at a time.", unit="clients", minimum=1),
        Option("ops-per-key", 100, "Operations until a row is left for a new one.", unit="ops", minimum=1),
        Option("reads", 0.5, "Share of reads, 0 to 1.", minimum=0, maximum=1),
    )

    def generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """Groups of clients, each on its own row, for ever."""
        del nodes
        settings, numbers = self.settings, itertools.count(1)

        def operation() -> Invocation:
            if rng.random() < settings["reads"]:
                return Invocation("read")
            number = next(numbers)
            return Invocation("write", [number, -number])

        def one_row(key: str | int) -> Generator:
            del key
            return g.limit(settings["ops-per-key"], g.lift(operation))

        size = min(concurrency, settings["threads-per-key"])
        return g.concurrent_keys(size, (f"k{number}" for number in itertools.count()), one_row)

    def final_generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """A read of the first row from every node: it shows that all of them serve again."""
        del rng
        return read_every_node(nodes, concurrency, key="k0")

    def checkers(self) -> Sequence[Checker]:
        """Whether every row that was read was written as a whole."""
        return [WriteIsolationChecker()]
