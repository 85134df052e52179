"""Linearizability of priority queues whose values are inserted once.

Illegal iff, apart from what holds for any collection (``twins.collection``), at every instant at which an element
might have been polled something of a higher priority was certainly inside. For otherwise each is polled as early as
nothing of a higher priority is certainly inside, and inserted as late as possible: if it has to wait for that, it
was something of a higher priority that was inside meanwhile.

So the elements are taken from the highest priority down. Between two instants at which something happens nothing
changes: that is a *gap*. Gaps in which something of a higher priority is inside are skipped by a union-find structure,
so after sorting all takes almost linear time.

Gibbons, Bruno, Phillips: Black-box correctness tests for basic parallel data structures, Theory Comput. Syst. 35(4),
2002. Lee, Mathur: Efficient decrease-and-conquer linearizability monitoring, OOPSLA 2025.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import NEVER, Conflict, Decision
from checkers.linearizability.twins import collection
from checkers.linearizability.twins.collection import Columns, Elements


def decide(columns: Columns, rank: NDArray[np.int32]) -> Decision:
    """Where every part stands.

    The rule besides those of ``twins.collection`` is ``order``: the operations on an element that was polled, and on
    those that were inside instead although their priority is higher; each is needed.

    Args:
        columns: The operations.
        rank: Per value its priority, the larger the earlier it is polled; values of equal rank come in any order.
    """
    return collection.decide(columns, partial(_order, columns=columns, rank=rank), collection.unsettled)


def _order(elements: Elements, columns: Columns, rank: NDArray[np.int32]) -> Mapping[int, Conflict]:
    conflicts = {}
    for part, those in collection.by_part(elements):
        ranks = rank[columns.value[those.add]]
        late = _late(those, ranks)
        if late is not None:
            higher = those.select(ranks > ranks[late])
            reasons = collection.cover(higher, int(those.taken[late]), int(those.end[late]))
            rows = [row for which in reasons for row in higher.rows(which)]
            conflicts[part] = Conflict("order", (*those.rows(late), *rows))
    return conflicts


def _late(elements: Elements, rank: NDArray[np.int32]) -> int | None:
    """Of one part, the first element that cannot be polled."""
    instants = np.unique(np.concatenate([elements.added, elements.taken, elements.end, [NEVER]]))
    added, taken, end = (
        np.searchsorted(instants, at).tolist() for at in (elements.added, elements.taken, elements.end)
    )
    free = list(range(len(instants) + 1))

    def next_free(gap: int) -> int:
        while free[gap] != gap:
            free[gap] = free[free[gap]]
            gap = free[gap]
        return gap

    polled = elements.end != NEVER
    order = np.argsort(-rank.astype(np.int64), kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(rank[order])) + 1):
        for which in map(int, group):
            if polled[which] and next_free(taken[which]) >= end[which]:
                return which
        for which in group.tolist():
            inside = next_free(added[which])
            while inside < taken[which]:
                free[inside] = inside + 1
                inside = next_free(inside)
    return None
