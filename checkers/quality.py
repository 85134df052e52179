"""Run quality: whether the run was good enough for its other verdicts to mean anything."""

from collections import Counter
from typing import ClassVar

import numpy as np

from checkers import wellformed
from checkers.checker import Checker
from checkers.verdict import Verdict
from harness.history import TYPE_CODES, History
from harness.op import FAIL, INFO, INVOKE, NEMESIS, OK

_UNMAPPED = "unmapped:"


class QualityChecker(Checker):
    """Unknown when too little was done, or faults were not what they should have been.

    Args:
        minimum_ok: Fewer successful operations than this decide nothing.
        minimum_ok_share: The same as a share of all operations, 0 to 1.
        maximum_unmapped: More errors than this that no client's table of errors knows.
    """

    name: ClassVar[str] = "quality"
    summary: ClassVar[str] = "Whether enough was done, and every fault took effect and was healed."

    def __init__(self, minimum_ok: int = 10, minimum_ok_share: float = 0.01, maximum_unmapped: int = 0) -> None:
        self.minimum_ok = minimum_ok
        self.minimum_ok_share = minimum_ok_share
        self.maximum_unmapped = maximum_unmapped

    def check(self, history: History) -> Verdict:
        """Valid when no reason for doubt was found."""
        calls = history.calls()
        ok = int((calls.outcome == TYPE_CODES[OK]).sum())
        unmapped = self._unmapped(history)
        reasons = [f"the history is malformed: {problem}" for problem in wellformed.problems(history)]
        if ok < self.minimum_ok:
            reasons.append(f"only {ok} operations were ok, at least {self.minimum_ok} are needed")
        elif ok < self.minimum_ok_share * len(calls):
            reasons.append(
                f"only {ok} of {len(calls)} operations were ok, at least {self.minimum_ok_share:.0%} are needed"
            )
        if unmapped.total() > self.maximum_unmapped:
            kinds = "; ".join(f"{text} ({count} times)" for text, count in unmapped.most_common(3))
            reasons.append(f"{unmapped.total()} client errors are in no table of errors: {kinds}")
        reasons += self._faults(history)
        spans = history.faults()
        return Verdict(
            checker=self.name,
            validity="unknown" if reasons else "valid",
            reasons=tuple(reasons),
            statistics={
                "operations": len(calls),
                "ok": ok,
                "unmapped errors": unmapped.total(),
                "faults": len(spans),
                "faults effective": sum(span.effective is not None for span in spans),
                "faults healed": sum(span.verified is not None for span in spans),
            },
        )

    @staticmethod
    def _unmapped(history: History) -> Counter[str]:
        ended = (history.type == TYPE_CODES[INFO]) | (history.type == TYPE_CODES[FAIL])
        rows = np.flatnonzero(ended & (history.process != NEMESIS)).tolist()
        errors = (history[row].error or "" for row in rows)
        return Counter(error.removeprefix(_UNMAPPED).strip() for error in errors if error.startswith(_UNMAPPED))

    @staticmethod
    def _faults(history: History) -> list[str]:
        """What was wrong with the faults; asked for are those that the nemesis was invoked for."""
        spans = history.faults()
        reasons = []
        for span in spans:
            if span.effective is None:
                reasons.append(
                    f"{span.id} ({span.words}) never took effect: {span.problem or 'its effect was not seen'}"
                )
            elif span.verified is None:
                reasons.append(
                    f"{span.id} ({span.words}) was not seen healed: {span.problem or 'no healing is recorded'}"
                )
            elif span.problem:
                reasons.append(f"{span.id} ({span.words}) did not go as planned: {span.problem}")
        asked = (history.process == NEMESIS) & (history.type == TYPE_CODES[INVOKE])
        wanted = [event for event in np.flatnonzero(asked).tolist() if _injects(history[event].value)]
        reasons += filter(None, (_not_tried(history, event) for event in wanted))
        if wanted and not any(span.effective is not None for span in spans):
            reasons.append(f"faults were asked for {len(wanted)} times, and none took effect")
        return reasons


def _not_tried(history: History, event: int) -> str:
    """Why a fault that was asked for has no span of its own; empty when it has one, or when nothing fitted it."""
    asked, partner = history[event], int(history.partner[event])
    when = f"{asked.f} was asked for at {asked.time / 1e9:.3f} s"
    if partner < 0:
        return f"{when}, and what became of it is not recorded"
    done = history[partner]
    if done.type != INFO or (isinstance(done.value, dict) and "id" in done.value):
        return ""
    return f"{when}, and not injected: {done.error}"


def _injects(value: object) -> bool:
    return isinstance(value, dict) and value.get("phase") == "inject"
