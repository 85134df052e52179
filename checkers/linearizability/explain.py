"""From conflicts to anomalies: a name, and a sentence that a reader understands without the code."""

import numpy as np

from checkers.linearizability.decision import INITIAL, SEARCH, Conflict
from checkers.linearizability.model import Model, Operation
from checkers.linearizability.operations import Operations
from checkers.linearizability.witness import witness
from checkers.verdict import Anomaly
from harness.evidence import Evidence, combined
from harness.history import Calls, History

LINEARIZABLE = "linearizable"

LISTED = 6
"""How many operations one sentence names."""


def seconds(nanoseconds: int) -> str:
    """An instant or a duration, to the millisecond."""
    return f"{nanoseconds / 1e9:.3f} s"


class Narrator:
    """Tells of rows of the operations, for sentences.

    Args:
        history: Where the operations came from.
        operations: They.
        model: Whose words are used.
    """

    def __init__(self, history: History, operations: Operations, model: Model) -> None:
        self.history = history
        self.operations = operations
        self.model = model
        self.calls: Calls = history.calls()

    def operation(self, row: int) -> Operation:
        """The operation as the model sees it."""
        return self.operations.operation(row, self.model)

    def events(self, row: int) -> list[int]:
        """Index of the invocation, and of the completion where there is one."""
        start = int(self.calls.invoke[self.operations.row[row]])
        end = int(self.history.partner[start])
        return [start] if end < 0 else [start, end]

    def start(self, row: int) -> str:
        """When it was invoked; by evidence, the later instant after which it took effect."""
        first = self.events(row)[0]
        after = self.evidence(row).not_before
        return seconds(int(self.history.time[first if after is None else max(first, after)]))

    def end(self, row: int) -> str:
        """When it was complete; of an unknown outcome by evidence the instant before which it took effect."""
        last, before = self.events(row)[-1], self.evidence(row).not_after
        return seconds(int(self.history.time[last if before is None else before]))

    def evidence(self, row: int) -> Evidence:
        """What is known of it besides its completion."""
        return combined(self.history.evidence.get(self.events(row)[0], ()))

    def words(self, row: int) -> str:
        """``read of 17``."""
        return self.model.describe(self.operation(row))

    def node(self, row: int) -> str | None:
        """Where it was done."""
        return self.history[self.events(row)[0]].node

    def did(self, row: int) -> str:
        """``p3's read of 17 (n2, 12.405-12.412 s)``."""
        first = self.events(row)[0]
        op = self.history[first]
        if self.operations.unanswered[row]:
            outcome = "outcome unknown" if self.operations.optional[row] else "happened, by evidence"
            when = f"invoked at {seconds(op.time)}, {outcome}"
            fact = self.evidence(row)
            when += "" if fact.not_before is None or fact.not_before <= first else f", not before {self.start(row)}"
            when += "" if fact.not_after is None else f", not after {self.end(row)}"
        else:
            when = f"{self.start(row).removesuffix(' s')}-{self.end(row)}"
        return f"p{op.process}'s {self.words(row)} ({'' if op.node is None else f'{op.node}, '}{when})"


def anomaly(tell: Narrator, part: int, conflict: Conflict) -> Anomaly:
    """The anomaly that a conflict of this part proves."""
    name, sentence = _search(conflict, tell) if conflict.rule == SEARCH else tell.model.explain(conflict, tell)
    rows = sorted({row for row in (*conflict.rows, *conflict.seen) if row != INITIAL})
    if conflict.seen:
        shown = " and ".join(tell.did(row) for row in conflict.seen)
        sentence += f"; that the operations of unknown outcome happened is shown by {shown}"
    key = tell.operations.keys[part]
    return Anomaly(
        name=name,
        sentence=sentence,
        events=tuple(sorted({event for row in rows for event in tell.events(row)})),
        models=(LINEARIZABLE,),
        key=key if isinstance(key, str | int) else None,
        data=witness(tell, conflict.rule, rows),
    )


def _search(conflict: Conflict, tell: Narrator) -> tuple[str, str]:
    rows = conflict.rows
    last = max(rows, key=lambda row: tell.events(row)[-1])
    shown = [tell.did(row) for row in rows if row != last]
    listed = "; ".join(shown[:LISTED]) + ("" if len(shown) <= LISTED else f"; and {len(shown) - LISTED} more")
    others = f" together with {listed}" if shown else ""
    unknown = bool(np.any(tell.operations.optional))
    rest = ", whatever the unknown operations did" if unknown else ""
    return "not-linearizable", f"No order of the operations explains {tell.did(last)}{others}{rest}"
