"""The rank check against its definition, pair by pair, and the kernel against its twin."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from checkers.linearizability import kernel
from checkers.linearizability.decision import HOLDS, NEVER, VIOLATED, Conflict
from checkers.linearizability.twins import rank
from checkers.linearizability.twins.rank import Columns

compiled = pytest.mark.kernel
both = pytest.mark.parametrize("decide", [rank.decide, pytest.param(kernel.rank, marks=compiled)])


def columns(rows: list[tuple[int, int, int, int]], parts: int = 1) -> Columns:
    kinds = (np.int32, np.int32, np.int32, np.int64)
    table = list(zip(*rows, strict=True)) or [()] * 4
    return Columns(*(np.array(c, dtype=kind) for c, kind in zip(table, kinds, strict=True)), parts)  # type: ignore[arg-type]  # as many as the table has columns


def random_rows(rng: random.Random, parts: int) -> list[tuple[int, int, int, int]]:
    n = rng.randint(0, 12)
    events = rng.sample(range(2 * n * rng.choice([1, 3, 5000]) + 1), 2 * n)
    pairs = sorted(sorted(events[i : i + 2]) for i in range(0, 2 * n, 2))
    spread = rng.choice([1, 3, 1 << 60])
    return [
        (call, NEVER if rng.random() < 0.1 else ret, rng.randrange(parts), spread * (i // 2 + rng.randint(-2, 2)))
        for i, (call, ret) in enumerate(pairs)
    ]


@both
def test_it_is_the_definition(decide: Any) -> None:
    outcomes = {HOLDS: 0, VIOLATED: 0}
    for seed in range(3000):
        rng = random.Random(seed)
        parts = rng.randint(1, 3)
        rows = random_rows(rng, parts)
        found = decide(columns(rows, parts))
        for part in range(parts):
            pairs = {
                (later, earlier)
                for later, (_, ret, its, high) in enumerate(rows)
                for earlier, (call, _, other, low) in enumerate(rows)
                if its == other == part and high > low and ret < call
            }
            assert found.standing[part] == (VIOLATED if pairs else HOLDS), seed
            outcomes[int(found.standing[part])] += 1
            if pairs:
                assert found.conflicts[part].rows in pairs
    assert min(outcomes.values()) > 300


@pytest.mark.kernel
def test_the_kernel_finds_what_its_twin_finds() -> None:
    for seed in range(3000):
        rng = random.Random(seed)
        given = columns(random_rows(rng, 2), 2)
        assert kernel.rank(given).conflicts == rank.decide(given).conflicts, seed


@both
def test_of_many_conflicts_the_first_row_and_the_largest_rank_before_it_are_shown(decide: Any) -> None:
    rows = [(0, 1, 0, 7), (2, 3, 0, 9), (4, 5, 0, 9), (6, 7, 0, 8), (8, 9, 0, 1)]
    assert decide(columns(rows)).conflicts == {0: Conflict("rank", (1, 3))}


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"call": np.array([2, 2], dtype=np.int32)}, "calls must ascend"),
        ({"ret": np.array([-1, 3], dtype=np.int32)}, "negative event index"),
        ({"part": np.array([0, 1], dtype=np.int32)}, "a part is out of its range"),
        ({"part": np.array([0, -1], dtype=np.int32)}, "a part is out of its range"),
        ({"rank": np.array([0], dtype=np.int64)}, "different lengths"),
    ],
)
def test_the_kernel_trusts_no_column(broken: dict[str, Any], why: str) -> None:
    sound = columns([(0, 1, 0, 1), (2, 3, 0, 2)])
    with pytest.raises(ValueError, match=why):
        kernel.rank(replace(sound, **broken))
