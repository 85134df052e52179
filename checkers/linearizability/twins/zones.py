"""Linearizability of registers whose values are written once: Gibbons and Korach's zones, extended to cas chains.

All operations that show one value, its write and its reads, are contiguous in any linearization: a cluster. A
successful cas glues the cluster of the value it writes to that of the value it expects, so clusters form chains: the
blocks. A block must precede another when one of its operations returned before one of the other's was invoked. With
``f`` the earliest return in a block and ``s`` the latest invocation, the history is linearizable iff

1. every block is consistent in itself: written before it is read, its clusters in the order of the chain;
2. no two forward zones ``[f, s]`` (``f < s``) of a key overlap;
3. no backward zone ``[s, f]`` lies inside a forward zone.

An unknown write counts iff its value was seen. In keys where a value has several writers
the rules are still sound for the values that have one; such keys are refuted here or left to the search.

Gibbons, Korach: Testing shared memories, SIAM J. Comput. 26(4), 1997.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import HOLDS, INITIAL, NEVER, UNDECIDED, VIOLATED, Conflict, Decision

READ: Final = 0
WRITE: Final = 1
CAS: Final = 2
MISMATCH: Final = 3

RULES: Final = ("thin-air", "future", "double-cas", "circle", "chain", "zones")
"""What a conflict's rows mean:

- ``thin-air``: (observer,) of a value that nobody can have written;
- ``future``: (observer, writer): the observer returned before the writer was invoked;
- ``double-cas``: (first, second) both succeeded from one value that was in place only once;
- ``circle``: cas that each expect what another of them wrote;
- ``chain``: (later, earlier): ``earlier`` was invoked after ``later``, which must follow it, returned;
- ``zones``: (x, y, z, u): x and u show one block of values, y and z another; x returned before y was invoked, and z
  before u. Where x is ``INITIAL``, so is y, and u shows the initial value.
