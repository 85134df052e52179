"""The contract of a generator."""

from typing import Any, final

import msgspec

from harness.generator.context import Context
from harness.op import Op


@final
class Pending(msgspec.Struct, frozen=True, gc=False):
    """Nothing can be done right now, but that may change: ask again after the next event.

    Args:
        after: The generator to go on with.
    """

    after: "Generator"


class Generator(msgspec.Struct, frozen=True, gc=False):
    """An immutable source of operations.

    Subclass it like a dataclass: annotated names become fields. A generator never changes; what it will do next is
    another generator. The one that asks may throw an answer away and ask the old generator again: only the source of
    chance and the user's own functions notice.
    """

    def op(self, ctx: Context) -> tuple[Op, "Generator"] | Pending | None:
        """What to do next.

        Returns:
            The next operation and the generator that comes after it, ``Pending`` when there is nothing to do until
            something else happens, or None when this generator is exhausted. The time of the operation may lie in the
            future; its process must be free. The operation belongs to the caller.
        """
        raise NotImplementedError

    def update(self, ctx: Context, event: Op) -> "Generator":
        """The generator that knows of this event (an invocation or a completion)."""
        del ctx, event
        return self

    @property
    def hears(self) -> bool:
        """Whether ``update`` does anything; nobody calls it otherwise, which saves much of the work per operation."""
        return type(self).update is not Generator.update

    def then(self, following: Any) -> "Generator":
        """This generator; when it is exhausted and all threads are free, ``following``."""
        from harness.generator.order import then

        return then(self, following)


Step = tuple[Op, Generator] | Pending | None
"""What ``Generator.op`` returns."""


def sooner(first: Step, second: Step, ctx: Context) -> bool:
    """Whether the first answer comes before the second: an earlier operation, then the thread whose turn it is."""
    if not isinstance(second, tuple):
        return isinstance(first, tuple) or second is None
    if not isinstance(first, tuple):
        return False
    one, other = first[0], second[0]
    if one.time != other.time:
        return one.time < other.time
    table = ctx.table
    count = table.concurrency + 1
    return (table.thread_of(one.process) - table.turn) % count <= (table.thread_of(other.process) - table.turn) % count
