"""What the decision procedures give back, and what they may spend."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

NEVER: Final = int(np.iinfo(np.int32).max)
"""The completion of an operation that never returned; the same number as ``harness.history.NEVER``."""

HOLDS: Final = 0
VIOLATED: Final = 1
UNDECIDED: Final = 2

INITIAL: Final = -1
"""Stands in a witness for the initial value, which no operation wrote."""

SEARCH: Final = "search"
"""The rule of a conflict that the ladder found: observations and acknowledged changes which no order explains."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why one part is not linearizable.

    Args:
        rule: Which rule of the procedure was broken; it fixes the meaning of ``rows``.
        rows: Rows of the operations, or ``INITIAL``.
        seen: Rows which show that those of unknown outcome among ``rows`` happened: they observed what these wrote.
    """

    rule: str
    rows: tuple[int, ...]
    seen: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Where every part stands.

    Args:
        standing: int8 per part: ``HOLDS``, ``VIOLATED`` or ``UNDECIDED``.
        conflicts: Per violated part, the proof.
        reasons: Per undecided part, which budget ended and what had been ruled out by then. A linear-time procedure
            gives none: what it leaves undecided is the ladder's.
        searched: How many parts needed the ladder.
    """

    standing: NDArray[np.int8]
    conflicts: Mapping[int, Conflict]
    reasons: Mapping[int, str] = field(default_factory=dict)
    searched: int = 0


class BudgetSpent(Exception):
    """A search has used its time or its memory; the message says which and how much that was."""


def no_time(seconds: float) -> str:
    """That a time budget ended, in words."""
    return f"the time budget of {seconds:.3g} s was used up"


def no_memory(memory: int) -> str:
    """That a memory budget ended, in words."""
    return f"the memory budget of {memory / 2**20:.4g} MiB was used up"


CONFIGURATION_BYTES: Final = 256
"""What one configuration of the search in Python takes."""


class Budget:
    """What a search may use, counted while it runs.

    Args:
        seconds: Wall-clock time.
        memory: Bytes that its configurations may take at once.
    """

    def __init__(self, seconds: float, memory: int) -> None:
        self.seconds = seconds
        self.memory = memory
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds, never negative."""
        return max(0.0, self._end - time.monotonic())

    def part(self, seconds: float, memory: int | None = None) -> "Budget":
        """A budget with at most so much of the time that is left, and so much memory (None: the same)."""
        return Budget(min(seconds, self.left), self.memory if memory is None else memory)

    def spend(self, configurations: int) -> None:
        """Say how many search states are held now.

        Raises:
            BudgetSpent: That is too many, or the time is over.
        """
        if configurations * CONFIGURATION_BYTES > self.memory:
            raise BudgetSpent(no_memory(self.memory))
        if time.monotonic() > self._end:
            raise BudgetSpent(no_time(self.seconds))