"""

_LOW = np.int64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Columns:
    """Operations on independent registers, one row each, in the order of their invocations.

    Leave out what says nothing: failed writes, reads without an answer. All arrays have one entry per operation.

    Args:
        call: int32, event index of the invocation; ascending, no event index occurs twice in ``call`` and ``ret``.
        ret: int32, event index after which it cannot have happened; ``NEVER`` where there is none.
        optional: bool, a write or cas that may have happened or not.
        f: int8, ``READ``, ``WRITE``, ``CAS``, or ``MISMATCH`` (a failed cas: it saw a value other than ``old``).
        key: int32, dense from 0.
        old: int32, id of the value that was read, or that a cas expects; -1 for a write.
        new: int32, id of the value that a write or cas writes; -1 for the others.
        keys: Number of keys.
        values: Number of value ids. An id belongs to one key; id ``k`` < ``keys`` is the initial value of key ``k``.
    """

    call: NDArray[np.int32]
    ret: NDArray[np.int32]
    optional: NDArray[np.bool_]
    f: NDArray[np.int8]
    key: NDArray[np.int32]
    old: NDArray[np.int32]
    new: NDArray[np.int32]
    keys: int
    values: int

    def __len__(self) -> int:
        return len(self.call)


def decide(columns: Columns) -> Decision:
    """Refute keys, and say which ones hold because of that; where a value has several writers, neither may be known."""
    return _Check(columns).run()


def with_proof(columns: Columns, conflicts: Mapping[int, Conflict]) -> dict[int, Conflict]:
    """The same conflicts with the operations which show that the unknown ones among their rows happened (``seen``)."""
    if not any(columns.optional[row] for conflict in conflicts.values() for row in conflict.rows if row != INITIAL):
        return dict(conflicts)
    proof = _Proof(columns)
    return {
        key: Conflict(conflict.rule, conflict.rows, tuple(proof.of([row for row in conflict.rows if row != INITIAL])))
        for key, conflict in conflicts.items()
    }


class _Check:
    def __init__(self, columns: Columns) -> None:
        self.c = columns
        self.conflicts: dict[int, Conflict] = {}
        keys, values = columns.keys, columns.values
        writing = columns.new >= 0
        writes = np.bincount(columns.new[writing], minlength=values)
        self.sole = writes == 1
        self.sole[:keys] = writes[:keys] == 0
        self.unwritten = writes == 0
        self.unwritten[:keys] = False
        self.plain = np.ones(keys, dtype=np.bool_)
        self.plain[columns.key[writing][~self.sole[columns.new[writing]]]] = False
        self.exact = self.plain.copy()
        self.exact[columns.key[columns.f == MISMATCH]] = False
        self.key_of = np.zeros(values, dtype=np.int64)
        self.key_of[:keys] = np.arange(keys)
        self.key_of[columns.new[writing]] = columns.key[writing]
        self.writer = np.full(values, -1, dtype=np.int64)
        self.writer[columns.new[writing]] = np.flatnonzero(writing)
        self.writer[:keys] = -1
        self._rows_of_ret = np.zeros(0, dtype=np.int64)

    def run(self) -> Decision:
        c = self.c
        self.live = self.find_live()
        seeing = self.live & ((c.f == READ) | (c.f == CAS))
        self._thin_air(seeing)
        seeing &= self.sole[np.maximum(c.old, 0)]
        self._future(seeing)
        self._clusters(seeing)
        self._chains()
        self._zones()
        standing = np.where(self.exact, HOLDS, UNDECIDED).astype(np.int8)
        standing[list(self.conflicts)] = VIOLATED
        return Decision(standing, with_proof(c, self.conflicts))

    def _refute(self, key: int, conflict: Conflict) -> None:
        self.conflicts.setdefault(int(key), conflict)

    def find_live(self) -> NDArray[np.bool_]:
        """Which operations certainly happened: the acknowledged ones, and unknown ones whose value was seen."""
        c = self.c
        live: NDArray[np.bool_] = ~c.optional & (c.f != MISMATCH)
        unknown = np.flatnonzero(c.optional & (c.new >= 0))
        unknown = unknown[self.sole[c.new[unknown]]]
        observed = np.zeros(c.values, dtype=np.bool_)
        observed[c.old[live & (c.old >= 0)]] = True
        while len(unknown):
            happened = observed[c.new[unknown]]
            if not happened.any():
                break
            live[unknown[happened]] = True
            expected = c.old[unknown[happened]]
            observed[expected[expected >= 0]] = True
            unknown = unknown[~happened]
        return live

    def _thin_air(self, seeing: NDArray[np.bool_]) -> None:
        rows = np.flatnonzero(seeing & self.unwritten[np.maximum(self.c.old, 0)])
        for row in rows.tolist():
            self._refute(self.c.key[row], Conflict("thin-air", (row,)))

    def _future(self, seeing: NDArray[np.bool_]) -> None:
        c = self.c
        rows = np.flatnonzero(seeing)
        writers = self.writer[c.old[rows]]
        early = (writers >= 0) & (c.ret[rows] < c.call[writers])
        for row, writer in zip(rows[early].tolist(), writers[early].tolist(), strict=True):
            self._refute(c.key[row], Conflict("future", (row, writer)))

    def _clusters(self, seeing: NDArray[np.bool_]) -> None:
        """Per value: ``f``, the earliest return, and ``s``, the latest invocation."""
        c = self.c
        self.f = np.full(c.values, NEVER, dtype=np.int64)
        self.s = np.full(c.values, -1, dtype=np.int64)
        writing = self.live & (c.new >= 0)
        writing &= self.sole[np.maximum(c.new, 0)]
        for rows, value in ((seeing, c.old), (writing, c.new)):
            np.minimum.at(self.f, value[rows], c.ret[rows])
            np.maximum.at(self.s, value[rows], c.call[rows])
        self.f[: c.keys] = np.where(self.sole[: c.keys], -1, NEVER)
        self.s[: c.keys] = np.where(self.sole[: c.keys], self.s[: c.keys], -1)

    def _chains(self) -> None:
        """Glue clusters to blocks: ``root`` is the first value of the chain."""
        c = self.c
        self.root = np.arange(c.values)
        cas = np.flatnonzero(self.live & (c.f == CAS) & self.sole[np.maximum(c.old, 0)] & (c.old != c.new))
        self._double(cas)
        loops = np.flatnonzero(self.live & (c.f == CAS) & (c.old == c.new) & self.plain[c.key])
        for row in loops.tolist():
            self._refute(c.key[row], Conflict("circle", (row,)))
        cas = cas[self.plain[c.key[cas]] & ~self._refuted()[c.key[cas]]]
        if not len(cas):
            return
        parent = np.arange(c.values)
        parent[c.new[cas]] = c.old[cas]
        depth = (parent != self.root).astype(np.int64)
        root = parent
        for _ in range(int(c.values).bit_length() + 1):
            further = root[root]
            if np.array_equal(further, root):
                break
            depth += depth[root]
            root = further
        self._circles(parent, root)
        self.root = root
        self._order(depth)

    def _double(self, cas: NDArray[np.intp]) -> None:
        order = cas[np.argsort(self.c.old[cas], kind="stable")]
        old = self.c.old[order]
        for i in np.flatnonzero(old[1:] == old[:-1]).tolist():
            first, second = int(order[i]), int(order[i + 1])
            self._refute(self.c.key[first], Conflict("double-cas", (first, second)))

    def _circles(self, parent: NDArray[np.intp], root: NDArray[np.intp]) -> None:
        for value in np.flatnonzero(parent[root] != root).tolist():
            key = int(self.key_of[value])
            if key in self.conflicts:
                continue
            at, seen = int(root[value]), []
            while at not in seen:
                seen.append(at)
                at = int(parent[at])
            circle = seen[seen.index(at) :]
            self._refute(key, Conflict("circle", tuple(sorted(int(self.writer[v]) for v in circle))))

    def _order(self, depth: NDArray[np.int64]) -> None:
        """Inside a chain nothing of a later cluster may have returned before something earlier was invoked."""
        chained = np.zeros(self.c.values, dtype=np.bool_)
        chained[depth > 0] = True
        chained[self.root[depth > 0]] = True
        chained &= ~self._refuted()[self.key_of]
        members = np.flatnonzero(chained)
        members = members[np.lexsort((depth[members], self.root[members]))]
        root = self.root[members].astype(np.int64)
        latest = np.maximum.accumulate((root << 32) | (self.s[members] + 1))
        before, same = (latest[:-1] & _LOW) - 1, root[1:] == root[:-1]
        for i in np.flatnonzero(same & (self.f[members][1:] < before)).tolist():
            value = int(members[i + 1])
            rows = (self._row_of_ret(int(self.f[value])), self._row_of_call(int(before[i])))
            self._refute(self.key_of[value], Conflict("chain", rows))

    def _zones(self) -> None:
        c = self.c
        usable = self.sole & ~self._refuted()[self.key_of] & ((self.f != NEVER) | (self.s >= 0))
        values = np.flatnonzero(usable)
        f = np.full(c.values, NEVER, dtype=np.int64)
        s = np.full(c.values, -1, dtype=np.int64)
        np.minimum.at(f, self.root[values], self.f[values])
        np.maximum.at(s, self.root[values], self.s[values])
        blocks = np.flatnonzero(s >= 0)
        forward = blocks[f[blocks] < s[blocks]]
        backward = blocks[f[blocks] > s[blocks]]
        if not len(forward):
            return
        # Composite numbers keep the keys apart: the key above, the instant (+1, the initial value's is -1) below.
        start = (self.key_of[forward] << 32) | (f[forward] + 1)
        order = np.argsort(start, kind="stable")
        forward, start = forward[order], start[order]
        ends = (self.key_of[forward] << 32) | (s[forward] + 1)
        latest = np.maximum.accumulate(ends)
        for i in np.flatnonzero(latest[:-1] > start[1:]).tolist():
            other = int(np.searchsorted(latest, latest[i]))
            self._zone_conflict(int(forward[other]), int(forward[i + 1]), f, s)
        at = np.searchsorted(start, (self.key_of[backward] << 32) | (s[backward] + 1)) - 1
        inside = (at >= 0) & (latest[np.maximum(at, 0)] > ((self.key_of[backward] << 32) | (f[backward] + 1)))
        for block, position in zip(backward[inside].tolist(), at[inside].tolist(), strict=True):
            other = int(np.searchsorted(latest, latest[position]))
            self._zone_conflict(int(forward[other]), block, f, s)

    def _zone_conflict(self, one: int, two: int, f: NDArray[np.int64], s: NDArray[np.int64]) -> None:
        """Name the four operations, the one that comes back to the block seen first (u) last."""
        first, second = (one, two) if s[one] >= s[two] else (two, one)
        if f[second] < 0:
            first, second = second, first
        key = int(self.key_of[first])
        if key in self.conflicts:
            return
        z, u = self._row_of_ret(int(f[second])), self._row_of_call(int(s[first]))
        if f[first] < 0:
            self._refute(key, Conflict("zones", (INITIAL, INITIAL, z, u)))
            return
        x, y = self._row_of_ret(int(f[first])), self._row_of_call(int(s[second]))
        self._refute(key, Conflict("zones", (x, y, z, u)))

    def _refuted(self) -> NDArray[np.bool_]:
        refuted = np.zeros(self.c.keys, dtype=np.bool_)
        refuted[list(self.conflicts)] = True
        return refuted

    def _row_of_call(self, event: int) -> int:
        return int(np.searchsorted(self.c.call, event))

    def _row_of_ret(self, event: int) -> int:
        if not len(self._rows_of_ret):
            done = np.flatnonzero(self.c.ret != NEVER)
            self._rows_of_ret = np.zeros(int(self.c.ret[done].max()) + 1, dtype=np.int64)
            self._rows_of_ret[self.c.ret[done]] = done
        return int(self._rows_of_ret[event])


class _Proof:
    """Which operations show that unknown ones happened."""

    def __init__(self, columns: Columns) -> None:
        self.c = columns
        seeing = _Check(columns).find_live() & ((columns.f == READ) | (columns.f == CAS))
        rows = np.flatnonzero(seeing)
        self._rows = rows[np.lexsort((rows, columns.ret[rows], columns.old[rows]))]
        self._old = columns.old[self._rows]

    def of(self, rows: Sequence[int]) -> list[int]:
        """For each unknown one the earliest observer; where that is unknown as well, its earliest observer too."""
        proof: list[int] = []
        for row in rows:
            at, passed = row, {row}
            while self.c.optional[at]:
                observers = (one for one in self._observers(int(self.c.new[at])) if one not in passed)
                observer = next(observers, None)
                if observer is None:
                    break
                at = observer
                passed.add(at)
                if at not in rows and at not in proof:
                    proof.append(at)
        return proof

    def _observers(self, value: int) -> Iterator[int]:
        first = int(np.searchsorted(self._old, value))
        return itertools.takewhile(lambda row: self.c.old[row] == value, map(int, self._rows[first:]))
