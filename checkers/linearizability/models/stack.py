"""Stacks."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from checkers.linearizability import kernel
from checkers.linearizability.decision import Decision
from checkers.linearizability.models.collection import Collection, Sentences
from checkers.linearizability.operations import Operations
from checkers.linearizability.twins.collection import Columns
from harness.values import token


class Stack(Collection):
    """A stack: what was pushed last is popped first.

    Values that are pushed once are decided in O(n log n) (Lee, Mathur: Efficient decrease-and-conquer linearizability
    monitoring, OOPSLA 2025); repeated values, and pops of unknown outcome that may have taken one of several elements,
    may need the ladder.
    """

    name = "stack"
    summary = "A last-in-first-out stack; a pop may find it empty."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "push": "the value, not null",
        "pop": "null; ok: the value that was popped, null where the stack was empty",
    }
    resultless = frozenset({"push"})
    add = "push"
    take = "pop"

    def added(self, state: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
        """The value comes first."""
        return (token(value), *state)

    def decide(self, operations: Operations, encoded: Columns) -> Decision:
        """Ask the kernel."""
        del operations
        return kernel.stack(encoded)

    def out_of_order(self, elements: Sequence[tuple[int, ...]], sentences: Sentences) -> str:
        """Of two elements, which one was popped from below the other."""
        if len(elements) != 2:  # noqa: PLR2004 - two
            return super().out_of_order(elements, sentences)
        tell = sentences.tell
        below, above = sorted(elements, key=lambda rows: int(tell.operations.ret[rows[0]]))
        first, second = sentences.value(below[0]), sentences.value(above[0])
        return (
            f"{tell.did(below[-1])} returned {first} while {second} was on top of it: {tell.did(below[0])} was "
            f"complete before {tell.did(above[0])} was invoked; that was complete, and "
            + (f"not undone before {tell.did(above[1])}" if len(above) > 1 else "no pop ever returned it")
        )
