"""The linear-time procedures: the compiled one where it was built, its NumPy twin elsewhere."""

import os
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import Conflict, Decision
from checkers.linearizability.twins import counter as twin_counter
from checkers.linearizability.twins import grow_only_set as twin_grow_only_set
from checkers.linearizability.twins import mutex as twin_mutex
from checkers.linearizability.twins import priority_queue as twin_priority_queue
from checkers.linearizability.twins import queue as twin_queue
from checkers.linearizability.twins import rank as twin_rank
from checkers.linearizability.twins import set as twin_set
from checkers.linearizability.twins import stack as twin_stack
from checkers.linearizability.twins import zones as twin_zones
from checkers.linearizability.twins.collection import RULES, Columns

__all__ = ["NAME", "WHY_NOT", "decision", "native"]

try:
    if os.environ.get("QUORATE_KERNEL") == "numpy":
        raise ImportError("QUORATE_KERNEL=numpy says so")  # noqa: TRY301 - as if it were not there
    from checkers import _native as native
except ImportError as missing:
    native = None  # type: ignore[assignment]  # None where it was not built
    WHY_NOT = str(missing)
else:
    WHY_NOT = ""

NAME: Final = "NumPy" if native is None else "compiled"
"""Which of the two decides."""


def decision(raw: tuple[Any, ...], rules: Sequence[str]) -> Decision:
    """What the compiled kernel gives back, with the rules' names."""
    standing, part, rule, offset, rows = raw
    bounds, all_rows = offset.tolist(), rows.tolist()
    conflicts = {
        which: Conflict(rules[why], tuple(all_rows[a:b]))
        for which, why, a, b in zip(part.tolist(), rule.tolist(), bounds, bounds[1:], strict=False)
    }
    return Decision(standing, conflicts)


def zones(columns: twin_zones.Columns) -> Decision:
    """Registers: see ``twins.zones``."""
    if native is None:
        return twin_zones.decide(columns)
    c = columns
    raw = native.zones(c.call, c.ret, c.optional, c.f, c.key, c.old, c.new, c.keys, c.values)
    found = decision(raw, twin_zones.RULES)
    return Decision(found.standing, twin_zones.with_proof(c, found.conflicts))


def rank(columns: twin_rank.Columns) -> Decision:
    """Objects whose order the data reveals: see ``twins.rank``."""
    if native is None:
        return twin_rank.decide(columns)
    c = columns
    return decision(native.rank(c.call, c.ret, c.part, c.rank, c.parts), twin_rank.RULES)


def counter(columns: twin_counter.Columns) -> Decision:
    """Counters: see ``twins.counter``."""
    if native is None:
        return twin_counter.decide(columns)
    c = columns
    return decision(native.counter(c.call, c.ret, c.optional, c.f, c.part, c.amount, c.parts), twin_counter.RULES)


def grow_only_set(columns: twin_grow_only_set.Columns) -> Decision:
    """Sets that are read as a whole: see ``twins.grow_only_set``."""
    return twin_grow_only_set.decide(columns, _link, rank)


def _link(given: twin_grow_only_set.Chain) -> twin_grow_only_set.Found:
    if native is None:
        return twin_grow_only_set.chain(given)
    c = given.columns
    found: twin_grow_only_set.Found = native.grow_only_set(
        given.part, given.element, given.order, c.list_part, c.offset, c.listed, c.elements
    )
    return found


def set_(columns: twin_set.Columns) -> Decision:
    """Sets whose elements are looked up one at a time: see ``twins.set``."""
    if native is None:
        return twin_set.decide(columns)
    c = columns
    return twin_set.with_proof(decision(native.set_(c.call, c.ret, c.optional, c.f, c.part, c.parts), twin_set.RULES))


def mutex(columns: twin_mutex.Columns) -> Decision:
    """Mutexes with owners: see ``twins.mutex``."""
    if native is None:
        return twin_mutex.decide(columns)
    c = columns
    raw = native.mutex(c.call, c.ret, c.optional, c.f, c.part, c.process, c.token, c.parts, c.processes, c.reentrant)
    return decision(raw, twin_mutex.RULES)


def queue(columns: Columns) -> Decision:
    """FIFO queues: see ``twins.queue``."""
    return twin_queue.decide(columns) if native is None else _collection(native.queue, columns)


def stack(columns: Columns) -> Decision:
    """Stacks: see ``twins.stack``."""
    return twin_stack.decide(columns) if native is None else _collection(native.stack, columns)


def priority_queue(columns: Columns, rank: NDArray[np.int32]) -> Decision:
    """Priority queues: see ``twins.priority_queue``."""
    if native is None:
        return twin_priority_queue.decide(columns, rank)
    return _collection(native.priority_queue, columns, rank)


def _collection(procedure: Callable[..., tuple[Any, ...]], columns: Columns, *more: NDArray[np.int32]) -> Decision:
    c = columns
    return decision(procedure(c.call, c.ret, c.optional, c.f, c.part, c.value, c.parts, c.values, *more), RULES)
