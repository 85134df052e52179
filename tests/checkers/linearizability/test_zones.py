"""The compiled zones against their twin, on any columns that keep the contract, and on some that do not."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from checkers.linearizability import kernel
from checkers.linearizability.decision import HOLDS, NEVER, UNDECIDED, VIOLATED, Conflict
from checkers.linearizability.twins import zones
from checkers.linearizability.twins.zones import CAS, MISMATCH, READ, WRITE, Columns

compiled = pytest.mark.kernel
both = pytest.mark.parametrize("decide", [zones.decide, pytest.param(kernel.zones, marks=compiled)])

Row = tuple[int, int, bool, int, int, int, int]
"""call, ret, optional, f, key, old, new"""


def columns(rows: list[Row], keys: int = 1, values: int = 10) -> Columns:
    kinds = (np.int32, np.int32, np.bool_, np.int8, np.int32, np.int32, np.int32)
    table = list(zip(*rows, strict=True)) or [()] * 7
    return Columns(*(np.array(c, dtype=kind) for c, kind in zip(table, kinds, strict=True)), keys, values)  # type: ignore[arg-type]  # as many as the table has columns


def instants(rng: random.Random, operations: int) -> list[tuple[int, int]]:
    """Invocations and completions that overlap; sparse at times."""
    events = sorted(rng.sample(range(2 * operations * rng.choice([1, 3, 5000])), 2 * operations))
    begun: list[list[int]] = []
    open_ops: list[list[int]] = []
    for event in events:
        if len(begun) < operations and (not open_ops or rng.random() < 0.5):
            begun.append([event])
            open_ops.append(begun[-1])
        else:
            open_ops.pop(rng.randrange(len(open_ops))).append(event)
    return [(call, ret) for call, ret in begun]


def random_columns(rng: random.Random) -> Columns:
    keys, unique, mismatches = rng.randint(1, 3), rng.random() < 0.7, rng.random() < 0.3
    written, fresh, rows = {key: [key] for key in range(keys)}, keys, []
    for call, ret in instants(rng, rng.randint(1, 14)):
        key = rng.randrange(keys)
        f = rng.choice([READ, READ, WRITE, WRITE, CAS, CAS, *([MISMATCH] * mismatches)])
        old = -1 if f == WRITE else rng.choice(written[key][-3:])
        new = -1
        if f in (WRITE, CAS):
            new = fresh if unique or rng.random() < 0.7 else rng.choice(written[key])
            fresh += new == fresh
            written[key].append(new)
        if f in (READ, CAS) and rng.random() < 0.05:
            old, fresh = fresh, fresh + (keys > 1)  # or a value that somebody writes later
        if f == CAS and rng.random() < 0.03:
            old = new
        optional = new >= 0 and rng.random() < 0.25
        end = NEVER if new >= 0 and rng.random() < (0.6 if optional else 0.05) else ret
        rows.append((call, end, optional, f, key, old, new))
    return columns(rows, keys, fresh + 1)


@pytest.mark.kernel
def test_the_kernel_finds_what_its_twin_finds() -> None:
    rules = set()
    for seed in range(4000):
        given = random_columns(random.Random(seed))
        ours, twins = kernel.zones(given), zones.decide(given)
        assert ours.standing.tolist() == twins.standing.tolist(), seed
        assert ours.conflicts == twins.conflicts, seed
        rules |= {conflict.rule for conflict in ours.conflicts.values()}
    assert rules == set(zones.RULES)


@both
def test_an_optional_write_counts_only_if_it_was_seen(decide: Any) -> None:
    unseen = (0, NEVER, True, WRITE, 0, -1, 1)
    read_nothing = (2, 3, False, READ, 0, 0, -1)
    assert decide(columns([unseen, read_nothing])).standing.tolist() == [HOLDS]
    seen = [unseen, (1, 2, False, READ, 0, 1, -1), (3, 4, False, READ, 0, 0, -1)]
    found = decide(columns(seen))
    assert found.standing.tolist() == [VIOLATED]
    assert found.conflicts[0] == Conflict("zones", (-1, -1, 1, 2))


@both
def test_an_optional_write_that_was_seen_ends_when_it_must_have_happened(decide: Any) -> None:
    rows = [
        (0, 1, True, WRITE, 0, -1, 1),
        (2, 3, False, READ, 0, 0, -1),
        (4, 5, False, READ, 0, 1, -1),
    ]
    found = decide(columns(rows))
    assert found.conflicts[0] == Conflict("zones", (-1, -1, 0, 1), seen=(2,))
    assert decide(columns([(0, NEVER, *rows[0][2:]), *rows[1:]])).standing.tolist() == [HOLDS]


@both
def test_a_write_that_certainly_happened_counts_though_nobody_knows_when(decide: Any) -> None:
    repeated = [(0, NEVER, False, CAS, 0, 0, 1), (1, 2, False, CAS, 0, 0, 2)]
    assert decide(columns(repeated)).conflicts[0] == Conflict("double-cas", (0, 1))
    assert decide(columns([(0, NEVER, True, CAS, 0, 0, 1), repeated[1]])).standing.tolist() == [HOLDS]


@both
def test_repeated_values_and_failed_cas_are_left_undecided(decide: Any) -> None:
    twice = [(0, 1, False, WRITE, 0, -1, 3), (2, 3, False, WRITE, 0, -1, 3), (4, 5, False, MISMATCH, 1, 1, -1)]
    assert decide(columns(twice, keys=3)).standing.tolist() == [UNDECIDED, UNDECIDED, HOLDS]


@both
def test_nothing_holds(decide: Any) -> None:
    assert decide(columns([], keys=2)).standing.tolist() == [HOLDS, HOLDS]


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"call": np.array([2, 1], dtype=np.int32)}, "calls must ascend"),
        ({"ret": np.array([-5, 3], dtype=np.int32)}, "negative event index"),
        ({"old": np.array([-1, 10], dtype=np.int32)}, "out of its range"),
        ({"new": np.array([-1, -1], dtype=np.int32)}, "out of its range"),
        ({"key": np.array([0, 1], dtype=np.int32)}, "out of its range"),
        ({"f": np.array([1, 9], dtype=np.int8)}, "out of its range"),
        ({"f": np.array([1], dtype=np.int8)}, "different lengths"),
        ({"values": 0}, "fewer values than keys"),
    ],
)
def test_the_kernel_trusts_no_column(broken: dict[str, Any], why: str) -> None:
    sound = columns([(0, 1, False, WRITE, 0, -1, 1), (2, 3, False, READ, 0, 1, -1)])
    with pytest.raises(ValueError, match=why):
        kernel.zones(replace(sound, **broken))
