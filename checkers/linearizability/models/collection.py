"""What the models of queues, stacks and priority queues share: their columns, and how their conflicts are told."""

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

import numpy as np

from checkers.linearizability.decision import UNDECIDED, Conflict, Decision
from checkers.linearizability.explain import LISTED, Narrator, seconds
from checkers.linearizability.ids import local_ids
from checkers.linearizability.model import ILLEGAL, UNKNOWN, Model, Operation, show
from checkers.linearizability.operations import Operations
from checkers.linearizability.twins.collection import ADD, EMPTY, GUESS, TAKE, Columns
from harness.history import TYPE_CODES
from harness.op import FAIL
from harness.values import NULL, token


class Collection(Model):
    """Elements are added, and taken one at a time in an order that the discipline fixes.

    The state is a tuple of elements, in the order in which they would be taken.

    Attributes:
        add: The f that adds its argument.
        take: The f whose result is the element taken, null where there was none.
    """

    pure = frozenset[str]()
    add: ClassVar[str]
    take: ClassVar[str]

    def init(self) -> tuple[Hashable, ...]:
        """Empty."""
        return ()

    def step(self, state: Any, op: Operation) -> Any:
        """The elements afterwards; a take of unknown outcome removes what is to be taken next."""
        if op.f == self.add:
            return self.added(state, op.argument)
        if op.result is UNKNOWN:
            return state[1:]
        if op.result is None:
            return ILLEGAL if state else state
        return self.taken(state, op.result)

    def out_of_order(self, elements: Sequence[tuple[int, ...]], sentences: "Sentences") -> str:
        """The sentence for elements, by the rows of what was done with each, which no order explains."""
        rows = [row for element in elements for row in element]
        return f"No order of the operations on these {len(elements)} elements is legal: {sentences.listed(rows)}"

    @abstractmethod
    def added(self, state: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
        """The state after ``value`` was added."""

    def taken(self, state: tuple[Any, ...], value: Any) -> Any:
        """The state after ``value`` was taken, or ``ILLEGAL``."""
        return state[1:] if state and state[0] == token(value) else ILLEGAL

    def describe(self, op: Operation) -> str:
        """``enqueue of 17``, ``dequeue of 3``, ``dequeue, which found nothing``."""
        if op.f == self.add:
            return f"{op.f} of {show(op.argument)}"
        if op.result is UNKNOWN:
            return op.f
        return f"{op.f}, which found nothing," if op.result is None else f"{op.f} of {show(op.result)}"

    def fast(self, operations: Operations) -> Decision:
        """In about linear time, each part whose values are added once."""
        encoded = columns(operations, self.add)
        bad = self.malformed(operations, encoded)
        decision = self.decide(operations, encoded)
        if not bad:
            return decision
        standing = decision.standing.copy()
        standing[list(bad)] = UNDECIDED
        sound = {part: conflict for part, conflict in decision.conflicts.items() if part not in bad}
        return Decision(standing, sound, bad)

    @abstractmethod
    def decide(self, operations: Operations, encoded: Columns) -> Decision:
        """Ask the kernel."""

    def malformed(self, operations: Operations, encoded: Columns) -> dict[int, str]:
        """Per part with an argument that no element can be, why nothing can be said about it."""
        rows = np.flatnonzero((encoded.f == ADD) & (operations.argument == NULL)).tolist()
        why = f"null stands for a {self.take} that found nothing, so the {self.add} of null cannot be followed"
        return dict.fromkeys(operations.part[rows].tolist(), why)

    def explain(self, conflict: Conflict, tell: Narrator) -> tuple[str, str]:
        """What the kernel found."""
        return Sentences(self, tell).of(conflict)


class Sentences:
    """What each rule is called, and how it is told.

    Attributes:
        tell: Of operations.
    """

    def __init__(self, model: Collection, tell: Narrator) -> None:
        self._model = model
        self.tell = tell

    def of(self, conflict: Conflict) -> tuple[str, str]:
        """The name of the anomaly, and the sentence."""
        told: tuple[str, str] = getattr(self, f"_{conflict.rule.replace('-', '_')}")(conflict.rows)
        return told

    def value(self, row: int) -> str:
        """The element that an operation added or took."""
        op = self.tell.operation(row)
        return show(op.argument if op.f == self._model.add else op.result)

    def is_add(self, row: int) -> bool:
        """Whether the operation added an element."""
        return self.tell.operation(row).f == self._model.add

    def listed(self, rows: Sequence[int]) -> str:
        """What was done, but not a screen full."""
        shown = "; ".join(self.tell.did(row) for row in rows[:LISTED])
        return shown if len(rows) <= LISTED else f"{shown}; and {len(rows) - LISTED} more"

    def stayed(self, rows: Sequence[int]) -> str:
        """Between which operations an element was certainly inside."""
        add, *take = rows
        left = f"not taken before {self.tell.did(take[0])}" if take else f"no {self._model.take} ever returned it"
        return f"{self.tell.did(add)} was complete, and {left}"

    def _thin_air(self, rows: tuple[int, ...]) -> tuple[str, str]:
        (row,) = rows
        tell, model = self.tell, self._model
        failed = self._failed_add(row)
        if failed is None:
            return f"thin-air-{model.take}", (
                f"{tell.did(row)} returned an element that no {model.add} ever tried to add"
            )
        op = tell.history[failed]
        node = "" if op.node is None else f" ({op.node})"
        return f"aborted-{model.take}", (
            f"{tell.did(row)} returned an element although the only {model.add} of it, by p{op.process}{node}, had "
            f"failed for certain at {seconds(op.time)}: {show(op.error)}"
        )

    def _failed_add(self, row: int) -> int | None:
        """The completion of a failed operation that would have added what this one took."""
        tell, calls = self.tell, self.tell.calls
        wanted = token(tell.operation(row).result)
        here = calls.key == calls.key[int(tell.operations.row[row])]
        for other in np.flatnonzero((calls.outcome == TYPE_CODES[FAIL]) & here).tolist():
            if tell.history.fs[calls.f[other]] == self._model.add and token(calls.arguments[other]) == wanted:
                return int(calls.complete[other])
        return None

    def _double(self, rows: tuple[int, ...]) -> tuple[str, str]:
        adder, first, second = rows
        tell, model = self.tell, self._model
        return f"double-{model.take}", (
            f"{tell.did(first)} and {tell.did(second)} both returned {self.value(adder)}, although only "
            f"{tell.did(adder)} ever added it"
        )

    def _future(self, rows: tuple[int, ...]) -> tuple[str, str]:
        taker, adder = rows
        tell, model = self.tell, self._model
        return f"future-{model.take}", (
            f"{tell.did(taker)} was complete at {tell.end(taker)}, before the only operation that adds that element "
            f"was invoked: {tell.did(adder)}"
        )

    def _empty(self, rows: tuple[int, ...]) -> tuple[str, str]:
        row, *others = rows
        tell, model = self.tell, self._model
        adds = [other for other in others if self.is_add(other)]
        if len(adds) > 1:
            return f"false-empty-{model.take}", (
                f"{tell.did(row)} although at every instant of it at least one of {len(adds)} elements was inside: "
                f"{self.listed(others)}"
            )
        return f"false-empty-{model.take}", (
            f"{tell.did(row)} although {self.value(adds[0])} was inside all that time: {self.stayed(others)}"
        )

    def _order(self, rows: tuple[int, ...]) -> tuple[str, str]:
        return "reordered", self._model.out_of_order(
            [self._rows_of(rows, row) for row in rows if self.is_add(row)], self
        )

    def _rows_of(self, rows: tuple[int, ...], add: int) -> tuple[int, ...]:
        """What was done with the element that was added there."""
        place = rows.index(add) + 1
        return (add, *rows[place : place + 1]) if place < len(rows) and not self.is_add(rows[place]) else (add,)

    def _lost(self, rows: tuple[int, ...]) -> tuple[str, str]:
        first, second, taker = rows
        tell, model = self.tell, self._model
        return "lost-element", (
            f"no {model.take} returned {self.value(first)} before {tell.did(taker)} was complete, although "
            f"{self.value(first)} was ahead of it: {tell.did(first)} was complete at {tell.end(first)}, before "
            f"{tell.did(second)} was invoked"
        )

    def _reordered(self, rows: tuple[int, ...]) -> tuple[str, str]:
        first, late, second, early = rows
        tell = self.tell
        return "reordered", (
            f"{self.value(second)} overtook {self.value(first)}: {tell.did(first)} was complete before "
            f"{tell.did(second)} was invoked, but {tell.did(early)} was complete before {tell.did(late)} was invoked"
        )


def columns(operations: Operations, add: str) -> Columns:
    """The columns of a collection with this operation, and one that takes."""
    adding = operations.f == operations.code(add)
    guessed = ~adding & operations.unanswered
    nothing = ~adding & ~guessed & (operations.result == NULL)
    f = np.where(adding, ADD, np.where(guessed, GUESS, np.where(nothing, EMPTY, TAKE))).astype(np.int8)
    code = np.where(adding, operations.argument, np.where(f == TAKE, operations.result, -1)).astype(np.int64)
    value, shown = np.full(len(code), -1, dtype=np.int32), np.flatnonzero(code >= 0)
    value[shown], count = local_ids(operations.part[shown], code[shown], operations.parts)
    o = operations
    return Columns(o.call, o.ret, o.optional, f, o.part, value, o.parts, count)
