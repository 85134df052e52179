"""The four guarantees of a client session.

Terry, Demers, Petersen, Spreitzer, Theimer, Welch: Session Guarantees for Weakly Consistent Replicated Data, 1994. Each
key has one session that writes it, with growing values, so the order of its versions is known and every violation is
proven by the few operations that show it.
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any, ClassVar, Final

import msgspec

from checkers import wellformed
from checkers.checker import Checker
from checkers.findings import MOST, Findings, bounded
from checkers.linearizability.model import show
from checkers.verdict import Guarantee, Validity, Verdict
from harness.history import TYPE_CODES, Calls, History
from harness.op import FAIL, OK
from harness.values import is_whole

READ_YOUR_WRITES: Final = "read-your-writes"
MONOTONIC_READS: Final = "monotonic-reads"
MONOTONIC_WRITES: Final = "monotonic-writes"
WRITES_FOLLOW_READS: Final = "writes-follow-reads"
GUARANTEES: Final = (READ_YOUR_WRITES, MONOTONIC_READS, MONOTONIC_WRITES, WRITES_FOLLOW_READS)

VIOLATIONS: Final = {
    READ_YOUR_WRITES: "own-write-missing",
    MONOTONIC_READS: "non-monotonic-read",
    MONOTONIC_WRITES: "non-monotonic-write",
    WRITES_FOLLOW_READS: "write-without-its-reads",
}
"""Per guarantee the name of the anomaly."""

_STRONGER: Final = ("causal", "sequential", "linearizable")
_STRANGE: Final = dict.fromkeys(("thin-air-read", "aborted-read", "future-read"), _STRONGER)
_RULED_OUT: Final = _STRANGE | {
    name: (guarantee, *(() if guarantee == WRITES_FOLLOW_READS else ("pram",)), *_STRONGER)
    for guarantee, name in VIOLATIONS.items()
}

_WINDOW: Final = 16
"""How many reads back a read that is between two others is looked for."""


class SessionChecker(Checker):
    """Decides on the guarantees of each session: a session is a process, and goes on at another node after ``move``.

    ``read`` (ok: the value, or null), ``write`` of an integer, ``move`` to a node, which is where the session's reads
    go from then on.

    Args:
        guarantees: Those that count for the verdict; of the others it is only said where they stand.
        anomalies: How many anomalies of one name at most are reported with a witness; the statistics count all.
    """

    name: ClassVar[str] = "session"
    summary: ClassVar[str] = (
        "The session guarantees: read your writes, monotonic reads and writes, writes follow reads."
    )
    models: ClassVar[Sequence[str]] = GUARANTEES

    def __init__(self, guarantees: Sequence[str] = GUARANTEES, anomalies: int = MOST) -> None:
        self.guarantees = tuple(guarantees)
        self.anomalies = anomalies

    def check(self, history: History) -> Verdict:
        """The verdict on all sessions of the history."""
        problems = [f"the history is malformed: {problem}" for problem in wellformed.problems(history)]
        names = {VIOLATIONS[guarantee] for guarantee in self.guarantees} | _STRANGE.keys()
        sessions = _Sessions(history, Findings(history, _RULED_OUT, self.anomalies))
        if not problems:
            sessions.judge()
            problems = sessions.problems
        if problems:
            models = tuple(Guarantee(one, "undecided", problems[0]) for one in GUARANTEES)
            return Verdict(self.name, "unknown", models=models, reasons=bounded(problems))
        counts = sessions.findings.counts
        standings = [self._standing(one, sessions.checked[one], counts[VIOLATIONS[one]]) for one in GUARANTEES]
        reasons = [f"{one.name}: {one.why}" for one in standings if one.standing == "undecided" and self._counts(one)]
        anomalies = tuple(one for one in sessions.findings.anomalies if one.name in names)
        violated = any(counts[name] for name in names)
        validity: Validity = "invalid" if violated else "unknown" if reasons else "valid"
        reasons += [
            f"{one.name} is violated {counts[VIOLATIONS[one.name]]} times, which was not asked for"
            for one in standings
            if one.standing == "violated" and not self._counts(one)
        ]
        return Verdict(
            checker=self.name,
            validity=validity,
            anomalies=anomalies,
            models=tuple(standings),
            reasons=tuple(reasons),
            statistics={
                "sessions": sessions.count,
                "reads": sessions.reads,
                "moves": sessions.moves,
                "checked": {one: sessions.checked[one] for one in GUARANTEES},
                "violated": {one: counts[VIOLATIONS[one]] for one in GUARANTEES},
            },
        )

    def _counts(self, standing: Guarantee) -> bool:
        return standing.name in self.guarantees

    @staticmethod
    def _standing(guarantee: str, checked: int, violated: int) -> Guarantee:
        if violated:
            return Guarantee(guarantee, "violated", VIOLATIONS[guarantee])
        if not checked:
            return Guarantee(guarantee, "undecided", "no read could have shown a violation")
        return Guarantee(guarantee, "holds")


NOTHING: Final = (0, -1)
"""The version before the first write of a key; it has no event."""


class _Write(msgspec.Struct, frozen=True, gc=False):
    """A write: who, where in the session's order, which version of its key it makes (the first is 1), its event."""

    process: int
    at: int
    version: int
    event: int
    complete: int
    acknowledged: bool
    failed: bool


