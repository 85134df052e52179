"""What the decision procedures take and give back: integer columns in, a standing per key and witness rows out.

This is the boundary behind which a compiled kernel can stand: nothing here knows a history, a value or a process' name.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

NEVER: Final = int(np.iinfo(np.int32).max)
"""The completion of an operation whose outcome is unknown; the same number as ``harness.history.NEVER``."""

READ: Final = 0
WRITE: Final = 1
CAS: Final = 2
MISMATCH: Final = 3

HOLDS: Final = 0
VIOLATED: Final = 1
UNDECIDED: Final = 2

INITIAL: Final = -1
"""Stands in a witness for the initial value, which no operation wrote."""

Kind = Literal["thin-air", "future", "double-cas", "circle", "chain", "zones", "search"]


@dataclass(frozen=True, slots=True)
class Columns:
    """Operations on independent registers, one row each, in the order of their invocations.

    Leave out what says nothing: failed writes, reads without an answer. All arrays have one entry per operation.

    Args:
        call: int32, event index of the invocation; ascending, no event index occurs twice in ``call`` and ``ret``.
        ret: int32, event index of the completion; ``NEVER`` for a write or cas that may have happened or not.
        f: int8, ``READ``, ``WRITE``, ``CAS``, or ``MISMATCH`` (a failed cas: it saw a value other than ``old``).
        key: int32, dense from 0.
        old: int32, id of the value that was read, or that a cas expects; -1 for a write.
        new: int32, id of the value that a write or cas writes; -1 for the others.
        keys: Number of keys.
        values: Number of value ids. An id belongs to one key; id ``k`` < ``keys`` is the initial value of key ``k``.
    """

    call: NDArray[np.int32]
    ret: NDArray[np.int32]
    f: NDArray[np.int8]
    key: NDArray[np.int32]
    old: NDArray[np.int32]
    new: NDArray[np.int32]
    keys: int
    values: int

    def __len__(self) -> int:
        return len(self.call)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why one key is not linearizable.

    Args:
        kind: Which rule was broken; it fixes the meaning of ``rows``:

            - ``thin-air``: (observer,) of a value that nobody can have written;
            - ``future``: (observer, writer): the observer returned before the writer was invoked;
            - ``double-cas``: (first, second) both succeeded from one value that was in place only once;
            - ``circle``: cas that each expect what another of them wrote;
            - ``chain``: (later, earlier): ``earlier`` was invoked after ``later``, which must follow it, returned;
            - ``zones``: (x, y, z, u): x and u show one block of values, y and z another; x returned before y was
              invoked, and z before u. Where x is ``INITIAL``, so is y, and u shows the initial value;
            - ``search``: observations and acknowledged writes which no order explains.

        rows: Rows of the columns, or ``INITIAL``.
        seen: Rows which show that those of unknown outcome among ``rows`` happened: they observed what these wrote.
    """

    kind: Kind
    rows: tuple[int, ...]
    seen: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Where every key stands.

    Args:
        standing: int8 per key: ``HOLDS``, ``VIOLATED`` or ``UNDECIDED``.
        conflicts: Per violated key, the proof.
        reasons: Per undecided key, which budget ended and what had been ruled out by then.
        searched: How many keys needed the general search.
    """

    standing: NDArray[np.int8]
    conflicts: Mapping[int, Conflict]
    reasons: Mapping[int, str] = field(default_factory=dict)
    searched: int = 0


class BudgetSpent(Exception):
    """A search has used its time or its memory; the message says which and how much that was."""


class Budget:
    """What a search may use, counted while it runs.

    Args:
        seconds: Wall-clock time.
        configurations: Search states held in memory at once, about 250 bytes each.
    """

    def __init__(self, seconds: float, configurations: int) -> None:
        self.seconds = seconds
        self.configurations = configurations
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds, never negative."""
        return max(0.0, self._end - time.monotonic())

    def part(self, seconds: float) -> "Budget":
        """A budget with the same memory and at most so much of the time that is left."""
        return Budget(min(seconds, self.left), self.configurations)

    def spend(self, configurations: int) -> None:
        """Say how many search states are held now.

        Raises:
            BudgetSpent: That is too many, or the time is over.
        """
        if configurations > self.configurations:
            raise BudgetSpent(f"the memory budget of {self.configurations} search states was used up")
        if time.monotonic() > self._end:
            raise BudgetSpent(f"the time budget of {self.seconds:.3g} s was used up")
