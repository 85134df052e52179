"""From conflicts to anomalies: a name, and a sentence that a reader understands without the code."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from checkers.linearizability.decision import INITIAL, SEARCH, Budget, Conflict
from checkers.linearizability.impasse import Impasse, impasse
from checkers.linearizability.model import Model, Operation, show, told
from checkers.linearizability.operations import Operations
from checkers.linearizability.witness import witness
from checkers.verdict import Anomaly
from harness.evidence import Evidence, combined
from harness.history import TYPE_CODES, Calls, History
from harness.op import FAIL

LINEARIZABLE = "linearizable"

LISTED = 6
"""How many operations one sentence names."""

NAMED = 200
"""Of how many operations an anomaly names the events: the last ones, where a witness could not be made small."""


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

    def undone(self) -> list[tuple[int, str]]:
        """Rows of ``calls`` of what certainly did not happen, and how that is known: what failed, or by evidence."""
        failed = np.flatnonzero(self.calls.outcome == TYPE_CODES[FAIL]).tolist()
        found = [(row, self._failure(int(self.calls.complete[row]))) for row in failed]
        lost = [
            event
            for event, pieces in self.history.evidence.items()
            if any(piece.persisted is not None and not piece.persisted for piece in pieces)
        ]
        rows = np.flatnonzero(np.isin(self.calls.invoke, lost)).tolist()
        return found + [(row, "did not happen, by evidence") for row in rows]

    def _failure(self, event: int) -> str:
        op = self.history[event]
        return f"had failed for certain at {seconds(op.time)}: {show(op.error)}"

    def words(self, row: int) -> str:
        """``read of 17``."""
        return told(self.model, self.operation(row))

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


def anomaly(tell: Narrator, part: int, conflict: Conflict, budget: Budget) -> Anomaly:
    """The anomaly that a conflict of this part proves.

    Args:
        tell: Of the operations.
        part: Where it is.
        conflict: The proof.
        budget: For finding out where the order of what the search refuted ends.
    """
    rows = sorted({row for row in (*conflict.rows, *conflict.seen) if row != INITIAL})
    if conflict.rule == SEARCH:
        end = impasse(tell.operations, tell.model, conflict.rows, budget)
        name, sentence = "not-linearizable", _no_order(rows, tell) if end is None else _dead_end(end, tell)
    else:
        end = None
        name, sentence = tell.model.explain(conflict, tell)
    if conflict.seen:
        shown = " and ".join(tell.did(row) for row in conflict.seen)
        sentence += f"; that the operations of unknown outcome happened is shown by {shown}"
    key = tell.operations.keys[part]
    return Anomaly(
        name=name,
        sentence=sentence,
        events=tuple(sorted({event for row in _latest(rows, tell)[:NAMED] for event in tell.events(row)})),
        models=(LINEARIZABLE,),
        key=key if isinstance(key, str | int) else None,
        data=_data(tell, conflict.rule, rows, end),
    )


def _data(tell: Narrator, rule: str, rows: Sequence[int], end: Impasse | None) -> dict[str, Any]:
    if end is None:
        return witness(tell, rule, _latest(rows, tell))
    reasons = []
    first = end.waiting[0][0]
    for row, possible in end.waiting:
        why = f"{'possible' if possible else 'impossible'} in state {end.state}"
        if row == first:
            why += f", complete at {tell.end(row)}"
        elif possible:
            why += f", but then {tell.words(first)} is not"
        reasons.append((row, why))
    return witness(tell, rule, _latest(rows, tell), end.order, reasons, earlier=end.earlier)


def _dead_end(end: Impasse, tell: Narrator) -> str:
    """The order as far as it goes, and that nothing of what could come next can."""
    begin = (
        f"After {tell.did(end.order[-1][0])}, which leaves the state {end.state}" if end.order else "At the beginning"
    )
    (stuck, _), *others = end.waiting
    sentence = f"{begin}, {tell.did(stuck)} cannot come next"
    useless = [tell.did(row) for row, possible in others if possible]
    if refused := [tell.did(row) for row, possible in others if not possible]:
        sentence += f", nor can {listed(refused, ' or ')}"
    elif end.whole and not useless:
        sentence += ", and nothing else can"
    if useless:
        sentence += f"; after {listed(useless, ' or ')} it is impossible all the same"
    return sentence


def listed(shown: Sequence[str], joint: str) -> str:
    """The first of them, and how many more there are."""
    more = [] if len(shown) <= LISTED else [f"{len(shown) - LISTED} more"]
    return joint.join([*shown[:LISTED], *more])


def _no_order(rows: Sequence[int], tell: Narrator) -> str:
    """Only which operations are concerned."""
    last, *before = _latest(rows, tell)
    shown = [tell.did(row) for row in before[:LISTED]] + [""] * len(before[LISTED:])
    others = f" together with {listed(shown, '; ')}" if shown else ""
    unknown = bool(np.any(tell.operations.optional))
    rest = ", whatever the unknown operations did" if unknown else ""
    return f"No order of the operations explains {tell.did(last)}{others}{rest}"


def _latest(rows: Sequence[int], tell: Narrator) -> list[int]:
    """The last to be complete first."""
    return sorted(rows, key=lambda row: tell.events(row)[-1], reverse=True)
