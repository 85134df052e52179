"""Ids that belong to one part each, however many codes there may be."""

import numpy as np
import pytest

from checkers.linearizability.ids import RowsByPart, local_ids


@pytest.mark.parametrize("parts", [1, 2, 50])
@pytest.mark.parametrize("codes", [1, 3, 10_000])
def test_equal_pairs_and_no_others_have_one_id(parts: int, codes: int) -> None:
    rng = np.random.default_rng(parts + codes)
    part, code = (rng.integers(below, size=200).astype(np.int32) for below in (parts, codes))
    ids, count = local_ids(part, code, parts)
    assert ids.dtype == np.int32
    assert 0 <= ids.min() <= ids.max() < count
    pairs = list(zip(part.tolist(), code.tolist(), strict=True))
    assert len(set(zip(pairs, ids.tolist(), strict=True))) == len(set(pairs)) == len(np.unique(ids))


def test_codes_of_one_part_each_stay_as_they_are() -> None:
    part, code = np.array([0, 1, 0], dtype=np.int32), np.array([70, 90, 80], dtype=np.int64)
    ids, count = local_ids(part, code, 2)
    assert ids.tolist() == code.tolist()
    assert count == 91


def test_nothing_has_no_ids() -> None:
    none = np.zeros(0, dtype=np.int32)
    ids, count = local_ids(none, none, 3)
    assert not len(ids)
    assert count == 0


def test_the_rows_of_each_part() -> None:
    rows = RowsByPart(np.array([2, 0, 2, 3, 0], dtype=np.int32), 5)
    assert [rows[part].tolist() for part in range(5)] == [[1, 4], [], [0, 2], [3], []]
