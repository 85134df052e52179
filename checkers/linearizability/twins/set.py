"""Linearizability of one element of a set that is added at most once and removed at most once.

An add that answered false found the element there and changed nothing, a remove that answered false missed it: both are
lookups. A remove that answered true is known to have come after the add. With one add and one remove left, all orders
have one of two shapes: (a) what missed the element, and the remove if it comes first; the add; what found it; or
(b) some of what missed it, the add, what found it, the remove, the rest of what missed it. A total preorder that
contains real time has an order with both (Gibbons and Korach's argument), so a shape is possible iff no operation
returned before one of an earlier class was invoked. Let ``until`` be the earliest completion of the add and of what
found the element, and ``since`` the latest invocation of the remove and of what found it. What found it must not be
complete before the add is invoked; besides,

- shape (a): what missed it, and a remove that happened, is invoked before ``until``;
- shape (b): the add, and what found it, is invoked before the remove is complete, and each that missed it is invoked
  before ``until`` (it can be before the add) or complete after ``since`` (it can be after the remove). No choice
  between the two hurts: what is invoked after ``until`` is complete after all that is invoked before it.

An add of unknown outcome happened iff something found the element. Several adds, or several removes, are undecided.

Gibbons, Korach: Testing shared memories, SIAM J. Comput. 26(4), 1997.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import HOLDS, NEVER, UNDECIDED, VIOLATED, Conflict, Decision

RULES: Final = ("thin-air", "future", "vanished", "early", "between", "removed", "returned", "order")
"""What a conflict's rows mean; ``shown`` is the add or what found the element, and was complete at ``until``:

- ``thin-air``: (found,) an element that nobody can have added;
- ``future``: (found, add): it was complete before the only add was invoked;
- ``vanished``: (shown, missed): invoked after ``shown`` was complete, and nobody can have removed the element;
- ``early``: (shown, missed, remove): the same, and complete before the only remove was invoked;
- ``between``: (shown, missed, again): the same, and complete before one was invoked that found the element;
- ``removed``: (remove, again): the remove found the element, and was over before another one that did was invoked;
- ``returned``: (shown, remove, again): the same, as the remove was invoked after ``shown`` was complete;
- ``order``: (shown, missed, remove, first): missed after ``shown`` was complete, while the only remove was over before
  ``first``, the add or what found the element, was invoked.
