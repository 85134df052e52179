"""Values, operations and durations as text."""

from typing import Any

import pytest

from results import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (None, "nothing"),
        ("a", '"a"'),
        ([1, 2], "[1,2]"),
        (list(range(9)), "[0, 1, 2, ...] (9 items)"),
        ("a\u2028b", '"a\\u2028b"'),
        ("\u202eabc", '"\\u202eabc"'),
        ("\x00\x1b", '"\\x00\\x1b"'),
        ("\U000e0041", '"\\U000e0041"'),
        ("x" * 5000, '"' + "x" * 36 + "..."),
    ],
)
def test_values_are_short_and_visible(value: Any, text: str) -> None:
    assert words.show(value) == text


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (("read", None, 3, "ok"), "read = 3"),
        (("read", None, None, "ok"), "read = nothing"),
        (("write", 5, 5, "ok"), "write 5"),
        (("cas", [1, 2], [1, 2], "fail"), "cas 1 to 2: failed"),
        (("write", 5, 5, "info"), "write 5: unknown"),
        (("add", 1, 7, "ok"), "add 1 = 7"),
    ],
)
def test_operations_in_their_shortest_form(call: tuple[str, Any, Any, str], text: str) -> None:
    assert words.call_text(*call) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [(820_000, "820 us"), (3_100_000, "3.1 ms"), (5_000_000_000, "5 s"), (125_000_000_000, "2 min 5 s")],
)
def test_durations_have_the_unit_that_suits_them(ns: int, text: str) -> None:
    assert words.duration(ns) == text


def test_counts_agree_with_their_noun() -> None:
    assert words.count(1, "key") == "1 key"
    assert words.count(12345, "key") == "12 345 keys"
    assert words.enumeration(["a", "b", "c"]) == "a, b and c"
    assert words.enumeration([]) == ""
