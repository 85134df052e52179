"""From conflicts to anomalies: a name, and a sentence that a reader understands without the code."""

import numpy as np

from checkers.linearizability.decision import INITIAL, SEARCH, Conflict
from checkers.linearizability.model import Model, Operation
from checkers.linearizability.operations import Operations
from checkers.verdict import Anomaly
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
        """When it was invoked."""
        return seconds(int(self.history.time[self.events(row)[0]]))

    def end(self, row: int) -> str:
        """When it was complete."""
        return seconds(int(self.history.time[self.events(row)[-1]]))

    def node(self, row: int) -> str | None:
        """Where it was done."""
        return self.history[self.events(row)[0]].node

    def did(self, row: int) -> str:
        """``p3's read of 17 (n2, 12.405-12.412 s)``."""
        op = self.history[self.events(row)[0]]
        node = "" if op.node is None else f"{op.node}, "
        if self.operations.optional[row]:
            when = f"{node}invoked at {self.start(row)}, outcome unknown"
        else:
            when = f"{node}{self.start(row).removesuffix(' s')}-{self.end(row)}"
        return f"p{op.process}'s {self.model.describe(self.operation(row))} ({when})"


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
        data={"rule": conflict.rule},
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