"""

ROWS: Final[Mapping[str, int]] = dict(zip(RULES, (1, 2, 2, 3, 3, 2, 3, 4), strict=True))
"""Per rule, how many rows."""

PRESENT, ABSENT, ADD, REMOVE, TAKE = range(5)
"""Kinds of operations: it found the element, it missed it, an add, a remove, and a remove that found the element."""

NONE: Final = -1

_Rows = NDArray[np.int64]
"""One row for each part, or ``NONE``."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Operations in the order of their invocations. No event index occurs twice.

    Args:
        call: int32, event index of the invocation.
        ret: int32, event index after which it cannot have happened; ``NEVER`` where there is none.
        optional: bool, an add or a remove that may not have happened at all.
        f: int8, the kind: ``PRESENT`` to ``TAKE``.
        part: int32, which element; dense from 0.
        parts: Number of elements.
    """

    call: NDArray[np.int32]
    ret: NDArray[np.int32]
    optional: NDArray[np.bool_]
    f: NDArray[np.int8]
    part: NDArray[np.int32]
    parts: int


def decide(columns: Columns) -> Decision:
    """Exact for elements with at most one add and one remove that changed or may have changed something."""
    return with_proof(_Check(columns).run())


def with_proof(decision: Decision) -> Decision:
    """What follows the rows of a rule shows that the add happened."""
    conflicts = {
        part: replace(one, rows=one.rows[: ROWS[one.rule]], seen=one.rows[ROWS[one.rule] :])
        for part, one in decision.conflicts.items()
    }
    return replace(decision, conflicts=conflicts)


class _Check:
    """All elements at once: every attribute has an entry for each."""

    def __init__(self, columns: Columns) -> None:
        self._c = c = columns
        removing = c.f >= REMOVE
        self.add, self.remove = self._last(c.f == ADD), self._last(removing)
        self.many = self._several(c.f == ADD) | self._several(removing)
        found = c.f == PRESENT
        self.last_found, self.last_missed = self._last(found), self._last(c.f == ABSENT)
        self.found = self._last(found, -c.ret.astype(np.int64))
        self.taken = _at(c.f, self.remove, ABSENT) == TAKE
        self.add_call, self.add_ret = _at(c.call, self.add, NEVER), _at(c.ret, self.add, NEVER)
        self.remove_call, self.remove_ret = _at(c.call, self.remove, NONE), _at(c.ret, self.remove, NEVER)
        self.found_ret, self.found_call = _at(c.ret, self.found, NEVER), _at(c.call, self.last_found, NONE)
        self.until = np.minimum(self.add_ret, self.found_ret)
        self.shown = np.where(self.add_ret < self.found_ret, self.add, self.found)
        self._standing = np.full(c.parts, HOLDS, dtype=np.int8)
        self._conflicts: dict[int, Conflict] = {}
        self._open = ~self.many
        """What is neither decided nor undecided yet."""

    def run(self) -> Decision:
        """Each rule in turn, on what is still open."""
        c = self._c
        self._standing[self.many] = UNDECIDED
        added, proof = self.add != NONE, np.where(self.found != NONE, self.found, self.remove)
        needed = (self.found != NONE) | self.taken
        self._refute("thin-air", ~added & needed, proof)
        self._open &= added & (needed | ~_at(c.optional, self.add, value=False))
        self._refute("future", self.found_ret < self.add_call, self.found, self.add)
        self._refute("future", self.taken & (self.remove_ret < self.add_call), self.remove, self.add)
        late = _at(c.call, self.last_missed, NONE) > self.until
        removed = self.remove != NONE
        self._refute("vanished", ~removed & late, self.shown, self.last_missed)
        before = self.remove_ret < self.add_call
        passed = removed & (before | (self.remove_ret < self.found_call))
        first = np.where(before, self.add, self.last_found)
        self._refute("removed", passed & self.taken, self.remove, first)
        forced = ~_at(c.optional, self.remove, value=True) & (self.remove_call > self.until)
        self._refute("returned", passed & forced, self.shown, self.remove, first)
        self._refute("order", passed & late, self.shown, self.last_missed, self.remove, first)
        self._open &= removed & ~passed & late
        self._place()
        return Decision(self._standing, self._conflicts)

    def _place(self) -> None:
        """The first that missed the element and can be neither before the add nor after the remove."""
        c = self._c
        again = self.found_call > self.remove_call
        since = np.maximum(self.found_call, self.remove_call)
        rows = np.flatnonzero((c.f == ABSENT) & self._open[c.part])
        of = c.part[rows]
        rows = rows[(c.call[rows] > self.until[of]) & (c.ret[rows] < since[of])]
        missed = np.full(c.parts, NONE, dtype=np.int64)
        missed[c.part[rows[::-1]]] = rows[::-1]
        self._refute("between", again & (missed != NONE), self.shown, missed, self.last_found)
        self._refute("early", missed != NONE, self.shown, missed, self.remove)

    def _refute(self, rule: str, where: NDArray[np.bool_], *rows: _Rows) -> None:
        for part in np.flatnonzero(where & self._open).tolist():
            witness = [int(one[part]) for one in rows]
            add = int(self.add[part])
            if rule != "future" and add in witness and self._c.optional[add]:
                witness.append(int(self.found[part] if self.found[part] != NONE else self.remove[part]))
            self._conflicts[part] = Conflict(rule, tuple(witness))
            self._standing[part] = VIOLATED
            self._open[part] = False

    def _last(self, chosen: NDArray[np.bool_], by: NDArray[np.int64] | None = None) -> _Rows:
        """The last one of those rows, or of the greatest ``by``."""
        rows = np.flatnonzero(chosen)
        if by is not None:
            rows = rows[np.argsort(by[rows], kind="stable")]
        last = np.full(self._c.parts, NONE, dtype=np.int64)
        last[self._c.part[rows]] = rows
        return last

    def _several(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.bincount(self._c.part[chosen], minlength=self._c.parts) > 1


def _at(column: NDArray[Any], rows: _Rows, value: int) -> NDArray[Any]:
    """The entries of those rows, and ``value`` where there is none."""
    return np.append(column, np.array([value], dtype=column.dtype))[rows]
