"""Some thousand random histories of each data type: the kernel, its twin and the ladder say what the oracle says.

``python tests/checkers/linearizability/prove.py`` does this with as many as are wanted.
"""

import pytest
from linearizability import proof
from linearizability.datatypes import TYPES

BATCHES = 3_000 // proof.SIZE


@pytest.mark.parametrize("name", TYPES)
def test_no_history_is_decided_otherwise_than_by_trying_every_order(name: str) -> None:
    count = proof.Count()
    for seed in range(BATCHES):
        count += proof.batch(name, seed)
    assert not count.wrong, count.wrong[0]
    assert count.histories > 0.9 * BATCHES * proof.SIZE, "some of them are empty, most are not"
