# Each function is described where linearizability.kernel calls it.

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

I8: TypeAlias = NDArray[np.int8]
I32: TypeAlias = NDArray[np.int32]
I64: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Findings: TypeAlias = tuple[I8, I32, I8, I32, I32]

def counter(call: I32, ret: I32, optional: Flags, f: I8, part: I32, amount: I64, parts: int) -> Findings: ...
def grow_only_set(
    part: I32, element: I32, order: I32, list_part: I32, offset: I64, listed: I32, elements: int
) -> tuple[I8, I32]: ...
def mutex(
    call: I32,
    ret: I32,
    optional: Flags,
    f: I8,
    part: I32,
    process: I32,
    token: I64,
    parts: int,
    processes: int,
    reentrant: int,
) -> Findings: ...
def set_(call: I32, ret: I32, optional: Flags, f: I8, part: I32, parts: int) -> Findings: ...
def rank(call: I32, ret: I32, part: I32, ranks: I64, parts: int) -> Findings: ...
def queue(call: I32, ret: I32, optional: Flags, f: I8, part: I32, value: I32, parts: int, values: int) -> Findings: ...
def stack(call: I32, ret: I32, optional: Flags, f: I8, part: I32, value: I32, parts: int, values: int) -> Findings: ...
def priority_queue(
    call: I32, ret: I32, optional: Flags, f: I8, part: I32, value: I32, parts: int, values: int, ranks: I32
) -> Findings: ...
def zones(
    call: I32, ret: I32, optional: Flags, f: I8, key: I32, old: I32, made: I32, keys: int, values: int
) -> Findings: ...

class Cells:
    def __init__(self, step: Callable[[int, int], tuple[int, int]]) -> None: ...
    @property
    def bytes(self) -> int: ...

def ladder_registers(
    call: I32,
    ret: I32,
    optional: Flags,
    f: I8,
    old: I32,
    new: I32,
    offset: I64,
    initial: I32,
    values: int,
    seconds: float,
    memory: int,
    shrinking: float,
    witnesses: int,
) -> tuple[Any, ...]: ...
def ladder_table(
    cells: Cells,
    initial: int,
    call: I32,
    ret: I32,
    optional: Flags,
    kind: I32,
    pure: Flags,
    nondeterministic: bool,
    seconds: float,
    memory: int,
) -> tuple[Any, ...]: ...
def ladder_shrink(
    cells: Cells,
    initial: int,
    call: I32,
    ret: I32,
    optional: Flags,
    kind: I32,
    pure: Flags,
    nondeterministic: bool,
    seconds: float,
    memory: int,
    stuck: int,
) -> I32: ...
def ladder_prefix(
    cells: Cells,
    initial: int,
    call: I32,
    ret: I32,
    optional: Flags,
    kind: I32,
    pure: Flags,
    nondeterministic: bool,
    seconds: float,
    memory: int,
    end: int,
) -> tuple[int, I32]: ...
def ladder_strings_prefix(
    call: I32,
    ret: I32,
    optional: Flags,
    f: I8,
    text: I32,
    texts: list[bytes],
    seconds: float,
    memory: int,
    end: int,
) -> tuple[int, I32]: ...
def ladder_strings(
    call: I32,
    ret: I32,
    optional: Flags,
    f: I8,
    text: I32,
    texts: list[bytes],
    seconds: float,
    memory: int,
    shrinking: float,
) -> tuple[Any, ...]: ...
