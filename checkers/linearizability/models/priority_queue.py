"""Priority queues."""

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import kernel
from checkers.linearizability.decision import Decision
from checkers.linearizability.model import UNKNOWN, Operation, show
from checkers.linearizability.models.collection import Collection, Sentences
from checkers.linearizability.operations import Operations
from checkers.linearizability.twins.collection import ADD, EMPTY, GUESS, Columns
from harness.values import token

_PAIR = 2


class PriorityQueue(Collection):
    """A priority queue: the largest element is polled first.

    An element is a number, which is its priority, or a pair of a priority and anything that tells it from others of the
    same priority; those are polled in any order. The state is a tuple of stand-ins, each with its priority, the largest
    first.

    Values that are inserted once are decided in O(n log n) (Gibbons, Bruno, Phillips: Black-box correctness tests for
    basic parallel data structures, 2002; Lee, Mathur: Efficient decrease-and-conquer linearizability monitoring, 2025);
    repeated values, and polls of unknown outcome that may have taken one of several elements, may need the ladder.
    """

    name = "priority-queue"
    summary = "A priority queue, the largest first; a poll may find it empty."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "insert": "a number, or [priority, id]",
        "poll": "null; ok: the element that was polled, null where the queue was empty",
    }
    resultless = frozenset({"insert"})
    nondeterministic = True
    add = "insert"
    take = "poll"

    def step(self, state: Any, op: Operation) -> Iterable[Any]:
        """The possible states afterwards; of elements of equal priority any may be polled."""
        if op.f == self.add:
            return [self.added(state, op.argument)]
        if not state:
            return [state] if op.result is None or op.result is UNKNOWN else []
        first = list(dict.fromkeys(takewhile(lambda one: one[0] == state[0][0], state)))
        if op.result is not UNKNOWN:
            polled = token(op.result)
            first = [one for one in first if one[1] == polled]
        return [_without(state, one) for one in first]

    def added(self, state: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
        """The value comes before all of a lower priority."""
        element = (_priority(value), token(value))
        place = bisect(state, _order(element), key=_order)
        return (*state[:place], element, *state[place:])

    def describe_state(self, state: Any) -> str:
        """The elements, the largest first."""
        return show([one[1] for one in state])

    def out_of_order(self, elements: Sequence[tuple[int, ...]], sentences: Sentences) -> str:
        """Which element was polled although something of a higher priority was inside."""
        tell = sentences.tell
        late = min(elements, key=lambda rows: _priority(tell.operation(rows[0]).argument))
        higher = [rows for rows in elements if rows != late]
        said = f"{tell.did(late[-1])} returned {sentences.value(late[0])} although"
        if len(higher) == 1:
            return f"{said} {sentences.value(higher[0][0])} was inside all that time: {sentences.stayed(higher[0])}"
        listed = sentences.listed([row for rows in higher for row in rows])
        return f"{said} at every instant of it something of a higher priority was inside: {listed}"

    def decide(self, operations: Operations, encoded: Columns) -> Decision:
        """Ask the kernel."""
        return kernel.priority_queue(encoded, _ranks(operations, encoded))

    def malformed(self, operations: Operations, encoded: Columns) -> dict[int, str]:
        """Per part with something that is no element, why nothing can be said about it."""
        bad: dict[int, str] = {}
        codes = np.where(encoded.f == ADD, operations.argument, operations.result)
        shown = (encoded.f != EMPTY) & (encoded.f != GUESS)
        present = np.unique(codes[shown]).tolist()
        wrong = [code for code in present if _priority(operations.values[code]) is None]
        if wrong:
            for row in np.flatnonzero(shown & np.isin(codes, wrong)).tolist():
                value = show(operations.values[int(codes[row])])
                why = f"{value} is no element of a priority queue: write a number, or [priority, id]"
                bad.setdefault(int(operations.part[row]), why)
        return bad


def _priority(value: Any) -> Any:
    """What an element is polled by; None where it is none."""
    number = value[0] if isinstance(value, list | tuple) and len(value) == _PAIR else value
    known = isinstance(number, int | float) and not isinstance(number, bool)
    return number if known and number == number else None  # noqa: PLR0124 - only NaN differs from itself


def _order(element: tuple[Any, Any]) -> tuple[Any, str]:
    """The largest priority first; equal ones in any order that is always the same."""
    return -element[0], repr(element[1])


def _without(state: tuple[Any, ...], element: Any) -> tuple[Any, ...]:
    place = state.index(element)
    return state[:place] + state[place + 1 :]


def _ranks(operations: Operations, encoded: Columns) -> NDArray[np.int32]:
    """Per value id how large its priority is, among all."""
    codes = np.zeros(encoded.values, dtype=np.int32)
    shown = np.flatnonzero(encoded.value >= 0)
    code = np.where(encoded.f[shown] == ADD, operations.argument[shown], operations.result[shown])
    codes[encoded.value[shown]] = code
    priorities = [_priority(operations.values[code]) for code in codes.tolist()]
    # Python compares large integers and floats exactly; NumPy would round them.
    distinct = sorted({one for one in priorities if one is not None})
    rank = {one: place for place, one in enumerate(distinct)}
    return np.array([0 if one is None else rank[one] for one in priorities], dtype=np.int32)
