"""When: stagger, delay, time_limit, sleep, cycle_times, cache."""

import random
from typing import Any

import msgspec

from harness.errors import UsageError
from harness.generator.base import Generator, Pending, Step
from harness.generator.context import Context
from harness.generator.lift import One, lift
from harness.op import Invocation, Op

SECOND = 1_000_000_000
"""Nanoseconds."""

CATCH_UP = SECOND // 20
"""How far behind its schedule ``stagger`` and ``delay`` may be and still catch up.

Timers of an event loop are late by a millisecond, which must not lower the rate; but a stall of seconds (every process
waits for a node that hangs) must not be followed by a burst that makes up for it.
"""

SLEEP = "quorate/sleep"
"""The ``f`` of an operation that keeps its thread busy for ``value`` seconds; it is not recorded."""

LOG = "quorate/log"
"""The ``f`` of an operation that writes ``value`` to the log of the harness; it is not recorded."""

# An operation that a source returns belongs to whoever asked, until the scheduler records it. So a combinator may
# change it in place (``force_setattr``), which costs a tenth of making another one.
set_field = msgspec.structs.force_setattr


class Stagger(Generator, frozen=True):
    """See ``stagger``; ``next_time`` is negative before the first operation."""

    twice: int
    rng: random.Random
    source: Generator
    next_time: int = -1

    def op(self, ctx: Context) -> Step:
        """The source's, not before its time."""
        step = self.source.op(ctx)
        if step is None:
            return None
        due = self.next_time
        if type(step) is Pending:
            return Pending(self if step.after is self.source else Stagger(self.twice, self.rng, step.after, due))
        op, after = step
        if due <= op.time:
            due = max(due, op.time - CATCH_UP) if due >= 0 else op.time
        else:
            set_field(op, "time", due)
        return op, Stagger(self.twice, self.rng, after, due + int(self.rng.random() * self.twice))

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on."""
        source = self.source.update(ctx, event)
        return self if source is self.source else Stagger(self.twice, self.rng, source, self.next_time)


class Delay(Generator, frozen=True):
    """See ``delay``; ``next_time`` is negative before the first operation."""

    gap: int
    source: Generator
    next_time: int = -1

    def op(self, ctx: Context) -> Step:
        """The source's, not before its time."""
        step = self.source.op(ctx)
        if step is None:
            return None
        due = self.next_time
        if type(step) is Pending:
            return Pending(self if step.after is self.source else Delay(self.gap, step.after, due))
        op, after = step
        if due <= op.time:
            due = max(due, op.time - CATCH_UP) if due >= 0 else op.time
        else:
            set_field(op, "time", due)
        return op, Delay(self.gap, after, due + self.gap)

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on."""
        source = self.source.update(ctx, event)
        return self if source is self.source else Delay(self.gap, source, self.next_time)


class TimeLimit(Generator, frozen=True):
    """See ``time_limit``; ``cutoff`` is negative before the first operation."""

    length: int
    source: Generator
    cutoff: int = -1

    def op(self, ctx: Context) -> Step:
        """The source's, while its time is before the cutoff."""
        cutoff = self.cutoff
        if 0 <= cutoff <= ctx.time:
            return None
        step = self.source.op(ctx)
        if step is None:
            return None
        if type(step) is Pending:
            return Pending(self if step.after is self.source else TimeLimit(self.length, step.after, cutoff))
        op, after = step
        if cutoff < 0:
            cutoff = op.time + self.length
        if op.time >= cutoff:
            return None
        return op, self if after is self.source and cutoff == self.cutoff else TimeLimit(self.length, after, cutoff)

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on."""
        source = self.source.update(ctx, event)
        return self if source is self.source else TimeLimit(self.length, source, self.cutoff)


class CycleTimes(Generator, frozen=True):
    """See ``cycle_times``; ``start`` is negative before the first question."""

    lengths: tuple[int, ...]
    sources: tuple[Generator, ...]
    start: int = -1

    def op(self, ctx: Context) -> Step:
        """The operation of the source whose window it is; of the next one when its time lies beyond the window."""
        start = ctx.time if self.start < 0 else self.start
        now, sources = ctx.time, self.sources
        for _ in range(len(sources) + 1):
            number, end = self._window(start, now)
            step = sources[number].op(Context(now, ctx.free, ctx.threads, ctx.table))
            if step is None:
                return None
            if type(step) is Pending:
                return Pending(CycleTimes(self.lengths, _replaced(sources, number, step.after), start))
            if step[0].time < end:
                return step[0], CycleTimes(self.lengths, _replaced(sources, number, step[1]), start)
            now = end
        return Pending(CycleTimes(self.lengths, sources, start))

    def _window(self, start: int, now: int) -> tuple[int, int]:
        """Whose window the instant ``now`` lies in, and when it ends."""
        at = (now - start) % sum(self.lengths)
        for number, length in enumerate(self.lengths):
            if at < length:
                return number, now + length - at
            at -= length
        raise AssertionError("the windows cover the whole period")

    @property
    def hears(self) -> bool:
        """Whether one of the sources does."""
        return any(source.hears for source in self.sources)

    def update(self, ctx: Context, event: Op) -> Generator:
        """All hear of everything: an operation may complete in the next one's window."""
        return CycleTimes(self.lengths, tuple(source.update(ctx, event) for source in self.sources), self.start)


