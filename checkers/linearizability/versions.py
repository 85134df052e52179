"""Registers whose operations carry the versions that the datastore gave: the versions reveal the order.

A version belongs to one write. The write of version ``v`` comes before its reads, and these before the write of any
larger version, so operations have ranks (``twins.rank``); reads of the initial value, without a version or with 0, come
before all. What is left to check is that reads show the value of their version, and that a cas expects that of the
version before.

Unknown writes count when a read shows their version or, where no other write can be meant, their value. Where several
can be meant, an assignment is tried: it may prove that a part holds, never that it does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import kernel
from checkers.linearizability.decision import HOLDS, INITIAL, NEVER, UNDECIDED, VIOLATED, Conflict, Decision
from checkers.linearizability.twins import rank
from checkers.linearizability.twins.zones import CAS, MISMATCH, READ, WRITE, Columns

RULES: Final = ("two-writes", "value", "thin-air", "expected", "rank")
"""What a conflict's rows mean:

- ``two-writes``: (first, second) have one version;
- ``value``: (read, other): a read shows another value than ``other``, the write or a read of the same version;
- ``thin-air``: (read,) of a value, or of a value with a version, that nobody can have written;
- ``expected``: (before, cas): the cas succeeded although the version before holds another value; ``INITIAL``: none is;
- ``rank``: (later, earlier): ``earlier`` was invoked after ``later``, whose version is larger, returned.
"""

_NONE: Final = np.int64(np.iinfo(np.int64).min)
_NOBODY: Final = -1


@dataclass(frozen=True, slots=True)
class _Slots:
    """The distinct versions, ascending part by part.

    Args:
        of: int64 per row; -1 for an operation without a version.
        part: int32 per slot.
        writer: int64 per slot, the row of the write; -1 where there is none (yet).
        first: int64 per part, its first slot.
    """

    of: NDArray[np.int64]
    part: NDArray[np.int32]
    writer: NDArray[np.int64]
    first: NDArray[np.int64]


def decide(columns: Columns, version: NDArray[np.int64]) -> Decision:
    """Where every part stands by its versions; what does not follow from them alone is undecided.

    Args:
        columns: The operations; here values may be written more than once.
        version: int64 per row; negative where there is none.
    """
    return _Check(columns, version).run()


def _slots(part: NDArray[np.int32], version: NDArray[np.int64], parts: int) -> _Slots:
    rows = np.flatnonzero(version >= 0)
    rows = rows[np.lexsort((version[rows], part[rows]))]
    begins = np.ones(len(rows), dtype=np.bool_)
    begins[1:] = (part[rows[1:]] != part[rows[:-1]]) | (version[rows[1:]] != version[rows[:-1]])
    of = np.full(len(part), -1, dtype=np.int64)
    of[rows] = np.cumsum(begins) - 1
    own = part[rows[begins]]
    return _Slots(of, own, np.full(len(own), _NOBODY, dtype=np.int64), np.searchsorted(own, np.arange(parts)))


class _Check:
    def __init__(self, columns: Columns, version: NDArray[np.int64]) -> None:
        c = self.c = columns
        self.version = version
        self.slots = _slots(c.key, version, c.keys)
        # Twice the slot, and one more for reads; what sees the initial value is just below its part's first write.
        self.rank = np.full(len(c), _NONE)
        self.base = 2 * self.slots.first - 1
        self.guessed = np.zeros(len(c), dtype=np.bool_)
        self.open = np.zeros(c.keys, dtype=np.bool_)
        self.conflicts: dict[int, Conflict] = {}
        self.writes = (c.f == WRITE) | (c.f == CAS)
        self.writers = np.bincount(c.new[self.writes], minlength=c.values)
        reads = (c.f == READ) & ~c.optional
        initial = reads & (c.old == c.key) & (version <= 0)
        self.before_all = initial & (self.writers[c.key] == 0)
        self.numbered = np.flatnonzero(reads & ~initial & (version >= 0))
        self.unnumbered = np.flatnonzero(reads & ~initial & (version < 0))

    def run(self) -> Decision:
        c = self.c
        self._own_versions()
        self._shown_versions()
        self._unnumbered_writes()
        self._rank_numbered()
        self._rank_unnumbered()
        self._expected()
        self._refute_ranks()
        self._mismatches()
        self.open[c.key[(self.rank == _NONE) & ~c.optional]] = True
        standing = np.where(self.open, UNDECIDED, HOLDS).astype(np.int8)
        standing[self._contradicted()] = UNDECIDED
        standing[list(self.conflicts)] = VIOLATED
        return Decision(standing, self.conflicts)

    def _refute(self, rule: str, *rows: int, shown: Sequence[int] = ()) -> None:
        part = int(self.c.key[rows[-1]])
        if part not in self.conflicts:
            seen = (*self._seen(rows), *shown)
            self.conflicts[part] = Conflict(rule, rows, tuple(row for row in dict.fromkeys(seen) if row not in rows))

    def _seen(self, rows: tuple[int, ...]) -> tuple[int, ...]:
        """Reads which show the versions of those writes among these, or behind them, that do not show it themselves."""
        c, of = self.c, self.slots.of
        seen: list[int] = []
        for row in rows:
            if row == INITIAL or self.rank[row] == _NONE or self.before_all[row]:
                continue
            slot = int(self.rank[row] // 2)
            write = int(self.slots.writer[slot])
            if c.optional[write] or self.version[write] < 0:
                shown = (c.f == READ) & (self.rank == 2 * slot + 1) & ((of == slot) | (self.version[write] >= 0))
                readers = np.flatnonzero(shown).tolist()
                if not {*readers} & {*rows, *seen}:
                    seen += readers[:1]
        return tuple(seen)

    def _own_versions(self) -> None:
        """The writes that were acknowledged with a version."""
        of, writer = self.slots.of, self.slots.writer
        rows = np.flatnonzero(self.writes & ~self.c.optional & (of >= 0))
        writer[of[rows][::-1]] = rows[::-1]
        for row in rows[writer[of[rows]] != rows].tolist():
            self._refute("two-writes", int(writer[of[row]]), row)

    def _shown_versions(self) -> None:
        """Of unknown writes with a version, those whose version was read with their value."""
        c, of, writer = self.c, self.slots.of, self.slots.writer
        shown = np.full(len(writer), -1, dtype=np.int64)
        shown[of[self.numbered[::-1]]] = c.old[self.numbered[::-1]]
        rows = np.flatnonzero(self.writes & c.optional & (of >= 0))
        rows = rows[(shown[of[rows]] == c.new[rows]) & (writer[of[rows]] == _NOBODY)]
        writer[of[rows]] = rows
        ambiguous = rows[writer[of[rows]] != rows]
        self.open[c.key[ambiguous]] = True
        writer[of[ambiguous]] = _NOBODY
        others = np.bincount(c.new[self.writes & (of < 0)], minlength=c.values)
        self.guessed[rows] = others[c.new[rows]] > 0

    def _unnumbered_writes(self) -> None:
        """Give the versions that were read, and that no write has, to the writes without one that wrote the value."""
        c, of, writer = self.c, self.slots.of, self.slots.writer
        reader = np.full(len(writer), _NOBODY, dtype=np.int64)
        reader[of[self.numbered][::-1]] = self.numbered[::-1]
        for row in self.numbered[c.old[self.numbered] != c.old[reader[of[self.numbered]]]].tolist():
            if writer[of[row]] == _NOBODY:
                self._refute("value", row, int(reader[of[row]]))
        needed = np.flatnonzero((reader >= 0) & (writer == _NOBODY))
        free = np.flatnonzero(self.writes & (of < 0))
        supply = np.bincount(c.new[free], minlength=c.values)
        value = c.old[reader[needed]]
        taken = np.flatnonzero(self.writes & c.optional & (of >= 0))
        maybe = np.isin(needed, of[taken])
        for row in reader[needed[(supply[value] == 0) & ~maybe]].tolist():
            self._refute("thin-air", row)
        needed = needed[np.argsort(value, kind="stable")]
        free = free[np.argsort(c.new[free], kind="stable")]
        value = c.old[reader[needed]]
        # The n-th version of a value goes to the n-th write of it.
        number = np.arange(len(needed)) - np.searchsorted(value, value)
        short = number >= supply[value]
        self.open[c.key[reader[needed[short]]]] = True
        needed, value, number = needed[~short], value[~short], number[~short]
        rows = free[np.searchsorted(c.new[free], value) + number]
        writer[needed] = rows
        of[rows] = needed
        demand = np.bincount(value, minlength=c.values)
        self.guessed[rows] = (supply[value] > 1) | (demand[value] > 1) | maybe.any()

    def _rank_numbered(self) -> None:
        c, of, writer = self.c, self.slots.of, self.slots.writer
        self.rank[self.before_all] = self.base[c.key[self.before_all]]
        known = np.flatnonzero(writer >= 0)
        self.rank[writer[known]] = 2 * known
        rows = self.numbered[writer[of[self.numbered]] >= 0]
        self.rank[rows] = 2 * of[rows] + 1
        wrote = writer[of[rows]]
        self.guessed[rows] = self.guessed[wrote]
        for row in rows[c.old[rows] != c.new[wrote]].tolist():
            self._refute("value", row, int(writer[of[row]]))

    def _rank_unnumbered(self) -> None:
        """A read without a version is of the only write of its value."""
        c, of, writer = self.c, self.slots.of, self.slots.writer
        rows = self.unnumbered
        for row in rows[self.writers[c.old[rows]] == 0].tolist():
            self._refute("thin-air", row)
        rows = rows[self.writers[c.old[rows]] == 1]
        only = np.full(c.values, _NOBODY, dtype=np.int64)
        only[c.new[self.writes]] = np.flatnonzero(self.writes)
        wrote = only[c.old[rows]]
        shown = wrote[(self.rank[wrote] == _NONE) & (of[wrote] >= 0)]
        shown = shown[writer[of[shown]] == _NOBODY]
        writer[of[shown]] = shown
        self.rank[shown] = np.where(writer[of[shown]] == shown, 2 * of[shown], _NONE)
        ranked = self.rank[wrote] != _NONE
        self.rank[rows[ranked]] = self.rank[wrote[ranked]] + 1
        self.guessed[rows[ranked]] = self.guessed[wrote[ranked]]

    def _expected(self) -> None:
        """A cas follows the version whose value it expects."""
        c = self.c
        rows = self.slots.writer[self.slots.writer >= 0]
        part = c.key[rows]
        before = np.full(len(rows), INITIAL, dtype=np.int64)
        before[1:] = np.where(part[1:] == part[:-1], rows[:-1], INITIAL)
        held = np.where(before == INITIAL, part, c.new[np.maximum(before, 0)])
        wrong = np.flatnonzero((c.f[rows] == CAS) & (held != c.old[rows]))
        if not len(wrong):
            return
        unranked = np.bincount(c.new[self.writes & (self.rank == _NONE)], minlength=c.values)
        tried = np.zeros(c.keys, dtype=np.bool_)
        tried[c.key[self.guessed]] = True
        for i in wrong.tolist():
            row = int(rows[i])
            if unranked[c.old[row]] or tried[part[i]]:
                self.open[part[i]] = True
            else:
                self._refute("expected", int(before[i]), row, shown=self._elsewhere(row))

    def _elsewhere(self, cas: int) -> list[int]:
        """Reads which show that writes of the expected value, which do not say so themselves, have other versions."""
        c, of = self.c, self.slots.of
        wrote = np.flatnonzero(self.writes & (c.new == c.old[cas]) & (self.version < 0) & (self.rank != _NONE))
        readers = self.numbered[np.isin(of[self.numbered], of[wrote])]
        return [int(readers[at]) for at in np.unique(of[readers], return_index=True)[1]]

    def _refute_ranks(self) -> None:
        rows = np.flatnonzero((self.rank != _NONE) & ~self.guessed)
        for later, earlier in self._inverted(rows).values():
            self._refute("rank", later, earlier)

    def _inverted(self, rows: NDArray[np.intp]) -> dict[int, tuple[int, int]]:
        """Per part with one, a pair of operations whose ranks real time contradicts."""
        c = self.c
        ranked = rank.Columns(c.call[rows], c.ret[rows], c.key[rows], self.rank[rows], c.keys)
        found = kernel.rank(ranked).conflicts
        return {part: (int(rows[one.rows[0]]), int(rows[one.rows[1]])) for part, one in found.items()}

    def _mismatches(self) -> None:
        """Try the earliest version at which each failed cas may have been refused."""
        c, of, writer = self.c, self.slots.of, self.slots.writer
        rows = np.flatnonzero(c.f == MISMATCH)
        if not len(rows):
            return
        # The states that were, the initial ones included, in their order: a number for part and rank.
        known = np.flatnonzero(writer >= 0)
        part = np.concatenate([np.arange(c.keys), self.slots.part[known]])
        state = np.concatenate([self.base, 2 * known + 1])
        value = np.concatenate([np.arange(c.keys), c.new[writer[known]]])
        order = np.lexsort((state, part))
        part, state, value = part[order], state[order], value[order]
        wide = 2 * len(writer) + 3
        number = part * wide + state
        at = np.searchsorted(number, c.key[rows] * wide + (self._reached(rows) | 1))
        runs = np.flatnonzero(np.append((part[1:] != part[:-1]) | (value[1:] != value[:-1]), True))
        refuses = np.where(value[at] == c.old[rows], runs[np.searchsorted(runs, at)] + 1, at)
        # With a version of its own, that is the state which refused it.
        own = 2 * of[rows] + 1
        found = np.minimum(np.searchsorted(number, c.key[rows] * wide + own), len(number) - 1)
        at = np.minimum(np.where(of[rows] < 0, refuses, found), len(number) - 1)
        fits = (part[at] == c.key[rows]) & (value[at] != c.old[rows])
        fits &= np.where(of[rows] < 0, refuses < len(number), state[at] == own)
        self.rank[rows[fits]] = state[at[fits]]
        self.guessed[rows] = True

    def _reached(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """The largest rank of the same part that had returned when each of these was invoked."""
        c = self.c
        done = np.flatnonzero((self.rank != _NONE) & (c.ret != NEVER))
        time = (c.key[done].astype(np.int64) << 32) | c.ret[done]
        done, time = done[np.argsort(time)], np.sort(time)
        # What is left from the part before is never above the base of this one.
        latest = np.maximum.accumulate(np.concatenate([[np.int64(-1)], self.rank[done]]))
        before = latest[np.searchsorted(time, (c.key[rows].astype(np.int64) << 32) | c.call[rows])]
        return np.maximum(before, self.base[c.key[rows]])

    def _contradicted(self) -> list[int]:
        """The parts whose tried assignment real time contradicts."""
        tried = np.zeros(self.c.keys, dtype=np.bool_)
        tried[self.c.key[self.guessed]] = True
        if not tried.any():
            return []
        return list(self._inverted(np.flatnonzero((self.rank != _NONE) & tried[self.c.key])))
