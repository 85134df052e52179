"""How often: limit, once, repeat, cycle, until_ok, and limits on processes and concurrency."""

from typing import Any

from harness.errors import UsageError
from harness.generator.base import Generator, Pending, Step
from harness.generator.context import Context
from harness.generator.lift import NOTHING, lift
from harness.op import INVOKE, OK, Op


class Limit(Generator, frozen=True):
    """See ``limit``."""

    left: int
    source: Generator

    def op(self, ctx: Context) -> Step:
        """The source's, while there is some left."""
        if self.left <= 0:
            return None
        step = self.source.op(ctx)
        if step is None:
            return None
        if type(step) is Pending:
            return Pending(self if step.after is self.source else Limit(self.left, step.after))
        return step[0], Limit(self.left - 1, step[1]) if self.left > 1 else NOTHING

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on."""
        source = self.source.update(ctx, event)
        return self if source is self.source else Limit(self.left, source)


class Repeat(Generator, frozen=True):
    """See ``repeat``; ``left`` is negative when there is no end."""

    left: int
    source: Generator

    def op(self, ctx: Context) -> Step:
        """The source's first operation, again."""
        if self.left == 0:
            return None
        step = self.source.op(ctx)
        if step is None:
            return None
        if type(step) is Pending:
            return Pending(self)
        return step[0], self if self.left < 0 else Repeat(self.left - 1, self.source)

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on."""
        source = self.source.update(ctx, event)
        return self if source is self.source else Repeat(self.left, source)


class Cycle(Generator, frozen=True):
    """See ``cycle``; ``left`` is negative when there is no end."""

    left: int
    original: Generator
    source: Generator

    def op(self, ctx: Context) -> Step:
        """The current round's, or the first of the next round."""
        left, source = self.left, self.source
        while left != 0:
            step = source.op(ctx)
            if type(step) is Pending:
                return Pending(Cycle(left, self.original, step.after))
            if step is not None:
                return step[0], Cycle(left, self.original, step[1])
            if source is self.original:
                return None
            left, source = left - 1 if left > 0 else left, self.original
        return None

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on to the current round."""
        source = self.source.update(ctx, event)
        return self if source is self.source else Cycle(self.left, self.original, source)


class UntilOk(Generator, frozen=True):
    """See ``until_ok``; ``open_`` are the processes whose operation is not completed yet."""

    source: Generator
    open_: frozenset[int] = frozenset()
    done: bool = False

    def op(self, ctx: Context) -> Step:
        """The source's, until one was ok."""
        if self.done:
            return None
        step = self.source.op(ctx)
        if step is None:
            return None
        if type(step) is Pending:
            return Pending(self if step.after is self.source else UntilOk(step.after, self.open_))
        return step[0], UntilOk(step[1], self.open_ | {step[0].process})

    def update(self, ctx: Context, event: Op) -> Generator:
        """Ends with the first ok of an operation that came from here."""
        source = self.source.update(ctx, event)
        open_, done = self.open_, self.done
        if event.type != INVOKE and event.process in open_:
            open_ = open_ - {event.process}
            done = done or event.type == OK
        elif source is self.source:
            return self
        return UntilOk(source, open_, done)


class ProcessLimit(Generator, frozen=True):
    """See ``process_limit``; ``retired`` is how many processes had been replaced when ``seen`` was collected."""

    most: int
    source: Generator
    seen: frozenset[int] = frozenset()
    retired: int = -1

    def op(self, ctx: Context) -> Step:
        """The source's, unless too many processes could have run by now."""
        seen = self.seen
        if ctx.table.retired != self.retired:
            seen = seen.union(ctx.all_processes)
        if len(seen) > self.most:
            return None
        step = self.source.op(ctx)
        if step is None:
            return None
        retired = ctx.table.retired
        if type(step) is Pending:
            return Pending(ProcessLimit(self.most, step.after, seen, retired))
        return step[0], ProcessLimit(self.most, step[1], seen, retired)

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on."""
        source = self.source.update(ctx, event)
        return self if source is self.source else ProcessLimit(self.most, source, self.seen, self.retired)


class ConcurrencyLimit(Generator, frozen=True):
    """See ``concurrency_limit``."""

    most: int
    source: Generator

    def op(self, ctx: Context) -> Step:
        """The source's, while few enough threads are busy."""
        if (ctx.threads & ~ctx.free).bit_count() >= self.most:
            return Pending(self)
        step = self.source.op(ctx)
        if step is None:
            return None
        if type(step) is Pending:
            return Pending(ConcurrencyLimit(self.most, step.after))
        return step[0], ConcurrencyLimit(self.most, step[1])

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on."""
        source = self.source.update(ctx, event)
        return self if source is self.source else ConcurrencyLimit(self.most, source)


def limit(most: int, source: Any) -> Generator:
    """At most ``most`` operations of ``source``.

    Raises:
        UsageError: ``most`` is negative.
    """
    return Limit(_not_negative("limit", most), lift(source))


def once(source: Any) -> Generator:
    """Only the first operation of ``source``."""
    return Limit(1, lift(source))


def repeat(source: Any, times: int | None = None) -> Generator:
    """The first operation of ``source`` again and again: its state never advances.

    Args:
        source: Anything that can be lifted; a function is called afresh every time.
        times: How many operations; None for no end.

    Raises:
        UsageError: ``times`` is negative.
    """
    return Repeat(-1 if times is None else _not_negative("repeat", times), lift(source))


def cycle(source: Any, times: int | None = None) -> Generator:
    """All of ``source``, and from the start again when it is exhausted.

    Args:
        source: Anything that can be lifted; it must have an operation, or the cycle is exhausted at once.
        times: How many rounds; None for no end.

    Raises:
        UsageError: ``times`` is negative.
    """
    generator = lift(source)
    return Cycle(-1 if times is None else _not_negative("cycle", times), generator, generator)


def until_ok(source: Any) -> Generator:
    """``source`` until one of its operations is completed with ``ok``; those under way at that moment still finish."""
    return UntilOk(lift(source))


def process_limit(most: int, source: Any) -> Generator:
    """``source`` until more than ``most`` distinct processes could have run it: bounds the crashed operations.

    Raises:
        UsageError: ``most`` is negative.
    """
    return ProcessLimit(_not_negative("process_limit", most), lift(source))


def concurrency_limit(most: int, source: Any) -> Generator:
    """``source``, pending while ``most`` or more of the threads that it may use are busy.

    Raises:
        UsageError: ``most`` is negative.
    """
    return ConcurrencyLimit(_not_negative("concurrency_limit", most), lift(source))


def _not_negative(name: str, number: int) -> int:
    if number < 0:
        raise UsageError(f"{name} needs a number that is not negative, not {number}")
    return number
