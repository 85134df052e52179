"""Counters: exact linearizability of unit increments, bounds for any others."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from checkers import wellformed
from checkers.checker import Checker
from checkers.linearizability.explain import LINEARIZABLE, seconds
from checkers.linearizability.model import show
from checkers.verdict import Anomaly, Guarantee, Validity, Verdict
from harness.history import NEVER, TYPE_CODES, Calls, History
from harness.op import FAIL, OK


@dataclass(frozen=True, slots=True)
class _Op:
    call: int
    ret: int
    amount: int
    """What an add adds, or what a read returned (without the initial value)."""


class CounterChecker(Checker):
    """Decides on a counter: ``add`` delta and ``read`` with an integer as its ok value.

    Exact when every delta is 1. For other deltas every read must lie between the smallest and the largest sum that the
    adds before and around it allow; what passes that test is ``undecided``, for the exact question is NP-hard.

    Args:
        initial: The value before the first add; a read of None also means it.
        anomalies: How many reads at most are reported with a witness; the statistics count all.
    """

    name: ClassVar[str] = "counter"
    summary: ClassVar[str] = "Linearizability of a counter: exact for increments of 1, bounds for others."
    models: ClassVar[Sequence[str]] = (LINEARIZABLE,)

    def __init__(self, initial: int = 0, anomalies: int = 32) -> None:
        self.initial = initial
        self.anomalies = anomalies

    def check(self, history: History) -> Verdict:
        """The verdict on each counter of the history (one for each key)."""
        broken = wellformed.problems(history)
        if broken:
            reasons = [f"the history is malformed: {problem}" for problem in broken]
            return Verdict(
                self.name, "unknown", models=(Guarantee(LINEARIZABLE, "undecided", reasons[0]),), reasons=(*reasons,)
            )
        calls = history.calls()
        parts = [_OneCounter(history, calls, code, self) for code in np.unique(calls.key).tolist()]
        anomalies = [anomaly for part in parts for anomaly in part.check()]
        undecided = [reason for part in parts for reason in part.undecided]
        if not parts:
            undecided = ["there is no operation on a counter"]
        validity: Validity = "invalid" if anomalies else "unknown" if undecided else "valid"
        if anomalies:
            model = Guarantee(LINEARIZABLE, "violated", anomalies[0].name)
        elif undecided:
            model = Guarantee(LINEARIZABLE, "undecided", undecided[0])
        else:
            model = Guarantee(LINEARIZABLE, "holds")
        return Verdict(
            checker=self.name,
            validity=validity,
            anomalies=tuple(anomalies[: self.anomalies]),
            models=(model,),
            reasons=tuple(undecided),
            statistics={
                "adds": sum(len(part.adds) for part in parts),
                "reads": sum(len(part.reads) for part in parts),
                "violations": len(anomalies),
            },
        )


class _OneCounter:
    def __init__(self, history: History, calls: Calls, code: int, settings: CounterChecker) -> None:
        self.history = history
        self.key = None if code < 0 else history.keys[code]
        self.initial = settings.initial
        self.adds: list[_Op] = []
        self.reads: list[_Op] = []
        self.undecided: list[str] = []
        for row in np.flatnonzero(calls.key == code).tolist():
            self._take(calls, row)
        if not self.reads and not self.undecided:
            self.undecided.append("the counter was never read successfully, so nothing is known about it")

    def _take(self, calls: Calls, row: int) -> None:
        f, call, ret = self.history.fs[calls.f[row]], int(calls.invoke[row]), int(calls.complete[row])
        outcome = calls.outcome[row]
        if f == "add":
            amount = calls.arguments[row]
            if outcome == TYPE_CODES[FAIL] or amount == 0:
                return
            if type(amount) is not int:
                self.undecided.append(f"event {call} adds {show(amount)}, which is not an integer")
                return
            self.adds.append(_Op(call, ret, amount))
        elif f != "read":
            self.undecided.append(f"event {call} is a {f!r}: not an operation of a counter")
        elif outcome == TYPE_CODES[OK]:
            value: Any = calls.results[row]
            value = self.initial if value is None else value
            if type(value) is not int:
                self.undecided.append(f"event {ret} is a read of {show(value)}, which is not an integer")
                return
            self.reads.append(_Op(call, ret, value - self.initial))

    def check(self) -> list[Anomaly]:
        """The anomalies; an operation that is no operation of a counter leaves it undecided."""
        if self.undecided:
            return []
        found = self._bounds()
        if found:
            return found
        if all(add.amount == 1 for add in self.adds):
            return self._unit()
        self.undecided.append(
            "adds other than 1: every read lies within its bounds, whether one order explains all is open"
        )
        return []

    def _bounds(self) -> list[Anomaly]:
        """Reads outside what the adds that certainly, and possibly, came before them allow."""
        if not self.reads:
            return []
        low = _Sums([(add.ret, add.amount) for add in self.adds if add.amount > 0 and add.ret != NEVER])
        low_down = _Sums([(add.call, add.amount) for add in self.adds if add.amount < 0])
        high = _Sums([(add.call, add.amount) for add in self.adds if add.amount > 0])
        high_down = _Sums([(add.ret, add.amount) for add in self.adds if add.amount < 0 and add.ret != NEVER])
        found = []
        for read in self.reads:
            least = low.before(read.call) + low_down.before(read.ret)
            most = high.before(read.ret) + high_down.before(read.call)
            if read.amount < least:
                found.append(self._low(read, least))
            elif read.amount > most:
                found.append(self._high(read, most))
        return found

    def _anomaly(self, name: str, sentence: str, events: Sequence[int], data: dict[str, Any]) -> Anomaly:
        both = {event for each in events for event in (each, int(self.history.partner[each])) if event >= 0}
        return Anomaly(name, sentence, tuple(sorted(both)), (LINEARIZABLE,), self.key, data)

    def _did(self, read: _Op) -> str:
        op = self.history[read.ret]
        node = "" if op.node is None else f"{op.node}, "
        start, end = (seconds(int(self.history.time[event])) for event in (read.call, read.ret))
        return f"p{op.process}'s read of {read.amount + self.initial} ({node}{start.removesuffix(' s')}-{end})"

    def _low(self, read: _Op, least: int) -> Anomaly:
        sure = [add.call for add in self.adds if add.amount > 0 and add.ret < read.call]
        later = any(other.amount >= least and other.call > read.ret for other in self.reads)
        sentence = (
            f"{self._did(read)} is below {least + self.initial}, the least that the adds acknowledged before it was "
            f"invoked allow"
        )
        name = "stale-read" if later else "lost-write"
        if not later:
            sentence += "; no later read made up for it"
        return self._anomaly(name, sentence, [*sure[-1:], read.call], {"least": least + self.initial})

    def _high(self, read: _Op, most: int) -> Anomaly:
        sentence = (
            f"{self._did(read)} is above {most + self.initial}, the most that all adds invoked before it returned allow"
        )
        return self._anomaly("thin-air-read", sentence, [read.call], {"most": most + self.initial})

    def _unit(self) -> list[Anomaly]:
        """Exact for increments of 1.

        The v-th increment happens in a window: after the invocation of every read that returned less than v, before the
        return of every read that returned v or more. The windows move forward with v, so giving each one an increment
        is a matching of intervals, and earliest deadline first finds it: once to fill the windows that reads need, once
        to place every acknowledged increment.
        """
        top = max((read.amount for read in self.reads), default=0)
        count = len(self.adds)
        last: list[_Op | None] = [None] * (count + 2)
        for read in self.reads:
            if last[read.amount + 1] is None or read.call > last[read.amount + 1].call:  # type: ignore[union-attr]  # not None
                last[read.amount + 1] = read
        first: list[_Op | None] = [None] * (count + 2)
        for read in self.reads:
            if first[read.amount] is None or read.ret < first[read.amount].ret:  # type: ignore[union-attr]  # not None
                first[read.amount] = read
        for v in range(1, count + 1):
            last[v] = _pick(last[v], last[v - 1], later=True)
        for v in range(count - 1, -1, -1):
            first[v] = _pick(first[v], first[v + 1], later=False)
        windows = []
        for v in range(1, count + 1):
            low, high = last[v], first[v]
            if low is not None and high is not None and low.call > high.ret:
                return [self._backwards(high, low)]
            windows.append((low.call if low else -1, high.ret if high else NEVER))
        filled = _matched(windows[:top], [(add.call, add.ret) for add in self.adds], windows_all=True)
        placed = _matched(windows, [(add.call, add.ret) for add in self.adds if add.ret != NEVER], windows_all=False)
        if filled and placed:
            return []
        reads = sorted(self.reads, key=lambda read: read.ret)
        what = "acknowledged adds are missing from" if not placed else "too few adds were under way for"
        sentence = f"No order of the adds explains the values of all reads: {what} some of them"
        return [self._anomaly("not-linearizable", sentence, [read.call for read in reads[-2:]], {})]

    def _backwards(self, earlier: _Op, later: _Op) -> Anomaly:
        sentence = f"{self._did(later)} was invoked after {self._did(earlier)} was complete, and returned less"
        return self._anomaly("stale-read", sentence, [earlier.call, later.call], {})


class _Sums:
    """The sum of the amounts whose event lies before another event."""

    def __init__(self, amounts: list[tuple[int, int]]) -> None:
        amounts.sort()
        self._events = np.array([event for event, _ in amounts], dtype=np.int64)
        self._sums = [0]
        for _, amount in amounts:
            self._sums.append(self._sums[-1] + amount)

    def before(self, event: int) -> int:
        return self._sums[int(np.searchsorted(self._events, event))]


def _pick(one: _Op | None, two: _Op | None, *, later: bool) -> _Op | None:
    """The read with the later invocation, or with the earlier return."""
    if one is None or two is None:
        return one or two
    if later:
        return one if one.call >= two.call else two
    return one if one.ret <= two.ret else two


def _matched(windows: list[tuple[int, int]], adds: list[tuple[int, int]], *, windows_all: bool) -> bool:
    """Whether each window gets an add (or, if not ``windows_all``, each add a window), all different.

    An add ``(call, ret)`` fits a window ``(low, high)`` when the two have an instant in common.
    """
    adds = sorted(adds)
    ready: list[int] = []
    at = placed = 0
    for low, high in windows:
        while at < len(adds) and adds[at][0] < high:
            heapq.heappush(ready, adds[at][1])
            at += 1
        if windows_all:
            while ready and ready[0] < low:
                heapq.heappop(ready)
        elif ready and ready[0] < low:
            return False
        if ready:
            heapq.heappop(ready)
            placed += 1
        elif windows_all:
            return False
    return placed == (len(windows) if windows_all else len(adds))
