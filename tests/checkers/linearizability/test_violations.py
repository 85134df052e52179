"""Every violation that is put into a long valid history is caught; ``prove.py --mutations`` does so with many more."""

import random

import pytest
from linearizability import histories, proof, violations
from linearizability.datatypes import TYPES
from linearizability.oracle import linearizable, rows_of

PLACES = [(name, violation) for name, some in violations.VIOLATIONS.items() for violation in some]


@pytest.mark.parametrize("name", TYPES)
def test_a_violation_in_a_long_valid_history_is_caught(name: str) -> None:
    found = [proof.mutation(name, seed) for seed in range(4)]
    assert [one for one in found if not one.caught] == []


@pytest.mark.parametrize(("name", "violation"), PLACES)
def test_what_is_put_in_really_is_a_violation(name: str, violation: str) -> None:
    kind, rng, tried = TYPES[name], random.Random(violation), 0
    while tried < 10:
        plan = histories.simulated(kind, rng, 14, 3, unknown=0.1, unique=True, busy=2)
        broken = violations.put_into(kind, rng, plan, violation) if plan else None
        if broken is None:
            continue
        tried += 1
        whole, spoiled = (rows_of(kind, histories.history(kind, [one]))[None] for one in (plan, broken))
        assert linearizable(kind, whole)
        assert not linearizable(kind, spoiled)


def test_every_type_has_violations() -> None:
    assert set(violations.VIOLATIONS) == set(TYPES)
