"""Linearizability of counters: exact where all adds are alike, bounds where they differ.

With adds of one amount (scaled to 1 here) a counter only goes up, one step at a time, and the history is linearizable
iff of no two reads, in order of their values ``u`` and ``v`` (or of the beginning, where the counter is 0, and a read):

1. *low*: the first returned before the second was invoked, and more than ``v - u`` adds were invoked and acknowledged
   between the two;
2. *high*: fewer than ``v - u`` adds can have happened between the invocation of the first and the return of the second.

This is Hall's condition for giving each step of the counter one add: the instants at which a step can happen move
forward with the value, so the steps and the adds form a convex bipartite graph, and only runs of steps can lack adds.
The low side is swept in the order of events: an add counts when it is acknowledged, unless a read that was invoked in
the meantime, and showed more than was certain then, has counted it already; of such reads the earliest takes it.

With adds of several amounts each read must lie between the smallest and the largest sum that the adds before and around
it allow; what passes is undecided, for the exact question is that of subset sums.

Glover: Maximum matching in a convex bipartite graph, Naval Research Logistics Quarterly 14(3), 1967.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import HOLDS, INITIAL, NEVER, UNDECIDED, VIOLATED, Conflict, Decision

ADD: Final = 0
READ: Final = 1

RULES: Final = ("multiple", "low", "high", "below", "above")
"""What a conflict's rows mean:

- ``multiple``: (read,) of a value that is no sum of the amounts, for it is no multiple of their divisor;
- ``low``: (first, second, adds ...): the second read misses at least one of the adds that were invoked after the first
  was complete, and acknowledged before the second was invoked;
- ``high``: (first, second): too few adds were under way for the second to be that far above the first;
- ``below``, ``above``: (read, adds ...): outside of the sums that these adds, acknowledged before it, and those of the
  other sign, invoked before it returned, allow.

``first`` may be ``INITIAL``: then the adds, or the difference, count from the beginning.
"""

LARGEST_WITNESS: Final = 64
"""How many adds a witness names; of more, only the last."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Operations on independent counters, one row each, in the order of their invocations; adds of 0 are left out.

    Args:
        call: int32, event index of the invocation; ascending, no event index occurs twice in ``call`` and ``ret``.
        ret: int32, event index after which it cannot have happened; ``NEVER`` where there is none.
        optional: bool, an add that may not have happened at all.
        f: int8, ``ADD`` or ``READ``.
        part: int32, which counter; dense from 0.
        amount: int64, what an add adds (not 0), or what a read returned, without the initial value. The sum of all
            absolute amounts is below 2**62.
        parts: Number of counters.
    """

    call: NDArray[np.int32]
    ret: NDArray[np.int32]
    optional: NDArray[np.bool_]
    f: NDArray[np.int8]
    part: NDArray[np.int32]
    amount: NDArray[np.int64]
    parts: int

    def __len__(self) -> int:
        return len(self.call)


def decide(columns: Columns) -> Decision:
    """Where every counter stands; the rows of a conflict are the offending read, see ``complete``."""
    return _Check(columns).run()


def steps(columns: Columns) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Per part the divisor of its amounts, negative where all are (1 without adds), and whether all are alike."""
    adds = np.flatnonzero(columns.f == ADD)
    part, amount = columns.part[adds], columns.amount[adds]
    divisor = np.zeros(columns.parts, dtype=np.int64)
    np.gcd.at(divisor, part, amount)
    divisor[divisor == 0] = 1
    up, down = (np.bincount(part[sign], minlength=columns.parts) for sign in (amount > 0, amount < 0))
    divisor[(up == 0) & (down > 0)] *= -1
    alike = np.ones(columns.parts, dtype=np.bool_)
    alike[part[amount != divisor[part]]] = False
    return divisor, alike


