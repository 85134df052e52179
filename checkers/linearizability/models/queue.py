"""FIFO queues."""

from collections.abc import Mapping
from typing import Any, ClassVar

from checkers.linearizability import kernel
from checkers.linearizability.decision import Decision
from checkers.linearizability.models.collection import Collection
from checkers.linearizability.operations import Operations
from checkers.linearizability.twins.collection import Columns
from harness.values import token


class FifoQueue(Collection):
    """A queue: what was enqueued first is dequeued first.

    Values that are enqueued once are decided in linear time (Gibbons, Bruno, Phillips: Black-box correctness tests for
    basic parallel data structures, 2002); repeated values, and dequeues of unknown outcome that may have taken one of
    several elements, may need the ladder.
    """

    name = "fifo-queue"
    summary = "A first-in-first-out queue; a dequeue may find it empty."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "enqueue": "the value, not null",
        "dequeue": "null; ok: the value that was dequeued, null where the queue was empty",
    }
    resultless = frozenset({"enqueue"})
    add = "enqueue"
    take = "dequeue"

    def added(self, state: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
        """The value comes last."""
        return (*state, token(value))

    def decide(self, operations: Operations, encoded: Columns) -> Decision:
        """Ask the kernel."""
        del operations
        return kernel.queue(encoded)
