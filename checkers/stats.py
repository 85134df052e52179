"""What the clients did: counts and latencies."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from checkers.checker import Checker
from checkers.verdict import Verdict
from harness.history import TYPE_CODES, History
from harness.op import FAIL, INFO, OK

QUANTILES = (0.5, 0.9, 0.99, 0.999, 1.0)


class StatsChecker(Checker):
    """Counts operations by f and outcome, with latencies; unknown when some f never succeeded."""

    name: ClassVar[str] = "stats"
    summary: ClassVar[str] = "Counts and latencies of the operations; every kind of them must have succeeded once."

    def check(self, history: History) -> Verdict:
        """Valid when each f of the clients has at least one ok."""
        calls = history.calls()
        by_f = {
            name: _summary(history, calls.invoke[calls.f == code], calls.outcome[calls.f == code])
            for code, name in enumerate(history.fs)
            if (calls.f == code).any()
        }
        reasons = [f"no {name} was ok, of {counts['count']}" for name, counts in by_f.items() if not counts["ok"]]
        if not by_f:
            reasons = ["the clients did nothing at all"]
        return Verdict(
            checker=self.name,
            validity="unknown" if reasons else "valid",
            reasons=tuple(reasons),
            statistics={**_summary(history, calls.invoke, calls.outcome), "by_f": by_f},
        )


def _summary(history: History, invoke: NDArray[np.int32], outcome: NDArray[np.int8]) -> dict[str, Any]:
    counts = {name: int((outcome == TYPE_CODES[name]).sum()) for name in (OK, FAIL, INFO)}
    done = invoke[outcome == TYPE_CODES[OK]]
    latency = (history.time[history.partner[done]] - history.time[done]) / 1e6
    quantiles = {}
    if len(latency):
        values = np.quantile(latency, QUANTILES)
        quantiles = {f"p{100 * q:g}": round(float(v), 3) for q, v in zip(QUANTILES, values, strict=True)}
    return {"count": len(invoke), **counts, "ok latency ms": quantiles}
