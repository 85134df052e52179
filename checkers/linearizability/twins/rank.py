"""Linearizability where the data reveals the order: each operation has a rank that every linearization must follow.

A version, an offset, the length of an append-only list or the value that a fetch-and-add returned put the operations
of an object in a total preorder. A linearization exists iff real time does not contradict it: no operation of a larger
rank returned before one of a smaller rank was invoked. Operations of equal rank may come in any order.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import HOLDS, NEVER, VIOLATED, Conflict, Decision

RULES: Final = ("rank",)
"""What a conflict's rows mean: (later, earlier), ``later`` has the larger rank and returned before ``earlier`` began.

Of a part, ``earlier`` is the first such row, and ``later`` the first to return of those with the largest rank by then.
"""


@dataclass(frozen=True, slots=True)
class Columns:
    """Operations that certainly happened, one row each, in the order of their invocations, with their ranks.

    All arrays have one entry per operation.

    Args:
        call: int32, event index of the invocation; ascending, no event index occurs twice in ``call`` and ``ret``.
        ret: int32, event index of the completion; ``NEVER`` where there is none.
        part: int32, dense from 0.
        rank: int64, any numbers: only their order counts.
        parts: Number of parts.
    """

    call: NDArray[np.int32]
    ret: NDArray[np.int32]
    part: NDArray[np.int32]
    rank: NDArray[np.int64]
    parts: int

    def __len__(self) -> int:
        return len(self.call)


def decide(columns: Columns) -> Decision:
    """Every part holds or is refuted."""
    c, rows = columns, len(columns)
    distinct, rank = np.unique(c.rank, return_inverse=True)
    # One number for part and rank; the lowest of a part stands for "nothing has returned".
    floor = c.part.astype(np.int64) * (len(distinct) + 1)
    own = floor + rank.reshape(rows) + 1
    done = np.flatnonzero(c.ret != NEVER)
    order = np.lexsort((np.concatenate([c.call, c.ret[done]]), np.concatenate([c.part, c.part[done]])))
    reached = np.maximum.accumulate(np.concatenate([floor, own[done]])[order])
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    before = reached[place[:rows]]
    conflicts: dict[int, Conflict] = {}
    for row in np.flatnonzero(before > own).tolist():
        later = int(done[order[np.searchsorted(reached, before[row])] - rows])
        conflicts.setdefault(int(c.part[row]), Conflict("rank", (later, row)))
    standing = np.full(c.parts, HOLDS, dtype=np.int8)
    standing[list(conflicts)] = VIOLATED
    return Decision(standing, conflicts)
