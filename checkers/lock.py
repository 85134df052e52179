"""Locks: mutual exclusion, or only that fencing tokens grow."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from checkers import wellformed
from checkers.checker import Checker
from checkers.findings import MOST, Findings, bounded
from checkers.linearizability.checker import MEMORY, SECONDS, LinearizabilityChecker
from checkers.linearizability.model import show
from checkers.linearizability.models.mutex import FencedMutex, OwnedMutex
from checkers.verdict import STANDING, Guarantee, Validity, Verdict
from harness.history import TYPE_CODES, History
from harness.op import OK
from harness.values import NULL, is_whole

FENCED: Final = "fencing-tokens"
"""What holds where every holder gets a larger token than those before it."""


class LockChecker(LinearizabilityChecker):
    """Mutual exclusion of each lock (one for each key): a mutex that only its holder may release.

    Where the datastore gives fencing tokens, they must grow as well. A holder whose lease ran out while it still
    believed that it held the lock is a violation, whoever was paused.

    Args:
        seconds: Wall-clock time that a search may use, over all locks.
        memory: Bytes that its configurations may take at once.
        anomalies: How many locks at most are reported with a witness; the statistics count all.
    """

    name: ClassVar[str] = "lock"
    summary: ClassVar[str] = "Mutual exclusion of each lock, with fencing tokens that grow where there are any."

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY, anomalies: int = 32) -> None:
        super().__init__(OwnedMutex(), seconds, memory, anomalies)
        self.name = "lock"  # type: ignore[misc]  # of this instance

    def check(self, history: History) -> Verdict:
        """The verdict on each lock."""
        calls = history.calls()
        acquired = (calls.outcome == TYPE_CODES[OK]) & (calls.f == _code(history, "acquire"))
        self.model = FencedMutex() if (calls.result[acquired] != NULL).any() else OwnedMutex()
        return super().check(history)


class FencingChecker(Checker):
    """Only the fencing tokens of each lock: whoever acquires it later gets a larger one.

    That two clients believe that they hold the lock is no violation here: a lease may run out while its holder is
    paused, and what the lock protects must compare tokens (Kleppmann: How to do distributed locking, 2016). Exact: the
    tokens are an order of the acquires if they differ, and no acquire that ended before another began has the larger.

    Args:
        anomalies: How many anomalies of one name at most are reported with a witness; the statistics count all.
    """

    name: ClassVar[str] = "fencing-tokens"
    summary: ClassVar[str] = "The fencing tokens of each lock grow, however many believe that they hold it."
    models: ClassVar[Sequence[str]] = (FENCED,)

    def __init__(self, anomalies: int = MOST) -> None:
        self.anomalies = anomalies

    def check(self, history: History) -> Verdict:
        """The verdict on each lock."""
        findings = Findings(history, {"stale-token": (FENCED, "linearizable")}, self.anomalies)
        reasons = [f"the history is malformed: {problem}" for problem in wellformed.problems(history)]
        acquires, problems = ({}, []) if reasons else _acquires(history)
        reasons += problems
        for key, granted in acquires.items():
            _compare(granted, findings, key)
        found = findings.counts.total()
        if not found and not reasons and not acquires:
            reasons.append("no acquire succeeded, so there is no token to compare")
        validity: Validity = "invalid" if found else "unknown" if reasons else "valid"
        why = "stale-token" if found else next(iter(reasons), "")
        return Verdict(
            checker=self.name,
            validity=validity,
            anomalies=findings.anomalies,
            models=(Guarantee(FENCED, STANDING[validity], why),),
            reasons=bounded(reasons),
            statistics={
                "locks": len(acquires),
                "acquires": sum(map(len, acquires.values())),
                "stale tokens": found,
            },
        )


Granted = tuple[int, int, int]
"""Invocation and completion of an acquire, and its token."""


def _code(history: History, f: str) -> int:
    return history.fs.index(f) if f in history.fs else -1


def _acquires(history: History) -> tuple[dict[str | int | None, list[Granted]], list[str]]:
    """Per lock the acquires that succeeded, in the order of their invocations, and what is no token."""
    calls = history.calls()
    acquires: dict[str | int | None, list[Granted]] = {}
    problems = []
    for row in range(len(calls)):
        f, start = history.fs[calls.f[row]], int(calls.invoke[row])
        if f not in ("acquire", "release"):
            problems.append(f"event {start} is a {f!r}: not an operation on a lock")
        if f != "acquire" or calls.outcome[row] != TYPE_CODES[OK]:
            continue
        token: Any = calls.results[row]
        if not is_whole(token):
            problems.append(f"event {start} acquired a lock with the fencing token {show(token)}: it is not an integer")
            continue
        code = int(calls.key[row])
        key = None if code < 0 else history.keys[code]
        acquires.setdefault(key, []).append((start, int(calls.complete[row]), int(token)))
    return acquires, problems


def _compare(granted: Sequence[Granted], findings: Findings, key: str | int | None) -> None:
    """Every acquire against the largest token that was given to one that had ended before it began."""
    ended = sorted(granted, key=lambda one: one[1])
    largest: Granted | None = None
    given: dict[int, Granted] = {}
    at = 0
    for one in granted:
        while at < len(ended) and ended[at][1] < one[0]:
            largest = ended[at] if largest is None or ended[at][2] > largest[2] else largest
            at += 1
        before = largest if largest is not None and largest[2] >= one[2] else given.get(one[2])
        given.setdefault(one[2], one)
        if before is not None:
            _report(one, before, findings, key)


def _report(one: Granted, before: Granted, findings: Findings, key: str | int | None) -> None:
    findings.add(
        "stale-token",
        lambda: (
            f"{findings.did(one[0])} was given the fencing token {one[2]} at {findings.at(one[1])}, although "
            f"{findings.did(before[0])} had been given {before[2]} at {findings.at(before[1])}: so what the lock "
            f"protects cannot tell who was later"
        ),
        [one[0], before[0]],
        key,
    )
