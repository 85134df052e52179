"""Registers: read, write, compare-and-set."""

import itertools
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import kernel, versions
from checkers.linearizability.decision import HOLDS, UNDECIDED, Conflict, Decision
from checkers.linearizability.explain import Narrator
from checkers.linearizability.ids import local_ids
from checkers.linearizability.model import ILLEGAL, Model, Operation, show
from checkers.linearizability.models.register_words import PAIR, Sentences, word
from checkers.linearizability.operations import Operations
from checkers.linearizability.twins.zones import CAS, MISMATCH, READ, WRITE, Columns
from harness.values import token


class CasRegister(Model):
    """A register with compare-and-set.

    Values that are written once are decided by zones, in linear time; repeated values and failed cas may need the
    ladder.

    Args:
        initial: The value before the first write; a read of an absent key returns None.
    """

    name = "cas-register"
    summary = "A register with reads, writes and compare-and-set."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "read": "null; ok: the value that was read",
        "write": "the value",
        "cas": "[expected, new]; a failure `cas-mismatch: …` observed another value than the expected one",
    }
    observed_failures = frozenset({"cas-mismatch"})
    resultless = frozenset({"write", "cas"})

    def __init__(self, initial: Any = None) -> None:
        self.initial = initial

    def init(self) -> Any:
        """The stand-in of the initial value."""
        return token(self.initial)

    def step(self, state: Any, op: Operation) -> Any:
        """The stand-in of the value afterwards."""
        if op.f == "read":
            return state if state == token(op.result) else ILLEGAL
        if op.f == "write":
            return token(op.argument)
        expected, new = map(token, op.argument)
        if op.failed:
            return ILLEGAL if state == expected else state
        return new if state == expected else ILLEGAL

    def describe(self, op: Operation) -> str:
        """``read of 17``, ``write of 3``, ``cas of 1 to 2``."""
        if op.f == "cas":
            return f"{'failed ' if op.failed else ''}cas of {show(op.argument[0])} to {show(op.argument[1])}"
        return f"{op.f} of {word(op.result if op.f == 'read' else op.argument)}"

    def fast(self, operations: Operations) -> Decision:
        """Zones, for each key whose values are written once; for others, versions may show that the key holds."""
        encoded, bad = columns(operations, self.initial)
        decision = kernel.zones(encoded)
        standing = decision.standing.copy()
        if (standing == UNDECIDED).any() and (operations.version >= 0).any():
            ordered = versions.decide(encoded, operations.version).standing
            standing[(standing == UNDECIDED) & (ordered == HOLDS)] = HOLDS
        standing[list(bad)] = UNDECIDED
        sound = {part: conflict for part, conflict in decision.conflicts.items() if part not in bad}
        return Decision(standing, sound, bad)

    def registers(self, operations: Operations) -> Columns | None:
        """They are registers, unless a subclass has a specification of its own."""
        own = type(self)
        if own.step is not CasRegister.step or own.init is not CasRegister.init:
            return None
        return columns(operations, self.initial)[0]

    def explain(self, conflict: Conflict, tell: Narrator) -> tuple[str, str]:
        """What the zones found."""
        named: tuple[str, str] = getattr(Sentences(tell), conflict.rule.replace("-", "_"))(conflict.rows)
        return named


class Register(CasRegister):
    """A register without compare-and-set."""

    name = "register"
    summary = "A register with reads and writes."
    vocabulary: ClassVar[Mapping[str, str]] = {f: CasRegister.vocabulary[f] for f in ("read", "write")}


def columns(operations: Operations, initial: Any) -> tuple[Columns, dict[int, str]]:
    """The columns of the zones, and the parts with a cas whose argument is no pair."""
    reads, writes, cas = (operations.f == operations.code(f) for f in ("read", "write", "cas"))
    values = operations.values
    bad: dict[int, str] = {}
    old = np.where(reads, operations.result, -1).astype(np.int64)
    new = np.where(writes, operations.argument, -1).astype(np.int64)
    rows = np.flatnonzero(cas)
    distinct, which = np.unique(operations.argument[rows], return_inverse=True)
    pairs = [values[code] for code in distinct.tolist()]
    sound = [isinstance(pair, list | tuple) and len(pair) == PAIR for pair in pairs]
    flat = list(
        itertools.chain.from_iterable(pair if ok else (None, None) for pair, ok in zip(pairs, sound, strict=True))
    )
    old[rows], new[rows] = np.array(values.codes(flat), dtype=np.int64).reshape(-1, PAIR)[which].T
    for row in rows[~np.array(sound, dtype=np.bool_)[which]].tolist():
        pair = show(values[int(operations.argument[row])])
        bad.setdefault(int(operations.part[row]), f"a cas of {pair} is not of the form [old, new]")
    f = np.where(reads, READ, np.where(writes, WRITE, np.where(operations.failed, MISMATCH, CAS))).astype(np.int8)
    new[f == MISMATCH] = -1
    first = values.code(initial)
    seen, made, count = _localise(operations.part, old, new, first, operations.parts)
    o = operations
    return Columns(o.call, o.ret, o.optional, f, o.part, seen, made, o.parts, count), bad


def _localise(
    part: NDArray[np.int32], old: NDArray[np.int64], new: NDArray[np.int64], initial: int, parts: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], int]:
    """Ids that belong to one part each: the initial values first."""
    seeing, making = np.flatnonzero(old >= 0), np.flatnonzero(new >= 0)
    home = np.concatenate([part[seeing], part[making]])
    code = np.concatenate([old[seeing], new[making]])
    first = code == initial
    ids, count = local_ids(home, code, parts)
    ids = np.where(first, home, ids + np.int32(parts))
    local = np.full((2, len(part)), -1, dtype=np.int32)
    local[0, seeing], local[1, making] = ids[: len(seeing)], ids[len(seeing) :]
    return local[0], local[1], parts + count
