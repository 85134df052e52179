"""``lock``: clients that acquire a lock, hold it for a while, and release it."""

import random
from collections.abc import Sequence
from typing import Final, Literal

from checkers.checker import Checker
from checkers.lock import FencingChecker, LockChecker
from harness import generator as g
from harness.generator import Context, Generator, Pending
from harness.generator.timing import set_field
from harness.op import FAIL, OK, Invocation, Op
from harness.options import Option
from workloads.workload import Workload

MILLISECOND: Final = 1_000_000
"""In nanoseconds."""


class Holder(Generator, frozen=True):
    """One client: it tries until it has the lock, holds it, and releases it.

    Args:
        rng: Source of chance.
        locks: How many locks there are; thread i uses lock i modulo their number.
        hold: Nanoseconds that it holds the lock on average: between half of it and one and a half of it.
        retry: Nanoseconds between two attempts on average.
        wants: What it does next.
        due: When, at the earliest.
    """

    rng: random.Random
    locks: int
    hold: int
    retry: int
    wants: Literal["acquire", "release"] = "acquire"
    due: int = 0

    def op(self, ctx: Context) -> tuple[Op, Generator] | Pending | None:
        """An acquire or a release, not before it is due."""
        if not ctx.free:
            return Pending(self)
        op = ctx.op(Invocation(self.wants, key=f"lock{ctx.next_free() % self.locks}"))
        if op is None:
            return Pending(self)
        if op.time < self.due:
            set_field(op, "time", self.due)
        return op, self

    def update(self, ctx: Context, event: Op) -> Generator:
        """What an answer means; after an unknown one the process is over, and with it this generator."""
        del ctx
        if event.type == OK:
            return self._then("release" if event.f == "acquire" else "acquire", event)
        return self._then(self.wants, event) if event.type == FAIL else self

    def _then(self, wants: Literal["acquire", "release"], event: Op) -> Generator:
        """Hold the lock for a while, or leave it to others for a while."""
        pause = self.hold if (wants, event.type) == ("release", OK) else self.retry
        due = event.time + int(pause * (0.5 + self.rng.random()))
        return Holder(self.rng, self.locks, self.hold, self.retry, wants, due)


class Lock(Workload):
    """A few clients for each lock; they hold it for about as long as a lease, so that leases run out under faults."""

    name = "lock"
    summary = "Acquires, holds and releases locks; decides mutual exclusion, or that fencing tokens grow."
    interface = "lock"
    options = (
        Option("locks", 6, "Locks; the clients are spread over them.", unit="locks", minimum=1),
        Option("hold", 2000.0, "How long a lock is held on average, half as much or more.", unit="ms", minimum=0),
        Option("retry", 400.0, "Between two attempts of one client, on average.", unit="ms", minimum=1),
        Option(
            "guarantee",
            "mutual-exclusion",
            "What is decided: that nobody else holds the lock, or only that fencing tokens grow.",
            choices=("mutual-exclusion", "fencing-tokens"),
        ),
    )

    def generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """Every client by itself; after an unknown outcome it begins again as a new process."""
        del nodes, concurrency
        hold, retry = (round(self.settings[name] * MILLISECOND) for name in ("hold", "retry"))
        return g.each_process(Holder(rng, self.settings["locks"], hold, retry))

    def checkers(self) -> Sequence[Checker]:
        """As the option says."""
        return [LockChecker() if self.settings["guarantee"] == "mutual-exclusion" else FencingChecker()]
