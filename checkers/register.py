"""Linearizability of independent registers with reads, writes and compare-and-set."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from checkers import encode, kernel, wellformed
from checkers.checker import Checker
from checkers.columns import HOLDS, UNDECIDED, VIOLATED, Budget
from checkers.explain import LINEARIZABLE, Explainer, show
from checkers.verdict import Model, Validity, Verdict
from harness.history import History


class RegisterChecker(Checker):
    """Decides, key by key, whether registers are linearizable.

    Args:
        initial: The value of every register before the first write; a read of an absent key returns None.
        seconds: Wall-clock time that the search for repeated values and failed cas may use, over all keys.
        configurations: Search states that it may hold at once, about 250 bytes each.
        anomalies: How many keys at most are reported with a witness; the statistics count all.
    """

    name: ClassVar[str] = "register"
    summary: ClassVar[str] = "Linearizability of each register under reads, writes and compare-and-set."
    models: ClassVar[Sequence[str]] = (LINEARIZABLE,)

    def __init__(
        self, initial: Any = None, seconds: float = 60.0, configurations: int = 1_000_000, anomalies: int = 32
    ) -> None:
        self.initial = initial
        self.seconds = seconds
        self.configurations = configurations
        self.anomalies = anomalies

    def check(self, history: History) -> Verdict:
        """The verdict: every key on its own, for linearizability is local."""
        broken = wellformed.problems(history)
        if broken:
            return self._undecided(tuple(f"the history is malformed: {problem}" for problem in broken))
        encoded = encode.register(history, self.initial)
        columns = encoded.columns
        if not len(columns):
            return self._undecided(("no operation on a register was completed, so there is nothing to decide",))
        decision = kernel.decide(columns, Budget(self.seconds, self.configurations))
        standing = decision.standing.copy()
        standing[list(encoded.unusable)] = UNDECIDED
        violated = np.flatnonzero(standing == VIOLATED).tolist()
        explainer = Explainer(history, encoded)
        first = sorted(violated, key=lambda key: max(decision.conflicts[key].rows))[: self.anomalies]
        found = tuple(explainer.anomaly(key, decision.conflicts[key]) for key in first)
        reasons = {**decision.reasons, **encoded.unusable}
        undecided: list[int] = np.flatnonzero(standing == UNDECIDED).tolist()
        validity: Validity = "invalid" if violated else "unknown" if undecided else "valid"
        return Verdict(
            checker=self.name,
            validity=validity,
            anomalies=found,
            models=(self._model(validity, found[0].name if found else "", len(undecided)),),
            reasons=_reasons([(encoded.keys[key], reasons[key]) for key in undecided]),
            statistics={
                "operations": len(columns),
                "keys": columns.keys,
                "keys holding": int((standing == HOLDS).sum()),
                "keys violated": len(violated),
                "keys undecided": len(undecided),
                "keys searched": decision.searched,
            },
        )

    def _model(self, validity: Validity, anomaly: str, undecided: int) -> Model:
        if validity == "invalid":
            return Model(LINEARIZABLE, "violated", anomaly)
        if validity == "unknown":
            return Model(LINEARIZABLE, "undecided", f"{undecided} keys could not be decided")
        return Model(LINEARIZABLE, "holds")

    def _undecided(self, reasons: tuple[str, ...]) -> Verdict:
        return Verdict(
            checker=self.name,
            validity="unknown",
            models=(Model(LINEARIZABLE, "undecided", reasons[0]),),
            reasons=reasons,
        )


def _reasons(keys: Sequence[tuple[str | int | None, str]]) -> tuple[str, ...]:
    """One line for each undecided key, but not a screen full."""
    shown = [f"{'the register' if key is None else f'key {show(key)}'} is undecided: {why}" for key, why in keys[:8]]
    if len(keys) > len(shown):
        shown.append(f"{len(keys) - len(shown)} more keys are undecided")
    return tuple(shown)
