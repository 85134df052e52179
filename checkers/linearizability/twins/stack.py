"""Linearizability of stacks whose values are pushed once.

An instant at which no element is certainly inside is *clear*: in any legal order every element that is inside then can
be popped just before or pushed just after. So an element that can be pushed at a clear instant and popped at one lies
at the bottom, with whole orders above it and none across: it can be left out. The lowest element of a legal order is
such a one. Hence the history is legal iff elements can be left out, each making more instants clear, until none is
left. An element that can be pushed and popped at one instant can be left out in any case.

Between two instants at which an element becomes certain or uncertain nothing changes: that is a *region*. How many
elements cover each region is kept in a segment tree, so all takes O(n log n) time.

Lee, Mathur: Efficient decrease-and-conquer linearizability monitoring, OOPSLA 2025.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import NEVER, Conflict, Decision
from checkers.linearizability.twins import collection
from checkers.linearizability.twins.collection import Columns, Elements

_MANY = 1 << 60


def decide(columns: Columns) -> Decision:
    """Where every part stands.

    The rule besides those of ``twins.collection`` is ``order``: the operations on elements of which none can be left
    out, and each is needed for that.
    """
    return collection.decide(columns, _order, collection.unsettled)


def _order(elements: Elements) -> Mapping[int, Conflict]:
    conflicts = {}
    for part, those in collection.by_part(elements):
        push, pop = _stuck(those)
        if not push.all() or not pop.all():
            found = _witness(those, push, pop)
            rows = [row for which in range(len(found)) for row in found.rows(which)]
            conflicts[part] = Conflict("order", tuple(rows))
    return conflicts


def _stuck(elements: Elements) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pushes and pops of one part can be at a clear instant, once all is left out that can be."""
    push, pop = np.ones((2, len(elements)), dtype=np.bool_)
    nested = np.flatnonzero(elements.added < elements.taken)
    if len(nested):
        push[nested], pop[nested] = _Peeling(elements.select(nested)).run()
    return push, pop


class _Peeling:
    """Leaves out elements from the bottom, one clear region after the other.

    Args:
        elements: Of one part, each of which is certainly inside at some time.
    """

    def __init__(self, elements: Elements) -> None:
        bounds = np.sort(np.concatenate([elements.added, elements.taken[elements.taken != NEVER]]))
        last = len(bounds) + 1

        def region(instants: NDArray[np.int64]) -> NDArray[np.int64]:
            """The one that begins there or goes on; nothing is inside in the last one, after all."""
            return np.where(instants == NEVER, last, np.searchsorted(bounds, instants, side="right"))

        added, taken = region(elements.added), region(elements.taken)
        self._count = len(elements)
        self._inside = list(zip(added.tolist(), taken.tolist(), strict=True))
        cover = np.bincount(added, minlength=last + 1) - np.bincount(taken, minlength=last + 1)
        self._tree = _Cover(np.cumsum(cover).tolist())
        low = np.concatenate([region(elements.start), taken])
        high = np.concatenate([added - 1, region(elements.end)])
        self._waiting: list[list[int]] = [[] for _ in range(2 * self._tree.size)]
        for operation, (first, beyond) in enumerate(zip(low.tolist(), (high + 1).tolist(), strict=True)):
            for node in self._tree.nodes(first, beyond):
                self._waiting[node].append(operation)

    def run(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which pushes and which pops can be in a region that becomes clear."""
        done = np.zeros(2 * self._count, dtype=np.bool_)
        while (node := self._tree.clear()) is not None:
            while node:
                for operation in self._waiting[node]:
                    if not done[operation]:
                        done[operation] = True
                        element = operation % self._count
                        if done[element] and done[element + self._count]:
                            self._tree.add(*self._inside[element], -1)
                self._waiting[node] = []
                node //= 2
        return done[: self._count], done[self._count :]


class _Cover:
    """How many elements are inside in each region."""

    def __init__(self, cover: list[int]) -> None:
        self.size = 1 << max(0, len(cover) - 1).bit_length()
        self._more = [0] * self.size
        self._least = [0] * self.size + cover + [_MANY] * (self.size - len(cover))
        for node in range(self.size - 1, 0, -1):
            self._least[node] = min(self._least[2 * node : 2 * node + 2])

    def nodes(self, first: int, beyond: int) -> list[int]:
        """Those that together stand for the regions from ``first`` to before ``beyond``."""
        first, beyond, found = first + self.size, beyond + self.size, []
        while first < beyond:
            if first & 1:
                found.append(first)
                first += 1
            if beyond & 1:
                beyond -= 1
                found.append(beyond)
            first, beyond = first // 2, beyond // 2
        return found

    def add(self, first: int, beyond: int, number: int) -> None:
        """To each of those regions."""
        for node in self.nodes(first, beyond):
            self._least[node] += number
            if node < self.size:
                self._more[node] += number
        self._update(first + self.size)
        self._update(beyond - 1 + self.size)

    def _update(self, node: int) -> None:
        while node := node // 2:
            self._least[node] = min(self._least[2 * node], self._least[2 * node + 1]) + self._more[node]

    def clear(self) -> int | None:
        """The leaf of a clear region, each once; None where there is no more."""
        if self._least[1]:
            return None
        node = 1
        while node < self.size:
            left = self._least[2 * node] + self._more[node] == self._least[node]
            node = 2 * node + (not left)
        self._least[node] = _MANY
        self._update(node)
        return node


def _witness(elements: Elements, push: NDArray[np.bool_], pop: NDArray[np.bool_]) -> Elements:
    """Few elements of which none can be left out."""
    stuck = np.flatnonzero(~push | ~pop)
    core, push = elements.select(stuck), push[stuck]
    low = np.where(push, core.taken, core.start)
    high = np.where(push, core.end, core.added)
    kept = collection.closed(
        int(np.argmin(high)), lambda which: collection.cover(core, int(low[which]), int(high[which]))
    )
    return collection.shrunk(core.select(np.array(kept)), lambda those: not all(map(np.all, _stuck(those))))
