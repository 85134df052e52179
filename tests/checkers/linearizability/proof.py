"""One batch of random histories, decided in every way there is: by the kernel, its twin, the ladder and the oracle."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Self

import pytest
from linearizability import histories, violations
from linearizability.datatypes import TYPES
from linearizability.oracle import Row, linearizable, rows_of, stands_alone

from checkers.linearizability import kernel, search
from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.decide import decide
from checkers.linearizability.decision import HOLDS, UNDECIDED, VIOLATED, Budget, Decision
from checkers.linearizability.model import Model
from checkers.linearizability.operations import Operations, collect
from harness.history import History

WORDS = {HOLDS: "valid", VIOLATED: "invalid", UNDECIDED: "unknown"}
SHORTEST = 100
LONGEST = {"log": 1_000, "grow-only-set": 1_000, "multi-register": 300}
"""Operations of a history with a violation; 10 000 unless every read repeats everything, or all is a search."""

SEARCHED = {"stack", "priority-queue", "multi-register"}
"""Types that need a search where an outcome is unknown: in long histories it may be too much for any budget."""

ALONE = {"multi-register"}
"""All keys are one object, so that each history is decided by itself."""

SIZE = 250
"""Histories that are decided at once, as the keys of one."""


def model_of(name: str) -> Model:
    """The model of that name."""
    (point,) = entry_points(group="quorate.models", name=name)
    made: Model = point.load()()
    return made


def without_fast(model: Model) -> Model:
    """The same model, for the ladder only."""

    def nothing(self: Model, operations: Operations) -> None:
        return None

    slow: Model = type(f"Slow{type(model).__name__}", (type(model),), {"fast": nothing})()
    return slow


@contextmanager
def twins() -> Iterator[None]:
    """The NumPy twins decide, whether there is a compiled kernel or not."""
    compiled = kernel.native
    kernel.native = None  # type: ignore[assignment]  # as if it had not been built
    try:
        yield
    finally:
        kernel.native = compiled


@dataclass
class Count:
    """What became of some histories.

    ``fast`` is how many of them needed no search, ``wrong`` what is said of each that was decided otherwise than by the
    oracle.
    """

    histories: int = 0
    valid: int = 0
    fast: int = 0
    witnesses: int = 0
    wrong: list[str] = field(default_factory=list)

    def __iadd__(self, other: "Count") -> Self:
        self.histories += other.histories
        self.valid += other.valid
        self.fast += other.fast
        self.witnesses += other.witnesses
        self.wrong += other.wrong
        return self


@dataclass(frozen=True)
class Mutation:
    """What was said of a history of so many operations, before and after there was a violation in it."""

    name: str
    seed: int
    operations: int
    violation: str
    before: str
    after: str

    @property
    def caught(self) -> bool:
        """Whether the violation was, and nothing was found before."""
        return self.before != "invalid" and self.after == "invalid"


@contextmanager
def no_witnesses() -> Iterator[None]:
    """What the search refutes is not made small, which takes most of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "SHRINKING", 0.0)
        patch.setattr(search, "WITNESSES", 0)
        yield


def batch(name: str, seed: int, size: int = SIZE, *, explained: bool = True) -> Count:
    """Decide that many histories of one type; with or without looking at the witnesses and the verdict in words."""
    kind, model, rng = TYPES[name], model_of(name), random.Random(f"{name} {seed}")
    plans, count = [histories.some(kind, rng) for _ in range(size)], Count()
    for some in [[plan] for plan in plans] if name in ALONE else [plans]:
        with nullcontext() if explained else no_witnesses():
            count += _decided(name, seed, histories.history(kind, some), model, explained=explained)
    return count


def _decided(name: str, seed: int, history: History, model: Model, *, explained: bool) -> Count:
    kind, operations = TYPES[name], collect(history, model)
    if not len(operations):
        return Count()
    rows = _by_part(rows_of(kind, history), operations)
    expected = {key: "valid" if linearizable(kind, some) else "invalid" for key, some in rows.items()}
    with twins():
        twin, twin_fast = _all(operations, model)
    compiled, compiled_fast = _all(operations, model)
    ladder = decide(operations, without_fast(model), _budget())
    ways = {"kernel": compiled, "twin": twin, "ladder": ladder}
    count = Count(len(operations.keys))
    for part, key in enumerate(operations.keys):
        said = {way: WORDS[int(decision.standing[part])] for way, decision in ways.items()}
        count.valid += expected[key] == "valid"
        count.fast += int(compiled_fast[part]) != UNDECIDED
        if set(said.values()) != {expected[key]}:
            count.wrong.append(_shown(f"{name}, seed {seed}, key {key}: {said}, oracle {expected[key]}", rows[key]))
        elif int(twin_fast[part]) != int(compiled_fast[part]):
            count.wrong.append(
                _shown(
                    f"{name}, seed {seed}, key {key}: without the ladder, the kernel says "
                    f"{WORDS[int(compiled_fast[part])]}, its twin {WORDS[int(twin_fast[part])]}",
                    rows[key],
                )
            )
        elif explained and expected[key] == "invalid":
            for way, decision in ways.items():
                count.witnesses += 1
                witness = _witness(history, operations, decision, part)
                if not stands_alone(kind, rows[key], witness):
                    why = f"the witness of the {way} does not refute by itself: {sorted(witness)}"
                    rule = decision.conflicts[part].rule
                    count.wrong.append(_shown(f"{name}, seed {seed}, key {key}, rule {rule!r}: {why}", rows[key]))
    if explained and not operations.optional.all():
        # Where nothing was observed, there is no verdict as a whole.
        count.wrong += _checked(name, seed, history, model, expected)
    return count


