"""What queues, stacks and priority queues have in common: elements that are added once and taken once.

Of each element four instants matter: it was added after ``start`` and by ``added``, and taken after ``taken`` and by
``end``; it was certainly inside throughout the open interval from ``added`` to ``taken``. Of an addition of unknown
outcome only what was taken counts. Where a value is added twice, the rules are still sound for the others: leaving out
all that is done with one value leaves a legal order legal.

A take that found nothing is possible iff those intervals leave a gap while it was pending: every element whose
interval does not contain an instant can be taken before it or added after it, whatever the discipline.

A take of unknown outcome (a *guess*) may have removed any element that nobody else took. So such elements are first
held to be inside only until the first guess: what is refuted then is refuted. Then every guess is given an element,
or none: what holds then holds. Between the two only a search decides.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import HOLDS, NEVER, UNDECIDED, VIOLATED, Conflict, Decision

ADD: Final = 0
TAKE: Final = 1
EMPTY: Final = 2
GUESS: Final = 3

RULES: Final = ("thin-air", "double", "future", "empty", "lost", "reordered", "order")
"""What a conflict's rows mean:

- ``thin-air``: (taker,) of a value that nobody can have added;
- ``double``: (adder, taker, other taker) of a value that was added once;
- ``future``: (taker, adder): the taker returned before the adder was invoked;
- ``empty``: (take, operations of elements...): at every instant of the take one of the elements was certainly inside;
- ``lost``, ``reordered``: see ``twins.queue``;
- ``order``: the operations of elements which no order explains; see ``twins.stack`` and ``twins.priority_queue``.
"""

_TRIES: Final = 32
"""How many elements are tried as the first of a witness."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Operations on independent collections, one row each, in the order of their invocations.

    Args:
        call: int32, event index of the invocation; ascending, no event index occurs twice in ``call`` and ``ret``.
        ret: int32, event index after which it cannot have happened; ``NEVER`` where there is none.
        optional: bool, an ``ADD`` that may have happened or not.
        f: int8, ``ADD``, ``TAKE``, ``EMPTY`` (a take that found nothing), ``GUESS`` (a take that may have happened).
        part: int32, which collection; dense from 0.
        value: int32, id of the value that was added or taken, which belongs to one part; -1 for the others.
        parts: Number of parts.
        values: Number of value ids.
    """

    call: NDArray[np.int32]
    ret: NDArray[np.int32]
    optional: NDArray[np.bool_]
    f: NDArray[np.int8]
    part: NDArray[np.int32]
    value: NDArray[np.int32]
    parts: int
    values: int

    def __len__(self) -> int:
        return len(self.call)


@dataclass(frozen=True, slots=True)
class Elements:
    """Values that were added once, in the order of the calls that added them.

    Args:
        part: int64.
        add: int64, row of the operation that added it.
        take: int64, row of the operation that took it; -1 where none is known to have done.
        start: int64, before which it was not added.
        added: int64, by when it was added; ``NEVER`` where it may have been added at any time.
        taken: int64, before which it was not taken; ``NEVER`` where it never was.
        end: int64, by when it was taken; ``NEVER`` where it may never have been.
    """

    part: NDArray[np.int64]
    add: NDArray[np.int64]
    take: NDArray[np.int64]
    start: NDArray[np.int64]
    added: NDArray[np.int64]
    taken: NDArray[np.int64]
    end: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.part)

    def select(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Elements":
        """Some of them."""
        return Elements(*(getattr(self, name)[rows] for name in Elements.__slots__))

    def rows(self, which: int) -> list[int]:
        """Of the operations on one element."""
        rows = [int(self.add[which]), int(self.take[which])]
        return rows if rows[1] >= 0 else rows[:1]


Order = Callable[[Elements], Mapping[int, Conflict]]
"""What the discipline refutes: per part a conflict, given when each element was added and taken."""

Settle = Callable[[Elements, Columns], Elements]
"""Gives guesses elements that nobody else took, in any way that may be possible."""


def decide(columns: Columns, order: Order, settle: Settle) -> Decision:
    """Where every part stands, given a discipline."""
    conflicts = _takes(columns)
    elements = _elements(columns, conflicts)
    empties = np.flatnonzero(columns.f == EMPTY)
    guesses = np.flatnonzero(columns.f == GUESS)
    first = np.full(columns.parts, NEVER, dtype=np.int64)
    np.minimum.at(first, columns.part[guesses], columns.call[guesses])
    loose = (elements.taken == NEVER) & (first[elements.part] != NEVER)
    bound = np.where(loose, np.maximum(first[elements.part], elements.start), elements.taken)
    conflicts |= _refuted(columns, replace(elements, taken=bound), order, empties)

    standing = np.full(columns.parts, HOLDS, dtype=np.int8)
    unsettled = np.zeros(columns.parts, dtype=np.bool_)
    unsettled[elements.part[loose]] = True
    unsettled[list(conflicts)] = False
    if unsettled.any():
        tried = settle(elements.select(unsettled[elements.part]), columns)
        standing[list(_refuted(columns, tried, order, empties[unsettled[columns.part[empties]]]))] = UNDECIDED
    adding = columns.f == ADD
    again = np.bincount(columns.value[adding], minlength=columns.values) > 1
    standing[columns.part[adding][again[columns.value[adding]]]] = UNDECIDED
    standing[list(conflicts)] = VIOLATED
    return Decision(standing, conflicts)


def unsettled(elements: Elements, columns: Columns) -> Elements:
    """No guess took anything."""
    del columns
    return elements


def _refuted(columns: Columns, elements: Elements, order: Order, empties: NDArray[np.intp]) -> dict[int, Conflict]:
    found = dict(order(elements))
    clear = np.ones(columns.parts, dtype=np.bool_)
    clear[list(found)] = False
    empties = empties[clear[columns.part[empties]]]
    return found | _empties(columns, elements, empties) if len(empties) else found


def _takes(columns: Columns) -> dict[int, Conflict]:
    """The first take of each part that cannot be, whatever the discipline."""
    c = columns
    adding, taking = np.flatnonzero(c.f == ADD), np.flatnonzero(c.f == TAKE)
    adds = np.bincount(c.value[adding], minlength=c.values)
    adder = _first(c, adding)
    taken = c.value[taking]
    by, first = adder[taken], _first(c, taking)[taken]
    once = adds[taken] == 1
    double, future = once & (first != taking), once & (c.ret[taking] < c.call[by])
    conflicts: dict[int, Conflict] = {}
    for i in np.flatnonzero((adds[taken] == 0) | double | future).tolist():
        row = int(taking[i])
        part = int(c.part[row])
        if part in conflicts:
            continue
        if not adds[taken[i]]:
            conflicts[part] = Conflict("thin-air", (row,))
        elif double[i]:
            conflicts[part] = Conflict("double", (int(by[i]), int(first[i]), row))
        else:
            conflicts[part] = Conflict("future", (row, int(by[i])))
    return conflicts


def _first(columns: Columns, rows: NDArray[np.intp]) -> NDArray[np.int64]:
    """Per value the first of the rows; -1 where there is none."""
    first = np.full(columns.values, -1, dtype=np.int64)
    first[columns.value[rows[::-1]]] = rows[::-1]
    return first


def _elements(columns: Columns, conflicts: Mapping[int, Conflict]) -> Elements:
    """The elements of the parts without a conflict."""
    c = columns
    clear = np.ones(c.parts, dtype=np.bool_)
    clear[list(conflicts)] = False
    adding = np.flatnonzero(c.f == ADD)
    once = np.bincount(c.value[adding], minlength=c.values) == 1
    taker = _first(c, np.flatnonzero(c.f == TAKE))[c.value[adding]]
    counts = once[c.value[adding]] & clear[c.part[adding]] & ((taker >= 0) | ~c.optional[adding])
    add, take = adding[counts], taker[counts]
    start = c.call[add].astype(np.int64)
    end = np.where(take >= 0, c.ret[take], NEVER).astype(np.int64)
    taken = np.where(take >= 0, np.maximum(c.call[take], start), NEVER)
    return Elements(c.part[add].astype(np.int64), add, take, start, np.minimum(c.ret[add], end), taken, end)


def _empties(columns: Columns, elements: Elements, empties: NDArray[np.intp]) -> dict[int, Conflict]:
    """The first take of each part that found nothing although something was inside all the time."""
    inside = elements.select(np.lexsort((elements.added, elements.part)))
    start = inside.part << 32 | inside.added
    reach = np.maximum.accumulate(inside.part << 32 | inside.taken)
    # Where the intervals so far leave a gap, another run of them begins.
    fresh = np.ones(len(inside), dtype=np.bool_)
    fresh[1:] = (reach[:-1] < start[1:]) | (inside.part[1:] != inside.part[:-1])
    run = np.maximum.accumulate(np.where(fresh, np.arange(len(inside)), 0))
    home = columns.part[empties].astype(np.int64) << 32
    begin, end = home | columns.call[empties], home | columns.ret[empties]
    last = np.searchsorted(start, end) - 1
    known = last >= 0
    last = np.maximum(last, 0)
    covered = known.copy()
    if len(inside):
        covered &= (reach[last] > end) & (start[run[last]] < begin) & (start[run[last]] >= home)
    conflicts: dict[int, Conflict] = {}
    for row in empties[covered][np.argsort(columns.ret[empties[covered]])].tolist():
        part = int(columns.part[row])
        if part not in conflicts:
            low, high = np.searchsorted(inside.part, [part, part + 1])
            conflicts[part] = _chain(columns, inside.select(np.arange(low, high)), row)
    return conflicts


def _chain(columns: Columns, inside: Elements, row: int) -> Conflict:
    rows = [row]
    for which in cover(inside, int(columns.call[row]), int(columns.ret[row])):
        rows += inside.rows(which)
    return Conflict("empty", tuple(rows))


def by_part(elements: Elements) -> Iterator[tuple[int, Elements]]:
    """The elements of each part, in the same order."""
    order = np.argsort(elements.part, kind="stable")
    if not len(order):
        return
    parts, begin = np.unique(elements.part[order], return_index=True)
    for part, rows in zip(parts.tolist(), np.split(order, begin[1:]), strict=True):
        yield part, elements.select(rows)


def cover(inside: Elements, low: int, high: int) -> list[int]:
    """As few of the elements as possible, one of which is inside at every instant between two; fewer where none is."""
    order = np.argsort(inside.added, kind="stable")
    added, furthest = inside.added[order], np.maximum.accumulate(inside.taken[order])
    needed = []
    while low < high:
        last = int(np.searchsorted(added, low, side="right")) - 1
        if last < 0 or furthest[last] <= low:
            break
        needed.append(int(order[np.searchsorted(furthest, furthest[last])]))
        low = int(furthest[last])
    return needed


def closed(first: int, needs: Callable[[int], Iterable[int]]) -> list[int]:
    """Elements that need no others: as few as a number of tries finds among those that ``first`` needs.

    Args:
        first: An element.
        needs: Which other elements are the reason that one cannot be left out.
    """
    reasons: dict[int, list[int]] = {}

    def closure(start: int) -> list[int]:
        found, waiting = {start}, [start]
        while waiting:
            which = waiting.pop()
            if which not in reasons:
                reasons[which] = list(needs(which))
            fresh = [other for other in reasons[which] if other not in found]
            found.update(fresh)
            waiting += fresh
        return sorted(found)

    least = closure(first)
    waiting = least[:_TRIES]
    while waiting:
        smaller = closure(waiting.pop())
        if len(smaller) < len(least):
            least, waiting = smaller, smaller[:_TRIES]
    return least


def shrunk(elements: Elements, refuted: Callable[[Elements], bool]) -> Elements:
    """As few as suffice: leaving out any of them makes the rest legal."""
    kept = list(range(len(elements)))
    chunk = max(1, len(kept) // 2)
    while chunk:
        order = kept
        for begin in range(0, len(order), chunk):
            leave = set(order[begin : begin + chunk])
            rest = [which for which in kept if which not in leave]
            if rest and refuted(elements.select(np.array(rest))):
                kept = rest
        chunk //= 2
    return elements.select(np.array(kept))
