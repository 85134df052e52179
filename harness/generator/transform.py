"""What: operations changed, filtered, checked and traced."""

import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from harness.errors import HarnessError
from harness.generator.base import Generator, Pending, Step
from harness.generator.context import Context
from harness.generator.lift import lift
from harness.op import INVOKE, Op

LOGGER = logging.getLogger("quorate.generator")

Handler = Callable[[Generator, Context, Op], Generator]
"""What ``on_update`` takes: the generator, the context and the event; it returns the generator to go on with."""


class MapOps(Generator, frozen=True):
    """See ``map_ops``."""

    change: Callable[..., Op]
    wants_context: bool
    source: Generator

    def op(self, ctx: Context) -> Step:
        """The source's, changed."""
        step = self.source.op(ctx)
        if step is None:
            return None
        if type(step) is Pending:
            return Pending(self if step.after is self.source else MapOps(self.change, self.wants_context, step.after))
        op, after = step
        op = self.change(op, ctx) if self.wants_context else self.change(op)
        return op, self if after is self.source else MapOps(self.change, self.wants_context, after)

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on."""
        source = self.source.update(ctx, event)
        return self if source is self.source else MapOps(self.change, self.wants_context, source)


class FilterOps(Generator, frozen=True):
    """See ``filter_ops``."""

    keep: Callable[[Op], bool]
    source: Generator

    def op(self, ctx: Context) -> Step:
        """The source's first that is kept."""
        source = self.source
        while True:
            step = source.op(ctx)
            if step is None:
                return None
            if type(step) is Pending:
                return Pending(FilterOps(self.keep, step.after))
            op, source = step
            if self.keep(op):
                return op, FilterOps(self.keep, source)

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on."""
        source = self.source.update(ctx, event)
        return self if source is self.source else FilterOps(self.keep, source)


class OnUpdate(Generator, frozen=True):
    """See ``on_update``."""

    handle: Handler
    source: Generator

    def op(self, ctx: Context) -> Step:
        """The source's."""
        step = self.source.op(ctx)
        if step is None:
            return None
        if type(step) is Pending:
            return Pending(OnUpdate(self.handle, step.after))
        return step[0], OnUpdate(self.handle, step[1])

    def update(self, ctx: Context, event: Op) -> Generator:
        """What the handler returns."""
        return self.handle(self, ctx, event)


class Validate(Generator, frozen=True):
    """See ``validate``."""

    source: Generator

    def op(self, ctx: Context) -> Step:
        """The source's, when it is well-formed."""
        step = self.source.op(ctx)
        if step is None:
            return None
        if type(step) is Pending:
            return Pending(Validate(step.after))
        if not (isinstance(step, tuple) and len(step) == 2 and isinstance(step[0], Op)):  # noqa: PLR2004 - a pair
            raise HarnessError(f"a generator returned {step!r}, not an operation and the generator after it")
        op = step[0]
        problem = _problem(op, ctx)
        if problem:
            raise HarnessError(f"a generator returned an operation that cannot be run: {problem}: {op!r}")
        return op, Validate(step[1])

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on."""
        source = self.source.update(ctx, event)
        return self if source is self.source else Validate(source)


class Trace(Generator, frozen=True):
    """See ``trace``."""

    name: str
    source: Generator

    def op(self, ctx: Context) -> Step:
        """The source's, logged."""
        step = self.source.op(ctx)
        LOGGER.info("%s op at %d ns: %r", self.name, ctx.time, step[0] if isinstance(step, tuple) else step)
        if step is None:
            return None
        if type(step) is Pending:
            return Pending(Trace(self.name, step.after))
        return step[0], Trace(self.name, step[1])

    def update(self, ctx: Context, event: Op) -> Generator:
        """Passed on, logged."""
        LOGGER.info("%s update at %d ns: %r", self.name, ctx.time, event)
        return Trace(self.name, self.source.update(ctx, event))


def map_ops(change: Callable[..., Op], source: Any) -> Generator:
    """Every operation of ``source`` as ``change(op)`` or ``change(op, ctx)`` returns it."""
    parameters = inspect.signature(change).parameters.values()
    required = sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
    return MapOps(change, required > 1, lift(source))


def f_map(names: Mapping[str, str], source: Any) -> Generator:
    """``source`` with its ``f`` renamed; those that ``names`` does not hold stay as they are."""

    def rename(op: Op) -> Op:
        # The caller owns an operation under construction.
        msgspec.structs.force_setattr(op, "f", names.get(op.f, op.f))
        return op

    return map_ops(rename, source)


def filter_ops(keep: Callable[[Op], bool], source: Any) -> Generator:
    """The operations of ``source`` for which ``keep`` is true."""
    return FilterOps(keep, lift(source))


def on_update(handle: Handler, source: Any) -> Generator:
    """``source`` with its own handling of events: ``handle(generator, ctx, event)`` returns the one to go on with."""
    return OnUpdate(handle, lift(source))


def validate(source: Any) -> Generator:
    """``source``, whose operations are checked: process free, type ``invoke``, time not in the past.

    Raises:
        HarnessError: When it is asked and returns something else.
    """
    return Validate(lift(source))


def trace(name: str, source: Any) -> Generator:
    """``source``, with every answer and every event written to the log ``quorate.generator`` under this name."""
    return Trace(name, lift(source))


def _problem(op: Op, ctx: Context) -> str:
    """Why this operation cannot be run; empty when it can."""
    if op.type != INVOKE:
        return f"its type is {op.type!r}"
    if op.time < ctx.time:
        return "its time is in the past"
    thread = ctx.thread_of(op.process)
    if not ctx.free >> thread & 1 or ctx.process_of(thread) != op.process:
        return f"process {op.process} is not free"
    return ""
