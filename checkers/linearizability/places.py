"""Objects that only grow, step by step, where most steps show which one they were: logs, and fetch-and-add.

A change with a known place ``p`` has rank ``2p``; what observed that ``p`` changes were done has rank ``2p - 1``. Real
time must not contradict the ranks (``twins.rank``). Changes whose place nobody saw (*loose* ones) fill the places that
are left, or come last; an unknown one may also not have happened. A loose change fits a place iff real time allows it
there. What operations of known rank demand of a place moves forward from place to place, so a matching exists iff
taking the change with the earliest deadline for each place finds one; a matching that fills all places and one that
uses all acknowledged changes can be combined (Mendelsohn, Dulmage 1958).
"""

import heapq
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import kernel
from checkers.linearizability.decision import HOLDS, NEVER, UNDECIDED, VIOLATED, Conflict, Decision
from checkers.linearizability.ids import RowsByPart
from checkers.linearizability.twins import rank

LOOSE: Final = int(np.iinfo(np.int64).max)
"""The rank of a change whose place nobody saw."""


LARGEST: Final = 1 << 60
"""Places are below this."""

DENSE: Final = 8
"""Places that are further apart than this, on average over the operations, are left to the ladder."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Operations in the order of their invocations, one row each.

    Args:
        call: int32, as in ``Operations``.
        ret: int32, as in ``Operations``.
        optional: bool, as in ``Operations``; what was seen is not optional.
        part: int32.
        rank: int64, or ``LOOSE``.
        at_most: bool, it may as well have happened at any smaller rank.
        parts: Number of parts.
    """

    call: NDArray[np.int32]
    ret: NDArray[np.int32]
    optional: NDArray[np.bool_]
    part: NDArray[np.int32]
    rank: NDArray[np.int64]
    at_most: NDArray[np.bool_]
    parts: int


def decide(columns: Columns, empty: dict[int, NDArray[np.int64]]) -> Decision:
    """Refute by the ranks; where places are empty, say whether loose changes can fill them.

    A part whose places cannot all be filled is undecided: why that is so, is for the caller to find out.

    Args:
        columns: The operations.
        empty: Per part that has them, the ranks of the places below the highest that nobody is known to have taken,
            ascending.
    """
    c = columns
    loose = c.rank == LOOSE
    holes = np.zeros(c.parts, dtype=np.bool_)
    holes[list(empty)] = True
    rows = np.flatnonzero(~(loose & (c.optional | holes[c.part])))
    # What happened at this rank or earlier is never too late for anything.
    ret = np.where(c.at_most, NEVER, c.ret).astype(np.int32)
    found = kernel.rank(rank.Columns(c.call[rows], ret[rows], c.part[rows], c.rank[rows], c.parts))
    conflicts = {
        part: Conflict(one.rule, tuple(int(rows[row]) for row in one.rows)) for part, one in found.conflicts.items()
    }
    standing = np.full(c.parts, HOLDS, dtype=np.int8)
    standing[list(conflicts)] = VIOLATED
    if not empty:
        return Decision(standing, conflicts)
    rows_of = RowsByPart(c.part, c.parts)
    for part, places in empty.items():
        if part not in conflicts and not _fill(c, ret, rows_of[part], places):
            standing[part] = UNDECIDED
    return Decision(standing, conflicts)


def _fill(c: Columns, ret: NDArray[np.int32], rows: NDArray[np.intp], places: NDArray[np.int64]) -> bool:
    """Whether loose changes can take all these places of a part, and the acknowledged ones one of them or come last."""
    loose = rows[c.rank[rows] == LOOSE]
    ranked = rows[c.rank[rows] != LOOSE]
    ranked = ranked[np.argsort(c.rank[ranked], kind="stable")]
    after = np.minimum.accumulate(np.append(ret[ranked], NEVER)[::-1])[::-1]
    before = np.maximum.accumulate(np.append(-1, c.call[ranked]))
    at = np.searchsorted(c.rank[ranked], places)
    last = int(before[-1])
    due = loose[~c.optional[loose] & (c.ret[loose] < last)]
    windows = list(zip(before[at].tolist(), after[at].tolist(), strict=True))
    return _match(windows, c, loose, fill=True) and _match(windows, c, due, fill=False)


def _match(windows: list[tuple[int, int]], c: Columns, changes: NDArray[np.intp], *, fill: bool) -> bool:
    """Earliest deadline first; ``fill``: every window must get a change, otherwise every change a window."""
    waiting = [(int(c.call[row]), int(c.ret[row])) for row in changes[::-1].tolist()]
    ready: list[int] = []
    for begin, end in windows:
        while waiting and waiting[-1][0] <= end:
            heapq.heappush(ready, waiting.pop()[1])
        while ready and ready[0] < begin:
            if not fill:
                return False
            heapq.heappop(ready)
        if ready:
            heapq.heappop(ready)
        elif fill:
            return False
    return fill or not (ready or waiting)
