"""A register whose datastore numbers the writes, and shows the numbers."""

from typing import Any, ClassVar, Final, Literal

import numpy as np

from checkers.linearizability import versions
from checkers.linearizability.decision import INITIAL, UNDECIDED, Conflict, Decision
from checkers.linearizability.explain import Narrator
from checkers.linearizability.model import ILLEGAL, UNKNOWN, Operation, show
from checkers.linearizability.models.register import CasRegister, columns
from checkers.linearizability.models.register_words import Sentences, word
from checkers.linearizability.operations import Operations
from checkers.linearizability.twins.zones import Columns
from harness.values import token

Known = Literal["initial", "exact", "more"]

State = tuple[Any, int, Known]
"""The stand-in of the value, a version, and whether the value has it, or a larger one that nobody showed."""

BEFORE_ALL: Final = -1


class VersionedRegister(CasRegister):
    """A register with compare-and-set, whose writes have versions: integers from 0 on, which only grow.

    A read shows the version of the write that it saw; of the initial value it shows 0, or none. With versions the order
    is known, so that any values are decided in linear time; where they are missing and cannot be concluded, the ladder
    decides.

    Args:
        initial: The value before the first write; a read of an absent key returns None.
    """

    name = "versioned-register"
    summary = "A register with reads, writes and compare-and-set, which shows the version of each write."
    versioned: ClassVar[bool] = True
    # A read may tell the version of a write that nobody told.
    pure = frozenset()

    def init(self) -> State:
        """Nothing was written yet."""
        return (token(self.initial), BEFORE_ALL, "initial")

    def step(self, state: State, op: Operation) -> Any:
        """The value with its version afterwards."""
        value = state[0]
        if op.f == "read":
            if op.result is UNKNOWN:
                return state
            return _shown(state, op.version) if value == token(op.result) else ILLEGAL
        if op.f == "write":
            return _written(state, token(op.argument), op.version)
        expected, new = map(token, op.argument)
        if op.failed:
            told = value != expected and _shown(state, op.version) is not ILLEGAL
            return state if told else ILLEGAL
        return _written(state, new, op.version) if value == expected else ILLEGAL

    def describe(self, op: Operation) -> str:
        """``read of 17 at version 4``."""
        return super().describe(op) + ("" if op.version is None else f" at version {op.version}")

    def fast(self, operations: Operations) -> Decision:
        """By the versions."""
        encoded, bad = columns(operations, self.initial)
        decision = versions.decide(encoded, operations.version)
        standing = decision.standing.copy()
        standing[list(bad)] = UNDECIDED
        return Decision(standing, {part: one for part, one in decision.conflicts.items() if part not in bad}, bad)

    def registers(self, operations: Operations) -> Columns | None:
        """They are more than registers."""
        del operations
        return None

    def explain(self, conflict: Conflict, tell: Narrator) -> tuple[str, str]:
        """What the versions show."""
        named: tuple[str, str] = getattr(_VersionSentences(tell), conflict.rule.replace("-", "_"))(conflict.rows)
        return named


def _shown(state: State, version: int | None) -> Any:
    """The state after its version was shown."""
    value, held, known = state
    if version is None:
        return state
    if known == "initial":
        return state if version == 0 else ILLEGAL
    if known == "exact":
        return state if version == held else ILLEGAL
    return (value, version, "exact") if version > held else ILLEGAL


def _written(state: State, value: Any, version: int | None) -> Any:
    """The state after a write: its version is larger than the one before."""
    held = state[1]
    if version is None:
        return (value, held, "more")
    return (value, version, "exact") if version > held else ILLEGAL


class _VersionSentences(Sentences):
    """What each rule of the versions is called, and how it is told."""

    def two_writes(self, rows: tuple[int, ...]) -> tuple[str, str]:
        first, second = map(self.tell.did, rows)
        return "duplicate-version", f"{first} and {second} got one version, which belongs to one write only"

    def value(self, rows: tuple[int, ...]) -> tuple[str, str]:
        first, second = map(self.tell.did, rows)
        return "wrong-value", f"{first} does not show the value that this version has according to {second}"

    def thin_air(self, rows: tuple[int, ...]) -> tuple[str, str]:
        (row,) = rows
        tell, op = self.tell, self.tell.operation(row)
        if not self._was_tried(row):
            return super().thin_air(rows)
        return "thin-air-read", (
            f"{tell.did(row)} saw {show(op.result)} at version {op.version}, but every operation that wrote this value "
            f"got another version"
        )

    def _was_tried(self, row: int) -> bool:
        """Whether an operation that may have happened writes the value that this one read."""
        operations = self.tell.operations
        others = (
            self.tell.operation(other) for other in np.flatnonzero(operations.part == operations.part[row]).tolist()
        )
        wanted = self.shown(row)
        return any(
            op.f != "read" and not op.failed and word(op.argument if op.f == "write" else op.argument[1]) == wanted
            for op in others
        )

    def expected(self, rows: tuple[int, ...]) -> tuple[str, str]:
        before, cas = rows
        tell = self.tell
        held = "nothing was written before" if before == INITIAL else f"the version before is {tell.did(before)}"
        return "lost-update", f"{tell.did(cas)} succeeded, although {held}"

    def rank(self, rows: tuple[int, ...]) -> tuple[str, str]:
        later, earlier = rows
        tell = self.tell
        sentence = (
            f"{tell.did(earlier)} was invoked at {tell.start(earlier)}, after {tell.did(later)} was complete at "
            f"{tell.end(later)}, and yet its version is older"
        )
        if tell.operation(earlier).f == "read":
            return "stale-read", sentence
        if tell.operation(later).f == "read" and self.shown(later) == self.shown(earlier):
            return "future-read", (
                f"{tell.did(later)} saw {self.shown(later)} and was complete at {tell.end(later)}, before the write "
                f"was invoked: {tell.did(earlier)}"
            )
        return "version-order", sentence
