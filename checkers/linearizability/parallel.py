"""Parts are independent, so they can be decided side by side: groups of parts, and what was found put together."""

import heapq
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import NEVER, UNDECIDED, Conflict, Decision
from checkers.linearizability.operations import Operations
from harness.values import NULL, Values

LARGE: Final = 200_000
"""Operations from which on several threads decide faster than one."""

_ONE_BY_ONE: Final = 1024
"""How many parts, the largest, are put into groups one after the other; the rest levels the groups."""

Task = TypeVar("Task")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Group:
    """Some parts of the operations, as operations of their own.

    Args:
        parts: int64, which parts, ascending.
        rows: int64, which rows, ascending.
        operations: They, with parts numbered from 0 on.
    """

    parts: NDArray[np.int64]
    rows: NDArray[np.int64]
    operations: Operations


def cores() -> int:
    """How many threads can run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(work: Callable[[Task], Found], tasks: Sequence[Task], workers: int) -> list[Found]:
    """What ``work`` finds in each task, in their order, by so many threads."""
    if workers == 1 or len(tasks) == 1:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(min(workers, len(tasks)), "quorate-check") as pool:
        return list(pool.map(work, tasks))


def split(operations: Operations, count: int) -> list[Group]:
    """At most so many groups of parts, which have about the same number of operations."""
    size = np.bincount(operations.part, minlength=operations.parts)
    group = _level(size, min(count, operations.parts))
    group_of_row = group[operations.part]
    order = np.argsort(group_of_row, kind="stable")
    bounds = np.searchsorted(group_of_row[order], np.arange(int(group.max(initial=-1)) + 2))
    return [
        _group(operations, np.flatnonzero(group == number), order[bounds[number] : bounds[number + 1]])
        for number in np.unique(group).tolist()
    ]


def _level(size: NDArray[np.int64], count: int) -> NDArray[np.int16]:
    """Per part a group: the largest part goes where least is, and so on; many small ones fill what is left."""
    order = np.argsort(-size, kind="stable")
    group = np.zeros(len(size), dtype=np.int16)
    heap = [(0, number) for number in range(count)]
    for part in order[:_ONE_BY_ONE].tolist():
        load, number = heap[0]
        group[part] = number
        heapq.heapreplace(heap, (load + int(size[part]), number))
    rest = np.sort(order[_ONE_BY_ONE:])
    if len(rest):
        loads = np.array([load for load, _ in sorted(heap, key=lambda entry: entry[1])])
        room = np.maximum(-(-int(size.sum()) // count) - loads, 0)
        group[rest] = np.minimum(np.searchsorted(np.cumsum(room), np.cumsum(size[rest])), count - 1)
    return group


def _group(operations: Operations, parts: NDArray[np.int64], rows: NDArray[np.int64]) -> Group:
    own = operations.select(rows)
    place = {part: number for number, part in enumerate(parts.tolist()) if part in operations.unusable}
    return Group(
        parts,
        rows,
        replace(
            own,
            part=np.searchsorted(parts, own.part).astype(np.int32),
            keys=tuple(operations.keys[part] for part in parts.tolist()),
            unusable={number: operations.unusable[part] for part, number in place.items()},
        ),
    )


def join(parts: int, found: Iterable[tuple[Group, Decision]]) -> Decision:
    """Where all parts stand."""
    standing = np.full(parts, UNDECIDED, dtype=np.int8)
    conflicts: dict[int, Conflict] = {}
    reasons: dict[int, str] = {}
    searched = 0
    for group, decision in found:
        standing[group.parts] = decision.standing
        conflicts |= {int(group.parts[part]): outside(one, group.rows) for part, one in decision.conflicts.items()}
        reasons |= {int(group.parts[part]): reason for part, reason in decision.reasons.items()}
        searched += decision.searched
    return Decision(standing, dict(sorted(conflicts.items())), reasons, searched)


def outside(conflict: Conflict, rows: NDArray[np.int64]) -> Conflict:
    """A conflict among some rows, in terms of all of them."""
    named = [tuple(int(rows[row]) if row >= 0 else row for row in some) for some in (conflict.rows, conflict.seen)]
    return replace(conflict, rows=named[0], seen=named[1])


def compact(operations: Operations) -> Operations:
    """The same operations with nothing around them: only their own values and names, instants without gaps."""
    done = operations.ret != NEVER
    instants = np.sort(np.concatenate([operations.call, operations.ret[done]]))
    ret = operations.ret.copy()
    ret[done] = np.searchsorted(instants, ret[done])
    used, code = np.unique(np.concatenate([[NULL], operations.argument, operations.result]), return_inverse=True)
    values = Values()
    codes = np.array(values.codes([operations.values[one] for one in used.tolist()]), dtype=np.int32)[code[1:]]
    names, key = np.unique(operations.key[operations.key >= 0], return_inverse=True)
    keys = np.full(len(operations), -1, dtype=np.int32)
    keys[operations.key >= 0] = key
    return replace(
        operations,
        call=np.searchsorted(instants, operations.call).astype(np.int32),
        ret=ret,
        argument=codes[: len(operations)],
        result=codes[len(operations) :],
        key=keys,
        names=tuple(operations.names[one] for one in names.tolist()),
        values=values,
    )
