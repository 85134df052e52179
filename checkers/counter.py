"""Counters: the verdict of the ``counter`` workload."""

from typing import ClassVar

import numpy as np
from msgspec import structs

from checkers.linearizability.checker import MEMORY, SECONDS, LinearizabilityChecker
from checkers.linearizability.explain import LINEARIZABLE
from checkers.linearizability.model import show
from checkers.linearizability.models.counter import Counter
from checkers.linearizability.operations import collect
from checkers.verdict import Guarantee, Verdict
from harness.history import History


class CounterChecker(LinearizabilityChecker):
    """Decides on each counter: ``add`` delta and ``read`` with an integer as its ok value.

    A counter that was never read successfully is undecided: nothing is known about it.

    Args:
        initial: The value before the first add; a read of None also means it.
        seconds: Wall-clock time that the search for adds of several amounts may use, over all counters.
        memory: Bytes that its configurations may take at once.
        anomalies: How many counters at most are reported with a witness; the statistics count all.
    """

    name: ClassVar[str] = "counter"
    summary: ClassVar[str] = "Linearizability of a counter: exact for adds of one amount, bounds and search for others."

    def __init__(self, initial: int = 0, seconds: float = SECONDS, memory: int = MEMORY, anomalies: int = 32) -> None:
        super().__init__(Counter(initial), seconds, memory, anomalies)

    def check(self, history: History) -> Verdict:
        """The verdict on each counter of the history (one for each key)."""
        verdict = super().check(history)
        if not verdict.statistics:
            return verdict
        operations = collect(history, self.model)
        reads = operations.f == operations.code("read")
        statistics = {
            "adds": int((~reads).sum()),
            "reads": int(reads.sum()),
            "violations": verdict.statistics["keys violated"],
        }
        verdict = structs.replace(verdict, statistics=verdict.statistics | statistics)
        unread = np.flatnonzero(np.bincount(operations.part[reads], minlength=operations.parts) == 0).tolist()
        if not unread:
            return verdict
        which = "the counter" if operations.keys[unread[0]] is None else f"counter {show(operations.keys[unread[0]])}"
        more = f", nor were {len(unread) - 1} more" if len(unread) > 1 else ""
        why = f"{which} was never read successfully{more}, so nothing is known about it"
        if verdict.validity == "invalid":
            return structs.replace(verdict, reasons=(*verdict.reasons, why))
        return structs.replace(
            verdict,
            validity="unknown",
            models=(Guarantee(LINEARIZABLE, "undecided", why),),
            reasons=(*verdict.reasons, why),
        )
