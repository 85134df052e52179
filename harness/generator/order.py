"""In which order: concat, barriers, mixtures and choices."""

import random
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from harness.errors import UsageError
from harness.generator.base import Generator, Pending, Step, sooner
from harness.generator.context import Context
from harness.generator.lift import NOTHING, Chain, lift
from harness.op import Op


class Synchronize(Generator, frozen=True):
    """See ``synchronize``."""

    source: Generator

    def op(self, ctx: Context) -> Step:
        """Pending until all threads are free; from then on the source itself."""
        return self.source.op(ctx) if ctx.free == ctx.threads else Pending(self)

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on."""
        source = self.source.update(ctx, event)
        return self if source is self.source else Synchronize(source)


class Mix(Generator, frozen=True):
    """See ``mix``; ``choice`` is drawn beforehand, so that asking again gives the same answer.

    Args:
        sources: What is mixed.
        bounds: Running sums of the weights; empty when all weigh the same.
        rng: The source of chance.
        choice: Which one is next.
        listening: Whether one of the sources has ever heard events.
    """

    sources: tuple[Generator, ...]
    bounds: tuple[float, ...]
    rng: random.Random
    choice: int
    listening: bool

    def op(self, ctx: Context) -> Step:
        """The chosen one's operation; while that is pending, another's, so that it does not hold up the rest."""
        sources, bounds, choice, listening = self.sources, self.bounds, self.choice, self.listening
        tried = 0
        while tried < len(sources):
            source = sources[choice]
            step = source.op(ctx)
            if step is None:
                if len(sources) == 1:
                    return None
                sources = (*sources[:choice], *sources[choice + 1 :])
                bounds = _without(bounds, choice)
                choice %= len(sources)
                tried = 0
                continue
            if type(step) is Pending:
                if step.after is not source:
                    sources = _with(sources, choice, step.after)
                    listening = listening or step.after.hears
                choice = (choice + 1) % len(sources)
                tried += 1
                continue
            op, after = step
            if after is not source:
                sources = _with(sources, choice, after)
                listening = listening or after.hears
            drawn = draw(self.rng, bounds) if bounds else int(self.rng.random() * len(sources))
            return op, Mix(sources, bounds, self.rng, drawn, listening)
        return Pending(Mix(sources, bounds, self.rng, choice, listening))

    @property
    def hears(self) -> bool:
        """Whether one of the sources does, or did."""
        return self.listening

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on to all."""
        sources = tuple([source.update(ctx, event) for source in self.sources])
        return Mix(sources, self.bounds, self.rng, self.choice, self.listening)


class FlipFlop(Generator, frozen=True):
    """See ``flip_flop``."""

    now: Generator
    later: Generator

    def op(self, ctx: Context) -> Step:
        """The operation of the one whose turn it is."""
        step = self.now.op(ctx)
        if step is None:
            return None
        if type(step) is Pending:
            return Pending(FlipFlop(step.after, self.later))
        return step[0], FlipFlop(self.later, step[1])


class AnyOf(Generator, frozen=True):
    """See ``any_of`` and ``shortest_any``."""

    sources: tuple[Generator, ...]
    shortest: bool

    def op(self, ctx: Context) -> Step:
        """The soonest operation of all."""
        best: Step = None
        chosen = -1
        sources = list(self.sources)
        exhausted: list[int] = []
        for number, source in enumerate(self.sources):
            step = source.op(ctx)
            if step is None:
                if self.shortest:
                    return None
                exhausted.append(number)
                continue
            if type(step) is Pending:
                sources[number] = step.after
            if best is None or sooner(step, best, ctx):
                best, chosen = step, number
        if best is None:
            return None
        if type(best) is Pending:
            return Pending(AnyOf(_keep(sources, exhausted), self.shortest))
        sources[chosen] = best[1]
        return best[0], AnyOf(_keep(sources, exhausted), self.shortest)

    @property
    def hears(self) -> bool:
        """Whether one of the sources does."""
        return any(source.hears for source in self.sources)

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on to all."""
        sources = tuple(source.update(ctx, event) for source in self.sources)
        if all(new is old for new, old in zip(sources, self.sources, strict=True)):
            return self
        return AnyOf(sources, self.shortest)


def concat(*sources: Any) -> Generator:
    """All of the first, then all of the second, and so on, without waiting in between."""
    result: Generator = NOTHING
    for source in reversed(sources):
        result = lift(source) if result is NOTHING else Chain(lift(source), result)
    return result


def synchronize(source: Any) -> Generator:
    """A barrier: nothing until every thread is free, then ``source``."""
    return Synchronize(lift(source))


def phases(*sources: Any) -> Generator:
    """One after the other; each begins when every thread is free, so operations of two phases never overlap."""
    return concat(*map(synchronize, sources))


def then(first: Any, following: Any) -> Generator:
    """``first``; when it is exhausted and all threads are free, ``following``."""
    return concat(first, synchronize(following))


def flip_flop(first: Any, second: Any) -> Generator:
    """An operation of each by turns, until the one whose turn it is is exhausted; neither hears of events."""
    return FlipFlop(lift(first), lift(second))


def any_of(*sources: Any) -> Generator:
    """The soonest operation of all; ends when all are exhausted.

    At the same instant, the one whose thread comes next in turn goes first: each gets a share by its threads.
    """
    return AnyOf(tuple(map(lift, sources)), shortest=False)


def shortest_any(*sources: Any) -> Generator:
    """The soonest operation of all; ends when any of them is exhausted."""
    return AnyOf(tuple(map(lift, sources)), shortest=True)


def mix(*sources: Any, rng: random.Random, weights: Sequence[float] | None = None) -> Generator:
    """A random one of ``sources`` for every operation; one that is exhausted drops out.

    Args:
        sources: Things that can be lifted.
        rng: The source of chance.
        weights: How often each is chosen, in any unit; equally often when None.

    Raises:
        UsageError: There are not as many weights as sources, or they are not positive.
    """
    if weights is not None and (len(weights) != len(sources) or any(weight <= 0 for weight in weights)):
        raise UsageError(f"mix of {len(sources)} generators needs as many weights, all positive, not {list(weights)}")
    if not sources:
        return NOTHING
    lifted = tuple(map(lift, sources))
    bounds = tuple(accumulate(weights or ()))
    choice = draw(rng, bounds) if bounds else int(rng.random() * len(sources))
    return Mix(lifted, bounds, rng, choice, any(source.hears for source in lifted))


def draw(rng: random.Random, bounds: tuple[float, ...]) -> int:
    """A random number, weighted: ``bounds`` are the running sums of the weights."""
    at = rng.random() * bounds[-1]
    number = 0
    while at >= bounds[number] and number < len(bounds) - 1:
        number += 1
    return number


def _with(sources: tuple[Generator, ...], number: int, source: Generator) -> tuple[Generator, ...]:
    return (*sources[:number], source, *sources[number + 1 :])


def _keep(sources: list[Generator], exhausted: list[int]) -> tuple[Generator, ...]:
    """The sources that are not exhausted."""
    return tuple(source for number, source in enumerate(sources) if number not in exhausted)


def _without(bounds: tuple[float, ...], number: int) -> tuple[float, ...]:
    """The running sums without the weight of that number."""
    if not bounds:
        return bounds
    weight = bounds[number] - (bounds[number - 1] if number else 0.0)
    return (*bounds[:number], *(bound - weight for bound in bounds[number + 1 :]))
