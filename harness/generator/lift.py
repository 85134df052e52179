"""Ordinary Python values as generators."""

import asyncio
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from harness.errors import UsageError
from harness.generator.base import Generator, Pending, Step
from harness.generator.context import Context
from harness.op import Invocation, Op


class Nothing(Generator, frozen=True):
    """Exhausted from the start."""

    def op(self, ctx: Context) -> Step:
        """None."""
        del ctx
        step: Step = None
        return step


NOTHING = Nothing()


class One(Generator, frozen=True):
    """One operation.

    Args:
        invocation: What it does.
    """

    invocation: Invocation

    def op(self, ctx: Context) -> Step:
        """The operation, when a thread is free."""
        op = ctx.op(self.invocation)
        return Pending(self) if op is None else (op, NOTHING)


class Function(Generator, frozen=True):
    """What a function returns; called again whenever that is exhausted, until it returns None.

    Args:
        call: ``() -> x`` or ``(ctx) -> x``.
        wants_context: Which of the two.
    """

    call: Callable[..., Any]
    wants_context: bool

    def op(self, ctx: Context) -> Step:
        """The first operation of what the function returns; the function is not called while no thread is free."""
        if not ctx.free:
            return Pending(self)
        made = self.call(ctx) if self.wants_context else self.call()
        if type(made) is Invocation:
            op = ctx.op(made)
            return Pending(self) if op is None else (op, self)
        if made is None:
            return None
        return Chain(lift(made), self).op(ctx)


class Chain(Generator, frozen=True):
    """One generator, and when it is exhausted the other, with no barrier between them.

    Args:
        first: Now.
        rest: Later.
    """

    first: Generator
    rest: Generator

    def op(self, ctx: Context) -> Step:
        """The next operation of the first that is not exhausted."""
        step = self.first.op(ctx)
        if step is None:
            return self.rest.op(ctx)
        if isinstance(step, Pending):
            return Pending(self if step.after is self.first else Chain(step.after, self.rest))
        op, after = step
        return op, self if after is self.first else self.rest if after is NOTHING else Chain(after, self.rest)

    @property
    def hears(self) -> bool:
        """Whether the current one does."""
        return self.first.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Only the current one hears of events."""
        first = self.first.update(ctx, event)
        return self if first is self.first else Chain(first, self.rest)


class Cell:
    """One element of an iterable and the cell after it, asked for once and remembered: an immutable view of it.

    Args:
        source: What is left of the iterable.
    """

    __slots__ = ("_head", "_source", "_tail")

    def __init__(self, source: Iterator[Any]) -> None:
        self._source: Iterator[Any] | None = source
        self._head: Any = None
        self._tail: Cell | None = None

    def take(self) -> "tuple[Any, Cell] | None":
        """The element and the next cell; None at the end."""
        if self._source is not None:
            try:
                self._head = next(self._source)
            except StopIteration:
                self._tail = None
            else:
                self._tail = Cell(self._source)
            self._source = None
        return None if self._tail is None else (self._head, self._tail)


class Elements(Generator, frozen=True):
    """The elements of an iterable, one after the other, each lifted.

    Args:
        cell: The next element.
    """

    cell: Cell

    def op(self, ctx: Context) -> Step:
        """The first operation of the first element that has one."""
        cell = self.cell
        while True:
            if not ctx.free:
                return Pending(self if cell is self.cell else Elements(cell))
            taken = cell.take()
            if taken is None:
                return None
            element, cell = taken
            rest = Elements(cell)
            step = lift(element).op(ctx)
            if step is None:
                continue
            if isinstance(step, Pending):
                return Pending(Chain(step.after, rest))
            return step[0], rest if step[1] is NOTHING else Chain(step[1], rest)


class Promise(Generator, frozen=True):
    """Pending until a future has a result, then that.

    Args:
        future: Of something that can be lifted.
    """

    future: "asyncio.Future[Any]"

    def op(self, ctx: Context) -> Step:
        """The first operation of the result."""
        return lift(self.future.result()).op(ctx) if self.future.done() else Pending(self)


def lift(source: Any) -> Generator:
    """A generator of ``source``.

    Args:
        source: A generator (returned as it is), None (exhausted), an ``Invocation`` (once), an iterable of things that
            can be lifted (one after the other; it may be endless and is read only as far as needed), a function
            ``() -> x`` or ``(ctx) -> x`` (called again whenever what it returned is exhausted, until it returns None),
            or a future (pending until it is done).

    Raises:
        UsageError: It is none of these.
    """
    if isinstance(source, Generator):
        return source
    if type(source) is Invocation:
        return One(source)
    if source is None:
        return NOTHING
    if isinstance(source, asyncio.Future):
        return Promise(source)
    if isinstance(source, Iterable) and not isinstance(source, (str, bytes, dict)):
        return Elements(Cell(iter(source)))
    if callable(source):
        return Function(source, _takes_context(source))
    raise UsageError(
        f"{source!r} is no generator: give an Invocation, an iterable of them, a function that returns one, "
        "or a Generator"
    )


def _takes_context(function: Callable[..., Any]) -> bool:
    """Whether a function has a required argument."""
    parameters = inspect.signature(function).parameters.values()
    return any(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
