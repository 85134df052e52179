"""Linearizability of grow-only sets that are read as a whole.

What the reads returned must form a chain of inclusions, the smaller first, so the data reveals the order: the adds of
what is new in the smallest list, the reads of that list, the adds of what is new in the next one, and so on; at last
the acknowledged adds of what no read returned. A history is linearizable iff the lists form such a chain, each element
was added by somebody, and no operation returned before one that must precede it was invoked (Gibbons and Korach's
argument: a total preorder that contains real time has an order with both).

Several adds of one element are one: it is there from the first that takes effect on, which is after the earliest
invocation, and before the earliest acknowledgement. The others change nothing.

Gibbons, Korach: Testing shared memories, SIAM J. Comput. 26(4), 1997.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import HOLDS, UNDECIDED, VIOLATED, Conflict, Decision
from checkers.linearizability.twins import rank

RULES: Final = ("duplicate", "thin-air", "fork", "backwards", "future", "missing", "passed")
"""What a conflict's rows mean:

- ``duplicate``: (read,) lists an element twice;
- ``thin-air``: (read,) of an element that nobody can have added;
- ``fork``: (one, two): each read lacks something that the other one returned;
- ``backwards``: (earlier, later): the later read was invoked after the earlier was complete, and returned only a part
  of its elements;
- ``future``: (read, add): the read was complete before anybody tried to add an element that it returned;
- ``missing``: (add, read): the read was invoked after the add was acknowledged, and lacks its element;
- ``passed``: (add, later, read): the read lacks the element of an acknowledged add, but returned one that was first
  added after that.
"""

NONE: Final = -1
DUPLICATE, THIN_AIR, FORK = 1, 2, 3
"""What is wrong with a list; 0 where nothing is."""

_LAST: Final = np.int64(1) << 40
"""The rank of what no read returned."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Adds, reads, and the distinct lists that were read; adds and reads in the order of their invocations.

    The rows of a conflict are the adds, numbered from 0, and after them the reads. No event index occurs twice.

    Args:
        call: int32 per add, event index of the invocation.
        ret: int32 per add, event index after which it cannot have happened; ``NEVER`` where there is none.
        optional: bool per add, it may not have happened at all.
        part: int32 per add, which set; dense from 0.
        element: int32 per add, below ``elements``; parts share the numbers, not the elements.
        read_call: int32 per read.
        read_ret: int32 per read.
        list: int32 per read, which list it returned.
        list_part: int32 per list, the set that it was read from; a list of two sets is two lists.
        offset: int64 per list and one more: where its elements begin in ``listed``.
        listed: int32, the elements of all lists.
        parts: Number of sets.
        elements: Number of elements.
    """

    call: NDArray[np.int32]
    ret: NDArray[np.int32]
    optional: NDArray[np.bool_]
    part: NDArray[np.int32]
    element: NDArray[np.int32]
    read_call: NDArray[np.int32]
    read_ret: NDArray[np.int32]
    list: NDArray[np.int32]
    list_part: NDArray[np.int32]
    offset: NDArray[np.int64]
    listed: NDArray[np.int32]
    parts: int
    elements: int


@dataclass(frozen=True, slots=True)
class Chain:
    """What is to be ordered: the distinct elements that were added, and the distinct lists.

    Args:
        part: int32 per added element, ascending.
        element: int32 per added element, ascending within a part.
        order: int32, the lists of a part one after the other, the smaller first, the parts ascending.
        columns: The lists.
    """

    part: NDArray[np.int32]
    element: NDArray[np.int32]
    order: NDArray[np.int32]
    columns: Columns


Found = tuple[NDArray[np.int8], NDArray[np.int32]]
"""Per list what is wrong with it, and per added element the place in ``order`` of the first list with it, or ``NONE``.

Of each part, only the first list with a flaw counts.
"""


def chain(given: Chain) -> Found:
    """Whether the lists form a chain of inclusions."""
    c = given.columns
    size = np.diff(c.offset)
    count, width = len(size), np.int64(max(c.elements, 1))
    place = np.empty(count, dtype=np.int64)
    place[given.order] = np.arange(count)
    of = np.repeat(np.arange(count), size)
    added = given.part * width + given.element
    wanted = c.list_part[of] * width + c.listed
    at = np.minimum(np.searchsorted(added, wanted), max(len(added) - 1, 0))
    known = added[at] == wanted if len(added) else np.zeros(len(wanted), dtype=np.bool_)
    flaw = np.zeros(count, dtype=np.int8)
    flaw[of[~known]] = THIN_AIR
    both = np.sort(of * width + c.listed)
    flaw[both[1:][both[1:] == both[:-1]] // width] = DUPLICATE
    appears = np.full(len(added), count, dtype=np.int64)
    np.minimum.at(appears, at[known], place[of[known]])
    old = np.bincount(of[known][appears[at[known]] < place[of[known]]], minlength=count)
    flaw[(flaw == 0) & (old != _sizes_before(given, size))] = FORK
    return flaw, np.where(appears == count, NONE, appears).astype(np.int32)


def _sizes_before(given: Chain, size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Per list, the size of the list before it in its part; 0 for the first."""
    part = given.columns.list_part[given.order]
    before = np.zeros(len(size), dtype=np.int64)
    before[given.order[1:]] = np.where(part[1:] == part[:-1], size[given.order[:-1]], 0)
    return before


