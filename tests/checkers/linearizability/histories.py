"""Random histories of any data type: an object is simulated, and often something is recorded that it did not do."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from linearizability.datatypes import CasRegister
from linearizability.oracle import Row, Type

from harness.evidence import Evidence
from harness.history import History
from harness.op import Op

OPERATIONS = 10
PROCESSES = 6
UNKNOWN = 0.15


@dataclass(frozen=True)
class Done:
    """One operation: what is recorded, its interval, when it took effect (None: it did not happen).

    ``end`` is None where no completion follows. ``evidence`` is what is found out of one of unknown outcome:
    ``before`` and ``after`` are instants of the same clock, in place of events.
    """

    row: Row
    start: float
    end: float | None
    point: float | None
    error: str | None = None
    persisted: bool | None = None
    before: float | None = None
    after: float | None = None


def some(kind: Type, rng: random.Random) -> list[Done]:
    """About half of them are linearizable."""
    count = OPERATIONS if rng.random() < 0.5 else rng.randint(1, OPERATIONS)
    processes, busy = rng.randint(1, PROCESSES), rng.choice((0.1, 0.5, 2))
    plan = simulated(kind, rng, count, processes, unknown=UNKNOWN, unique=rng.random() < 0.5, busy=busy)
    if rng.random() < 0.3:
        plan = [with_evidence(rng, done) for done in plan]
    if rng.random() < 0.85:
        for _ in range(rng.choice((1, 2, 4, 8))):
            plan = disturbed(kind, rng, plan)
    return plan


def simulated(
    kind: Type, rng: random.Random, count: int, processes: int, *, unknown: float, unique: bool, busy: float = 0.5
) -> list[Done]:
    """Each operation takes effect at its point, between its start and its end."""
    free = [rng.random() for _ in range(processes)]
    names = list(range(processes))
    drawn: list[tuple[float, float, float | None, int, str, bool]] = []
    for _ in range(count):
        client = min(range(processes), key=free.__getitem__)
        start = free[client] + rng.expovariate(1 / busy)
        point = start + rng.expovariate(1)
        end: float | None = point + rng.expovariate(1)
        (f,) = rng.choices(list(kind.fs), list(kind.fs.values()))
        told = rng.random() >= unknown
        drawn.append((point if told else start + rng.expovariate(0.3), start, end, names[client], f, told))
        assert end is not None
        free[client] = end
        # What does not know its outcome is used no more, mostly.
        if not told and rng.random() < 0.8:
            names[client] = max(names) + 1
    return _played(kind, rng, drawn, unique)


def _played(kind: Type, rng: random.Random, drawn: list[Any], unique: bool) -> list[Done]:
    state, plan = kind.initial, []
    # In a long history every answer has a version: without, it is a search.
    versions = 1.0 if len(drawn) > OPERATIONS else rng.choice((0.0, 0.9, 0.9, 0.9))
    for number, (point, start, end, process, f, told) in enumerate(sorted(drawn), 1):
        argument = kind.ask(rng, f, state, number + 3 if unique else rng.randint(1, 3))
        row = Row(-1, 0, 0, process, f, argument, None, told=told, optional=not told)
        row = _numbered(kind, rng, state, row, versions)
        possible = list(kind.outcomes(state, row))
        if not possible:
            # Nobody releases what somebody else holds.
            row = _numbered(kind, rng, state, replace(row, f="acquire"), versions)
            possible = list(kind.outcomes(state, row))
        outcome = rng.choice(possible)
        if outcome.failed:
            if told:
                plan.append(Done(replace(row, failed=True, version=None), start, end, point))
            continue
        if not told:
            happened = rng.random() < 0.5
            plan.append(
                Done(
                    row,
                    start,
                    end if rng.random() < 0.8 or not _last(drawn, process, start) else None,
                    point if happened else None,
                )
            )
            state = outcome.after if happened else state
            continue
        if rng.random() < 0.04:
            plan.append(Done(replace(row, failed=True), start, end, None, error="unavailable: not done"))
            continue
        state = outcome.after
        silent = outcome.result is not None and kind.agrees(row, outcome) and rng.random() < 0.3
        result = None if silent else _shuffled(kind, rng, outcome.result)
        plan.append(Done(replace(row, result=row.result if result is None else result), start, end, point))
    return plan


def _last(drawn: list[Any], process: int, start: float) -> bool:
    """Whether the process does nothing afterwards, so that a completion may be missing."""
    return all(other[1] <= start or other[3] != process for other in drawn)


def _numbered(kind: Type, rng: random.Random, state: Any, row: Row, versions: float) -> Row:
    """With the number that the datastore gives: a version, a fencing token."""
    if kind.name == "versioned-register":
        _, low, exact = state
        if rng.random() >= versions:
            return row
        if row.f != "read":
            # Of unknown outcome, nobody was told.
            return replace(row, version=low + rng.choice((1, 1, 2))) if row.told else row
        return replace(row, version=max(low, 0) if exact else low + rng.choice((1, 2)))
    if kind.name == "fenced-mutex" and row.f == "acquire" and row.told:
        return replace(row, result=state[1] + rng.choice((1, 1, 2)))
    return row


def _shuffled(kind: Type, rng: random.Random, result: Any) -> Any:
    """Lists of a set come in any order."""
    result = _thawed(result)
    if kind.name == "grow-only-set" and isinstance(result, list):
        rng.shuffle(result)
    return result


def _thawed(value: Any) -> Any:
    return list(map(_thawed, value)) if isinstance(value, list | tuple) else value


def with_evidence(rng: random.Random, done: Done) -> Done:
    """With evidence, true of what was simulated."""
    if done.row.told or rng.random() < 0.4:
        return done
    happened = done.point is not None
    persisted = happened if rng.random() < 0.6 else None
    if done.point is None:
        return replace(done, persisted=persisted)
    return replace(
        done,
        persisted=persisted,
        before=done.point + rng.expovariate(1) if rng.random() < 0.4 else None,
        after=done.point - rng.expovariate(2) if rng.random() < 0.3 else None,
    )


def disturbed(kind: Type, rng: random.Random, plan: list[Done]) -> list[Done]:
    """The same with one operation changed: another answer, another interval, gone, or its outcome known after all."""
    if not plan:
        return plan
    choice = rng.random()
    answers = [i for i, done in enumerate(plan) if done.row.told and _says(done.row)]
    place = rng.choice(answers) if answers and choice < 0.6 else rng.randrange(len(plan))
    done = plan[place]
    told = done.row.told and done.error is None
    if choice < 0.6 and told and not done.row.failed:
        pool = [other.row.result for other in plan] + [other.row.argument for other in plan] + [None, 1, 2]
        done = replace(done, row=kind.wrong(rng, done.row, pool))
    elif choice < 0.85 and done.end is not None:
        # Within what the process was free for.
        own = [other for other in plan if other.row.process == done.row.process]
        low = max((other.end for other in own if other.end is not None and other.end <= done.start), default=0.0)
        high = min((other.start for other in own if other.start >= done.end), default=done.end + 3)
        start, end = sorted(low + (high - low) * rng.random() for _ in range(2))
        done = replace(done, start=start, end=end, before=None, after=None)
    elif choice < 0.95:
        return [*plan[:place], *plan[place + 1 :]]
    elif told and not done.row.failed and kind.failure and done.row.f != "release":
        if isinstance(kind, CasRegister) and done.row.f != "cas":
            return plan
        done = replace(done, row=replace(done.row, failed=True, result=None, version=None))
    return [*plan[:place], done, *plan[place + 1 :]]


def _says(row: Row) -> bool:
    """Whether its answer is likely to matter."""
    return not row.failed and (row.result is not None or row.argument is None)


def history(kind: Type, parts: Sequence[Sequence[Done]], gap: float = 2.0) -> History:
    """The events of many independent objects, some of which are used at once.

    The key of each is its position; processes are never shared.
    """
    events: list[tuple[float, int, Op]] = []
    found: list[tuple[int, int, Done, float]] = []
    offset, processes = 0.0, 0
    key: int | None
    for number, plan in enumerate(parts):
        key = number if len(parts) > 1 else None
        for done in plan:
            row, process = done.row, processes + done.row.process
            start = offset + done.start
            if not row.told and (done.persisted is not None or done.before is not None or done.after is not None):
                found.append((len(events), process, done, offset))
            events.append((start, len(events), Op(-1, 0, process, "invoke", row.f, key, row.argument)))
            if done.end is not None:
                events.append((offset + done.end, len(events), _completion(kind, done, key, process)))
        processes += 1 + max((done.row.process for done in plan), default=0)
        offset += gap
    ordered = sorted(events, key=lambda event: event[:2])
    whole = History([_stamped(op, at) for at, _, op in ordered])
    times = [at for at, _, _ in ordered]
    place = {serial: index for index, (_, serial, _) in enumerate(ordered)}
    return whole.with_evidence(
        [(place[serial], _evidence(done, shift, times, place[serial])) for serial, _, done, shift in found]
    )


def _stamped(op: Op, at: float) -> Op:
    return Op(-1, int(at * 1e9), op.process, op.type, op.f, op.key, op.value, None, op.error, op.version)


def _completion(kind: Type, done: Done, key: int | None, process: int) -> Op:
    row = done.row
    if not row.told:
        return Op(-1, 0, process, "info", row.f, key, row.argument, error="timeout: no answer")
    if row.failed:
        return Op(-1, 0, process, "fail", row.f, key, row.argument, error=done.error or kind.failure)
    return Op(-1, 0, process, "ok", row.f, key, row.result, version=row.version)


def _evidence(done: Done, shift: float, times: list[float], invoked: int) -> Evidence:
    """Bounds as event indexes: the first event after the one instant, the last one before the other."""
    from bisect import bisect_left, bisect_right

    after = None if done.after is None else bisect_right(times, shift + done.after) - 1
    before = None if done.before is None else bisect_left(times, shift + done.before)
    if before is not None and (before <= invoked or before >= len(times) or (after is not None and before <= after)):
        before = None
    return Evidence(
        persisted=done.persisted,
        not_before=after if after is not None and after >= 0 else None,
        not_after=before,
    )
