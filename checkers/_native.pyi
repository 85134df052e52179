# Each function is described where linearizability.kernel calls it.

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Findings: TypeAlias = tuple[NDArray[np.int8], NDArray[np.int32], NDArray[np.int8], NDArray[np.int32], NDArray[np.int32]]

def rank(
    call: NDArray[np.int32], ret: NDArray[np.int32], part: NDArray[np.int32], ranks: NDArray[np.int64], parts: int
) -> Findings: ...
def zones(
    call: NDArray[np.int32],
    ret: NDArray[np.int32],
    optional: NDArray[np.bool_],
    f: NDArray[np.int8],
    key: NDArray[np.int32],
    old: NDArray[np.int32],
    made: NDArray[np.int32],
    keys: int,
    values: int,
) -> Findings: ...