def decide(
    columns: Columns,
    link: Callable[[Chain], Found] = chain,
    compare: Callable[[rank.Columns], Decision] = rank.decide,
) -> Decision:
    """Where every set stands.

    Args:
        columns: The operations.
        link: Finds out whether the lists form a chain.
        compare: Compares an order with real time.
    """
    return _Check(columns, link, compare).run()


class _Check:
    def __init__(
        self,
        columns: Columns,
        link: Callable[[Chain], Found],
        compare: Callable[[rank.Columns], Decision],
    ) -> None:
        self.c = c = columns
        self.compare = compare
        self.adds = len(c.call)
        self.undecided = np.zeros(c.parts, dtype=np.bool_)
        self._merge_adds()
        order = np.lexsort((np.diff(c.offset), c.list_part)).astype(np.int32)
        self.order = order
        self.flaw, self.appears = link(Chain(self.part, self.element, order, c))
        self.reader = np.zeros(len(order), dtype=np.int64)
        self.reader[c.list[::-1]] = np.arange(self.adds, self.adds + len(c.list))[::-1]
        """Per list, the row of its first read."""

    def run(self) -> Decision:
        conflicts = self._flaws()
        for part, conflict in self._late().items():
            conflicts.setdefault(part, conflict)
        standing = np.where(self.undecided, UNDECIDED, HOLDS).astype(np.int8)
        standing[list(conflicts)] = VIOLATED
        return Decision(standing, dict(sorted(conflicts.items())))

    def _merge_adds(self) -> None:
        """Per added element the earliest invocation and the earliest acknowledgement, and their rows.

        Where nothing was acknowledged, the latest instant at which it can have happened.
        """
        c = self.c
        pairs, which = np.unique(c.part.astype(np.int64) * max(c.elements, 1) + c.element, return_inverse=True)
        count, rows = len(pairs), np.arange(self.adds)
        self.part, self.element = (half.astype(np.int32) for half in np.divmod(pairs, max(c.elements, 1)))
        self.first, self.last = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        self.first[which[::-1]] = rows[::-1]
        self.required = np.zeros(count, dtype=np.bool_)
        self.required[which[~c.optional]] = True
        # The last one that is written stays: the earliest of the required ones, else the latest.
        late = np.lexsort((np.where(c.optional, c.ret, -c.ret.astype(np.int64)), ~c.optional))
        self.last[which[late]] = rows[late]
        # An unknown add that was over before another one of its element leaves a gap in which it cannot appear.
        over = c.optional & (c.ret < c.ret[self.last][which])
        self.undecided[c.part[over]] = True

    def _flaws(self) -> dict[int, Conflict]:
        conflicts: dict[int, Conflict] = {}
        for place in np.flatnonzero(self.flaw[self.order]).tolist():
            one = int(self.order[place])
            rows: tuple[int, ...] = (int(self.reader[one]),)
            if self.flaw[one] == FORK:
                rows = (int(self.reader[self.order[place - 1]]), *rows)
            conflicts.setdefault(int(self.c.list_part[one]), Conflict(RULES[self.flaw[one] - 1], rows))
        return conflicts

    def _late(self) -> dict[int, Conflict]:
        """Where real time contradicts the chain."""
        c = self.c
        seen = self.appears != NONE
        kept = np.flatnonzero(seen | self.required)
        place = self._groups()
        row = np.concatenate([kept, len(self.part) + np.arange(len(c.list))])
        call = np.concatenate([c.call[self.first[kept]], c.read_call])
        order = np.argsort(call, kind="stable")
        step = np.concatenate(
            [np.where(seen[kept], 2 * self.appears[kept].astype(np.int64), _LAST), 2 * place[c.list] + 1]
        )
        found = self.compare(
            rank.Columns(
                call[order],
                np.concatenate([c.ret[self.last[kept]], c.read_ret])[order],
                np.concatenate([self.part[kept], c.list_part[c.list]])[order],
                step[order],
                c.parts,
            )
        )
        row = row[order]
        return {
            part: self._named(int(row[conflict.rows[0]]), int(row[conflict.rows[1]]))
            for part, conflict in found.conflicts.items()
        }

    def _groups(self) -> NDArray[np.int64]:
        """Per list, the place of the first list with the same elements."""
        size = np.diff(self.c.offset)
        count = len(size)
        fresh = np.bincount(self.appears[self.appears != NONE], minlength=count) > 0
        part = self.c.list_part[self.order]
        fresh[:1] = True
        fresh[1:] |= part[1:] != part[:-1]
        place = np.empty(count, dtype=np.int64)
        place[self.order] = np.maximum.accumulate(np.where(fresh, np.arange(count), 0))
        return place

    def _named(self, done: int, late: int) -> Conflict:
        """The conflict of two operations, the first of which returned before the second, which precedes it, began."""
        added = len(self.part)
        if done >= added:
            row = done - added + self.adds
            if late >= added:
                return Conflict("backwards", (row, late - added + self.adds))
            return Conflict("future", (row, int(self.first[late])))
        row = int(self.last[done])
        seen = () if not self.c.optional[row] else (self._shows(done),)
        if late >= added:
            return Conflict("missing", (row, late - added + self.adds), seen)
        return Conflict("passed", (row, int(self.first[late]), self._shows(late)), seen)

    def _shows(self, one: int) -> int:
        """The first read that returned an element."""
        return int(self.reader[self.order[self.appears[one]]])
