"""Mutexes: who may acquire and release, and fencing tokens."""

import random
from typing import Any

import pytest
from linearizability import histories
from linearizability.datatypes import TYPES
from linearizability.proof import model_of, twins

from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.decision import HOLDS, UNDECIDED, Conflict
from checkers.linearizability.model import Model
from checkers.linearizability.models.mutex import FencedMutex, Mutex, OwnedMutex, ReentrantMutex
from checkers.linearizability.operations import Operations, collect
from checkers.verdict import Verdict
from harness.history import History
from harness.op import Op

Done = tuple[int, str, Any, str]
"""Process, f, result, outcome (``held`` and ``down`` are failures)."""


def validity(model: Model, *calls: Done) -> str:
    """Of one operation after the other."""
    return verdict(model, *calls).validity


def verdict(model: Model, *calls: Done) -> Verdict:
    """One operation after the other."""
    ops: list[Op] = []
    for process, f, result, outcome in calls:
        failed = outcome in {"held", "down"}
        error = f"{outcome}: no" if failed else None
        kind: Any = "fail" if failed else outcome
        ops += [
            Op(0, len(ops), process, "invoke", f),
            Op(0, len(ops) + 1, process, kind, f, None, result, None, error),
        ]
    return LinearizabilityChecker(model).check(History(ops))


def acquire(process: int, token: Any = None, outcome: str = "ok") -> Done:
    return (process, "acquire", token, outcome)


def release(process: int, outcome: str = "ok") -> Done:
    return (process, "release", None, outcome)


@pytest.mark.parametrize(
    ("calls", "plain", "owned", "reentrant"),
    [
        ([acquire(1), release(1), acquire(2), release(2)], "valid", "valid", "valid"),
        ([acquire(1), acquire(2)], "invalid", "invalid", "invalid"),
        ([acquire(1), acquire(1)], "invalid", "invalid", "valid"),
        ([acquire(1), release(2)], "valid", "invalid", "invalid"),
        ([release(1)], "invalid", "invalid", "invalid"),
        ([acquire(1), acquire(1), release(1), acquire(2)], "invalid", "invalid", "invalid"),
        ([acquire(1), acquire(2, outcome="held")], "valid", "valid", "valid"),
        ([acquire(2, outcome="held"), acquire(1)], "invalid", "invalid", "invalid"),
        ([acquire(1), acquire(2, outcome="down"), release(1)], "valid", "valid", "valid"),
        ([acquire(1), acquire(1, outcome="held")], "valid", "valid", "invalid"),
        ([acquire(1), release(1, "info"), acquire(2)], "valid", "valid", "valid"),
        ([acquire(1, outcome="info"), acquire(2, outcome="held")], "valid", "valid", "valid"),
        ([acquire(1, outcome="info"), acquire(2), release(2)], "valid", "valid", "valid"),
    ],
)
def test_who_may_do_what(calls: list[Done], plain: str, owned: str, reentrant: str) -> None:
    assert [validity(model, *calls) for model in (Mutex(), OwnedMutex(), ReentrantMutex())] == [plain, owned, reentrant]


def test_fencing_tokens_grow() -> None:
    assert validity(FencedMutex(), acquire(1, 7), release(1), acquire(2, 9), release(2)) == "valid"
    assert validity(FencedMutex(), acquire(1, 7), release(1), acquire(2, 7), release(2)) == "invalid"
    assert validity(FencedMutex(), acquire(1, 7), acquire(2, 9)) == "invalid"


def anomaly(model: Model, *calls: Done) -> tuple[str, str]:
    """Name and sentence of the only one."""
    (found,) = verdict(model, *calls).anomalies
    return found.name, found.sentence


def test_two_holders_are_told_with_the_release_that_came_too_late_or_never() -> None:
    name, sentence = anomaly(OwnedMutex(), acquire(1), acquire(2), release(1))
    assert name == "double-lock"
    assert sentence == (
        "p2's acquire (0.000-0.000 s) was granted while p1 still held it since p1's acquire (0.000-0.000 s), "
        "and only then released it: p1's release (0.000-0.000 s)"
    )
    assert anomaly(OwnedMutex(), acquire(1), acquire(2))[1].endswith("(0.000-0.000 s), and never released it")
    again = anomaly(ReentrantMutex(), acquire(1), acquire(1), release(1), acquire(2))[1]
    assert again.endswith("acquired again by p1's acquire (0.000-0.000 s), and never released it in full")


def test_a_stale_token_is_told_with_the_earlier_holder() -> None:
    name, sentence = anomaly(FencedMutex(), acquire(1, 34), release(1), acquire(2, 33))
    assert name == "stale-token"
    assert "was given the fencing token 33, although an earlier holder had 34: p1's acquire with token 34" in sentence