def mutation(name: str, seed: int) -> Mutation:
    """Decide a long history that is linearizable, and the same with one violation."""
    kind, rng = TYPES[name], random.Random(f"{name} {seed} mutated")
    plan, broken, violation = [], None, ""
    while broken is None:
        count = int(SHORTEST * (LONGEST.get(name, 10_000) / SHORTEST) ** rng.random())
        unknown, busy = 0.0 if name in SEARCHED else rng.choice((0.0, 0.02, 0.05)), rng.choice((0.1, 0.5, 2))
        plan = histories.simulated(kind, rng, count, rng.randint(1, 20), unknown=unknown, unique=True, busy=busy)
        violation = rng.choice(list(violations.VIOLATIONS[name]))
        broken = violations.put_into(kind, rng, plan, violation)
    # Without the violation, some are a search that may take any time.
    before = _verdict(name, histories.history(kind, [plan]), 5.0)
    after = _verdict(name, histories.history(kind, [broken]), 60.0)
    return Mutation(name, seed, len(plan), violation, before, after)


def _verdict(name: str, history: History, seconds: float) -> str:
    verdict = LinearizabilityChecker(model_of(name), seconds).check(history)
    return f"unknown: {verdict.reasons[0]}" if verdict.reasons else verdict.validity


def _by_part(rows: dict[Any, list[Row]], operations: Operations) -> dict[Any, list[Row]]:
    """Where each element of a set is a part of its own, its operations are too."""
    if operations.keys == tuple(rows):
        return rows
    parts: dict[Any, list[Row]] = {part: [] for part in operations.keys}
    for key, some in rows.items():
        for row in some:
            parts[key, row.argument].append(row)
    return parts


def _all(operations: Operations, model: Model) -> tuple[Decision, Any]:
    """The decision, and where every part stands before the ladder."""
    fast = model.fast(operations)
    before = [UNDECIDED] * operations.parts if fast is None else fast.standing.tolist()
    return decide(operations, model, _budget()), before


def _budget() -> Budget:
    return Budget(3600.0, 1 << 30)


def _witness(history: History, operations: Operations, decision: Decision, part: int) -> set[int]:
    conflict, invoke = decision.conflicts[part], history.calls().invoke
    return {int(invoke[operations.row[row]]) for row in (*conflict.rows, *conflict.seen) if row >= 0}


def _checked(name: str, seed: int, history: History, model: Model, expected: Mapping[Any, str]) -> list[str]:
    """What is wrong with the verdict as a whole: it has to be made without an error, and counts the parts."""
    verdict = LinearizabilityChecker(type(model)(), seconds=3600.0).check(history)
    bad = sum(word == "invalid" for word in expected.values())
    said = verdict.statistics["keys violated"]
    if (verdict.validity, said) != ("invalid" if bad else "valid", bad):
        return [f"{name}, seed {seed}: the verdict is {verdict.validity} with {said} keys, but there are {bad}"]
    return [
        f"{name}, seed {seed}: an anomaly without a sentence: {anomaly}"
        for anomaly in verdict.anomalies
        if not anomaly.sentence or not anomaly.name
    ]


def _shown(what: str, rows: list[Row]) -> str:
    lines = []
    for row in rows:
        end = "never" if row.end >= 1 << 60 else row.end / 2
        words = "fail" if row.failed else "ok" if row.told else "may be" if row.optional else "certain"
        version = "" if row.version is None else f" version {row.version}"
        lines.append(
            f"    {row.event}: [{row.begin / 2:g}, {end}] p{row.process} {row.f} {row.argument!r} -> "
            f"{words} {row.result!r}{version}"
        )
    return "\n".join([what, *lines])
