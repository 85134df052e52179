"""Linearizability of one register by search, for what the zones cannot decide: repeated values, failed cas.

The search goes from completion to completion (a *layer*). A configuration is the register's value, the set of pending
operations that are already linearized (a bit mask), and how many unknown operations of each sort have been used. An
operation is linearized no earlier than some completion needs it (Lowe's just-in-time linearization). What keeps the
number of configurations small:

- an observation (a read, a failed cas) that is legal now is linearized now: it changes nothing;
- unknown operations of one sort are interchangeable, so they are counted; fewer used is better (dominance);
- of pending operations of one sort, the one that must be done first is taken first;
- values that nobody ever observes are one value;
- a value with one writer is not left while an operation that is yet to be invoked must see it.

The ladder: a depth-first search accepts what is easy to accept; a frontier with an unlimited supply of unknown
operations refutes at a cost that does not depend on their number; exact frontiers with at most 0, 1, 2, 4, 8, ... of
them used decide the rest. Deciding is NP-complete, so each step counts what it spends.

Lowe: Testing for linearizability, 2017. Gibbons, Korach: Testing shared memories, 1997.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from checkers.columns import CAS, MISMATCH, NEVER, READ, Budget, BudgetSpent

_FIELD: Final = 20
"""Bits per counter of unknown operations; the highest is a guard."""
_COUNT: Final = (1 << (_FIELD - 1)) - 1
_DEPTH_FIRST_FACTOR: Final = 20
_OTHER: Final = -2
"""Every value that nobody observes."""

Configuration = tuple[int, int, int]
"""The value, the mask of linearized pending operations, the packed counters of unknown ones (the lowest: in all)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One operation; the fields are those of ``Columns``."""

    call: int
    ret: int
    f: int
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found: ``legal``, or the position of the operation whose completion no order explains."""

    legal: bool
    stuck: int = -1


@dataclass(frozen=True, slots=True)
class _Layer:
    """One completion, and everything that is pending then."""

    row: int
    end: int
    """Event index of the completion."""
    bit: int
    observations: tuple[tuple[int, bool, int], ...]
    """Bit, whether the value must be equal, the value."""
    mutators: tuple[tuple[int, int | None, int], ...]
    """Bit, expected value (None: any), new value; earliest deadline first."""
    supply: tuple[tuple[int, int | None, int, int], ...]
    """Of unknown operations: field, expected value, new value, how many were invoked."""


class _Frontier:
    """Configurations, without those that another one dominates."""

    def __init__(self, guard: int) -> None:
        self._guard = guard
        self._used: dict[tuple[int, int], list[int]] = {}
        self.size = 0

    def add(self, configuration: Configuration) -> bool:
        """Keep it, unless one with fewer unknown operations is there already."""
        value, mask, used = configuration
        guard = self._guard
        held = self._used.get((value, mask))
        if held is None:
            self._used[value, mask] = [used]
            self.size += 1
            return True
        if any(((used | guard) - other) & guard == guard for other in held):
            return False
        kept = [other for other in held if ((other | guard) - used) & guard != guard]
        kept.append(used)
        self.size += len(kept) - len(held)
        self._used[value, mask] = kept
        return True

    def __iter__(self) -> Iterator[Configuration]:
        for (value, mask), held in self._used.items():
            for used in held:
                yield value, mask, used


