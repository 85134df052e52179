"""Sets: add, remove, contains."""

from collections.abc import Hashable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import kernel
from checkers.linearizability.decision import Conflict, Decision
from checkers.linearizability.explain import Narrator
from checkers.linearizability.model import ILLEGAL, UNKNOWN, Model, Operation, show
from checkers.linearizability.models.set_words import Sentences
from checkers.linearizability.operations import Operations
from checkers.linearizability.parallel import outside
from checkers.linearizability.twins.set import ABSENT, ADD, NONE, PRESENT, REMOVE, TAKE, Columns
from harness.history import Calls
from harness.values import token


class Set(Model):
    """A set whose elements are added, removed and looked up one at a time; each is an object of its own.

    An element that is added at most once and removed at most once is decided in linear time, any other by search.
    """

    name = "set"
    summary = "A set whose elements are added, removed and looked up one at a time."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "add": "the element; ok: true where it was not there, false where it was, else not told",
        "remove": "the element; ok: true where it was there, false where it was not, else not told",
        "contains": "the element; ok: true or false, else not told",
    }
    pure: ClassVar[frozenset[str]] = frozenset({"contains"})
    # Without an answer nothing is told, which is what ``fast`` takes it for.
    resultless = frozenset({"add", "remove"})

    def init(self) -> Any:
        """The element is not there."""
        return False

    def step(self, state: Any, op: Operation) -> Any:
        """Whether the element is there afterwards."""
        if op.result is True or op.result is False:
            told = state != op.result if op.f == "add" else state == op.result
            if not told:
                return ILLEGAL
        return state if op.f == "contains" else op.f == "add"

    def partition(self, op: Operation) -> Hashable:
        """Each element of each set."""
        return (op.key, token(op.argument))

    def partition_codes(
        self, calls: Calls, keys: tuple[str | int, ...]
    ) -> tuple[NDArray[np.int32], tuple[Hashable, ...]]:
        """The same, from the codes of the values."""
        width = len(calls.values)
        pair = (calls.key.astype(np.int64) + 1) * width + calls.argument
        distinct, first, part = np.unique(pair, return_index=True, return_inverse=True)
        order = np.argsort(first)
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        names: list[Any] = [None, *keys]
        key, element = (codes.tolist() for codes in np.divmod(distinct[order], width))
        values = calls.values
        return place[part], tuple((names[k], token(values[e])) for k, e in zip(key, element, strict=True))

    def describe(self, op: Operation) -> str:
        """``add of 17``, ``contains 17 -> true``."""
        told = "" if op.result in (None, UNKNOWN) else f" -> {show(op.result)}"
        return f"{op.f}{' of' if op.f != 'contains' else ''} {show(op.argument)}{told}"

    def describe_state(self, state: Any) -> str:
        """``there``, ``not there``."""
        return "there" if state else "not there"

    def fast(self, operations: Operations) -> Decision:
        """Exact for each element with at most one add and one remove that may have changed something."""
        kind = kinds(operations)
        rows = np.flatnonzero(kind != NONE)
        o = operations if len(rows) == len(operations) else operations.select(rows)
        found = kernel.set_(Columns(o.call, o.ret, o.optional, kind[rows], o.part, o.parts))
        return Decision(found.standing, {part: outside(one, rows) for part, one in found.conflicts.items()})

    def explain(self, conflict: Conflict, tell: Narrator) -> tuple[str, str]:
        """The anomaly, in terms of the element."""
        sentences = Sentences(tell, kinds(tell.operations), max(conflict.rows))
        found: tuple[str, str] = getattr(sentences, conflict.rule.replace("-", "_"))(*conflict.rows)
        return found


def kinds(operations: Operations) -> NDArray[np.int8]:
    """Per row what it did or found, as ``twins.set`` has it; ``NONE`` of a lookup that tells nothing."""
    o = operations
    true, false = ((o.result == o.values.code(answer)) & ~o.unanswered for answer in (True, False))
    adds, removes = (o.f == o.code(f) for f in ("add", "remove"))
    lookup = ~adds & ~removes
    kind = np.full(len(o), NONE, dtype=np.int8)
    kind[adds] = ADD
    kind[removes] = np.where(true[removes], TAKE, REMOVE)
    kind[(lookup & true) | (adds & false)] = PRESENT
    kind[(lookup | removes) & false] = ABSENT
    return kind