class Cache(Generator, frozen=True):
    """See ``cache``; ``kept`` is the operation that was made last."""

    length: int
    source: Generator
    kept: Op | None = None
    expires: int = -1

    def op(self, ctx: Context) -> Step:
        """What was made last, on the thread whose turn it is, or a new one."""
        kept = self.kept
        if kept is not None and ctx.time < self.expires:
            op = ctx.op(Invocation(kept.f, kept.value, kept.key))
            return Pending(self) if op is None else (op, self)
        step = self.source.op(ctx)
        if step is None:
            return None
        if type(step) is Pending:
            return Pending(Cache(self.length, step.after))
        op, after = step
        return op, Cache(self.length, after, msgspec.structs.replace(op), op.time + self.length)

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on."""
        source = self.source.update(ctx, event)
        return self if source is self.source else Cache(self.length, source, self.kept, self.expires)


def stagger(seconds: float, source: Any, *, rng: random.Random) -> Generator:
    """``source`` at random moments, ``seconds`` apart on average.

    The gaps are uniform between 0 and twice that. The rate is that of all threads together, so one for each of n
    threads needs n times as long a gap.

    Args:
        seconds: Mean time between two operations.
        source: Anything that can be lifted.
        rng: The source of chance.

    Raises:
        UsageError: ``seconds`` is negative.
    """
    return Stagger(2 * nanoseconds("stagger", seconds), rng, lift(source))


def delay(seconds: float, source: Any) -> Generator:
    """``source`` with operations exactly ``seconds`` apart over all threads, as far as threads are free.

    Raises:
        UsageError: ``seconds`` is negative.
    """
    return Delay(nanoseconds("delay", seconds), lift(source))


def time_limit(seconds: float, source: Any) -> Generator:
    """``source`` for ``seconds`` from its first operation; what is under way then still finishes.

    Raises:
        UsageError: ``seconds`` is negative.
    """
    return TimeLimit(nanoseconds("time_limit", seconds), lift(source))


def sleep(seconds: float) -> Generator:
    """Keeps one thread busy for ``seconds``, once; nothing is recorded.

    Raises:
        UsageError: ``seconds`` is negative.
    """
    nanoseconds("sleep", seconds)
    return One(Invocation(SLEEP, seconds))


def log(message: str) -> Generator:
    """Writes a line to the log of the harness, once; nothing is recorded."""
    return One(Invocation(LOG, message))


def cycle_times(*windows: tuple[float, Any]) -> Generator:
    """Several generators by turns, each for some time, round and round; each goes on where it stopped.

    Args:
        windows: Pairs of seconds and something that can be lifted. The first that is exhausted ends all.

    Raises:
        UsageError: There is no window, or one is not longer than 0.
    """
    lengths = tuple(nanoseconds("cycle_times", seconds) for seconds, _ in windows)
    if not lengths or 0 in lengths:
        raise UsageError("cycle_times needs pairs of seconds, more than 0, and a generator")
    return CycleTimes(lengths, tuple(lift(source) for _, source in windows))


def cache(seconds: float, source: Any) -> Generator:
    """``source``, whose every operation is handed out again for ``seconds``: for operations that are costly to make.

    Raises:
        UsageError: ``seconds`` is negative.
    """
    return Cache(nanoseconds("cache", seconds), lift(source))


def nanoseconds(name: str, seconds: float) -> int:
    """Seconds as nanoseconds.

    Raises:
        UsageError: They are negative.
    """
    if seconds < 0:
        raise UsageError(f"{name} needs seconds that are not negative, not {seconds}")
    return round(seconds * SECOND)


def _replaced(sources: tuple[Generator, ...], number: int, source: Generator) -> tuple[Generator, ...]:
    return (*sources[:number], source, *sources[number + 1 :])
