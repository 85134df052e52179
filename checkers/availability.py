"""Availability: what each fault cost the clients, and how long recovery took."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from checkers.checker import Checker
from checkers.verdict import Verdict
from harness.history import TYPE_CODES, FaultSpan, History
from harness.op import NEMESIS, OK


class AvailabilityChecker(Checker):
    """Measures ok operations before, during and after each fault; unknown only when nothing ever succeeded again."""

    name: ClassVar[str] = "availability"
    summary: ClassVar[str] = "Successful operations around each fault, the longest gap, and the time to recover."

    def check(self, history: History) -> Verdict:
        """Valid unless no operation succeeded after a fault was healed although some were tried."""
        clients = history.process != NEMESIS
        ok = history.time[clients & (history.type == TYPE_CODES[OK])]
        tried = history.time[clients]
        end = int(history.time[-1]) if len(history) else 0
        faults = [_around(span, ok, end) for span in history.faults()]
        reasons = [
            f"no operation succeeded after {fault['id']} was healed"
            for fault in faults
            if fault["healed"] is not None and not fault["ok_after"] and (tried > fault["healed"]).any()
        ]
        return Verdict(
            checker=self.name,
            validity="unknown" if reasons else "valid",
            reasons=tuple(reasons),
            statistics={"ok": len(ok), "longest_gap_s": _gap(ok, 0, end), "faults": faults},
        )


def _around(span: FaultSpan, ok: NDArray[np.int64], end: int) -> dict[str, Any]:
    """The figures of one fault; instants in nanoseconds since the start, durations in seconds."""
    start = span.requested if span.effective is None else span.effective
    stop = end if span.healed is None else span.healed
    during = int(((ok >= start) & (ok < stop)).sum())
    after = ok[ok >= stop]
    recovered = span.healed is not None and len(after) > 0
    return {
        "id": span.id,
        "fault": span.fault,
        "words": span.words,
        "effective": span.effective,
        "healed": span.healed,
        "ok_before": int((ok < start).sum()),
        "ok_during": during,
        "ok_after": len(after),
        "ok_per_s_during": round(during / ((stop - start) / 1e9), 3) if stop > start else None,
        "longest_gap_s": _gap(ok, start, stop),
        "recovery_s": round((int(after[0]) - stop) / 1e9, 6) if recovered else None,
    }


def _gap(ok: NDArray[np.int64], start: int, stop: int) -> float:
    """The longest time in seconds between two successes, or between one and either end."""
    inside = ok[(ok >= start) & (ok <= stop)]
    edges = np.concatenate([[start], inside, [max(start, stop)]])
    return round(float(np.diff(edges).max()) / 1e9, 6)
