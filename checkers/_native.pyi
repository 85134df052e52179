# Each function is described where linearizability.kernel calls it.

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Findings: TypeAlias = tuple[NDArray[np.int8], NDArray[np.int32], NDArray[np.int8], NDArray[np.int32], NDArray[np.int32]]

def counter(
    call: NDArray[np.int32],
    ret: NDArray[np.int32],
    optional: NDArray[np.bool_],
    f: NDArray[np.int8],
    part: NDArray[np.int32],
    amount: NDArray[np.int64],
    parts: int,
) -> Findings: ...
def grow_only_set(
    part: NDArray[np.int32],
    element: NDArray[np.int32],
    order: NDArray[np.int32],
    list_part: NDArray[np.int32],
    offset: NDArray[np.int64],
    listed: NDArray[np.int32],
    elements: int,
) -> tuple[NDArray[np.int8], NDArray[np.int32]]: ...
def mutex(
    call: NDArray[np.int32],
    ret: NDArray[np.int32],
    optional: NDArray[np.bool_],
    f: NDArray[np.int8],
    part: NDArray[np.int32],
    process: NDArray[np.int32],
    token: NDArray[np.int64],
    parts: int,
    processes: int,
    reentrant: int,
) -> Findings: ...
def set_(
    call: NDArray[np.int32],
    ret: NDArray[np.int32],
    optional: NDArray[np.bool_],
    f: NDArray[np.int8],
    part: NDArray[np.int32],
    parts: int,
) -> Findings: ...
def rank(
    call: NDArray[np.int32], ret: NDArray[np.int32], part: NDArray[np.int32], ranks: NDArray[np.int64], parts: int
) -> Findings: ...
def queue(
    call: NDArray[np.int32],
    ret: NDArray[np.int32],
    optional: NDArray[np.bool_],
    f: NDArray[np.int8],
    part: NDArray[np.int32],
    value: NDArray[np.int32],
    parts: int,
    values: int,
) -> Findings: ...
def stack(
    call: NDArray[np.int32],
    ret: NDArray[np.int32],
    optional: NDArray[np.bool_],
    f: NDArray[np.int8],
    part: NDArray[np.int32],
    value: NDArray[np.int32],
    parts: int,
    values: int,
) -> Findings: ...
def priority_queue(
    call: NDArray[np.int32],
    ret: NDArray[np.int32],
    optional: NDArray[np.bool_],
    f: NDArray[np.int8],
    part: NDArray[np.int32],
    value: NDArray[np.int32],
    parts: int,
    values: int,
    ranks: NDArray[np.int32],
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

class Cells:
    def __init__(self, step: Callable[[int, int], tuple[int, int]]) -> None: ...
    @property
    def bytes(self) -> int: ...

def ladder_registers(
    call: NDArray[np.int32],
    ret: NDArray[np.int32],
    optional: NDArray[np.bool_],
    f: NDArray[np.int8],
    old: NDArray[np.int32],
    new: NDArray[np.int32],
    offset: NDArray[np.int64],
    initial: NDArray[np.int32],
    values: int,
    seconds: float,
    memory: int,
    shrinking: float,
    witnesses: int,
) -> tuple[Any, ...]: ...
def ladder_table(
    cells: Cells,
    initial: int,
    call: NDArray[np.int32],
    ret: NDArray[np.int32],
    optional: NDArray[np.bool_],
    kind: NDArray[np.int32],
    pure: NDArray[np.bool_],
    nondeterministic: bool,
    seconds: float,
    memory: int,
) -> tuple[Any, ...]: ...
def ladder_shrink(
    cells: Cells,
    initial: int,
    call: NDArray[np.int32],
    ret: NDArray[np.int32],
    optional: NDArray[np.bool_],
    kind: NDArray[np.int32],
    pure: NDArray[np.bool_],
    nondeterministic: bool,
    seconds: float,
    memory: int,
    stuck: int,
) -> NDArray[np.int32]: ...
def ladder_strings(
    call: NDArray[np.int32],
    ret: NDArray[np.int32],
    optional: NDArray[np.bool_],
    f: NDArray[np.int8],
    text: NDArray[np.int32],
    texts: list[bytes],
    seconds: float,
    memory: int,
    shrinking: float,
) -> tuple[Any, ...]: ...