class Search:
    """The search on the operations of one key.

    Args:
        rows: The operations in the order of their invocations.
        initial: The id of the initial value.
    """

    def __init__(self, rows: Sequence[Row], initial: int) -> None:
        self.initial = initial
        self._observed = {row.old for row in rows if row.f != MISMATCH and row.old >= 0}
        self._observed |= {row.old for row in rows if row.f == MISMATCH}
        self._observed.add(initial)
        self._mismatches = any(row.f == MISMATCH for row in rows)
        self._needed = self._last_observations(rows)
        self._sorts: dict[tuple[int | None, int], int] = {}
        self.unknown = 0
        self.layers = self._build(rows)
        self._guard = sum(1 << (_FIELD * field + _FIELD - 1) for field in range(len(self._sorts) + 1))

    def _last_observations(self, rows: Sequence[Row]) -> dict[int, int]:
        """Per value that can be in place only once: the last invocation of an operation that must see it."""
        writers: dict[int, int] = {self.initial: 1}
        for row in rows:
            if row.f not in (READ, MISMATCH):
                writers[row.new] = writers.get(row.new, 0) + 1
        last = {}
        for row in rows:
            if row.f in (READ, CAS) and row.ret != NEVER and writers.get(row.old) == 1:
                last[row.old] = row.call
        return last

    def _transition(self, row: Row) -> tuple[int | None, int]:
        return (row.old if row.f == CAS else None, row.new if row.new in self._observed else _OTHER)

    def _build(self, rows: Sequence[Row]) -> list[_Layer]:
        events = [(row.call, i, False) for i, row in enumerate(rows)]
        events += [(row.ret, i, True) for i, row in enumerate(rows) if row.ret != NEVER]
        events.sort()
        free: list[int] = []
        pending: dict[int, int] = {}
        supply: dict[tuple[int | None, int], int] = {}
        layers = []
        for _, i, is_return in events:
            row = rows[i]
            if is_return:
                layers.append(self._layer(rows, i, pending, supply))
                heapq.heappush(free, pending.pop(i))
            elif row.ret == NEVER:
                sort = self._transition(row)
                if sort[1] != _OTHER or self._mismatches:
                    supply[sort] = supply.get(sort, 0) + 1
                    self._sorts.setdefault(sort, len(self._sorts) + 1)
                    self.unknown += 1
            else:
                pending[i] = heapq.heappop(free) if free else len(pending)
        return layers

    def _layer(
        self,
        rows: Sequence[Row],
        returning: int,
        pending: dict[int, int],
        supply: dict[tuple[int | None, int], int],
    ) -> _Layer:
        observations, mutators = [], []
        for i, slot in sorted(pending.items(), key=lambda item: rows[item[0]].ret):
            row = rows[i]
            if row.f in (READ, MISMATCH):
                observations.append((1 << slot, row.f == READ, row.old))
            elif row.f == CAS and row.old == row.new:
                observations.append((1 << slot, True, row.old))
            else:
                mutators.append((1 << slot, *self._transition(row)))
        counted = tuple((self._sorts[sort], *sort, count) for sort, count in supply.items())
        return _Layer(
            returning, rows[returning].ret, 1 << pending[returning], tuple(observations), tuple(mutators), counted
        )

    def depth_first(self, budget: Budget) -> Outcome | None:
        """Follow one order at a time, exactly; None when that is not quickly done."""
        limit = _DEPTH_FIRST_FACTOR * len(self.layers) + 1000
        start = (0, (self.initial, 0, 0))
        stack, seen, deepest, steps = [start], {start}, 0, 0
        while stack:
            steps += 1
            depth, configuration = stack.pop()
            deepest = max(deepest, depth)
            if depth == len(self.layers):
                return Outcome(legal=True)
            if steps > limit:
                return None
            if not steps & 0x3F:
                budget.spend(len(seen))
            layer = self.layers[depth]
            configuration = self._observe(layer, configuration)
            if configuration[1] & layer.bit:
                following = [(depth + 1, (configuration[0], configuration[1] ^ layer.bit, configuration[2]))]
            else:
                following = [(depth, after) for after in self._steps(layer, configuration, None)]
                following.sort(key=lambda item: self._promise(layer, item[1]))
            for item in following:
                if item not in seen:
                    seen.add(item)
                    stack.append(item)
        return Outcome(legal=False, stuck=self.layers[deepest].row)

    def _promise(self, layer: _Layer, configuration: Configuration) -> tuple[bool, int]:
        """What to try last, first: the stack turns it round. Best is what explains the completion without a crash."""
        return (bool(self._observe(layer, configuration)[1] & layer.bit), -(configuration[2] & _COUNT))

    def frontier(self, budget: Budget, allowed: int | None) -> tuple[Outcome, bool]:
        """All orders at once.

        Args:
            budget: What may be spent.
            allowed: How many unknown operations may be used; None for any number of those that were ever invoked,
                each as often as wanted: then only "not legal" is a proof.

        Returns:
            The outcome, and whether ``allowed`` kept an order from being tried.

        Raises:
            BudgetSpent: Before there was an outcome.
        """
        capped = False
        now = _Frontier(self._guard)
        now.add((self.initial, 0, 0))
        for layer in self.layers:
            after, hit = self._advance(layer, now, allowed, budget)
            capped |= hit
            if not after.size:
                return Outcome(legal=False, stuck=layer.row), capped
            now = after
        return Outcome(legal=True), capped

    def _advance(self, layer: _Layer, now: _Frontier, allowed: int | None, budget: Budget) -> tuple[_Frontier, bool]:
        """The configurations after a completion, and whether ``allowed`` kept some from being reached."""
        capped = False
        after, closure = _Frontier(self._guard), _Frontier(self._guard)
        stack = [observed for configuration in now if closure.add(observed := self._observe(layer, configuration))]
        while stack:
            value, mask, used = configuration = stack.pop()
            if mask & layer.bit:
                after.add((value, mask ^ layer.bit, used))
                continue
            capped |= allowed is not None and used & _COUNT == allowed and bool(layer.supply)
            for step in self._steps(layer, configuration, allowed, relaxed=allowed is None):
                observed = self._observe(layer, step)
                if closure.add(observed):
                    stack.append(observed)
            if not closure.size & 0x3F:
                budget.spend(closure.size + after.size)
        budget.spend(closure.size + after.size)
        return after, capped

    @staticmethod
    def _observe(layer: _Layer, configuration: Configuration) -> Configuration:
        value, mask, used = configuration
        for bit, equal, expected in layer.observations:
            if (value == expected) is equal:
                mask |= bit
        return value, mask, used

    def _steps(
        self, layer: _Layer, configuration: Configuration, allowed: int | None, *, relaxed: bool = False
    ) -> Iterator[Configuration]:
        value, mask, used = configuration
        if self._needed.get(value, -1) > layer.end:
            return  # a later operation must still see this value, which cannot come back
        done = set()
        for bit, expected, new in layer.mutators:
            if mask & bit or (expected is not None and expected != value) or (expected, new) in done:
                continue
            done.add((expected, new))
            yield new, mask | bit, used
        if allowed is not None and used & _COUNT >= allowed:
            return
        for field, expected, new, count in layer.supply:
            if new == value or (expected is not None and expected != value):
                continue
            if relaxed:
                yield new, mask, used
            elif (used >> (_FIELD * field)) & _COUNT < count:
                yield new, mask, used + (1 << (_FIELD * field)) + 1


def decide(search: Search, budget: Budget) -> Outcome:
    """Climb the ladder.

    Raises:
        BudgetSpent: Before there was an outcome; the message says what had been ruled out by then.
    """
    ruled_out = "nothing had been ruled out"
    try:
        found = search.depth_first(budget)
        if found is not None:
            return found
        if search.unknown:
            relaxed, _ = search.frontier(budget, None)
            if not relaxed.legal:
                return relaxed
            ruled_out = "no contradiction among the acknowledged operations was found"
        allowed = 0
        while True:
            outcome, capped = search.frontier(budget, allowed)
            if outcome.legal or not capped:
                return outcome
            ruled_out = f"every order that uses at most {allowed} of {search.unknown} unknown operations was ruled out"
            allowed = max(1, allowed * 2)
    except BudgetSpent as spent:
        raise BudgetSpent(f"{spent}; {ruled_out}") from spent
