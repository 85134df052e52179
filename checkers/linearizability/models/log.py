"""An append-only log."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability import places
from checkers.linearizability.decision import UNDECIDED, VIOLATED, Conflict, Decision
from checkers.linearizability.explain import Narrator
from checkers.linearizability.ids import RowsByPart
from checkers.linearizability.model import ILLEGAL, UNKNOWN, Model, Operation, show
from checkers.linearizability.operations import Operations
from harness.values import token

FROM: Final = "from"


class Log(Model):
    """An append-only list: a partition of a message log, a list that is read as a whole, a stream.

    The offset that an append was given, or a read that shows its value, is its place in the order. Values that are
    appended once, or offsets for all, are decided in time linear in what was read.
    """

    name = "log"
    summary = "A list that is only appended to, with offsets, read as a whole or from an offset on."
    vocabulary: ClassVar[Mapping[str, str]] = {
        "append": "the value; ok: the offset at which it stands, or null when that is not known",
        "read": 'null, or {"from": offset}; ok: the list of the values from there on',
    }
    resultless = frozenset({"append"})

    def init(self) -> tuple[Any, ...]:
        """The stand-ins of the values."""
        return ()

    def step(self, state: tuple[Any, ...], op: Operation) -> Any:
        """The values afterwards."""
        if op.f == "append":
            known = op.result is not None and op.result is not UNKNOWN
            return ILLEGAL if known and op.result != len(state) else (*state, token(op.argument))
        shown = tuple(map(token, op.result or ()))
        return state if state[offset(op.argument) or 0 :] == shown else ILLEGAL

    def describe(self, op: Operation) -> str:
        """``append of 7 at offset 3``, ``read of [1,2] from offset 4``."""
        if op.f == "append":
            known = op.result is not None and op.result is not UNKNOWN
            return f"append of {show(op.argument)}" + (f" at offset {show(op.result)}" if known else "")
        begin = f" from offset {offset(op.argument)}" if op.argument is not None else ""
        return f"read of {show(op.result or [])}{begin}"

    def fast(self, operations: Operations) -> Decision:
        """By the places of the values."""
        return _Check(operations).run()

    def explain(self, conflict: Conflict, tell: Narrator) -> tuple[str, str]:
        """What the places show."""
        told = [tell.did(row) for row in conflict.rows[:2]]
        if conflict.rule == "thin-air":
            return "thin-air-read", f"{told[0]} shows a value that no operation ever tried to append"
        if conflict.rule == "place":
            return "diverging-logs", f"{told[0]} and {told[1]} do not agree on what stands where"
        if conflict.rule == "gap":
            return "gap", f"{told[0]}: too few appends were begun by then to fill the offsets before"
        later, earlier = conflict.rows[:2]
        sentence = (
            f"{told[1]} was invoked at {tell.start(earlier)}, after {told[0]} was complete at {tell.end(later)}, and "
            f"yet it comes before"
        )
        if tell.operation(earlier).f == "read":
            return "stale-read", f"{told[1]} does not see {told[0]}, which was complete at {tell.end(later)}"
        if tell.operation(later).f == "append" and tell.operation(later).result is None:
            return "lost-append", sentence
        return "out-of-order", sentence


def offset(argument: Any) -> int | None:
    """Where a read begins; None where that cannot be understood."""
    if argument is None:
        return 0
    if isinstance(argument, dict) and set(argument) == {FROM}:
        begin = argument[FROM]
        return begin if type(begin) is int and 0 <= begin < places.LARGEST else None
    return None


class _Log:
    """What is known of one part: per place the value, and the row that shows it."""

    def __init__(self) -> None:
        self.value: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.row: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def show(self, row: int, begin: int, codes: NDArray[np.int64]) -> int | None:
        """Put values in their places; the row that shows another value in one of them, if there is one."""
        end = begin + len(codes)
        if end > len(self.value):
            grown = max(end, 2 * len(self.value))
            self.value = np.append(self.value, np.full(grown - len(self.value), -1, dtype=np.int64))
            self.row = np.append(self.row, np.full(grown - len(self.row), -1, dtype=np.int64))
        held = self.value[begin:end]
        wrong = np.flatnonzero((held >= 0) & (held != codes))
        if len(wrong):
            return int(self.row[begin + wrong[0]])
        fresh = held < 0
        self.row[begin:end][fresh] = row
        held[fresh] = codes[fresh]
        return None


class _Check:
    def __init__(self, operations: Operations) -> None:
        o = self.o = operations
        self.appends = o.f == o.code("append")
        self.conflicts: dict[int, Conflict] = {}
        self.reasons: dict[int, str] = {}
        self.open = np.zeros(o.parts, dtype=np.bool_)
        self.at = np.full(len(o), -1, dtype=np.int64)
        self.length = np.zeros(len(o), dtype=np.int64)
        self.at_most = np.zeros(len(o), dtype=np.bool_)
        self.logs: dict[int, _Log] = {}

    def run(self) -> Decision:
        o = self.o
        self._reads()
        self._offsets()
        self._values()
        self._bounds()
        rank = np.where(self.appends, np.where(self.at < 0, places.LOOSE, 2 * self.at), 2 * self.length - 1)
        # Where values are repeated, an append without a place may have any.
        optional = (self.at < 0) & (o.optional | self.open[o.part])
        columns = places.Columns(o.call, o.ret, optional, o.part, rank, self.at_most, o.parts)
        empty = self._empty()
        ordered = places.decide(columns, empty)
        standing = ordered.standing.copy()
        conflicts = {**ordered.conflicts, **self.conflicts}
        for part in empty:
            if part not in conflicts and standing[part] == UNDECIDED:
                self._gap(part)
        conflicts = {**conflicts, **self.conflicts}
        standing[list(conflicts)] = VIOLATED
        standing[self.open & (standing != VIOLATED)] = UNDECIDED
        standing[list(self.reasons)] = UNDECIDED
        sound = {part: self._with_proof(one) for part, one in conflicts.items() if part not in self.reasons}
        return Decision(standing, sound, self.reasons)

    def _refute(self, rule: str, *rows: int) -> None:
        self.conflicts.setdefault(int(self.o.part[rows[0]]), Conflict(rule, rows))

    def _log(self, part: int) -> _Log:
        return self.logs.setdefault(part, _Log())

    def _reads(self) -> None:
        """Each distinct list of a part once."""
        o = self.o
        reads = np.flatnonzero(~self.appends)
        if not len(reads):
            return
        said = np.stack([o.part[reads], o.argument[reads], o.result[reads]])
        _, first, which = np.unique(said, axis=1, return_index=True, return_inverse=True)
        length, at_most = np.zeros(len(first), dtype=np.int64), np.zeros(len(first), dtype=np.bool_)
        for i, row in enumerate(reads[first].tolist()):
            values, begin = o.values[int(o.result[row])], offset(o.values[int(o.argument[row])])
            values = [] if values is None else values
            if begin is None or not isinstance(values, list | tuple):
                said_so = show(o.values[int(o.argument[row])]) if begin is None else show(values)
                self.reasons.setdefault(int(o.part[row]), f"a read of {said_so} is not of a list from an offset on")
                continue
            length[i], at_most[i] = begin + len(values), bool(begin) and not values
            if begin > places.DENSE * (len(o) + 1):
                self.open[o.part[row]] = True
            elif values:
                codes = np.array(o.values.codes(list(values)), dtype=np.int64)
                other = self._log(int(o.part[row])).show(row, begin, codes)
                if other is not None:
                    self._refute("place", row, other)
        which = which.reshape(-1)
        self.length[reads], self.at_most[reads] = length[which], at_most[which]

    def _offsets(self) -> None:
        """The appends that know their place."""
        o = self.o
        numbers, whole = o.values.integers()
        knows = self.appends & ~o.unanswered & (o.result != 0)
        odd = knows & (~whole[o.result] | (numbers[o.result] < 0))
        for row in np.flatnonzero(odd).tolist():
            result = show(o.values[int(o.result[row])])
            self.reasons.setdefault(int(o.part[row]), f"an append at {result} is not at an offset")
        far = knows & (numbers[o.result] > places.DENSE * (len(o) + 1))
        self.open[o.part[far]] = True
        rows = np.flatnonzero(knows & ~odd & ~far)
        self.at[rows] = numbers[o.result[rows]]
        rows = rows[np.argsort(o.part[rows], kind="stable")]
        bounds = np.flatnonzero(np.diff(o.part[rows], prepend=-1))
        for own in np.split(rows, bounds[1:]) if len(rows) else ():
            self._place(int(o.part[own[0]]), own)

    def _place(self, part: int, rows: NDArray[np.intp]) -> None:
        log, at, codes = self._log(part), self.at[rows], self.o.argument[rows].astype(np.int64)
        size = int(at.max()) + 1
        taken = np.full(size, -1, dtype=np.int64)
        taken[at[::-1]] = rows[::-1]
        for row in rows[taken[at] != rows].tolist():
            self._refute("place", row, int(taken[self.at[row]]))
        known = np.full(size, -1, dtype=np.int64)
        known[: len(log.value)] = log.value[:size]
        for row in rows[(known[at] >= 0) & (known[at] != codes)].tolist():
            self._refute("place", row, int(log.row[self.at[row]]))
        log.show(-1, 0, np.zeros(0, dtype=np.int64))
        grown = np.full(max(size, len(log.value)), -1, dtype=np.int64)
        grown[: len(log.value)] = log.value
        grown[at] = codes
        log.value, log.row = grown, np.append(log.row, np.full(len(grown) - len(log.row), -1, dtype=np.int64))
        log.row[at] = rows

    @cached_property
    def rows(self) -> RowsByPart:
        """The operations of each part."""
        return RowsByPart(self.o.part, self.o.parts)

    def _values(self) -> None:
        """The appends whose place a read shows."""
        for part, log in self.logs.items():
            if part in self.conflicts or part in self.reasons:
                continue
            rows = self.rows[part]
            self._match(part, log, rows[self.appends[rows]])

    def _match(self, part: int, log: _Log, rows: NDArray[np.intp]) -> None:
        o = self.o
        filled = np.flatnonzero(log.value >= 0)
        own = np.zeros(len(log.value), dtype=np.bool_)
        own[self.at[rows[self.at[rows] >= 0]]] = True
        shown = filled[~own[filled]]
        codes = o.argument[rows]
        order = np.argsort(codes, kind="stable")
        first = np.searchsorted(codes[order], log.value[shown])
        count = np.searchsorted(codes[order], log.value[shown], side="right") - first
        for place in shown[count == 0].tolist():
            self._refute("thin-air", int(log.row[place]))
        if part in self.conflicts:
            return
        if (count > 1).any():
            self.open[part] = True
        place, only = shown[count == 1], rows[order[first[count == 1]]]
        elsewhere = self.at[only] >= 0
        for one, row in zip(place[elsewhere].tolist(), only[elsewhere].tolist(), strict=True):
            self._refute("place", int(log.row[one]), int(row))
        if part in self.conflicts:
            return
        self.at[only] = place
        twice = self.at[only] != place
        for one, row in zip(place[twice].tolist(), only[twice].tolist(), strict=True):
            self._refute("place", int(log.row[one]), int(log.row[self.at[row]]))

    def _bounds(self) -> None:
        """Per part how many places are known; a looser bound on appends without a place is not decided here."""
        o = self.o
        self.size = np.zeros(o.parts, dtype=np.int64)
        np.maximum.at(self.size, o.part, np.where(self.at_most, 0, np.where(self.appends, self.at + 1, self.length)))
        beyond = np.zeros(o.parts, dtype=np.bool_)
        beyond[o.part[self.at_most & (self.length > self.size[o.part])]] = True
        self.open[o.part[self.appends & (self.at < 0) & ~o.optional & beyond[o.part]]] = True

    def _empty(self) -> dict[int, NDArray[np.int64]]:
        """Per part the ranks of the places below the highest known that nobody is known to have taken."""
        o, empty = self.o, {}
        size = self.size
        placed = np.bincount(o.part[self.at >= 0], minlength=o.parts)
        for part in np.flatnonzero((size > placed) & ~self.open).tolist():
            if part not in self.conflicts and part not in self.reasons:
                empty[part] = 2 * np.setdiff1d(np.arange(size[part]), self.at[self.rows[part]])
        return empty

    def _gap(self, part: int) -> None:
        """An operation before which too few appends had begun, if there is one."""
        o = self.o
        here = self.rows[part]
        begun = here[self.appends[here]]
        certain = here[~o.optional[here] & ~self.at_most[here]]
        own = np.where(self.appends & (o.result != 0) & ~o.unanswered, self.at, -1)
        for row in certain[np.argsort(o.ret[certain], kind="stable")].tolist():
            before = int(own[row] if self.appends[row] else self.length[row])
            others = begun[(o.call[begun] < o.ret[row]) & (begun != row)]
            if before > 0 and (own[others] < before).sum() < before:
                self._refute("gap", row)
                return

    def _with_proof(self, conflict: Conflict) -> Conflict:
        """What shows the places of appends that do not show them themselves, and that no other place was left."""
        o, rows, seen = self.o, conflict.rows, []
        log = self.logs.get(int(o.part[rows[0]]), _Log())
        for row in rows:
            shows = o.result[row] != 0 and not o.unanswered[row]
            if self.appends[row] and not shows and self.at[row] >= 0:
                seen.append(int(log.row[self.at[row]]))
        if conflict.rule == "rank" and self.appends[rows[0]] and self.at[rows[0]] < 0:
            end = int(self.at[rows[1]] if self.appends[rows[1]] else self.length[rows[1]])
            # Nor is it one of those that the list shows: places of the same value are others'.
            here = self.rows[int(o.part[rows[0]])]
            alike = here[self.appends[here] & (o.argument[here] == o.argument[rows[0]])]
            rows += tuple(alike[(self.at[alike] >= 0) & (self.at[alike] < end)].tolist())
            whole = not self.appends[rows[1]] and not self.at_most[rows[1]] and not o.argument[rows[1]]
            rows += () if whole else tuple(row for row in np.unique(log.row[:end]).tolist() if row not in rows)
        return Conflict(conflict.rule, rows, tuple(row for row in dict.fromkeys(seen) if row not in rows))