class _Read(msgspec.Struct, frozen=True, gc=False):
    """An ok read: where in its session's order, which version of which key (0 before the first), its event."""

    at: int
    key: int
    version: int
    event: int


class _Past:
    """What a session has done to one key, in its order: where, and the newest version up to there with its event."""

    def __init__(self) -> None:
        self._at: list[int] = []
        self._newest: list[tuple[int, int]] = []

    def add(self, at: int, version: int, event: int) -> None:
        """One more operation."""
        before = self._newest[-1] if self._newest else NOTHING
        self._at.append(at)
        self._newest.append((version, event) if version > before[0] else before)

    def before(self, at: int) -> tuple[int, int]:
        """The newest version before that place and its event."""
        place = bisect_left(self._at, at)
        return self._newest[place - 1] if place else NOTHING


class _Sessions:
    """All sessions of a history.

    Attributes:
        checked: Per guarantee, how many times a read could have shown a violation.
    """

    def __init__(self, history: History, findings: Findings) -> None:
        self.findings = findings
        self.problems: list[str] = []
        self.checked = dict.fromkeys(GUARANTEES, 0)
        self.count = self.reads = self.moves = 0
        self._history = history
        self._writes: dict[int, dict[int, _Write]] = defaultdict(dict)
        """Per key and value."""
        self._versions: dict[int, list[_Write]] = defaultdict(list)
        """Per key, in order."""
        self._wrote: dict[tuple[int, int], _Past] = defaultdict(_Past)
        self._saw: dict[tuple[int, int], _Past] = defaultdict(_Past)
        """Per session and key."""

    def judge(self) -> None:
        """Fill in everything."""
        calls = self._history.calls()
        sessions: dict[int, list[int]] = defaultdict(list)
        for row, process in enumerate(calls.process.tolist()):
            sessions[process].append(row)
            self._collect(calls, row, len(sessions[process]))
        self.count = len(sessions)
        if self.problems:
            return
        seen = {process: self._reads_of(calls, rows) for process, rows in sessions.items()}
        for process, visits in seen.items():
            for visit in visits:
                self._probe(visit)
            self._own([read for visit in visits for read in visit], process)

    def _collect(self, calls: Calls, row: int, at: int) -> None:
        """The writes, which must be one session's for each key, with growing values."""
        f, event = self._history.fs[calls.f[row]], int(calls.invoke[row])
        if f not in ("read", "write", "move"):
            self.problems.append(f"event {event} is a {f!r}: not an operation of a session")
        if f != "write":
            return
        key, value, process = int(calls.key[row]), calls.arguments[row], int(calls.process[row])
        earlier = self._versions[key]
        if not is_whole(value):
            self.problems.append(f"event {event} writes {show(value)}: it is not an integer")
            return
        if earlier and earlier[-1].process != process:
            self.problems.append(f"event {event} writes key {self._key(key)}, which another session writes as well")
        if earlier and self._value(earlier[-1]) >= value:
            self.problems.append(f"event {event} writes {show(value)}: the values of a key must grow")
        if earlier and not (earlier[-1].acknowledged or earlier[-1].failed):
            self.problems.append(
                f"event {event} writes key {self._key(key)} again, although the outcome of its last write is unknown: "
                f"which of the two is newer is not known"
            )
        done = calls.outcome[row]
        write = _Write(
            process,
            at,
            len(earlier) + 1,
            event,
            int(calls.complete[row]),
            bool(done == TYPE_CODES[OK]),
            bool(done == TYPE_CODES[FAIL]),
        )
        earlier.append(write)
        self._writes[key][int(value)] = write
        if write.acknowledged:
            self._wrote[process, key].add(at, write.version, event)

    def _value(self, write: _Write) -> Any:
        return self._history[write.event].value

    def _key(self, code: int) -> str | int | None:
        return None if code < 0 else self._history.keys[code]

    def _reads_of(self, calls: Calls, rows: Sequence[int]) -> list[list[_Read]]:
        """The reads of one session, a list for each stay at a node, whoever chose to leave it."""
        visits: list[list[_Read]] = [[]]
        stay, here, moves = 0, None, 0
        for at, row in enumerate(rows, 1):
            f, ok = self._history.fs[calls.f[row]], calls.outcome[row] == TYPE_CODES[OK]
            if f == "move":
                self.moves += bool(ok)
                moves += bool(calls.outcome[row] != TYPE_CODES[FAIL])
            elif f == "read" and ok:
                self.reads += 1
                read = self._read(calls, row, at)
                node = self._history[int(calls.complete[row])].node
                if (moves, node) != (stay, here):
                    stay, here = moves, node
                    visits.append([])
                if read is not None:
                    visits[-1].append(read)
                    self._saw[int(calls.process[row]), read.key].add(at, read.version, read.event)
        return visits

    def _read(self, calls: Calls, row: int, at: int) -> _Read | None:
        """What was read; None where nobody may have read that."""
        key, value, event = int(calls.key[row]), calls.results[row], int(calls.complete[row])
        if value is None:
            return _Read(at, key, 0, event)
        write = self._writes[key].get(int(value)) if is_whole(value) else None
        if write is not None and not write.failed and write.event < event:
            return _Read(at, key, write.version, event)
        did = f"{self.findings.did(event)} at {self.findings.at(event)} returned {show(value)} of {self._named(key)}"
        if write is None:
            self.findings.add(
                "thin-air-read", lambda: f"{did}, which nobody ever tried to write", [event], self._key(key)
            )
            return None
        name = "aborted-read" if write.failed else "future-read"
        why = "whose write had failed for certain" if write.failed else "which was written later"
        when = self.findings.at(write.event)
        self.findings.add(name, lambda: f"{did}, {why} ({when})", [event, write.event], self._key(key))
        return None

    def _named(self, key: int) -> str:
        return f"key {show(self._key(key))}"

    def _own(self, reads: Sequence[_Read], process: int) -> None:
        """Each read against what its own session wrote and read before."""
        newest: dict[int, _Read] = {}
        for read in reads:
            wrote = self._wrote.get((process, read.key))
            version, event = NOTHING if wrote is None else wrote.before(read.at)
            if version:
                self.checked[READ_YOUR_WRITES] += 1
                if read.version < version:
                    self._older(READ_YOUR_WRITES, read, event, "it had written")
            before = newest.get(read.key)
            if before is not None:
                self.checked[MONOTONIC_READS] += 1
                if read.version < before.version:
                    self._older(MONOTONIC_READS, read, before.event, "it had read")
            if before is None or read.version >= before.version:
                newest[read.key] = read

    def _older(self, guarantee: str, read: _Read, event: int, had: str) -> None:
        """A read of a version that is older than one that its session knows."""
        tell, value = self.findings, self._history[event].value

        def sentence() -> str:
            return (
                f"{tell.did(read.event)} at {tell.at(read.event)} returned {self._shown(read)} of "
                f"{self._named(read.key)}, although {had} {show(value)} at {tell.at(event)}"
            )

        tell.add(VIOLATIONS[guarantee], sentence, [read.event, event], self._key(read.key))

    def _shown(self, read: _Read) -> str:
        return show(self._history[read.event].value)

    def _probe(self, visit: Sequence[_Read]) -> None:
        """Reads that were done at one node between two reads of one version of another key.

        That version was there all the while, so what its session had written and read before must be there too.
        """
        latest: dict[int, _Read] = {}
        window: deque[_Read] = deque(maxlen=_WINDOW)
        for read in visit:
            before = latest.get(read.key)
            if before is not None and before.version == read.version > 0:
                for between in window:
                    if between.at > before.at and between.key != read.key:
                        self._between(before, between, read)
            latest[read.key] = read
            window.append(read)

    def _between(self, before: _Read, between: _Read, after: _Read) -> None:
        write = self._versions[after.key][after.version - 1]
        for guarantee, past in ((MONOTONIC_WRITES, self._wrote), (WRITES_FOLLOW_READS, self._saw)):
            known = past.get((write.process, between.key))
            version, event = NOTHING if known is None else known.before(write.at)
            if version:
                self.checked[guarantee] += 1
                if between.version < version:
                    self._missing(guarantee, (before, between, after), write, event)

    def _missing(self, guarantee: str, reads: tuple[_Read, _Read, _Read], write: _Write, event: int) -> None:
        """A write is there without something that its session had written or read before."""
        before, between, after = reads
        tell = self.findings
        did = "written" if guarantee == MONOTONIC_WRITES else "read"

        def sentence() -> str:
            return (
                f"{tell.did(between.event)} at {tell.at(between.event)} returned {self._shown(between)} of "
                f"{self._named(between.key)}, while the same node showed {self._shown(after)} of "
                f"{self._named(after.key)} before and after that; p{write.process} had {did} "
                f"{show(self._history[event].value)} of {self._named(between.key)} before it wrote that"
            )

        events = [before.event, between.event, after.event, write.event, event]
        tell.add(VIOLATIONS[guarantee], sentence, events, self._key(between.key))
