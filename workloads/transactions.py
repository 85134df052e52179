"""Random transactions over a few keys at a time, with the parameters of Elle's generator."""

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, ClassVar, Final

from harness import generator as g
from harness.errors import UsageError
from harness.generator import Context, Generator, Pending
from harness.op import Invocation, Op
from harness.options import Option
from workloads.final import ATTEMPTS, SPACING
from workloads.workload import Workload

PER_FINAL_READ: Final = 8
"""Keys in one transaction of the final reads."""

UNIFORM_KEYS, EXPONENTIAL_KEYS = 3, 10
"""Elle's number of active keys, where none is said."""

OPTIONS: Final = (
    Option("key-count", 0, "Keys in use at a time; 0 for 10, or 3 where they are uniform.", unit="keys", minimum=0),
    Option(
        "key-dist",
        "exponential",
        "Which of them a micro-operation takes: each twice as likely as the one before, or all alike.",
        choices=("exponential", "uniform"),
    ),
    Option("min-txn-length", 1, "Fewest micro-operations of a transaction.", minimum=1),
    Option("max-txn-length", 4, "Most micro-operations of a transaction.", minimum=1),
    Option("max-writes-per-key", 256, "Writes until a key is left for a new one.", unit="writes", minimum=1),
)


class Newest:
    """The newest key that anybody was given: what the final reads must read up to.

    Attributes:
        key: Its number; keys count from 0.
    """

    def __init__(self) -> None:
        self.key = -1


class Transactions(Generator, frozen=True):
    """Transactions for ever; every value of a key is written once.

    Args:
        rng: Source of chance.
        write: The ``f`` of a micro-operation that writes.
        lengths: Fewest and most micro-operations.
        weights: Cumulated, of the active keys.
        most: Writes per key.
        keys: The active keys.
        written: How often each of them was written.
        fresh: The next new key.
        newest: Is told of it.
    """

    rng: random.Random
    write: str
    lengths: tuple[int, int]
    weights: tuple[int, ...]
    most: int
    keys: tuple[int, ...]
    written: tuple[int, ...]
    fresh: int
    newest: Newest

    def op(self, ctx: Context) -> tuple[Op, Generator] | Pending | None:
        """A transaction."""
        if not ctx.free:
            return Pending(self)
        keys, written, fresh = list(self.keys), list(self.written), self.fresh
        micros = []
        for _ in range(self.rng.randint(*self.lengths)):
            (place,) = self.rng.choices(range(len(keys)), cum_weights=self.weights)
            if self.rng.random() < 0.5:  # noqa: PLR2004 - reads and writes alike
                micros.append(["r", keys[place], None])
                continue
            if written[place] >= self.most:
                keys[place], written[place] = fresh, 0
                fresh += 1
            written[place] += 1
            micros.append([self.write, keys[place], written[place]])
        op = ctx.op(Invocation("txn", micros))
        if op is None:
            return Pending(self)
        self.newest.key = max(self.newest.key, fresh - 1)
        after = Transactions(
            self.rng, self.write, self.lengths, self.weights, self.most, tuple(keys), tuple(written), fresh, self.newest
        )
        return op, after


class Deferred(Generator, frozen=True):
    """A generator that is made when it is first asked.

    Args:
        make: Makes it.
    """

    make: Callable[[], Generator]

    def op(self, ctx: Context) -> tuple[Op, Generator] | Pending | None:
        """The first operation of what is made."""
        return self.make().op(ctx)


class TransactionWorkload(Workload):
    """Random transactions, and in the end a read of everything from every node.

    Raises:
        UsageError: The settings do not fit together.
    """

    write: ClassVar[str]
    """The ``f`` of a micro-operation that writes."""

    options = OPTIONS

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        shortest, longest = self._lengths
        if shortest > longest:
            raise UsageError(
                f"min-txn-length={shortest} is more than max-txn-length={longest}: no transaction has such a length"
            )
        self._newest = Newest()

    @property
    def _lengths(self) -> tuple[int, int]:
        return self.settings["min-txn-length"], self.settings["max-txn-length"]

    def generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """Transactions for ever."""
        del nodes, concurrency
        uniform = self.settings["key-dist"] == "uniform"
        count = self.settings["key-count"] or (UNIFORM_KEYS if uniform else EXPONENTIAL_KEYS)
        weights = accumulate(1 if uniform else 2**place for place in range(count))
        return Transactions(
            rng=rng,
            write=self.write,
            lengths=self._lengths,
            weights=tuple(weights),
            most=self.settings["max-writes-per-key"],
            keys=tuple(range(count)),
            written=(0,) * count,
            fresh=count,
            newest=self._newest,
        )

    def final_generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """Every key, from every node."""
        del rng
        return read_everything(nodes, concurrency, self._newest)


def read_everything(nodes: Sequence[str], concurrency: int, newest: Newest) -> Generator:
    """Transactions that read every key, from every node that a client talks to, each tried until it succeeds."""

    def reads() -> Generator:
        batches = (
            Invocation("txn", [["r", key, None] for key in range(first, min(first + PER_FINAL_READ, newest.key + 1))])
            for first in range(0, newest.key + 1, PER_FINAL_READ)
        )
        return g.concat(*(g.until_ok(g.limit(ATTEMPTS, g.delay(SPACING, g.repeat(batch)))) for batch in batches))

    readers = range(min(len(nodes), concurrency))
    return g.clients(g.on_threads(readers, g.each_thread(Deferred(reads))))
