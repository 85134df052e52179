"""Convergence: once faults are healed and nobody writes, all nodes must come to return the same value."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Any, ClassVar, Final

import msgspec
import numpy as np

from checkers import wellformed
from checkers.checker import Checker
from checkers.findings import MOST, Findings, bounded
from checkers.linearizability.model import show
from checkers.verdict import STANDING, Guarantee, Validity, Verdict
from harness.history import TYPE_CODES, Calls, History
from harness.op import FAIL, OK
from harness.values import token

MODEL: Final = "eventually-consistent"

_RULED_OUT: Final = dict.fromkeys(("not-converged", "lost-write", "thin-air-read", "aborted-read"), (MODEL,))


class ConvergenceChecker(Checker):
    """Registers that are read from every node after the last write and the last verified healing.

    Of each key the last read of every node counts. That all nodes agree is not enough: on a value that somebody wrote,
    or on none where no write was acknowledged.

    Args:
        anomalies: How many anomalies of one name at most are reported with a witness; the statistics count all.
    """

    name: ClassVar[str] = "convergence"
    summary: ClassVar[str] = "After healing all nodes return the same value of each register; how long that took."
    models: ClassVar[Sequence[str]] = (MODEL,)

    def __init__(self, anomalies: int = MOST) -> None:
        self.anomalies = anomalies

    def check(self, history: History) -> Verdict:
        """The verdict on all keys that were written."""
        reasons = [f"the history is malformed: {problem}" for problem in wellformed.problems(history)]
        keys = _Keys(history, Findings(history, _RULED_OUT, self.anomalies))
        if not reasons:
            keys.judge()
            reasons += keys.problems
        found = keys.findings.counts
        validity: Validity = "invalid" if found else "unknown" if reasons else "valid"
        why = next(iter(found), "") or next(iter(reasons), "")
        return Verdict(
            checker=self.name,
            validity=validity,
            anomalies=keys.findings.anomalies,
            models=(Guarantee(MODEL, STANDING[validity], why),),
            reasons=bounded(reasons),
            statistics=keys.statistics(),
        )


class _Read(msgspec.Struct, frozen=True, gc=False):
    """An ok read: its events, and the stand-in of what it returned."""

    invoke: int
    complete: int
    name: Any


class _Key:
    """What happened to one key: its writes by the stand-in of their value, and what each node returned in the end."""

    def __init__(self) -> None:
        self.writes: dict[Any, tuple[int, bool]] = {}
        """An event, and whether it failed for certain."""
        self.acknowledged: int | None = None
        self.times: Counter[Any] = Counter()
        self.unknown: set[Any] = set()
        """How often each value was tried to be written, and whether that has an unknown outcome."""
        self.reads: dict[str, list[_Read]] = defaultdict(list)

    def late(self, one: _Read, other: _Read) -> bool:
        """Whether the write of what ``one`` returned may have happened only after ``other`` was read."""
        if one.name not in self.unknown:
            return False
        if one.name is None or self.times[one.name] > 1:
            return True  # to have been there before says nothing
        same = (read for reads in self.reads.values() for read in reads if read.name == one.name)
        return all(read.complete > other.invoke for read in same)


class _Keys:
    """All keys of a history."""

    def __init__(self, history: History, findings: Findings) -> None:
        self.findings = findings
        self.problems: list[str] = []
        self._history = history
        self._keys: dict[int, _Key] = defaultdict(_Key)
        self._nodes: set[str] = set()
        self._took: list[float] = []
        self._converged = self._reads = 0
        self._since = "the last write"
        self._broken: str | None = None
        """A fault that was not seen healed."""

    def judge(self) -> None:
        """Fill in everything."""
        calls = self._history.calls()
        last = self._write(calls)
        if last < 0:
            self.problems.append("nothing was written, so nothing can converge")
        if self.problems:
            return
        faults = self._history.faults()
        healed = [span.verified for span in faults if span.verified is not None]
        self._broken = next((span.id for span in faults if span.verified is None), None)
        start = int(self._history.time[last])
        if healed and max(healed) >= start:
            start, self._since = max(healed), "the last verified healing"
        self._read(calls, last, start)
        written = {code: key for code, key in self._keys.items() if key.writes}
        for code, key in written.items():
            self._key(code, key, start)

    def _write(self, calls: Calls) -> int:
        """Collect the writes; the last event that belongs to one, -1 where there is none."""
        last = -1
        for row in range(len(calls)):
            start, done = int(calls.invoke[row]), calls.outcome[row]
            node = self._history[start].node
            if node is not None:
                self._nodes.add(node)
            f = self._history.fs[calls.f[row]]
            if f not in ("read", "write", "cas"):
                self.problems.append(f"event {start} is a {f!r}: not an operation of a register")
            if f == "read" or f not in ("write", "cas"):
                continue
            value = calls.arguments[row]
            if f == "cas" and (not isinstance(value, list | tuple) or len(value) != 2):  # noqa: PLR2004 - old and new
                self.problems.append(f"event {start} is a cas of {show(value)}, not of [old, new]")
                continue
            name = token(value[1] if f == "cas" else value)
            key = self._keys[int(calls.key[row])]
            failed = bool(done == TYPE_CODES[FAIL])
            if name not in key.writes or key.writes[name][1]:
                key.writes[name] = (start, failed)
            if done == TYPE_CODES[OK]:
                key.acknowledged = start
            elif not failed:
                key.unknown.add(name)
            key.times[name] += 1
            last = max(last, start, int(self._history.partner[start]))
        return last

    def _read(self, calls: Calls, last: int, start: int) -> None:
        """Collect the reads that were invoked when nobody wrote any more and all was healed."""
        reads = [code for code, f in enumerate(self._history.fs) if f == "read"]
        final = (
            np.isin(calls.f, reads)
            & (calls.outcome == TYPE_CODES[OK])
            & (calls.invoke > last)
            & (self._history.time[calls.invoke] >= start)
        )
        for row in np.flatnonzero(final).tolist():
            self._reads += 1
            complete = int(calls.complete[row])
            node = self._history[complete].node
            if node is not None:
                read = _Read(int(calls.invoke[row]), complete, token(calls.results[row]))
                self._keys[int(calls.key[row])].reads[node].append(read)

    def _key(self, code: int, key: _Key, start: int) -> None:
        silent = sorted(self._nodes - key.reads.keys())
        if silent or not key.reads:
            who = ", ".join(silent) or "any node"
            self.problems.append(
                f"no read of {self._named(code)} from {who} succeeded after the healing and last write"
            )
            return
        last = {node: max(reads, key=lambda read: read.complete) for node, reads in key.reads.items()}
        one, *others = reads = [last[node] for node in sorted(last)]
        if any(other.name != one.name for other in others):
            self._apart(code, key, reads, start)
            return
        self._converged += 1
        settled = max(self._settled(reads, one.name) for reads in key.reads.values())
        self._took.append((int(self._history.time[settled]) - start) / 1e6)
        self._agreed(code, key, one)

    def _apart(self, code: int, key: _Key, last: Sequence[_Read], start: int) -> None:
        """The nodes differ: a violation, unless a fault or a write that arrived late may be why."""
        pairs = [(one, other) for one, other in combinations(last, 2) if one.name != other.name]
        proof = next((pair for pair in pairs if not key.late(*pair) and not key.late(*reversed(pair))), None)
        if self._broken is not None:
            self.problems.append(f"nodes differ on {self._named(code)}, but {self._broken} was not seen healed")
        elif proof is None:
            self.problems.append(
                f"nodes differ on {self._named(code)}, but a write of unknown outcome may have come between the reads"
            )
        else:
            self._differ(code, *proof, start)

    @staticmethod
    def _settled(reads: Sequence[_Read], name: Any) -> int:
        """When a node first returned the value that it returned from then on."""
        settled = -1
        for read in sorted(reads, key=lambda read: read.complete, reverse=True):
            if read.name != name:
                break
            settled = read.complete
        return settled

    def _differ(self, code: int, one: _Read, other: _Read, start: int) -> None:
        tell, time = self.findings, self._history.time
        last = max(one.complete, other.complete)

        def sentence() -> str:
            words = [
                f"{tell.did(read.complete)} at {tell.at(read.complete)} returned {self._value(read)}"
                for read in (one, other)
            ]
            return (
                f"{' and '.join(words)} of {self._named(code)}: the nodes still differ "
                f"{(int(time[last]) - start) / 1e9:.3f} s after {self._since}"
            )

        tell.add("not-converged", sentence, [one.complete, other.complete], self._name(code))

    def _agreed(self, code: int, key: _Key, read: _Read) -> None:
        """What they agree on must have been written."""
        if read.name is None and key.writes.get(None, (0, True))[1]:
            if key.acknowledged is not None:
                self._wrong("lost-write", code, read, "although {} was acknowledged", key.acknowledged)
            return
        write, failed = key.writes.get(read.name, (None, False))
        if write is None:
            self._wrong("thin-air-read", code, read, "which nobody wrote", None)
        elif failed:
            self._wrong("aborted-read", code, read, "although {} had failed for certain", write)

    def _wrong(self, name: str, code: int, read: _Read, why: str, write: int | None) -> None:
        """Report what the nodes agree on; ``why`` has a place for the write."""
        tell = self.findings
        events = [read.complete] if write is None else [read.complete, write]
        argument = "" if write is None else f"{tell.did(write)} of {show(self._history[write].value)}"
        sentence = f"all nodes agree on {self._value(read)} of {self._named(code)}, {why.replace('{}', argument)}"
        tell.add(name, lambda: sentence, events, self._name(code))

    def _value(self, read: _Read) -> str:
        return show(self._history[read.complete].value)

    def _name(self, code: int) -> str | int | None:
        return None if code < 0 else self._history.keys[code]

    def _named(self, code: int) -> str:
        return f"key {show(self._name(code))}"

    def statistics(self) -> dict[str, Any]:
        """Counts, and how long it took."""
        took = {}
        if self._took:
            middle, most = np.quantile(self._took, [0.5, 1.0])
            took = {"p50": round(float(middle), 3), "max": round(float(most), 3)}
        return {
            "keys": sum(bool(key.writes) for key in self._keys.values()),
            "keys converged": self._converged,
            "final reads": self._reads,
            "converged after ms": took,
            "counted from": self._since,
            "anomalies": dict(self.findings.counts),
        }
