"""Mutexes: acquire and release."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import kernel
from checkers.linearizability.decision import UNDECIDED, Conflict, Decision
from checkers.linearizability.explain import Narrator
from checkers.linearizability.model import ILLEGAL, UNKNOWN, Model, Operation, show
from checkers.linearizability.models.mutex_words import Sentences
from checkers.linearizability.operations import Operations
from checkers.linearizability.twins.mutex import ACQUIRE, NO_TOKEN, REFUSED, RELEASE, Columns


class Mutex(Model):
    """A mutex that anybody may release."""

    name = "mutex"
    summary = "A mutex that anybody may release."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "acquire": "null; a failure `held: …` observed that somebody held it",
        "release": "null",
    }
    observed_failures = frozenset({"held"})
    pure: ClassVar[frozenset[str]] = frozenset()

    def init(self) -> Any:
        """Free."""
        return None

    def step(self, state: Any, op: Operation) -> Any:
        """Who holds it afterwards; None for nobody."""
        if op.f == "acquire":
            if op.failed:
                return ILLEGAL if state is None else state
            return op.process if state is None else ILLEGAL
        return None if state == op.process else ILLEGAL

    def describe(self, op: Operation) -> str:
        """``acquire``, ``failed acquire``, ``acquire with token 33``."""
        token = "" if op.result is None or op.result is UNKNOWN else f" with token {show(op.result)}"
        return f"{'failed ' if op.failed else ''}{op.f}{token}"

    def describe_state(self, state: Any) -> str:
        """``free``, ``held``."""
        return "free" if state is None else "held"


class OwnedMutex(Mutex):
    """A mutex that only its holder may release.

    Decided in linear time from the times at which each process certainly holds it (Gibbons, Korach: Testing shared
    memories, 1997), unless a process goes on after an outcome that it does not know.
    """

    name = "owned-mutex"
    summary = "A mutex that only its holder may release."
    resultless = frozenset({"acquire", "release"})
    per_process = True
    reentrant: ClassVar[bool] = False
    """Whether the holder may acquire again."""

    def tokens(self, operations: Operations) -> tuple[NDArray[np.int64], dict[int, str]]:
        """Per row a number in the order of the fencing tokens, and why parts have none."""
        return np.full(len(operations), NO_TOKEN, dtype=np.int64), {}

    def fast(self, operations: Operations) -> Decision:
        """Exact where what each process did has one order."""
        token, bad = self.tokens(operations)
        found = kernel.mutex(columns(operations, token, reentrant=self.reentrant))
        standing = found.standing.copy()
        standing[list(bad)] = UNDECIDED
        conflicts = {part: conflict for part, conflict in found.conflicts.items() if part not in bad}
        return Decision(standing, conflicts, bad)

    def explain(self, conflict: Conflict, tell: Narrator) -> tuple[str, str]:
        """The anomaly, in terms of who held the mutex."""
        story = Sentences(tell)
        told: tuple[str, str] = getattr(story, conflict.rule.replace("-", "_"))(conflict.rows)
        return told

    def describe_state(self, state: Any) -> str:
        """``free``, ``held by p3``."""
        return "free" if state is None else f"held by p{state}"


class FencedMutex(OwnedMutex):
    """A mutex that only its holder may release, and that gives each holder a larger token than those before.

    Kleppmann: How to do distributed locking, 2016.
    """

    name = "fenced-mutex"
    summary = "A mutex that only its holder may release, with fencing tokens that grow."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "acquire": "null; ok: the fencing token, an integer; a failure `held: …` observed that somebody held it",
        "release": "null",
    }

    resultless = frozenset({"release"})

    def tokens(self, operations: Operations) -> tuple[NDArray[np.int64], dict[int, str]]:
        """Ranks of the tokens of the acquires."""
        told = (operations.f == operations.code("acquire")) & ~operations.failed & ~operations.unanswered
        bad: dict[int, str] = {}
        used = np.unique(operations.result[told])
        values = {code: operations.values[code] for code in used.tolist()}
        strange = [code for code, value in values.items() if not _integer(value)]
        for row in np.flatnonzero(told & np.isin(operations.result, strange)).tolist():
            what = show(values[int(operations.result[row])])
            bad.setdefault(int(operations.part[row]), f"an acquire with the fencing token {what}: it is not an integer")
        rank = np.full(len(operations.values), NO_TOKEN, dtype=np.int64)
        good = sorted(set(values) - set(strange), key=values.__getitem__)
        rank[good] = np.arange(len(good))
        return np.where(told, rank[operations.result], NO_TOKEN), bad

    def init(self) -> Any:
        """Free, no token so far."""
        return (None, None)

    def step(self, state: Any, op: Operation) -> Any:
        """Who holds it afterwards, and the last token that was told."""
        holder, last = state
        after = super().step(holder, op)
        if after is ILLEGAL or op.failed or op.f == "release" or op.result is UNKNOWN:
            return ILLEGAL if after is ILLEGAL else (after, last)
        return (after, op.result) if last is None or op.result > last else ILLEGAL

    def describe_state(self, state: Any) -> str:
        """``free``, ``held by p3``, and the last token."""
        holder, last = state
        return super().describe_state(holder) + ("" if last is None else f", last token {last}")


class ReentrantMutex(OwnedMutex):
    """A mutex that its holder may acquire again, and must release as often."""

    name = "reentrant-mutex"
    summary = "A mutex that its holder may acquire again, and must release as often."
    reentrant = True

    def init(self) -> Any:
        """Free."""
        return (None, 0)

    def step(self, state: Any, op: Operation) -> Any:
        """Who holds it afterwards, and how many times."""
        holder, times = state
        if op.failed:
            return ILLEGAL if holder in {None, op.process} else state
        if op.f == "acquire":
            return (op.process, times + 1) if holder in {None, op.process} else ILLEGAL
        if holder != op.process:
            return ILLEGAL
        return (holder, times - 1) if times > 1 else (None, 0)

    def describe_state(self, state: Any) -> str:
        """``free``, ``held twice by p3``."""
        holder, times = state
        return super().describe_state(holder) + (f", {times} times" if times > 1 else "")


def _integer(value: Any) -> bool:
    return type(value) is int or (type(value) is float and value.is_integer())


def columns(operations: Operations, token: NDArray[np.int64], *, reentrant: bool) -> Columns:
    """The columns of the twin; processes are numbered densely."""
    process = operations.process
    if len(process) and (process.min() < 0 or process.max() > 4 * len(process) + 1024):
        process = np.unique(process, return_inverse=True)[1].reshape(-1).astype(np.int32)
    acquire = operations.f == operations.code("acquire")
    return Columns(
        operations.call,
        operations.ret,
        operations.optional,
        np.where(operations.failed, REFUSED, np.where(acquire, ACQUIRE, RELEASE)).astype(np.int8),
        operations.part,
        process,
        token,
        operations.parts,
        int(process.max(initial=-1)) + 1,
        reentrant,
    )