class _Check:
    def __init__(self, columns: Columns) -> None:
        self.c = columns
        self.divisor, self.alike = steps(columns)
        self.found: list[tuple[int, int, int]] = []
        """Event, rule, read."""

    def run(self) -> Decision:
        c = self.c
        reads = np.flatnonzero(c.f == READ)
        multiple = c.amount[reads] % self.divisor[c.part[reads]] == 0
        self._note("multiple", c.call[reads[~multiple]], reads[~multiple])
        alike = self.alike[c.part[reads]]
        self._high(reads[multiple & alike])
        self._bounds(reads[multiple & ~alike])
        self._low()
        conflicts: dict[int, Conflict] = {}
        for _, rule, read in sorted(self.found):
            conflicts.setdefault(int(c.part[read]), Conflict(RULES[rule], (read,)))
        standing = np.where(self.alike, HOLDS, UNDECIDED).astype(np.int8)
        standing[list(conflicts)] = VIOLATED
        return Decision(standing, conflicts)

    def _note(self, rule: str, events: NDArray[np.int32], reads: NDArray[np.intp]) -> None:
        which = RULES.index(rule)
        self.found += [(event, which, read) for event, read in zip(events.tolist(), reads.tolist(), strict=True)]

    def _high(self, reads: NDArray[np.intp]) -> None:
        """An add can be counted from its invocation on, and is certain to be over with its return."""
        c = self.c
        adds = np.flatnonzero((c.f == ADD) & self.alike[c.part])
        over = adds[c.ret[adds] != NEVER]
        part = c.part[reads]
        value = c.amount[reads] // self.divisor[part]
        invoked = _sums(c.part[adds], c.call[adds], None, part, c.ret[reads])
        floor = value - _sums(c.part[over], c.ret[over], None, part, c.call[reads])
        wrong = value - invoked > _least(part, c.call[reads], floor, c.ret[reads])
        self._note("high", c.ret[reads[wrong]], reads[wrong])

    def _bounds(self, reads: NDArray[np.intp]) -> None:
        c = self.c
        adds = np.flatnonzero((c.f == ADD) & ~self.alike[c.part])
        part, call, ret = c.part[reads], c.call[reads], c.ret[reads]
        limits = []
        for sign in (1, -1):
            mine, others = adds[c.amount[adds] * sign > 0], adds[c.amount[adds] * sign < 0]
            sure = mine[~c.optional[mine] & (c.ret[mine] != NEVER)]
            certain = _sums(c.part[sure], c.ret[sure], c.amount[sure], part, call)
            limits.append(certain + _sums(c.part[others], c.call[others], c.amount[others], part, ret))
        least, most = limits
        for rule, wrong in (("below", c.amount[reads] < least), ("above", c.amount[reads] > most)):
            self._note(rule, ret[wrong], reads[wrong])

    def _low(self) -> None:
        """Event by event; nothing here can be done for many at once, since each credit depends on those before it."""
        c = self.c
        n, read = len(c), (c.f == READ).tolist()
        rows = np.flatnonzero(self.alike[c.part])
        events = np.concatenate([c.call[rows], c.ret[rows]])
        order = np.argsort(events, kind="stable")[: int((events != NEVER).sum())]
        part, sure = c.part.tolist(), (~c.optional).tolist()
        value = (c.amount // self.divisor[c.part]).tolist()
        certain = [0] * c.parts
        credit: list[list[int]] = [[] for _ in range(c.parts)]
        follower: list[list[int]] = [[0] for _ in range(c.parts)]
        seen = [0] * n
        wrong = []
        for event in np.concatenate([rows, rows + n])[order].tolist():
            returns, row = event >= n, event % n
            which = part[row]
            if read[row]:
                if not returns:
                    if value[row] < certain[which]:
                        wrong.append(row)
                elif value[row] > certain[which]:
                    credit[which].append(value[row] - certain[which])
                    follower[which].append(len(credit[which]))
                    certain[which] = value[row]
            elif not returns:
                seen[row] = len(credit[which])
            elif sure[row]:
                at = _find(follower[which], seen[row])
                if at == len(credit[which]):
                    certain[which] += 1
                    continue
                credit[which][at] -= 1
                if not credit[which][at]:
                    follower[which][at] = at + 1
        self._note("low", c.call[wrong], np.array(wrong, dtype=np.intp))


def _find(follower: list[int], at: int) -> int:
    """The first credit from there on that is not used up."""
    while follower[at] != at:
        follower[at] = follower[follower[at]]
        at = follower[at]
    return at


def _place(part: NDArray[np.int32], event: NDArray[np.int32]) -> NDArray[np.int64]:
    return (part.astype(np.int64) << 32) | event


def _sums(
    part: NDArray[np.int32],
    event: NDArray[np.int32],
    amount: NDArray[np.int64] | None,
    of: NDArray[np.int32],
    before: NDArray[np.int32],
) -> NDArray[np.int64]:
    """The amounts (1 each for None) of the events of a part that stand before another event of it."""
    place = _place(part, event)
    order = np.argsort(place, kind="stable")
    place = place[order]
    total = np.arange(len(place) + 1) if amount is None else np.concatenate([[0], np.cumsum(amount[order])])
    start, end = np.searchsorted(place, _place(of, np.zeros_like(of))), np.searchsorted(place, _place(of, before))
    return np.asarray(total[end] - total[start], dtype=np.int64)


def _least(
    part: NDArray[np.int32], event: NDArray[np.int32], value: NDArray[np.int64], before: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Per row the least value among the events of its part that stand before another event, at most 0.

    Ranks instead of values, so that those of another part, which lie above, do not count.
    """
    if not len(part):
        return np.zeros(0, dtype=np.int64)
    levels, level = np.unique(np.minimum(value, 0), return_inverse=True)
    place = _place(part, event)
    order = np.argsort(place, kind="stable")
    turned = part[order].max() - part[order].astype(np.int64)
    lowest = np.minimum.accumulate(turned * len(levels) + level[order])
    end = np.searchsorted(place[order], _place(part, before)) - 1
    return np.asarray(levels[lowest[end] % len(levels)], dtype=np.int64)


def complete(columns: Columns, decision: Decision) -> Decision:
    """The same with whole witnesses: what the offending read contradicts, found by one pass over its counter."""
    if not decision.conflicts:
        return decision
    order = np.argsort(columns.part, kind="stable")
    which = list(decision.conflicts)
    bounds = np.searchsorted(columns.part[order], [which, [part + 1 for part in which]])
    divisor, _ = steps(columns)
    conflicts = {
        part: _witness(columns, decision.conflicts[part], order[a:b], int(divisor[part]))
        for part, a, b in zip(which, *bounds.tolist(), strict=True)
    }
    return Decision(decision.standing, conflicts, decision.reasons)


def _witness(columns: Columns, conflict: Conflict, rows: NDArray[np.intp], divisor: int) -> Conflict:
    (read,) = conflict.rows
    search = _Witness(columns, rows, read, divisor)
    if conflict.rule == "low":
        return Conflict("low", search.low())
    if conflict.rule == "high":
        return Conflict("high", (search.high(), read))
    if conflict.rule in {"below", "above"}:
        return Conflict(conflict.rule, (read, *search.bound(1 if conflict.rule == "below" else -1)))
    return conflict


class _Witness:
    """What a read contradicts, among the rows of its counter."""

    def __init__(self, columns: Columns, rows: NDArray[np.intp], read: int, divisor: int) -> None:
        self.read = read
        self.shown = int(columns.amount[read])
        self.wanted = self.shown // divisor
        self.rows = rows
        self.call, self.ret, self.amount = columns.call[rows], columns.ret[rows], columns.amount[rows]
        self.value = self.amount // divisor
        self.reads = columns.f[rows] == READ
        self.before = ~columns.optional[rows] & (self.ret < columns.call[read])
        self.early = self.call < columns.ret[read]

    def bound(self, sign: int) -> list[int]:
        """The fewest acknowledged adds that suffice."""
        signed = np.where(self.reads, 0, self.amount * sign)
        others = int(signed[(signed < 0) & self.early].sum())
        mine = np.flatnonzero((signed > 0) & self.before)
        mine = mine[np.argsort(-signed[mine], kind="stable")]
        reached = others + np.concatenate([[0], np.cumsum(signed[mine])])
        count = int(np.argmax(reached > self.shown * sign))
        return self._named(mine[: count if count <= LARGEST_WITNESS else 1])

    def low(self) -> tuple[int, ...]:
        """The first read from which the fewest adds are missing, and those adds."""
        adds, firsts = np.flatnonzero(~self.reads & self.before), np.flatnonzero(self.reads & self.before)
        between = len(adds) - np.searchsorted(self.call[adds], self.ret[firsts])
        able = firsts[self.value[firsts] + between > self.wanted]
        first, missing, since = INITIAL, self.wanted + 1, -1
        if len(able):
            best = able[np.lexsort((self.ret[able], self.value[able]))[-1]]
            if missing > len(adds) or self.value[best] >= 0:
                first, missing, since = int(self.rows[best]), missing - int(self.value[best]), int(self.ret[best])
        after = adds[self.call[adds] > since]
        after = after[np.argsort(self.ret[after])]
        kept = 1 if missing > LARGEST_WITNESS else max(missing, 0)
        return (first, self.read, *self._named(after[len(after) - kept :]))

    def high(self) -> int:
        """The latest read that is too low, ``INITIAL`` where the beginning itself is."""
        adds = np.sort(self.ret[~self.reads & self.early])
        if self.wanted > len(adds):
            return INITIAL
        firsts = np.flatnonzero(self.reads & self.early)
        able = len(adds) - np.searchsorted(adds, self.call[firsts])
        return int(self.rows[firsts[self.wanted - self.value[firsts] > able][-1]])

    def _named(self, places: NDArray[np.intp]) -> list[int]:
        return [int(row) for row in np.sort(self.rows[places])]