def test_a_release_by_who_does_not_hold_it() -> None:
    assert anomaly(OwnedMutex(), acquire(1), release(2)) == (
        "release-of-free",
        "p2's release (0.000-0.000 s) succeeded, although p2 did not hold it",
    )
    twice = anomaly(OwnedMutex(), acquire(1), release(1), release(1))
    assert twice[1].endswith("it had released it before, by p1's release (0.000-0.000 s), and not acquired it again")


def test_a_refusal_while_nobody_can_have_held_it() -> None:
    name, sentence = anomaly(OwnedMutex(), acquire(1), release(1), acquire(2, outcome="held"), acquire(3))
    assert name == "refused-while-free"
    assert "the last holder had released it: p1's release" in sentence
    assert "the next to get it was p3's acquire" in sentence


@pytest.mark.parametrize(("token", "shown"), [("7", '"7"'), (7.5, "7.5"), (True, "true"), ([7], "[7]"), (None, "null")])
def test_a_token_that_is_no_integer_leaves_the_mutex_undecided(token: Any, shown: str) -> None:
    for other in (3, 9):
        found = verdict(FencedMutex(), acquire(1, token), release(1), acquire(2, other))
        assert found.validity == "unknown"
        (reason,) = found.reasons
        assert f"the fencing token {shown}: it is not an integer" in reason


def test_an_integer_is_one_however_json_writes_it() -> None:
    assert validity(FencedMutex(), acquire(1, 7.0), release(1), acquire(2, 9)) == "valid"
    assert validity(FencedMutex(), acquire(1, 7.0), release(1), acquire(2, 7)) == "invalid"


def test_whatever_an_acquire_returns_is_told() -> None:
    assert "p2's acquire with token [7] (" in anomaly(OwnedMutex(), acquire(1), acquire(2, [7]))[1]


def overlapping(*events: tuple[int, str, str]) -> Operations:
    """Process, type, f."""
    ops = [Op(0, at, process, kind, f) for at, (process, kind, f) in enumerate(events)]  # type: ignore[arg-type]  # one of the types
    return collect(History(ops), OwnedMutex())


BOTH = pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=pytest.mark.kernel)])


def standing(operations: Operations, model: OwnedMutex, *, compiled: bool) -> tuple[int, Conflict | None]:
    if compiled:
        found = model.fast(operations)
    else:
        with twins():
            found = model.fast(operations)
    return int(found.standing[0]), found.conflicts.get(0)


@BOTH
def test_a_refusal_during_an_acquire_that_is_under_way_needs_no_search(compiled: bool) -> None:
    ops = [Op(0, 0, 1, "invoke", "acquire"), Op(0, 1, 2, "invoke", "acquire")]
    ops += [Op(0, 2, 2, "fail", "acquire", error="held: by p1"), Op(0, 3, 1, "ok", "acquire")]
    held = collect(History(ops), OwnedMutex())
    assert standing(held, OwnedMutex(), compiled=compiled) == (HOLDS, None)


@BOTH
def test_a_process_that_goes_on_after_an_unknown_acquire_is_left_to_the_search(compiled: bool) -> None:
    unknown = overlapping(
        (1, "invoke", "acquire"), (1, "info", "acquire"), (1, "invoke", "release"), (1, "ok", "release")
    )
    assert standing(unknown, OwnedMutex(), compiled=compiled) == (UNDECIDED, None)


@BOTH
def test_a_process_that_goes_on_after_an_unknown_release_is_refuted_by_the_search_only(compiled: bool) -> None:
    again = [(1, "invoke", "acquire"), (1, "ok", "acquire")]
    reused = [*again, (1, "invoke", "release"), (1, "info", "release"), *again]
    assert standing(overlapping(*reused), OwnedMutex(), compiled=compiled) == (HOLDS, None)
    assert standing(overlapping(*reused, *again), OwnedMutex(), compiled=compiled) == (UNDECIDED, None)


@pytest.mark.kernel
@pytest.mark.parametrize("name", ["owned-mutex", "fenced-mutex", "reentrant-mutex"])
def test_the_kernel_finds_what_its_twin_finds(name: str) -> None:
    kind, model, rng = TYPES[name], model_of(name), random.Random(name)
    operations = collect(histories.history(kind, [histories.some(kind, rng) for _ in range(1000)]), model)
    with twins():
        twin = model.fast(operations)
    compiled = model.fast(operations)
    assert twin is not None
    assert compiled is not None
    assert compiled.standing.tolist() == twin.standing.tolist()
    assert compiled.conflicts == twin.conflicts
    assert len({conflict.rule for conflict in twin.conflicts.values()}) >= 2
