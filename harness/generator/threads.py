"""Who: generators for some threads, for ranges of threads, and a copy for each thread or process."""

from collections.abc import Callable, Container
from typing import Any

from harness.errors import UsageError
from harness.generator.base import Generator, Pending, Step, sooner
from harness.generator.context import Context, Partition
from harness.generator.lift import NOTHING, lift
from harness.generator.vector import Vector
from harness.op import Op


class OnThreads(Generator, frozen=True):
    """See ``on_threads``."""

    chosen: Callable[[int], bool]
    source: Generator

    def op(self, ctx: Context) -> Step:
        """The source's, which sees only its threads; it is not asked while none of them is free."""
        inner = ctx.restrict(ctx.table.mask_of(self.chosen))
        if not inner.free:
            return Pending(self) if inner.threads else None
        step = self.source.op(inner)
        if step is None:
            return None
        if type(step) is Pending:
            return Pending(self if step.after is self.source else OnThreads(self.chosen, step.after))
        return step[0], self if step[1] is self.source else OnThreads(self.chosen, step[1])

    @property
    def hears(self) -> bool:
        """As the source."""
        return self.source.hears

    def update(self, ctx: Context, event: Op) -> Generator:
        """Only events of its threads are passed on."""
        mask = ctx.table.mask_of(self.chosen)
        if not mask >> ctx.table.thread_of(event.process) & 1:
            return self
        source = self.source.update(ctx.restrict(mask), event)
        return self if source is self.source else OnThreads(self.chosen, source)


class Split(Generator, frozen=True):
    """Threads in groups, each with its own generator; see ``reserve``, ``clients`` and ``nemesis``.

    Args:
        sizes: Threads of each group, in ascending order of the threads; the last generator has the rest.
        sources: The generators.
        kinds: The groups are the clients and the nemesis.
    """

    sizes: tuple[int, ...]
    sources: tuple[Generator, ...]
    kinds: bool = False

    def _partition(self, ctx: Context) -> Partition:
        return ctx.table.kinds if self.kinds else ctx.table.partition(ctx.threads, self.sizes)

    def op(self, ctx: Context) -> Step:
        """The soonest operation of the groups that have a free thread.

        The group whose thread is next in turn is asked first, and nobody else when it can go on at once: turns rotate,
        so no group starves, and a thousand groups cost no more than two.
        """
        partition = self._partition(ctx)
        masks, owner = partition.masks, partition.owner
        best: Step = None
        chosen = -1
        sources = self.sources
        free, turn = ctx.free, ctx.table.turn
        while free:
            later = free >> turn
            number = owner[turn + (later & -later).bit_length() - 1 if later else (free & -free).bit_length() - 1]
            mask = masks[number]
            free &= ~mask
            source = sources[number]
            step = source.op(Context(ctx.time, ctx.free & mask, ctx.threads & mask, ctx.table))
            if type(step) is tuple:
                if step[0].time <= ctx.time:
                    best, chosen = step, number
                    break
            else:
                after = step.after if type(step) is Pending else NOTHING
                if after is not source:
                    sources = (*sources[:number], after, *sources[number + 1 :])
            if best is None or sooner(step, best, ctx):
                best, chosen = step, number
        if isinstance(best, tuple):
            op, after = best
            if after is not sources[chosen]:
                sources = (*sources[:chosen], after, *sources[chosen + 1 :])
            return op, self if sources is self.sources else Split(self.sizes, sources, self.kinds)
        if all(source is NOTHING or not masks[number] & ctx.threads for number, source in enumerate(sources)):
            return None
        return Pending(self if sources is self.sources else Split(self.sizes, sources, self.kinds))

    @property
    def hears(self) -> bool:
        """Whether one of the sources does."""
        for source in self.sources:  # noqa: SIM110 - asked for every operation, and three times as fast as any()
            if source.hears:
                return True
        return False

    def update(self, ctx: Context, event: Op) -> Generator:
        """Events of a group's threads are passed on to its generator."""
        partition = self._partition(ctx)
        number = partition.owner.get(ctx.table.thread_of(event.process), -1)
        if number < 0:
            return self
        old = self.sources[number]
        new = old.update(ctx.restrict(partition.masks[number]), event)
        if new is old:
            return self
        return Split(self.sizes, (*self.sources[:number], new, *self.sources[number + 1 :]), self.kinds)


