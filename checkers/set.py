"""Grow-only sets: exact linearizability of full reads, and what became of every element."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from checkers import wellformed
from checkers.checker import Checker
from checkers.linearizability.checker import MEMORY, SECONDS
from checkers.linearizability.decide import decide
from checkers.linearizability.decision import Budget
from checkers.linearizability.explain import LINEARIZABLE, Narrator, anomaly, seconds
from checkers.linearizability.model import show
from checkers.linearizability.models.grow_only_set import GrowOnlySet
from checkers.linearizability.operations import collect
from checkers.verdict import Anomaly, Guarantee, Validity, Verdict
from harness.history import NEVER, TYPE_CODES, Calls, History
from harness.op import FAIL, OK
from harness.values import token

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Add:
    """All attempts to add one element: the earliest invocation, the earliest acknowledgement."""

    call: int
    ret: int
    """Event index; ``NEVER`` when no attempt was acknowledged."""
    failed: bool
    """Every attempt failed for certain."""
    value: Any


@dataclass(frozen=True, slots=True)
class _Read:
    call: int
    ret: int
    elements: frozenset[Any]


class SetChecker(Checker):
    """Decides on a grow-only set: ``add`` v and ``read`` with the whole set as its ok value.

    Args:
        anomalies: How many anomalies of one sort at most are reported with a witness; the statistics count all.
    """

    name: ClassVar[str] = "set"
    summary: ClassVar[str] = "Elements lost, unexpected, stale or duplicated, and linearizability of full reads."
    models: ClassVar[Sequence[str]] = (LINEARIZABLE,)

    def __init__(self, anomalies: int = 32) -> None:
        self.anomalies = anomalies

    def check(self, history: History) -> Verdict:
        """The verdict on each set of the history (one for each key)."""
        broken = wellformed.problems(history)
        if broken:
            return self._undecided([f"the history is malformed: {problem}" for problem in broken])
        calls = history.calls()
        parts = [_OneSet(history, calls, code, self.anomalies) for code in np.unique(calls.key).tolist()]
        for part in parts:
            part.check()
        self._order({part.key: part for part in parts if not part.anomalies and not part.reasons}, history)
        undecided = [reason for part in parts for reason in part.reasons]
        reasons = undecided + [reason for part in parts for reason in part.unread]
        anomalies = [one for part in parts for one in part.anomalies]
        totals: Counter[str] = Counter()
        for part in parts:
            totals.update(part.statistics)
        if not parts:
            return self._undecided(["there is no operation on a set"])
        validity: Validity = "invalid" if anomalies else "unknown" if reasons else "valid"
        if anomalies:
            model = Guarantee(LINEARIZABLE, "violated", anomalies[0].name)
        elif undecided:
            model = Guarantee(LINEARIZABLE, "undecided", undecided[0])
        else:
            model = Guarantee(LINEARIZABLE, "holds")
        return Verdict(
            checker=self.name,
            validity=validity,
            anomalies=tuple(anomalies),
            models=(model,),
            reasons=tuple(reasons),
            statistics=dict(totals),
        )

    def _order(self, parts: Mapping[Any, "_OneSet"], history: History) -> None:
        """Whether what the reads returned has an order, where no element by itself is out of place."""
        model, budget = GrowOnlySet(), Budget(SECONDS, MEMORY)
        operations = collect(history, model)
        decision = decide(operations, model, budget)
        tell = Narrator(history, operations, model)
        for number, key in enumerate(operations.keys):
            if key in parts and number in decision.conflicts:
                parts[key].anomalies.append(anomaly(tell, number, decision.conflicts[number], budget))
            elif key in parts and number in decision.reasons:
                parts[key].reasons.append(decision.reasons[number])

    def _undecided(self, reasons: list[str]) -> Verdict:
        model = Guarantee(LINEARIZABLE, "undecided", reasons[0])
        return Verdict(self.name, "unknown", models=(model,), reasons=tuple(reasons))


class _OneSet:
    def __init__(self, history: History, calls: Calls, code: int, limit: int) -> None:
        self.history = history
        self.key = None if code < 0 else history.keys[code]
        self.limit = limit
        self.anomalies: list[Anomaly] = []
        self.reasons: list[str] = []
        self.unread: list[str] = []
        self.statistics: Counter[str] = Counter()
        self.adds: dict[Any, _Add] = {}
        self.reads: list[_Read] = []
        self.duplicates: list[tuple[int, list[Any]]] = []
        self._collect(calls, np.flatnonzero(calls.key == code).tolist())

    def _collect(self, calls: Calls, rows: list[int]) -> None:
        fs = self.history.fs
        for row in rows:
            f, call, ret = fs[calls.f[row]], int(calls.invoke[row]), int(calls.complete[row])
            if f == "add":
                self._add(calls, row, call, ret)
            elif f != "read":
                self.reasons.append(f"event {call} is a {f!r}: not an operation of a grow-only set")
            elif calls.outcome[row] == TYPE_CODES[OK]:
                self._read(calls.results[row], call, ret)

    def _add(self, calls: Calls, row: int, call: int, ret: int) -> None:
        value = calls.arguments[row]
        failed = bool(calls.outcome[row] == TYPE_CODES[FAIL])
        ret = NEVER if failed else ret
        name = token(value)
        old = self.adds.get(name)
        if old is None or (old.failed and not failed):
            self.adds[name] = _Add(call, ret, failed, value)
        elif not failed:
            self.adds[name] = _Add(min(old.call, call), min(old.ret, ret), failed=False, value=value)

    def _read(self, value: Any, call: int, ret: int) -> None:
        if not isinstance(value, list | tuple):
            self.reasons.append(f"event {ret} is a read whose value is {show(value)}, not a list")
            return
        names = [token(element) for element in value]
        elements = frozenset(names)
        if len(elements) < len(names):
            twice = {name for name, count in Counter(names).items() if count > 1}
            self.duplicates.append((ret, [v for n, v in zip(names, value, strict=True) if n in twice]))
        self.reads.append(_Read(call, ret, elements))

    def check(self) -> None:
        """Fill in the anomalies, the reasons and the statistics."""
        if not self.reads:
            self.reasons.append("the set was never read successfully, so nothing is known about its elements")
        self._duplicated()
        self._unexpected()
        self._missing()
        self._count()

    def _report(self, name: str, sentence: str, events: list[int]) -> None:
        """Keep an anomaly; ``events`` are one event of each witness operation."""
        if sum(one.name == name for one in self.anomalies) >= self.limit:
            return
        both = {event for each in events for event in (each, int(self.history.partner[each])) if event >= 0}
        self.anomalies.append(Anomaly(name, sentence, tuple(sorted(both)), (LINEARIZABLE,), self.key))

    def _did(self, event: int) -> str:
        op = self.history[event]
        return f"p{op.process}'s {op.f}" + ("" if op.node is None else f" ({op.node})")

    def _at(self, event: int) -> str:
        return seconds(int(self.history.time[event]))

    def _duplicated(self) -> None:
        for ret, values in self.duplicates:
            distinct = list(dict.fromkeys(map(show, values)))
            self.statistics["duplicated"] += len(distinct)
            self._report(
                "duplicate-element",
                f"{self._did(ret)} at {self._at(ret)} returned {', '.join(distinct[:_SHOWN])} more than once",
                [ret],
            )

    def _unexpected(self) -> None:
        seen: set[Any] = set()
        for read in self.reads:
            for name in read.elements - seen:
                add = self.adds.get(name)
                if add is not None and not add.failed and add.call < read.ret:
                    seen.add(name)
                    continue
                self.statistics["unexpected"] += 1
                self._report(*self._strange(name, add, read))

    def _strange(self, name: Any, add: _Add | None, read: _Read) -> tuple[str, str, list[int]]:
        did = f"{self._did(read.ret)} at {self._at(read.ret)} returned"
        if add is None:
            return "thin-air-read", f"{did} {_word(name)}, which nobody ever tried to add", [read.ret]
        if add.failed:
            return (
                "aborted-read",
                f"{did} {show(add.value)}, whose only add had failed for certain at {self._at(add.call)}",
                [read.ret, add.call],
            )
        return (
            "future-read",
            f"{did} {show(add.value)}, which was first added at {self._at(add.call)}",
            [read.ret, add.call],
        )

    def _missing(self) -> None:
        """Elements that a read must have shown: added, or returned by another read, before it was invoked."""
        known = {name: add.ret for name, add in self.adds.items() if add.ret != NEVER}
        latest: dict[Any, int] = {}
        for read in self.reads:
            for name in read.elements:
                latest[name] = max(latest.get(name, -1), read.call)
                known[name] = min(known.get(name, NEVER), read.ret)
        due = sorted(known.items(), key=lambda item: item[1])
        stale: dict[Any, _Read] = {}
        lost: dict[Any, _Read] = {}
        expected: set[Any] = set()
        at = 0
        for read in sorted(self.reads, key=lambda r: r.call):
            while at < len(due) and due[at][1] < read.call:
                expected.add(due[at][0])
                at += 1
            for name in expected - read.elements:
                (lost if latest.get(name, -1) < read.call else stale).setdefault(name, read)
        for name in sorted(lost, key=known.__getitem__):
            self._report_missing(name, lost[name], known[name], lost=True)
        for name in sorted(stale.keys() - lost.keys(), key=known.__getitem__):
            self._report_missing(name, stale[name], known[name], lost=False)
        unread = sum(name not in latest for name, _ in due[at:])
        if unread:
            self.statistics["never-read"] += unread
            self.unread.append(f"{unread} acknowledged elements were never read: no read was invoked after their add")

    def _report_missing(self, name: Any, read: _Read, when: int, *, lost: bool) -> None:
        self.statistics["lost" if lost else "stale"] += 1
        add = self.adds.get(name)
        value = _word(name) if add is None else show(add.value)
        seen = self.history[when].f == "read"
        what = f"returned by {self._did(when)}" if seen else f"acknowledged to {self._did(when)}"
        sentence = (
            f"{self._did(read.ret)}, invoked at {self._at(read.call)}, did not return {value}, although that had been "
            f"{what} at {self._at(when)}"
        )
        if lost:
            self._report("lost-write", f"{sentence}; no later read returned it", [read.ret, when])
        else:
            self._report("stale-read", f"{sentence}; a later read returned it", [read.ret, when])

    def _count(self) -> None:
        last = max(self.reads, key=lambda read: read.call).elements if self.reads else frozenset()
        acknowledged = {name for name, add in self.adds.items() if add.ret != NEVER}
        self.statistics["attempted"] += len(self.adds)
        self.statistics["acknowledged"] += len(acknowledged)
        self.statistics["reads"] += len(self.reads)
        recovered = [n for n in last if n not in acknowledged and n in self.adds and not self.adds[n].failed]
        self.statistics["recovered"] += len(recovered)


def _word(name: Any) -> str:
    """An element of which only the stand-in is at hand."""
    return name[1].decode() if isinstance(name, tuple) and isinstance(name[1], bytes) else show(name)
