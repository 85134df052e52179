"""``convergence``: registers are written under faults, and read from all nodes in the end until these agree."""

import itertools
import random
from collections.abc import Sequence
from typing import Any

from checkers.checker import Checker
from checkers.convergence import ConvergenceChecker
from harness import generator as g
from harness.generator import Context, Generator, Pending
from harness.op import OK, Invocation, Op
from harness.options import Option
from harness.values import token
from workloads.workload import Workload

SECOND = 1_000_000_000
"""Nanoseconds."""


class UntilAgreed(Generator, frozen=True):
    """Reads of every key from every node, in turns, until what the nodes returned last is the same; or a limit.

    Args:
        keys: What is read.
        nodes: How many nodes there are; thread i reads from node i.
        limit: Nanoseconds.
        end: When the limit is over; None before the first read.
        turn: Per node, how many reads it was asked for.
        latest: Per key, for each node the stand-in of what it returned last.
    """

    keys: tuple[str, ...]
    nodes: int
    limit: int
    end: int | None
    turn: tuple[int, ...]
    latest: dict[str, dict[str | None, Any]]

    def op(self, ctx: Context) -> tuple[Op, Generator] | Pending | None:
        """A read of the next key that the nodes do not agree on."""
        end = ctx.time + self.limit if self.end is None else self.end
        left = [key for key in self.keys if not self._agreed(key)]
        if not left or ctx.time > end:
            return None
        if not ctx.free:
            return Pending(self)
        thread = ctx.next_free()
        op = ctx.op(Invocation("read", key=left[self.turn[thread] % len(left)]))
        if op is None:
            return Pending(self)
        turn = (*self.turn[:thread], self.turn[thread] + 1, *self.turn[thread + 1 :])
        return op, UntilAgreed(self.keys, self.nodes, self.limit, end, turn, self.latest)

    def _agreed(self, key: str) -> bool:
        seen = self.latest.get(key, {})
        return len(seen) == self.nodes and len(set(seen.values())) == 1

    def update(self, ctx: Context, event: Op) -> Generator:
        """Remember what a node returned."""
        del ctx
        if event.type != OK or event.f != "read":
            return self
        key = str(event.key)
        seen = {**self.latest.get(key, {}), event.node: token(event.value)}
        return UntilAgreed(self.keys, self.nodes, self.limit, self.end, self.turn, {**self.latest, key: seen})


class Convergence(Workload):
    """Every value is written once; in the end nobody writes any more."""

    name = "convergence"
    summary = "Writes registers under faults and reads them from all nodes afterwards until these agree."
    interface = "register"
    options = (
        Option("keys", 10, "Registers.", unit="keys", minimum=1),
        Option("reads", 0.2, "Share of reads during the load, 0 to 1.", minimum=0, maximum=1),
        Option("limit", 30.0, "How long the nodes may take to agree.", unit="s", minimum=0, maximum=50),
        Option("spacing", 5.0, "Between two reads in the end.", unit="ms", minimum=0.1),
    )

    def _keys(self) -> tuple[str, ...]:
        return tuple(f"k{number}" for number in range(self.settings["keys"]))

    def generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """Writes of new values, and reads."""
        del nodes, concurrency
        keys, values, share = self._keys(), itertools.count(1), self.settings["reads"]

        def operation() -> Invocation:
            key = rng.choice(keys)
            return Invocation("read", key=key) if rng.random() < share else Invocation("write", next(values), key)

        return g.lift(operation)

    def final_generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """Reads from every node that a client talks to, until they agree."""
        del rng
        readers = min(len(nodes), concurrency)
        limit = round(self.settings["limit"] * SECOND)
        reads = UntilAgreed(self._keys(), readers, limit, None, (0,) * readers, {})
        return g.clients(g.on_threads(range(readers), g.delay(self.settings["spacing"] / 1000, reads)))

    def checkers(self) -> Sequence[Checker]:
        """Whether all nodes agree, on what was written."""
        return [ConvergenceChecker()]
