"""Linearizability of one part by search, in Python: where nothing was compiled, and as an oracle for what was.

The search goes from completion to completion (a *layer*; the instant after which an operation of unknown outcome cannot
have happened is one too). A configuration is the model's state, the set of pending
operations that are already linearized (a bit mask), and how many unknown operations of each class have been used. An
operation is linearized no earlier than some completion needs it (Lowe's just-in-time linearization). What keeps the
number of configurations small:

- a pure operation (a read, a failed cas) that is legal now is linearized now: it changes nothing;
- unknown operations of one class are interchangeable, so they are counted; fewer used is better (dominance);
- of pending operations of one class that must happen, the one that must be done first is taken first.

The ladder: a depth-first search accepts what is easy to accept; a frontier with an unlimited supply of unknown
operations refutes at a cost that does not depend on their number; exact frontiers with at most 0, 1, 2, 4, 8, ... of
them used decide the rest. Deciding is NP-complete, so each step counts what it spends.

Lowe: Testing for linearizability, 2017. Gibbons, Korach: Testing shared memories, 1997.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checkers.linearizability.decision import NEVER, Budget, BudgetSpent
from checkers.linearizability.table import NO, Table

_FIELD: Final = 20
"""Bits per counter of unknown operations; the highest is a guard."""
_COUNT: Final = (1 << (_FIELD - 1)) - 1
_DEPTH_FIRST_FACTOR: Final = 20
_RELAXED: Final = 1 << 22
"""Bytes for the frontier with an unlimited supply: it is worth it where the states are few, as those of a register."""

Configuration = tuple[int, int, int]
"""The state, the mask of linearized pending operations, the packed counters of unknown ones (the lowest: in all)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The operations of one part, in the order of their invocations, and the model's transitions.

    Args:
        call: int32, as in ``Operations``.
        ret: int32, as in ``Operations``.
        optional: bool, as in ``Operations``.
        kind: int32, the class of each operation.
        table: What a class does to a state.
    """

    call: NDArray[np.int32]
    ret: NDArray[np.int32]
    optional: NDArray[np.bool_]
    kind: NDArray[np.int32]
    table: Table

    def __len__(self) -> int:
        return len(self.call)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found: ``legal``, or the position of the operation whose completion no order explains."""

    legal: bool
    stuck: int = -1


@dataclass(frozen=True, slots=True)
class _Layer:
    """One completion, or the end of what may have happened, and everything that is pending then."""

    row: int
    bit: int
    retires: bool
    """Nothing is owed: an operation of unknown outcome has happened by now, or never will."""
    pending: tuple[tuple[int, int, bool], ...]
    """Bit, class, and whether it need not happen; earliest deadline first."""
    supply: tuple[tuple[int, int, int], ...]
    """Of unknown operations: field, class, how many were invoked."""


class _Frontier:
    """Configurations, without those that another one dominates."""

    def __init__(self, guard: int) -> None:
        self._guard = guard
        self._used: dict[tuple[int, int], list[int]] = {}
        self.size = 0

    def add(self, configuration: Configuration) -> bool:
        """Keep it, unless one with fewer unknown operations is there already."""
        state, mask, used = configuration
        guard = self._guard
        held = self._used.get((state, mask))
        if held is None:
            self._used[state, mask] = [used]
            self.size += 1
            return True
        if any(((used | guard) - other) & guard == guard for other in held):
            return False
        kept = [other for other in held if ((other | guard) - used) & guard != guard]
        kept.append(used)
        self.size += len(kept) - len(held)
        self._used[state, mask] = kept
        return True

    def __iter__(self) -> Iterator[Configuration]:
        for (state, mask), held in self._used.items():
            for used in held:
                yield state, mask, used


