"""What a generator sees of the run: the time, and which threads are free.

A *thread* is a slot that runs one operation at a time: client threads count from 0 and the nemesis has the one after
the last client. A *process* is the logical client that a thread plays; after an ``info`` the thread plays a new one.
Sets of threads are integers used as bit masks, so that a thousand threads cost no more than ten.
"""

from collections.abc import Callable, Sequence

import msgspec

from harness.op import INVOKE, NEMESIS, Invocation, Op


class Partition(msgspec.Struct, frozen=True, gc=False):
    """Threads split into groups.

    Args:
        masks: The threads of each group.
        owner: The group of each thread.
    """

    masks: tuple[int, ...]
    owner: dict[int, int]


class Threads:
    """The threads of a run; changed by the scheduler alone.

    Args:
        concurrency: How many client threads.
        nodes: Names of the nodes; client thread i talks to node i modulo their number.

    Attributes:
        processes: The process of each thread, the nemesis' last.
        turn: The thread that is asked first: the one after the last that was given something to do.
        retired: How many processes have been replaced.
        kinds: The clients, and the nemesis.
    """

    def __init__(self, concurrency: int, nodes: Sequence[str] = ()) -> None:
        self.concurrency = concurrency
        self.client_mask = (1 << concurrency) - 1
        self.nemesis_mask = 1 << concurrency
        self.all_mask = self.client_mask | self.nemesis_mask
        self.processes: list[int] = [*range(concurrency), NEMESIS]
        self.nodes: list[str | None] = [nodes[i % len(nodes)] if nodes else None for i in range(concurrency)]
        self.nodes.append(None)
        self.turn = 0
        self.retired = 0
        self._masks: dict[Callable[[int], bool], int] = {}
        self._partitions: dict[tuple[int, tuple[int, ...]], Partition] = {}
        self.kinds = self.partition(self.all_mask, (concurrency,))

    def thread_of(self, process: int) -> int:
        """The thread that plays ``process``, or played it: a successor's number is larger by the concurrency."""
        return self.concurrency if process == NEMESIS else process % self.concurrency

    def retire(self, thread: int) -> None:
        """Give the thread a new process; the nemesis keeps its own."""
        if thread != self.concurrency:
            self.processes[thread] += self.concurrency
            self.retired += 1

    def mask_of(self, predicate: Callable[[int], bool]) -> int:
        """The threads for which ``predicate``, which must always answer the same, is true."""
        mask = self._masks.get(predicate)
        if mask is None:
            mask = sum(1 << thread for thread in range(self.concurrency + 1) if predicate(thread))
            self._masks[predicate] = mask
        return mask

    def partition(self, threads: int, sizes: tuple[int, ...]) -> Partition:
        """Split ``threads``, in ascending order, into groups of these sizes and one more of the rest.

        The last size repeats for as long as there are threads when it is given as a negative number.
        """
        known = self._partitions.get((threads, sizes))
        if known is not None:
            return known
        members = list(bits(threads))
        groups: list[list[int]] = []
        for size in sizes:
            if size < 0:
                groups += [members[at : at - size] for at in range(0, len(members), -size)]
                members = []
            else:
                groups.append(members[:size])
                members = members[size:]
        groups.append(members)
        partition = Partition(
            masks=tuple(sum(1 << thread for thread in group) for group in groups),
            owner={thread: number for number, group in enumerate(groups) for thread in group},
        )
        self._partitions[threads, sizes] = partition
        return partition


class Context(msgspec.Struct, gc=False):
    """One moment of the run; valid during the call that it is given to, and not to be kept.

    Args:
        time: Nanoseconds since the start of the run.
        free: Bit mask of the free threads among ``threads``.
        threads: Bit mask of the threads that this generator may use.
        table: All threads of the run.
    """

    time: int
    free: int
    threads: int
    table: Threads

    def restrict(self, threads: int) -> "Context":
        """The same moment as seen by a generator that may use only these threads."""
        return Context(self.time, self.free & threads, self.threads & threads, self.table)

    def next_free(self) -> int:
        """The free thread whose turn it is; -1 when none is free.

        Turns rotate, so every thread gets its share, and the choice is the same in every repetition of a run.
        """
        free = self.free
        if not free:
            return -1
        turn = self.table.turn
        later = free >> turn
        if later:
            return turn + (later & -later).bit_length() - 1
        return (free & -free).bit_length() - 1

    def op(self, invocation: Invocation) -> Op | None:
        """The operation that does this now, on the free thread whose turn it is; None when none is free."""
        free, table = self.free, self.table
        if not free:
            return None
        turn = table.turn
        later = free >> turn
        thread = turn + (later & -later).bit_length() - 1 if later else (free & -free).bit_length() - 1
        return Op(
            -1,
            self.time,
            table.processes[thread],
            INVOKE,
            invocation.f,
            invocation.key,
            invocation.value,
            table.nodes[thread],
        )

    def thread_of(self, process: int) -> int:
        """The thread that plays ``process``."""
        return self.table.thread_of(process)

    def process_of(self, thread: int) -> int:
        """The process that ``thread`` plays now."""
        return self.table.processes[thread]

    def node_of(self, thread: int) -> str | None:
        """Name of the node that ``thread`` talks to; None for the nemesis."""
        return self.table.nodes[thread]

    @property
    def free_threads(self) -> list[int]:
        """The free threads, ascending."""
        return list(bits(self.free))

    @property
    def all_threads(self) -> list[int]:
        """The threads that this generator may use, ascending."""
        return list(bits(self.threads))

    @property
    def free_processes(self) -> list[int]:
        """The processes of the free threads."""
        return [self.table.processes[thread] for thread in bits(self.free)]

    @property
    def all_processes(self) -> list[int]:
        """The processes of all threads that this generator may use."""
        return [self.table.processes[thread] for thread in bits(self.threads)]


def bits(mask: int) -> list[int]:
    """The positions of the set bits, ascending."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