class EachThread(Generator, frozen=True):
    """See ``each_thread`` and ``each_process``.

    Args:
        fresh: What every thread begins with.
        copies: Per thread, the process that the copy is for and the copy; None where it has not begun.
        by_process: A new process of a thread begins afresh.
        listening: Whether a copy has ever heard events.
    """

    fresh: Generator
    copies: Vector[tuple[int, Generator]]
    by_process: bool
    listening: bool

    def _copy(self, ctx: Context, thread: int) -> Generator:
        """The generator of that thread now."""
        entry = self.copies[thread]
        if entry is None or (self.by_process and entry[0] != ctx.table.processes[thread]):
            return self.fresh
        return entry[1]

    def _with(self, ctx: Context, changes: dict[int, Generator]) -> Generator:
        """This generator after those of some threads have moved on."""
        copies, listening = self.copies, self.listening
        for thread, source in changes.items():
            listening = listening or source.hears
            copies = copies.put(thread, (ctx.table.processes[thread], source))
        return EachThread(self.fresh, copies, self.by_process, listening)

    def op(self, ctx: Context) -> Step:
        """The soonest operation of the free threads, the one whose turn it is first."""
        best: Step = None
        chosen = -1
        changes: dict[int, Generator] = {}
        free = ctx.free
        while free:
            thread = Context(ctx.time, free, free, ctx.table).next_free()
            free &= ~(1 << thread)
            source = self._copy(ctx, thread)
            if source is NOTHING:
                continue
            step = source.op(ctx.restrict(1 << thread))
            if step is None or type(step) is Pending:
                after = NOTHING if step is None else step.after
                if after is not source:
                    changes[thread] = after
                if step is None:
                    continue
            if best is None or sooner(step, best, ctx):
                best, chosen = step, thread
            if isinstance(best, tuple) and best[0].time <= ctx.time:
                break
        if isinstance(best, tuple):
            changes[chosen] = best[1]
            return best[0], self._with(ctx, changes)
        if best is None and ctx.free == ctx.threads:
            return None
        return Pending(self._with(ctx, changes) if changes else self)

    @property
    def hears(self) -> bool:
        """Whether a copy does, or did."""
        return self.listening

    def update(self, ctx: Context, event: Op) -> Generator:
        """Events of a thread are passed on to its copy."""
        thread = ctx.table.thread_of(event.process)
        if not ctx.threads >> thread & 1:
            return self
        old = self._copy(ctx, thread)
        new = old.update(ctx.restrict(1 << thread), event)
        return self if new is old else self._with(ctx, {thread: new})


def on_threads(chosen: Callable[[int], bool] | Container[int], source: Any) -> Generator:
    """``source`` for some threads only: it sees no others, and hears only of their events.

    Args:
        chosen: A function of the thread's number that always answers the same, or a container of numbers.
        source: Anything that can be lifted.
    """
    return OnThreads(chosen if callable(chosen) else chosen.__contains__, lift(source))


def clients(source: Any, nemesis: Any = None) -> Generator:
    """``source`` for the client threads, and ``nemesis`` (nothing when None) for the nemesis."""
    return Split((), (lift(source), lift(nemesis)), kinds=True)


def nemesis(source: Any, clients: Any = None) -> Generator:
    """``source`` for the nemesis, and ``clients`` (nothing when None) for the client threads."""
    return Split((), (lift(clients), lift(source)), kinds=True)


def reserve(*ranges: tuple[int, Any], default: Any = None) -> Generator:
    """Ranges of threads, each with its own generator.

    ``reserve((5, writes), (5, cas), default=reads)`` gives the first five threads to the writes, the next five to cas
    and all others to the reads. Inside a group of ``concurrent_keys`` the threads of the group are counted.

    Args:
        ranges: Pairs of a number of threads and something that can be lifted.
        default: For the rest; nothing when None.

    Raises:
        UsageError: A range has no thread.
    """
    if any(size < 1 for size, _ in ranges):
        raise UsageError("reserve needs at least one thread in each range")
    return Split(tuple(size for size, _ in ranges), (*(lift(source) for _, source in ranges), lift(default)))


def each_thread(source: Any) -> Generator:
    """A copy of ``source`` for every thread, independent of the others; ends when all are exhausted."""
    generator = lift(source)
    return EachThread(generator, Vector(), by_process=False, listening=generator.hears)


def each_process(source: Any) -> Generator:
    """A copy of ``source`` for every process: a thread whose process was replaced begins afresh."""
    generator = lift(source)
    return EachThread(generator, Vector(), by_process=True, listening=generator.hears)