class Search:
    """The search on the operations of one part.

    Args:
        problem: They.
    """

    def __init__(self, problem: Problem) -> None:
        self._step = problem.table.step
        self._pure = problem.table.pure
        self._initial = problem.table.initial
        self._fields: dict[int, int] = {}
        self.unknown = int(problem.optional.sum())
        self.layers = self._build(problem)
        self._guard = sum(1 << (_FIELD * field + _FIELD - 1) for field in range(len(self._fields) + 1))

    def _build(self, problem: Problem) -> list[_Layer]:
        ret, kind, optional = problem.ret.tolist(), problem.kind.tolist(), problem.optional.tolist()
        useless = [optional[i] and self._pure[kind[i]] for i in range(len(problem))]
        events = [(call, i, False) for i, call in enumerate(problem.call.tolist()) if not useless[i]]
        events += [(end, i, True) for i, end in enumerate(ret) if not useless[i] and (not optional[i] or end != NEVER)]
        events.sort()
        free: list[int] = []
        pending: dict[int, int] = {}
        supply: dict[int, int] = {}
        layers = []
        for _, i, is_return in events:
            if is_return:
                due = sorted(pending.items(), key=lambda item: ret[item[0]])
                layers.append(
                    _Layer(
                        i,
                        1 << pending[i],
                        optional[i],
                        tuple((1 << slot, kind[other], optional[other]) for other, slot in due),
                        tuple((self._fields[one], one, count) for one, count in supply.items()),
                    )
                )
                heapq.heappush(free, pending.pop(i))
            elif optional[i] and ret[i] == NEVER:
                supply[kind[i]] = supply.get(kind[i], 0) + 1
                self._fields.setdefault(kind[i], len(self._fields) + 1)
            else:
                pending[i] = heapq.heappop(free) if free else len(pending)
        return layers

    def depth_first(self, budget: Budget) -> Outcome | None:
        """Follow one order at a time, exactly; None when that is not quickly done.

        Raises:
            BudgetSpent: Before there was an outcome.
            ModelFailed: The model raised an error.
        """
        limit = _DEPTH_FIRST_FACTOR * len(self.layers) + 1000
        start = (0, (self._initial, 0, 0))
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
                if layer.retires:
                    following.append((depth + 1, configuration))
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
                each as often as wanted (as long as there are not more of them in all): then only "not legal" is a
                proof.

        Returns:
            The outcome, and whether ``allowed`` kept an order from being tried.

        Raises:
            BudgetSpent: Before there was an outcome.
            ModelFailed: The model raised an error.
        """
        capped = False
        now = _Frontier(self._guard)
        now.add((self._initial, 0, 0))
        for layer in self.layers:
            after, hit = self._advance(layer, now, allowed, budget)
            capped |= hit
            if not after.size:
                return Outcome(legal=False, stuck=layer.row), capped
            now = after
        return Outcome(legal=True), capped

    def relaxed(self, budget: Budget) -> Outcome | None:
        """The frontier with a supply of unknown operations; None where it has too many states to be worth it.

        Raises:
            BudgetSpent: The time is over.
        """
        try:
            return self.frontier(budget.part(budget.left, min(budget.memory, _RELAXED)), None)[0]
        except BudgetSpent:
            if not budget.left:
                raise
            return None

    def _advance(self, layer: _Layer, now: _Frontier, allowed: int | None, budget: Budget) -> tuple[_Frontier, bool]:
        """The configurations after a completion, and whether ``allowed`` kept some from being reached."""
        capped = False
        after, closure = _Frontier(self._guard), _Frontier(self._guard)
        stack = [observed for configuration in now if closure.add(observed := self._observe(layer, configuration))]
        if layer.retires:
            for state, mask, used in stack:
                after.add((state, mask & ~layer.bit, used))
        while stack:
            state, mask, used = configuration = stack.pop()
            if mask & layer.bit:
                after.add((state, mask ^ layer.bit, used))
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

    def _observe(self, layer: _Layer, configuration: Configuration) -> Configuration:
        state, mask, used = configuration
        for bit, kind, _ in layer.pending:
            if self._pure[kind] and not mask & bit and self._step(state, kind) == state:
                mask |= bit
        return state, mask, used

    def _steps(
        self, layer: _Layer, configuration: Configuration, allowed: int | None, *, relaxed: bool = False
    ) -> Iterator[Configuration]:
        state, mask, used = configuration
        done = set()
        for bit, kind, optional in layer.pending:
            if mask & bit or (kind, optional) in done:
                continue
            done.add((kind, optional))
            after = self._step(state, kind)
            if after != NO:
                yield after, mask | bit, used
        if allowed is not None and used & _COUNT >= allowed:
            return
        most = sum(count for _, _, count in layer.supply)
        for field, kind, count in layer.supply:
            after = self._step(state, kind)
            if after in (NO, state):
                continue
            if relaxed:
                if used < most:
                    yield after, mask, used + 1
            elif (used >> (_FIELD * field)) & _COUNT < count:
                yield after, mask, used + (1 << (_FIELD * field)) + 1


NOTHING: Final = -2
"""Nothing was ruled out yet."""
CONTRADICTION: Final = -1
"""The acknowledged operations do not contradict each other."""


def ruled_out(most: int, unknown: int) -> str:
    """What had been ruled out when a budget ended, in words.

    Args:
        most: Orders with at most so many unknown operations; or ``NOTHING`` or ``CONTRADICTION``.
        unknown: How many there are.
    """
    if most == NOTHING:
        return "nothing had been ruled out"
    if most == CONTRADICTION:
        return "no contradiction among the acknowledged operations was found"
    return f"every order that uses at most {most} of {unknown} unknown operations was ruled out"


def decide(problem: Problem, budget: Budget) -> Outcome:
    """Climb the ladder.

    Raises:
        BudgetSpent: Before there was an outcome; the message says what had been ruled out by then.
        ModelFailed: The model raised an error.
    """
    most = NOTHING
    search = Search(problem)
    try:
        found = search.depth_first(budget)
        if found is not None:
            return found
        if search.unknown:
            relaxed = search.relaxed(budget)
            if relaxed is not None:
                if not relaxed.legal:
                    return relaxed
                most = CONTRADICTION
        allowed = 0
        while True:
            outcome, capped = search.frontier(budget, allowed)
            if outcome.legal or not capped:
                return outcome
            most, allowed = allowed, max(1, allowed * 2)
    except BudgetSpent as spent:
        raise BudgetSpent(f"{spent}; {ruled_out(most, search.unknown)}") from spent
