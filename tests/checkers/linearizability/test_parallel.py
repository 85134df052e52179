"""The verdict is the same whoever decides, and however many do."""

import pickle
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from checkers.linearizability import decide as deciding
from checkers.linearizability import parallel, search
from checkers.linearizability.decide import decide
from checkers.linearizability.decision import VIOLATED, Budget, Conflict, Decision
from checkers.linearizability.intervals import history
from checkers.linearizability.model import ILLEGAL, Model, Operation
from checkers.linearizability.models.register import CasRegister
from checkers.linearizability.operations import _COLUMNS, Operations, collect
from checkers.linearizability.table import Table


def random_operations(seed: int, keys: int, each: int) -> Operations:
    """Registers with few values: some hold, some do not, some need the search, and some hold what no register does."""
    rng = random.Random(seed)
    operations = []
    for key in range(keys):
        for number in range(rng.randint(1, 2 * each)):
            f = rng.choice(("read", "write", "cas") if key % 3 else ("write",))
            value = rng.randrange(3 if key % 2 else 1000)
            argument = {"read": None, "write": value, "cas": [value, number]}[f]
            if key % 5 == 1 and rng.random() < 0.1:
                f = rng.choice(("cas", "launch"))
                argument = 3
            start = rng.randrange(5 * each)
            end = None if rng.random() < 0.1 else start + rng.randrange(10)
            result = rng.choice([None, 0, 1, 2, value]) if f == "read" else argument
            operations.append((rng.randrange(5), f, argument, result, start, end, f"k{key}"))
    return collect(history(operations), CasRegister())


def told(decision: Decision) -> object:
    return decision.standing.tolist(), dict(decision.conflicts), dict(decision.reasons), decision.searched


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("workers", [2, 3, 7])
def test_the_number_of_threads_changes_nothing(seed: int, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "LARGE", 0)
    monkeypatch.setattr(deciding, "_WORTH_THREADS", 0)
    operations = random_operations(seed, 40, 5)
    alone = decide(operations, CasRegister(), Budget(60, 1 << 30))
    assert {0, 1} <= set(alone.standing.tolist())
    assert alone.reasons
    assert told(decide(operations, CasRegister(), Budget(60, 1 << 30), workers)) == told(alone)


@pytest.mark.parametrize("seed", range(10))
def test_groups_that_were_compacted_and_sent_away_are_decided_as_if_they_were_here(seed: int) -> None:
    operations = random_operations(seed, 20, 5)
    alone = decide(operations, CasRegister(), Budget(60, 1 << 30))
    found = []
    for group in parallel.split(operations, 6):
        sent: Operations = pickle.loads(pickle.dumps(parallel.compact(group.operations)))  # noqa: S301 - our own
        assert len(sent.values) <= 2 * len(sent) + 1
        assert max(sent.call.max(), sent.ret[sent.ret < 2**31 - 1].max(initial=0)) < 2 * len(sent)
        for row in range(len(sent)):
            assert sent.operation(row, CasRegister()) == group.operations.operation(row, CasRegister())
        found.append((group, decide(sent, CasRegister(), Budget(60, 1 << 30))))
    assert told(parallel.join(operations.parts, found)) == told(alone)


@pytest.mark.parametrize(
    ("sizes", "count", "most"),
    [
        ([10], 4, 10),
        ([5, 5, 5, 5], 2, 10),
        ([100, *[1] * 100], 2, 101),
        ([100, *[1] * 5000], 3, 1701),
        ([3, 0, 0], 2, 3),
    ],
)
def test_groups_have_about_the_same_number_of_operations(sizes: Sequence[int], count: int, most: int) -> None:
    part = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    np.random.default_rng(1).shuffle(part)
    column = np.arange(len(part))
    every = {name: column for name in _COLUMNS if name != "part"}
    operations = replace(random_operations(1, 1, 1), part=part, keys=tuple(range(len(sizes))), **every)
    groups = parallel.split(operations, count)
    assert len(groups) <= count
    assert max(len(group.rows) for group in groups) <= most
    assert sorted(part for group in groups for part in group.parts.tolist()) == list(range(len(sizes)))
    assert np.array_equal(np.sort(np.concatenate([group.rows for group in groups])), column)
    for group in groups:
        assert (np.diff(group.rows) > 0).all()
        assert np.array_equal(group.parts[group.operations.part], part[group.rows])


def test_what_no_operation_did_stays_what_it_is() -> None:
    assert parallel.outside(Conflict("zones", (-1, -1, 0, 1), (2,)), np.array([5, 7, 9])) == Conflict(
        "zones", (-1, -1, 5, 7), (9,)
    )


class Slow(Model):
    """Needs the search; counts who uses it."""

    def init(self) -> int:
        return 0

    def step(self, state: int, op: Operation) -> object:
        return state + 1 if op.result == state else ILLEGAL


def test_searches_share_the_time_and_divide_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "_WORTH_THREADS", 0)
    budgets: list[Budget] = []

    def part(operations: Operations, table: Table, budget: Budget) -> None:
        budgets.append(budget)

    monkeypatch.setattr(search, "_part", part)
    operations = collect(history([(0, "next", None, key, 0, 1, key) for key in range(4)]), Slow())
    decide(operations, Slow(), Budget(60, 1000), workers=2)
    assert [budget.memory for budget in budgets] == [500] * 4
    *halves, whole = sorted(budget.seconds for budget in budgets)
    assert all(20 < seconds <= 30 for seconds in halves)
    assert 40 < whole <= 60, "the last one may use all that is left"


def test_a_model_that_fails_on_one_part_does_not_cost_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "_WORTH_THREADS", 0)
    operations = [(0, "next", None, 0, 0, 1, "a"), (0, "next", None, "x", 0, 1, "b"), (0, "next", None, 1, 0, 1, "c")]
    collected = collect(history(operations), Fails())
    decision = decide(collected, Fails(), Budget(60, 1 << 30), workers=3)
    assert decision.standing.tolist() == [0, 2, VIOLATED]
    assert "the model failed" in decision.reasons[1]


class Fails(Slow):
    def step(self, state: int, op: Operation) -> object:
        return super().step(state, replace(op, result=int(op.result)))
