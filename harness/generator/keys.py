"""Many independent objects: groups of threads that each work on one key at a time."""

from collections.abc import Callable, Iterable
from typing import Any

from harness.errors import UsageError
from harness.generator.base import Generator, Pending, Step, sooner
from harness.generator.context import Context
from harness.generator.lift import NOTHING, Cell, lift
from harness.generator.timing import set_field
from harness.generator.vector import Vector
from harness.op import Op

Key = str | int
Entry = tuple[Key, Generator]
"""The key of a group, and what is left to do to it."""

NO_KEY: Entry = (0, NOTHING)


class ConcurrentKeys(Generator, frozen=True):
    """See ``concurrent_keys``.

    Args:
        size: Threads per group.
        make: What is done to a key.
        keys: The keys that no group has taken yet.
        groups: Per group, its key and what is left to do to it; ``(0, NOTHING)`` when there was no key left.
        listening: Whether the generator of a key has ever heard events.
    """

    size: int
    make: Callable[[Key], Any]
    keys: Cell
    groups: Vector[Entry]
    listening: bool

    def op(self, ctx: Context) -> Step:
        """The soonest operation of the groups, the one whose thread's turn it is first."""
        table = ctx.table
        clients = table.client_mask
        partition = table.partition(ctx.threads & clients, (-self.size,))
        masks, owner = partition.masks, partition.owner
        keys, groups = self.keys, self.groups
        best: Step = None
        chosen = -1
        best_entry: Entry = NO_KEY
        free, turn = ctx.free & clients, table.turn
        while free:
            later = free >> turn
            number = owner[turn + (later & -later).bit_length() - 1 if later else (free & -free).bit_length() - 1]
            mask = masks[number]
            free &= ~mask
            known = groups[number]
            inner = Context(ctx.time, ctx.free & mask, mask, table)
            entry = known or NO_KEY
            step = entry[1].op(inner)
            if type(step) is not tuple:
                entry, keys, step = self._go_on(inner, entry, step, keys)
            if type(step) is tuple and step[0].time <= ctx.time:
                best, chosen, best_entry = step, number, entry
                break
            if entry is not known:
                groups = groups.put(number, entry)
            if step is not None and (best is None or sooner(step, best, ctx)):
                best, chosen, best_entry = step, number, entry
        if isinstance(best, tuple):
            op, after = best
            key, source = best_entry
            set_field(op, "key", key)  # the caller owns an operation under construction
            if after is not source:
                groups = groups.put(chosen, (key, after))
            elif groups[chosen] is not best_entry:
                groups = groups.put(chosen, best_entry)
            return op, self._with(keys, groups, after)
        if best is None and ctx.free & clients == ctx.threads & clients:
            return None
        return Pending(self._with(keys, groups, NOTHING if best is None else best.after))

    def _go_on(self, inner: Context, entry: Entry, step: Step, keys: Cell) -> tuple[Entry, Cell, Step]:
        """A group's key and what is left to do to it, the keys left, and its next step.

        Takes keys until one has something to do.
        """
        while step is None:
            taken = keys.take()
            if taken is None:
                return NO_KEY, keys, None
            key, keys = taken
            entry = (key, lift(self.make(key)))
            step = entry[1].op(inner)
        if type(step) is Pending and step.after is not entry[1]:
            entry = (entry[0], step.after)
        return entry, keys, step

    def _with(self, keys: Cell, groups: Vector[Entry], changed: Generator) -> Generator:
        if groups is self.groups and keys is self.keys:
            return self
        return ConcurrentKeys(self.size, self.make, keys, groups, self.listening or changed.hears)

    @property
    def hears(self) -> bool:
        """Whether the generator of a key does, or did."""
        return self.listening

    def update(self, ctx: Context, event: Op) -> Generator:
        """Events of a group's current key are passed on to its generator."""
        partition = ctx.table.partition(ctx.threads & ctx.table.client_mask, (-self.size,))
        number = partition.owner.get(ctx.table.thread_of(event.process), -1)
        entry = self.groups[number] if number >= 0 else None
        if entry is None or entry[0] != event.key:
            return self
        source = entry[1].update(ctx.restrict(partition.masks[number]), event)
        if source is entry[1]:
            return self
        return ConcurrentKeys(
            self.size, self.make, self.keys, self.groups.put(number, (entry[0], source)), self.listening
        )


class SequentialKeys(Generator, frozen=True):
    """See ``sequential_keys``; ``key`` means something only while ``source`` is not exhausted."""

    make: Callable[[Key], Any]
    keys: Cell
    key: Key = 0
    source: Generator = NOTHING

    def op(self, ctx: Context) -> Step:
        """The next operation of the current key, or the first of the next key."""
        key, source, keys = self.key, self.source, self.keys
        while True:
            step = source.op(ctx)
            if type(step) is Pending:
                return Pending(SequentialKeys(self.make, keys, key, step.after))
            if step is not None:
                set_field(step[0], "key", key)  # the caller owns an operation under construction
                return step[0], SequentialKeys(self.make, keys, key, step[1])
            taken = keys.take()
            if taken is None:
                return None
            key, keys = taken
            source = lift(self.make(key))

    @property
    def hears(self) -> bool:
        """Whether the generator of the current key does."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Events of the current key are passed on."""
        if event.key != self.key:
            return self
        source = self.source.update(ctx, event)
        return self if source is self.source else SequentialKeys(self.make, self.keys, self.key, source)


def concurrent_keys(threads_per_key: int, keys: Iterable[Key], make: Callable[[Key], Any]) -> Generator:
    """Several keys at a time, each worked on by its own group of client threads.

    A group takes the next key when what there is to do to its key is exhausted. The operations get the key; the
    generator of a key sees only the threads of its group, and hears only of their events on that key.

    Args:
        threads_per_key: How many threads a group has; the last group is smaller when it does not divide their number.
        keys: Strings or integers, as many as there are; may be endless.
        make: What to do to a key, anything that can be lifted; mostly limited, so that keys rotate.

    Raises:
        UsageError: ``threads_per_key`` is less than 1.
    """
    if threads_per_key < 1:
        raise UsageError(f"concurrent_keys needs at least one thread per key, not {threads_per_key}")
    return ConcurrentKeys(threads_per_key, make, Cell(iter(keys)), Vector(), listening=False)


def sequential_keys(keys: Iterable[Key], make: Callable[[Key], Any]) -> Generator:
    """One key after the other, each worked on by all threads."""
    return SequentialKeys(make, Cell(iter(keys)))
