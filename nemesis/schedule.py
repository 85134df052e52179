"""When faults come and go: a plan that one seed fixes before the run starts, as a generator for the nemesis."""

import heapq
import random
from collections.abc import Iterator, Sequence

import msgspec

from harness.generator import Context, Generator, Pending, lift
from harness.generator.lift import Cell
from harness.op import Invocation, Op

QUIET_START = 0.25
"""Share of the interval before the first fault may come: a run starts in health."""

SPREAD = (0.5, 1.5)
"""Shares of the interval between which the time to the next event of a fault is drawn."""

CALM_SHARE = 0.25
"""Share of the stable periods that have no fault at all."""

SECOND = 1_000_000_000


class Timetable(Generator, frozen=True):
    """Invocations at given instants of the run, each as soon after its instant as the nemesis is free.

    Args:
        cell: The next ``(seconds, invocation)``.
    """

    cell: Cell

    def op(self, ctx: Context) -> tuple[Op, Generator] | Pending | None:
        """The next event of the plan."""
        taken = self.cell.take()
        if taken is None:
            return None
        (due, invocation), rest = taken
        op = ctx.op(invocation)
        if op is None:
            return Pending(self)
        msgspec.structs.force_setattr(op, "time", max(op.time, round(due * SECOND)))  # nobody else has seen it yet
        return op, Timetable(rest)


def schedule(
    names: Sequence[str], *, rng: random.Random, interval: float, stable_period: float | None = None
) -> Generator:
    """Every fault is injected and healed in turn, for ever.

    Args:
        names: Of the faults; they come and go independently of each other, so several may be active at once.
        rng: Source of chance.
        interval: Mean seconds between an injection and its healing, and between that and the next injection.
        stable_period: Seconds for which one random mix of faults is kept, a quarter of these periods without any.
            What is active at its end is healed then. None lets every fault come all the time.
    """
    return Timetable(Cell(plan(names, rng=rng, interval=interval, stable_period=stable_period)))


def plan(
    names: Sequence[str], *, rng: random.Random, interval: float, stable_period: float | None = None
) -> Iterator[tuple[float, Invocation]]:
    """The endless plan itself: seconds since the start of the run, and what the nemesis does then."""
    mixes = _mixes(names, rng) if stable_period else iter(())
    period, mix = 0, next(mixes, set(names))
    due = [(interval * (QUIET_START + rng.random()), number, False) for number in range(len(names))]
    heapq.heapify(due)
    while due:
        now, number, active = heapq.heappop(due)
        while stable_period and now >= (period + 1) * stable_period:
            period, mix = period + 1, next(mixes)
        if stable_period and not active and names[number] not in mix:
            heapq.heappush(due, ((period + 1) * stable_period + rng.random() * interval, number, False))
            continue
        yield now, Invocation(names[number], {"phase": "heal" if active else "inject"})
        after = now + interval * rng.uniform(*SPREAD)
        if stable_period and not active:
            after = min(after, (period + 1) * stable_period)
        heapq.heappush(due, (after, number, not active))


def heal(names: Sequence[str]) -> Generator:
    """Every fault is healed once, now."""
    return lift([Invocation(name, {"phase": "heal"}) for name in names])


def _mixes(names: Sequence[str], rng: random.Random) -> Iterator[set[str]]:
    while True:
        if rng.random() < CALM_SHARE:
            yield set()
        else:
            yield set(rng.sample(list(names), rng.randint(1, len(names))))
