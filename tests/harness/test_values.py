"""Values: which are equal, in a file and in a program."""

from typing import Any

import pytest

from harness.values import Values, token

NAN = float("nan")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (2, 2.0),
        ([2, {"a": 3.0}], (2.0, {"a": 3})),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (b"1", b"1"),
        ([b"1", 2], (b"1", 2.0)),
        ({"a": b"1", "b": 2}, {"b": 2, "a": b"1"}),
        ([NAN], [NAN]),
        ({1, 2}, frozenset({2, 1})),
    ],
)
def test_equal_values_have_one_code(one: Any, other: Any) -> None:
    assert token(one) == token(other)
    values = Values()
    assert values.code(one) == values.code(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        ([1], [True]),
        (1, "1"),
        (b"1", "MQ=="),
        ([b"1"], ["MQ=="]),
        ({"a": [b"1"]}, {"a": ["MQ=="]}),
        (NAN, None),
        ([NAN], [None]),
        ([float("inf")], [None]),
        ([b"1"], [b"2"]),
    ],
)
def test_different_values_have_two(one: Any, other: Any) -> None:
    assert token(one) != token(other)
    values = Values()
    assert values.code(one) != values.code(other)
