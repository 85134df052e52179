"""Write isolation: of two cells that are always written together, a read must never see one without the other."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from checkers import wellformed
from checkers.checker import Checker
from checkers.findings import MOST, Findings, bounded
from checkers.linearizability.model import show
from checkers.verdict import STANDING, Guarantee, Validity, Verdict
from harness.history import TYPE_CODES, History
from harness.op import FAIL, OK
from harness.values import token

MODEL: Final = "read-atomic"

_ABOVE: Final = (MODEL, "snapshot-isolation", "serializable")
_RULED_OUT: Final = {
    "torn-row": _ABOVE,
    "thin-air-read": ("read-uncommitted", "read-committed", *_ABOVE),
    "future-read": ("read-committed", *_ABOVE),
    "aborted-read": ("read-committed", *_ABOVE),
}


class WriteIsolationChecker(Checker):
    """Rows of two cells: ``write`` ``[a, b]``, ``read`` null, ok: ``[a, b]``; null or two of them: no row.

    A row that was never written as a whole shows half of one write and half of another, whatever their order: a
    fractured read (Bailis et al.: Scalable Atomic Visibility with RAMP Transactions, 2014).

    Args:
        anomalies: How many anomalies of one name at most are reported with a witness; the statistics count all.
    """

    name: ClassVar[str] = "write-isolation"
    summary: ClassVar[str] = "Rows of two cells that are written together: rows that nobody wrote as a whole."
    models: ClassVar[Sequence[str]] = (MODEL,)

    def __init__(self, anomalies: int = MOST) -> None:
        self.anomalies = anomalies

    def check(self, history: History) -> Verdict:
        """The verdict on each row of the history (one for each key)."""
        reasons = [f"the history is malformed: {problem}" for problem in wellformed.problems(history)]
        rows = _Rows(history, Findings(history, _RULED_OUT, self.anomalies))
        if not reasons:
            rows.judge()
            reasons += rows.problems
        found = rows.findings.counts
        if not found and not reasons and not rows.reads:
            reasons.append("no read of a row succeeded, so nothing is known")
        validity: Validity = "invalid" if found else "unknown" if reasons else "valid"
        why = next(iter(found), "") or next(iter(reasons), "")
        return Verdict(
            checker=self.name,
            validity=validity,
            anomalies=rows.findings.anomalies,
            models=(Guarantee(MODEL, STANDING[validity], why),),
            reasons=bounded(reasons),
            statistics={"writes": rows.writes, "reads": rows.reads, "anomalies": dict(found)},
        )


class _Rows:
    """All rows of a history."""

    def __init__(self, history: History, findings: Findings) -> None:
        self.findings = findings
        self.problems: list[str] = []
        self.writes = self.reads = 0
        self._history = history
        self._calls = history.calls()

    def judge(self) -> None:
        """Look at every read."""
        history, calls = self._history, self._calls
        whole: dict[tuple[Any, ...], tuple[int, bool]] = {}
        cells: dict[tuple[Any, ...], int] = {}
        reads: list[tuple[int, int, list[Any]]] = []
        for row in range(len(calls)):
            f, start = history.fs[calls.f[row]], int(calls.invoke[row])
            done = calls.outcome[row]
            if f not in ("read", "write"):
                self.problems.append(f"event {start} is a {f!r}: not an operation on a row")
                continue
            value = calls.arguments[row] if f == "write" else calls.results[row]
            if f == "read" and (done != TYPE_CODES[OK] or value in (None, [None, None], (None, None))):
                self.reads += bool(done == TYPE_CODES[OK])
                continue
            if not isinstance(value, list | tuple) or len(value) != 2:  # noqa: PLR2004 - two cells
                self.problems.append(f"event {start} is a {f} of {show(value)}: not a row of two cells")
                continue
            key = int(calls.key[row])
            if f == "read":
                self.reads += 1
                reads.append((key, int(calls.complete[row]), list(value)))
                continue
            self.writes += 1
            name = (key, *map(token, value))
            failed = bool(done == TYPE_CODES[FAIL])
            if whole.get(name, (0, True))[1]:
                whole[name] = (start, failed)
            for place in (0, 1):
                cells.setdefault((key, place, name[1 + place]), start)
        if not self.problems:
            for key, event, value in reads:
                self._read(key, event, value, whole, cells)

    def _read(
        self,
        key: int,
        event: int,
        value: list[Any],
        whole: dict[tuple[Any, ...], tuple[int, bool]],
        cells: dict[tuple[Any, ...], int],
    ) -> None:
        names = tuple(map(token, value))
        write, failed = whole.get((key, *names), (None, False))
        if write is not None and not failed and write < event:
            return
        did = f"{self.findings.did(event)} at {self.findings.at(event)} returned {show(value)}"
        shown = None if key < 0 else self._history.keys[key]
        if write is not None:
            at = self.findings.at(write)
            self.findings.add(
                "aborted-read" if failed else "future-read",
                lambda: (
                    f"{did}, "
                    + (
                        f"whose only write, of {at}, had failed for certain"
                        if failed
                        else f"which was written only at {at}"
                    )
                ),
                [event, write],
                shown,
            )
            return
        origins = [cells.get((key, place, name)) for place, name in enumerate(names)]
        strange = [place for place, origin in enumerate(origins) if origin is None and value[place] is not None]
        known = [origin for origin in origins if origin is not None]
        if strange:
            self.findings.add(
                "thin-air-read",
                lambda: f"{did}: nobody ever tried to write {show(value[strange[0]])}",
                [event, *known],
                shown,
            )
            return
        parts = [
            f"{show(cell)} was written by {self.findings.did(origin)} of {self.findings.at(origin)}"
            if origin is not None
            else "there is no other cell"
            for cell, origin in zip(value, origins, strict=True)
        ]
        self.findings.add(
            "torn-row",
            lambda: f"{did}, a row that nobody wrote as a whole: {parts[0]}, {parts[1]}",
            [event, *known],
            shown,
        )
