"""Kernel, twin, ladder and oracle agree; ``prove.py`` does so with many more."""

import random
from importlib.metadata import entry_points

import pytest
from linearizability import histories, proof
from linearizability.datatypes import TYPES
from linearizability.oracle import Row, linearizable, rows_of, stands_alone

from checkers.linearizability import kernel


@pytest.mark.parametrize("name", TYPES)
def test_a_batch_is_decided_alike_by_all(name: str) -> None:
    count = proof.batch(name, seed=-1)
    assert not count.wrong, count.wrong[0]
    # Single elements of a set go wrong less often than whole objects.
    assert 0.25 * count.histories < count.valid < 0.92 * count.histories


@pytest.mark.parametrize("name", TYPES)
def test_what_is_simulated_is_linearizable(name: str) -> None:
    kind, rng = TYPES[name], random.Random(name)
    plans = [histories.simulated(kind, rng, 10, 4, unknown=0.15, unique=bool(n % 2)) for n in range(60)]
    plans = [[histories.with_evidence(rng, done) for done in plan] for plan in plans]
    rows = rows_of(kind, histories.history(kind, plans))
    assert [key for key, some in rows.items() if not linearizable(kind, some)] == []


def test_every_model_has_an_oracle() -> None:
    assert {point.name for point in entry_points(group="quorate.models") if point.dist.name == "quorate"} == set(TYPES)


def test_the_oracle_keeps_to_real_time() -> None:
    kind = TYPES["register"]
    write, read = Row(0, 0, 2, 0, "write", 1, None), Row(2, 4, 6, 1, "read", None, None)
    assert not linearizable(kind, [write, read])
    assert linearizable(kind, [write, Row(1, 1, 6, 1, "read", None, None)])
    assert linearizable(kind, [Row(0, 0, 2, 0, "write", 1, None, told=False, optional=True), read])
    assert stands_alone(kind, [write, read, Row(4, 8, 9, 1, "read", None, 1)], {0, 2})
    assert not stands_alone(kind, [write, read], {2})


def test_the_oracle_lets_nothing_happen_after_its_end_though_it_may_not_have_happened() -> None:
    kind = TYPES["register"]
    write = Row(0, 0, 3, 0, "write", 1, None, told=False, optional=True)
    early, late = Row(2, 4, 6, 1, "read", None, None), Row(4, 8, 9, 1, "read", None, 1)
    assert not linearizable(kind, [write, early, late])


def test_the_twins_decide_while_they_are_asked_to() -> None:
    compiled = kernel.native
    with proof.twins():
        assert kernel.native is None
    assert kernel.native is compiled
