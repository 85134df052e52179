"""EDN as JSON values; whatever the text, the parser says where it stops making sense."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.formats import edn
from harness.formats.events import BadInput, Pair
from harness.formats.write import _edn


def value(text: str) -> Any:
    parsed, end = edn.parse(text, 0)
    assert not text[end:].strip(" ,\n")
    return parsed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nil", None),
        ("true", True),
        ("-17", -17),
        ("+5", 5),
        ("0x1F", 31),
        ("12345678901234567890123N", 12345678901234567890123),
        ("1.5", 1.5),
        ("1.5M", 1.5),
        ("-1e3", -1000.0),
        ("2/3", "2/3"),
        ("##Inf", "##Inf"),
        ("1e999", "1e999"),
        (":ok", "ok"),
        (":jepsen/op", "jepsen/op"),
        ("::mine", "mine"),
        ("symbol", "symbol"),
        ("->tuple", "->tuple"),
        ('"two words"', "two words"),
        (r'"a\"b\\c\n\t\u00e9\ud83d\ude00"', 'a"b\\c\n\té\U0001f600'),
        ('#"re.*gex"', "re.*gex"),
        (r"\a", "a"),
        (r"\newline", "\n"),
        (r"\u00e9", "é"),
        (r"\(", "("),
        ("[1 [2, :three] nil]", [1, [2, "three"], None]),
        ("(1 2)", [1, 2]),
        ("#{3 1 2}", [1, 2, 3]),
        ("{:a 1, 2 :b, nil 3}", {"a": 1, "2": "b", "null": 3}),
        ("#:jepsen{:a 1}", {"a": 1}),
        ('#inst "2020-01-01T00:00:00Z"', "2020-01-01T00:00:00Z"),
        ("#jepsen.history.Op{:a 1}", {"a": 1}),
        ("#jepsen.history.Op {:a 1}", {"a": 1}),
        ('#object[java.net.ConnectException 0x4f8e "refused"]', ["java.net.ConnectException", 0x4F8E, "refused"]),
        ("#outer #inner 5", 5),
        ("[1 #_ 2 #_ #_ 3 4 5]", [1, 5]),
        ("#tag #_ 1 2", 2),
        ("; words\n[1 ; more\n 2]", [1, 2]),
        ("\ufeff5"[1:], 5),
    ],
)
def test_values(text: str, expected: Any) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)


@pytest.mark.parametrize("tag", ["#jepsen.independent.Tuple", "#jepsen.independent.Tuple ", "#clojure.lang.MapEntry "])
def test_tuples_of_independent_stay_tuples(tag: str) -> None:
    assert isinstance(value(f"{tag}[1 nil]"), Pair)


@pytest.mark.parametrize(
    ("text", "offset", "reason"),
    [
        ("", 0, "ends where a value should stand"),
        ("[1 2", 4, "the vector that begins at line 1, column 1 is not ended: cut off?"),
        ('\n{:a "x', 5, "the string that begins here is not ended"),
        ("[1)", 2, "')' closes no open vector"),
        ("]", 0, "']' closes no open bracket"),
        ("{:a}", 0, "a map whose last key has no value"),
        ("{:a 1 :a 2}", 0, "a map with two keys that are the same string"),
        ('[{:a {true 1, "true" 2}}]', 5, "a map with two keys that are the same string"),
        ("[12ab]", 1, "'12ab' is no EDN: neither a number nor a name"),
        ("[^meta]", 1, "'^meta' is no EDN"),
        ("[:]", 1, "':' is no EDN"),
        (r"[\nowhere]", 1, "there is no such character"),
        (r'"\q"', 0, "a string with the escape"),
        (r'"\ud800"', 0, "one half of a surrogate pair"),
        ("#_", 2, "the discarded value that begins at line 1, column 1 is not ended"),
        ("[#<Object 5>]", 1, "'#<Object 5>]' is no EDN"),
        ("[" * 101, 100, "nested deeper than 100 levels"),
        ("#t " * 101, 300, "nested deeper than 100 levels"),
        ("9" * 5000, 0, "has 5000 characters"),
    ],
)
def test_what_is_no_edn_is_named_with_its_place(text: str, offset: int, reason: str) -> None:
    with pytest.raises(BadInput, match=re.escape(reason)) as bad:
        edn.parse(text, 0)
    assert bad.value.offset == offset


def forms(text: str) -> tuple[list[Any], BadInput | None]:
    found = []
    try:
        for offset, form in edn.forms(text):
            assert text[offset] not in " ,;"
            found.append(form)
    except BadInput as bad:
        return found, bad
    return found, None


@pytest.mark.parametrize(
    "text", ["{:a 1}\n{:a 2}", "[{:a 1} {:a 2}]", "({:a 1},{:a 2})", "; x\n[#_{:b 1} {:a 1}#_5{:a 2}]\n"]
)
def test_one_map_after_the_other_or_all_in_one_collection(text: str) -> None:
    assert forms(text) == ([{"a": 1}, {"a": 2}], None)


@pytest.mark.parametrize(
    ("text", "many", "reason"),
    [
        ("[{:a 1} {:a", 1, "the map that begins at line 1, column 9 is not ended"),
        ("[{:a 1}", 1, "the vector that is opened at line 1, column 1 is not closed"),
        ("[{:a 1}] 5", 1, "stands behind the end"),
        ("{:a 1}]", 1, "closes no open bracket"),
    ],
)
def test_what_stands_before_the_damage_is_given(text: str, many: int, reason: str) -> None:
    found, bad = forms(text)
    assert len(found) == many
    assert bad is not None
    assert reason in bad.reason


scalars = st.sampled_from(
    [
        "nil",
        "true",
        "12",
        "-3",
        "007",
        "1.5",
        "2/3",
        "4N",
        ":k",
        ":a/b",
        "::x",
        '"s p"',
        '"a]b"',
        '""',
        "sym",
        "\\a",
        "5a",
        ":",
    ]
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda members: f"[{' '.join(members)}]")
        | st.lists(inner, max_size=2).map(lambda members: f"({','.join(members)})")
        | st.tuples(inner, inner).map(lambda pair: f"{{{pair[0]} {pair[1]}}}")
    ),
    max_leaves=4,
)
names = st.sampled_from(["type", "f", "value", "a?", "b/c", ":", ""])
maps = st.lists(st.tuples(names, st.sampled_from([" ", ", ", "\n", ""]), values), max_size=4).map(
    lambda fields: "{" + ", ".join(f":{name}{blank}{text}" for name, blank, text in fields) + "}"
)


@given(st.lists(maps, max_size=3).map("\n".join))
def test_the_fast_way_through_flat_maps_reads_what_the_parser_reads(text: str) -> None:
    found, bad = forms(text)
    slow: list[Any] = []
    at, reason = 0, None
    try:
        while text[at:].strip():
            parsed, at = edn.parse(text, at)
            slow.append(parsed)
    except BadInput as error:
        reason = error.reason
    assert json.dumps(found) == json.dumps(slow)
    assert (bad.reason if bad else None) == reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(json_values)
def test_what_is_written_as_edn_is_read_back(original: Any) -> None:
    assert value(_edn(original)) == original


@given(st.text() | st.text(alphabet='[](){}#:_"\\;, \n01ab^@') | st.binary().map(lambda data: data.decode("latin-1")))
def test_any_text_can_be_asked(text: str) -> None:
    _, bad = forms(text)
    assert bad is None or (0 <= bad.offset <= len(text) and "\n" not in bad.reason)
