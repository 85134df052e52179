"""Mutexes: who may acquire and release, and fencing tokens."""

from typing import Any

import pytest

from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.model import Model
from checkers.linearizability.models.mutex import FencedMutex, Mutex, OwnedMutex, ReentrantMutex
from harness.history import History
from harness.op import Op

Done = tuple[int, str, Any, str]
"""Process, f, result, outcome (``held`` and ``down`` are failures)."""


def validity(model: Model, *calls: Done) -> str:
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
    return LinearizabilityChecker(model).check(History(ops)).validity


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
