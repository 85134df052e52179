"""The checker: any history, any sequential model."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from checkers import wellformed
from checkers.checker import Checker
from checkers.linearizability import kernel, parallel
from checkers.linearizability.decide import decide
from checkers.linearizability.decision import HOLDS, UNDECIDED, VIOLATED, Budget, Decision
from checkers.linearizability.explain import LINEARIZABLE, Narrator, anomaly
from checkers.linearizability.model import Model, ModelFailed, show
from checkers.linearizability.operations import Operations, collect
from checkers.verdict import Guarantee, Validity, Verdict
from harness.history import History

Decider = Callable[[Operations, Model, Budget], Decision]
"""Says where every part stands."""

SECONDS = 60.0
MEMORY = 1 << 30
LINES = 8
"""At most so many reasons."""

EXPLAINING = (0.5, 3.0)
"""Seconds for the orders of all anomalies that the search found: whatever was spent, and however much is left."""


class LinearizabilityChecker(Checker):
    """Decides, part by part, whether a history is linearizable with respect to a model.

    Args:
        model: The sequential specification.
        seconds: Wall-clock time that the ladder may use, over all parts.
        memory: Bytes that its configurations may take at once.
        anomalies: How many parts at most are reported with a witness; the statistics count all.

    Attributes:
        decider: Who decides: the threads of this process (one for each core), unless it is replaced.
    """

    models: ClassVar[Sequence[str]] = (LINEARIZABLE,)

    def __init__(self, model: Model, seconds: float = SECONDS, memory: int = MEMORY, anomalies: int = 32) -> None:
        self.model = model
        self.name = model.name  # type: ignore[misc]  # of this instance
        self.seconds = seconds
        self.memory = memory
        self.anomalies = anomalies
        self.decider: Decider = partial(decide, workers=parallel.cores())

    def check(self, history: History) -> Verdict:
        """The verdict: every part on its own, for linearizability is local."""
        broken = wellformed.problems(history)
        if broken:
            return self._undecided(tuple(f"the history is malformed: {problem}" for problem in broken))
        try:
            operations = collect(history, self.model)
        except ModelFailed as failed:
            return self._undecided((str(failed),))
        if operations.optional.all() and not operations.unusable:
            return self._undecided(("no operation was completed, so there is nothing to decide",))
        budget = Budget(self.seconds, self.memory)
        decision = self.decider(operations, self.model, budget)
        violated = np.flatnonzero(decision.standing == VIOLATED).tolist()
        undecided: list[int] = np.flatnonzero(decision.standing == UNDECIDED).tolist()
        tell = Narrator(history, operations, self.model)
        first = sorted(violated, key=lambda part: max(decision.conflicts[part].rows))[: self.anomalies]
        explaining = Budget(float(np.clip(budget.left, *EXPLAINING)), self.memory)
        found = tuple(anomaly(tell, part, decision.conflicts[part], explaining) for part in first)
        validity: Validity = "invalid" if violated else "unknown" if undecided else "valid"
        return Verdict(
            checker=self.name,
            validity=validity,
            anomalies=found,
            models=(_guarantee(validity, found[0].name if found else "", len(undecided)),),
            reasons=_reasons([(operations.keys[part], decision.reasons[part]) for part in undecided]),
            statistics={
                "operations": len(operations),
                "keys": operations.parts,
                "keys holding": int((decision.standing == HOLDS).sum()),
                "keys violated": len(violated),
                "keys undecided": len(undecided),
                "keys searched": decision.searched,
                "kernel": kernel.NAME,
            },
        )

    def _undecided(self, reasons: tuple[str, ...]) -> Verdict:
        return Verdict(
            checker=self.name,
            validity="unknown",
            models=(Guarantee(LINEARIZABLE, "undecided", reasons[0]),),
            reasons=reasons,
        )


def _guarantee(validity: Validity, anomaly_name: str, undecided: int) -> Guarantee:
    if validity == "invalid":
        return Guarantee(LINEARIZABLE, "violated", anomaly_name)
    if validity == "unknown":
        return Guarantee(LINEARIZABLE, "undecided", f"{undecided} keys could not be decided")
    return Guarantee(LINEARIZABLE, "holds")


def _reasons(parts: Sequence[tuple[Any, str]]) -> tuple[str, ...]:
    """One line for each reason that parts are undecided for, the most frequent first, but not a screen full."""
    keys: dict[str, list[Any]] = {}
    for key, why in parts:
        keys.setdefault(why, []).append(key)
    shown = sorted(keys.items(), key=lambda one: -len(one[1]))[:LINES]
    lines = [f"{_named(some)} undecided: {why}" for why, some in shown]
    if more := len(parts) - sum(len(some) for _, some in shown):
        lines.append(f"{more} more keys are undecided")
    return tuple(lines)


def _named(keys: Sequence[Any]) -> str:
    first = "the history" if keys[0] is None else f"key {show(keys[0])}"
    return f"{first} is" if len(keys) == 1 else f"{first} and {len(keys) - 1} more are"
