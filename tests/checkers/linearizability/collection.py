"""How the tests of queues, stacks and priority queues ask the checker, its linear-time procedure and the search."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from checkers.linearizability import ladder
from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.decision import NEVER, Budget
from checkers.linearizability.intervals import TimedOperation, history
from checkers.linearizability.models.collection import Collection
from checkers.linearizability.operations import Operations, collect
from checkers.linearizability.table import Table
from checkers.linearizability.twins.collection import ADD, EMPTY, GUESS, TAKE, Columns
from checkers.verdict import Anomaly, Verdict


class Asked:
    """A collection of one discipline."""

    def __init__(self, model: Collection) -> None:
        self.model = model

    def add(self, process: int, value: Any, start: float, end: float | None, key: str | None = None) -> TimedOperation:
        """Something is put in."""
        return TimedOperation(process, self.model.add, value, None, start, end, key)

    def take(self, process: int, value: Any, start: float, end: float | None, key: str | None = None) -> TimedOperation:
        """Something is taken out; None where nothing was found."""
        return TimedOperation(process, self.model.take, None, value, start, end, key)

    def check(self, operations: Sequence[TimedOperation]) -> Verdict:
        """What a user is told."""
        return LinearizabilityChecker(self.model).check(history(operations))

    def violation(self, operations: Sequence[TimedOperation]) -> Anomaly:
        """The only anomaly of what is not linearizable."""
        verdict = self.check(operations)
        assert verdict.validity == "invalid"
        (anomaly,) = verdict.anomalies
        return anomaly

    def collect(self, operations: Sequence[TimedOperation]) -> Operations:
        """The columns of a history with one key."""
        return collect(history(operations), self.model)

    def fast(self, operations: Sequence[TimedOperation]) -> int:
        """Where it stands without a search."""
        decision = self.model.fast(self.collect(operations))
        return int(decision.standing[0])

    def legal(self, operations: Operations) -> bool:
        """What the search says."""
        table = Table(self.model)
        kinds = table.classes(operations)
        problem = ladder.Problem(operations.call, operations.ret, operations.optional, kinds, table)
        return ladder.decide(problem, Budget(20, 1 << 26)).legal

    def every_order_needs_each_of_its_elements(
        self, draw: Callable[[random.Random], Sequence[TimedOperation]], witnesses: int = 20
    ) -> None:
        """Of histories so drawn, what the rule "order" refutes is refuted by itself, and not without any element."""
        rng, found = random.Random(7), 0
        while found < witnesses:
            operations = self.collect(draw(rng))
            conflict = self.model.fast(operations).conflicts.get(0)
            if conflict is None or conflict.rule != "order":
                continue
            found += 1
            witness = operations.select(np.array(sorted(conflict.rows)))
            assert not self.legal(witness)
            values = np.where(witness.f == witness.code(self.model.add), witness.argument, witness.result)
            for value in np.unique(values).tolist():
                assert self.legal(witness.select(np.flatnonzero(values != value)))


def random_columns(rng: random.Random, parts: int, operations: int, wild: float) -> Columns:
    """Columns of some stacks, with instants that are far apart; ``wild`` is how often not only the top is taken."""
    instants = rng.sample(range(20 * operations), 2 * operations)
    pairs = sorted(sorted(instants[2 * i : 2 * i + 2]) for i in range(operations))
    call, ret = np.array(pairs, dtype=np.int32).T.reshape(2, -1)
    part = np.array([rng.randrange(parts) for _ in pairs], dtype=np.int32)
    names = rng.sample(range(operations), operations)
    f, value = np.empty(operations, dtype=np.int8), np.full(operations, -1, dtype=np.int32)
    inside: list[list[int]] = [[] for _ in range(parts)]
    for row, held in enumerate(inside[one] for one in part.tolist()):
        what = rng.choice([ADD, ADD, TAKE, TAKE, TAKE, GUESS if rng.random() < 0.1 else EMPTY])
        f[row] = ADD if what == TAKE and not held else what
        if f[row] == ADD:
            held.append(names[row])
            value[row] = names[row]
        elif f[row] == TAKE:
            value[row] = held.pop(rng.randrange(len(held)) if rng.random() < wild else -1)
    optional = np.array([rng.random() < 0.2 for _ in pairs]) & (f == ADD)
    ret = np.where((optional | (f == GUESS)) & (np.arange(operations) % 2 == 0), NEVER, ret).astype(np.int32)
    return Columns(call, ret, optional, f, part, value, parts, operations)
