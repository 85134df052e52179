"""``register``: reads, unique writes and compare-and-set on many independent registers."""

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

from checkers.checker import Checker
from checkers.register import RegisterChecker
from harness import generator as g
from harness.generator import Context, Generator, Pending
from harness.op import OK, Invocation, Op
from harness.options import Option
from workloads.final import read_every_node
from workloads.workload import Workload


class OneKey(Generator, frozen=True):
    """What the clients of one key do: a cas expects the value that somebody saw last, so that many succeed.

    Args:
        rng: Source of chance.
        values: The values that nobody has written yet, of the whole run.
        read: Share of reads.
        cas: Share of cas among the rest.
        latest: The value that was seen last; None before the first.
    """

    rng: random.Random
    values: Iterator[int]
    read: float
    cas: float
    latest: Any = None

    def op(self, ctx: Context) -> tuple[Op, Generator] | Pending | None:
        """A read, a write of a new value, or a cas to a new value."""
        if not ctx.free:
            return Pending(self)
        op = ctx.op(self._draw())
        return Pending(self) if op is None else (op, self)

    def _draw(self) -> Invocation:
        if self.rng.random() < self.read:
            return Invocation("read")
        value = next(self.values)
        if self.latest is not None and self.rng.random() < self.cas:
            return Invocation("cas", [self.latest, value])
        return Invocation("write", value)

    def update(self, ctx: Context, event: Op) -> Generator:
        """Remember what a completed operation shows the register to hold."""
        del ctx
        if event.type != OK or event.value is None:
            return self
        seen = event.value[1] if event.f == "cas" else event.value
        return OneKey(self.rng, self.values, self.read, self.cas, seen)


class Register(Workload):
    """Every value is written once in the whole run: then linearizability is decided in linear time, with a proof."""

    name = "register"
    summary = "Reads, unique writes and compare-and-set on independent keys; decides linearizability."
    interface = "register"
    options = (
        Option("threads-per-key", 4, "Clients that work on one key at a time.", unit="clients", minimum=1),
        Option("ops-per-key", 200, "Operations until a key is left for a new one.", unit="ops", minimum=1),
        Option("reads", 0.5, "Share of reads, 0 to 1.", minimum=0, maximum=1),
        Option("cas", 0.4, "Share of compare-and-set among what is not a read, 0 to 1.", minimum=0, maximum=1),
    )

    def generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """Groups of clients, each on its own key, for ever."""
        del nodes
        settings, values = self.settings, itertools.count(1)

        def one_key(key: str | int) -> Generator:
            del key
            return g.limit(settings["ops-per-key"], OneKey(rng, values, settings["reads"], settings["cas"]))

        size = min(concurrency, settings["threads-per-key"])
        return g.concurrent_keys(size, (f"k{number}" for number in itertools.count()), one_key)

    def final_generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """A read of the first key from every node: it shows that all of them serve again."""
        del rng
        return read_every_node(nodes, concurrency, key="k0")

    def checkers(self) -> Sequence[Checker]:
        """Linearizability of every key."""
        return [RegisterChecker()]
