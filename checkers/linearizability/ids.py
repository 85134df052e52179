"""What belongs to one part: ids of its values, which the decision procedures index by, and its rows."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_SPARSE: Final = 8
"""From how many possible pairs for each that may be there they are sorted instead of looked up."""


def local_ids(part: NDArray[np.int32], code: NDArray[Any], parts: int) -> tuple[NDArray[np.int32], int]:
    """Per pair of a part and a code an id: equal ones for equal pairs; and what all ids are below.

    Args:
        part: From 0 on.
        code: From 0 on, as long as ``part``.
        parts: How many parts there are.
    """
    codes = int(code.max(initial=-1)) + 1
    if parts == 1:
        return code.astype(np.int32), codes
    pairs = part.astype(np.int64) * codes + code
    if parts * codes <= _SPARSE * len(code):
        there = np.zeros(parts * codes, dtype=np.bool_)
        there[pairs] = True
        ids = np.cumsum(there, dtype=np.int32)
        return ids[pairs] - np.int32(1), int(ids.max(initial=0))
    home = np.zeros(codes, dtype=np.int32)
    home[code] = part
    if np.array_equal(home[code], part):
        return code.astype(np.int32), codes
    distinct, which = np.unique(pairs, return_inverse=True)
    return which.astype(np.int32), len(distinct)


class RowsByPart:
    """The rows of each part, ascending, found for all parts at once.

    Args:
        part: Per row, from 0 on.
        parts: How many parts there are.
    """

    def __init__(self, part: NDArray[np.int32], parts: int) -> None:
        self._order = np.argsort(part, kind="stable")
        self._bounds = np.searchsorted(part[self._order], np.arange(parts + 1)).tolist()

    def __getitem__(self, part: int) -> NDArray[np.intp]:
        return self._order[self._bounds[part] : self._bounds[part + 1]]
