"""Linearizability of FIFO queues whose values are enqueued once.

Illegal iff, apart from what holds for any collection (``twins.collection``), an element was certainly enqueued before
another one, which certainly was dequeued before it. So it is enough to know, whenever an enqueue is invoked, the latest
``taken`` of all elements that are in the queue by then for certain.

Of elements that nobody is known to have dequeued, each has a deadline: the earliest ``end`` of those enqueued after it.
Dequeues of unknown outcome are given to them in the order of the deadlines.

Gibbons, Bruno, Phillips: Black-box correctness tests for basic parallel data structures, Theory Comput. Syst. 35(4),
2002. Henzinger, Sezgin, Vafeiadis: Aspect-oriented linearizability proofs, CONCUR 2013.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import NEVER, Conflict, Decision
from checkers.linearizability.twins import collection
from checkers.linearizability.twins.collection import EMPTY, GUESS, Columns, Elements


def decide(columns: Columns) -> Decision:
    """Where every part stands.

    The rules besides those of ``twins.collection``:

    - ``lost``: (enqueue of a, enqueue of b, dequeue of b): a was never dequeued, although it was before b;
    - ``reordered``: (enqueue of a, dequeue of a, enqueue of b, dequeue of b): a was enqueued before b was, and b
      dequeued before a was.
    """
    return collection.decide(columns, _order, _settle)


def _order(elements: Elements) -> Mapping[int, Conflict]:
    if not len(elements):
        return {}
    e = elements.select(np.lexsort((elements.added, elements.part)))
    latest = np.maximum.accumulate(e.part << 32 | e.taken)
    before = np.searchsorted(e.part << 32 | e.added, elements.part << 32 | elements.start) - 1
    known = (before >= 0) & (e.part[np.maximum(before, 0)] == elements.part)
    late = known & (latest[np.maximum(before, 0)] > (elements.part << 32 | elements.end))
    conflicts: dict[int, Conflict] = {}
    for second in np.flatnonzero(late).tolist():
        part = int(elements.part[second])
        if part not in conflicts:
            first = e.rows(int(np.searchsorted(latest, latest[before[second]])))
            conflicts[part] = Conflict("reordered" if len(first) > 1 else "lost", (*first, *elements.rows(second)))
    return conflicts


def _settle(elements: Elements, columns: Columns) -> Elements:
    guesses = np.flatnonzero((columns.f == GUESS) & (columns.ret == NEVER))
    deadline = np.minimum(_earliest_end(elements), _earliest_empty(elements, columns))
    free = np.flatnonzero((elements.taken == NEVER) & (deadline < NEVER))
    free = free[np.lexsort((deadline[free], elements.part[free]))]
    guesses = guesses[np.argsort(columns.part[guesses], kind="stable")]
    given = np.searchsorted(columns.part[guesses], elements.part[free])
    given += np.arange(len(free)) - np.searchsorted(elements.part[free], elements.part[free])
    kept = given < len(guesses)
    free, given = free[kept], guesses[given[kept]]
    same = columns.part[given] == elements.part[free]
    free, given = free[same], given[same]
    taken = elements.taken.copy()
    taken[free] = np.maximum(columns.call[given], elements.start[free])
    return replace(elements, taken=taken)


def _earliest_end(elements: Elements) -> NDArray[np.int64]:
    """Per element, the earliest ``end`` of those certainly added after it."""
    return _earliest_after(elements, elements.part, elements.start, elements.end)


def _earliest_empty(elements: Elements, columns: Columns) -> NDArray[np.int64]:
    """Per element, the earliest return of the dequeues that found nothing, invoked after it was added."""
    rows = np.flatnonzero(columns.f == EMPTY)
    part, call, ret = (column[rows].astype(np.int64) for column in (columns.part, columns.call, columns.ret))
    return _earliest_after(elements, part, call, ret)


def _earliest_after(
    elements: Elements, part: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Per element, the earliest of ``end`` where ``start`` is after it was added, in its part."""
    start, end = part << 32 | start, part << 32 | end
    order = np.argsort(start, kind="stable")
    earliest = np.append(np.minimum.accumulate(end[order][::-1])[::-1], -1)
    found = earliest[np.searchsorted(start[order], elements.part << 32 | elements.added)]
    return np.where(found >> 32 == elements.part, found & 0xFFFFFFFF, NEVER)
