"""How something else is recorded of a history than what happened.

"Before" means that one operation was complete before the other was invoked.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from linearizability.histories import Done
from linearizability.oracle import FOREVER, Row

NOBODY: Final = 10**9
"""A value that nobody writes."""

Place = Callable[[random.Random, list[Done]], list[Done] | None]
"""The history with a violation; None where this try found no place."""


def told(plan: list[Done], *fs: str) -> list[int]:
    """The positions of what is known to have happened."""
    return [i for i, done in enumerate(plan) if done.row.told and not done.row.failed and done.row.f in fs]


def end(done: Done) -> float:
    """When it was complete; never, where the outcome is unknown."""
    return float(FOREVER) if done.end is None or not done.row.told else done.end


def drawn(rng: random.Random, plan: list[Done], *fs: str) -> Done | None:
    """Something that is known to have happened."""
    some = told(plan, *fs)
    return plan[rng.choice(some)] if some else None


def changed(plan: list[Done], old: Done, **fields: Any) -> list[Done]:
    """With something else recorded of one operation."""
    return [replace(done, row=replace(done.row, **fields)) if done is old else done for done in plan]


def inserted(plan: list[Done], after: float, before: float, f: str, **fields: Any) -> list[Done]:
    """With an operation more, by somebody new, between two instants."""
    process = max(done.row.process for done in plan) + 1
    start, stop = after + (before - after) / 3, after + (before - after) * 2 / 3
    row = Row(-1, 0, 0, process, f, fields.pop("argument", None), fields.pop("result", None), **fields)
    return [*plan, Done(row, start, stop, start)]
