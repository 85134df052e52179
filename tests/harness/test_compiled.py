"""The compiled reader and the one in Python read the same from every file, damaged ones included."""

import io
import json
import pickle
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import compiled, history
from harness.evidence import Evidence
from harness.history import History
from harness.op import Op
from harness.values import Values

pytestmark = pytest.mark.kernel

numbers = (
    st.integers(-5, 5)
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([1.0, -0.0, 1e18, 9.223372036854776e18, 2.0**62, 10**30, 1e30])
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | numbers
    | st.text(max_size=5)
    | st.sampled_from(["1", "a\nb", 'q"', "é", "\u2028", "🙂"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
names = st.sampled_from(["read", "write", "cas", "\\", "é"]) | st.text(max_size=4)
ops = st.builds(
    Op,
    index=st.just(-1),
    time=st.integers(0, 2**63 - 1) | st.integers(0, 100),
    process=st.integers(-1, 5) | st.integers(-(2**31) + 1, 2**31 - 1),
    type=st.sampled_from(("invoke", "ok", "fail", "info")),
    f=names,
    key=st.none() | names | st.integers(-3, 3) | st.integers(-(2**66), 2**66),
    value=json_values,
    node=st.none() | names,
    error=st.none() | names,
    version=st.none() | st.integers(-3, 3) | st.integers(-(2**63) + 1, 2**63 - 1),
    evidence=st.none() | st.just(Evidence(persisted=True)),
)


def lines(events: list[Op]) -> list[bytes]:
    return [msgspec.json.encode(msgspec.structs.replace(op, index=index)) for index, op in enumerate(events)]


def same(data: bytes, piece: int = 1 << 22) -> History:
    """What both read, after it was compared."""
    before, history.PIECE = history.PIECE, piece  # type: ignore[misc]  # small ones, for the seams
    try:
        expected, found = History._read(io.BytesIO(data)), History._read_compiled(io.BytesIO(data))
    finally:
        history.PIECE = before  # type: ignore[misc]  # as it was
    assert found.damage == expected.damage
    for column in ("time", "process", "type", "f", "key", "value", "partner", "_version"):
        one, two = getattr(found, column), getattr(expected, column)
        assert one.dtype == two.dtype, column
        assert np.array_equal(one, two), column
    assert (found.fs, found.keys) == (expected.fs, expected.keys)
    assert list(map(repr, found)) == list(map(repr, expected))
    assert found.evidence == expected.evidence
    assert len(found.values) == len(expected.values)
    for one, two in zip(found.values.integers(), expected.values.integers(), strict=True):
        assert np.array_equal(one, two)
    for value in [expected.values[code] for code in range(len(expected.values))]:
        assert found.values.code(value) == expected.values.code(value)
    return found


@given(st.lists(ops, max_size=12), st.sampled_from([1, 100, 1 << 22]))
def test_what_was_written(events: list[Op], piece: int) -> None:
    same(b"".join(line + b"\n" for line in lines(events)), piece)


@given(st.lists(ops, min_size=1, max_size=8), st.data())
def test_what_was_mutated(events: list[Op], data: st.DataObject) -> None:
    content = bytearray(b"".join(line + b"\n" for line in lines(events)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        byte = data.draw(st.integers(0, 255) | st.sampled_from(b'",:{}[]\\ \n0-9.ent'))
        change = data.draw(st.sampled_from(["set", "insert", "delete", "cut"]))
        if change == "set":
            content[at] = byte
        elif change == "insert":
            content.insert(at, byte)
        elif change == "delete" and len(content) > 1:
            del content[at]
        elif change == "cut" and at:
            del content[at:]
    same(bytes(content))


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    same(data)


WORDS = (
    "null", "true", "false", "0", "-0", "1", "01", "-", "1.0", "1e2", "1E400", "1.", "123456789012345678",
    "1234567890123456789", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1e18", "NaN", "nul",
    '"a"', '"1"', '"\\u0061"', '"\\ud800"', '"\xc3\xa9"', '"\xff"', '"\xed\xa0\x80"', '"\xc0\x80"',
    '"\xf5\x80\x80\x80"', '"\xf0\x9f\x99\x82"', '"\t"', '"', '"a', "[]", "[1,2]", "[1, 2]", "[1.0,2]", "[1,2", "[1}",
    '{"a":1,"b":2}', '{"b":2,"a":1}', '{"a":1,"a":2}', "[" * 99 + "]" * 99, "[" * 101 + "]" * 101,
    "[" * 5000 + "]" * 5000, "1 2", "",
    " 1 ", "[1]]", '"a"b', "1\r", '{"]":"}"}', '["\\""]', '["\\\\"]', '["\\"', "{}", "x", "\x00", "/**/1",
    "[,]", "[1,]",
)  # fmt: skip
FIELDS = ("index", "time", "process", "type", "f", "key", "value", "node", "error", "version", "evidence", "unknown")


def odd_lines(rng: random.Random) -> Iterator[bytes]:
    """Lines that are nearly right."""
    for index in range(rng.randrange(1, 8)):
        texts = {
            "index": str(index),
            "time": str(index * 7),
            "process": str(rng.randrange(3)),
            "type": rng.choice(['"invoke"', '"ok"', '"fail"', '"info"']),
            "f": '"read"',
        }
        texts |= {"value": rng.choice(WORDS)} if rng.random() < 0.6 else {}
        for field in rng.sample(FIELDS, rng.choice([0, 0, 0, 1, 2])):
            texts[field] = rng.choice(WORDS)
        pairs = list(texts.items())
        if rng.random() < 0.1:
            rng.shuffle(pairs)
        if rng.random() < 0.05:
            pairs.append(rng.choice(pairs))
        comma, colon = rng.choice([(",", ":")] * 6 + [(", ", ": "), (" ,", " :"), (",\t", ":\r")])
        line = "{" + comma.join(f'"{name}"{colon}{text}' for name, text in pairs) + "}"
        line = rng.choice(["", "", "", " "]) + line + rng.choice(["", "", "", " ", "\r", ",", "}", "x"] + [""] * 20)
        yield line.encode("latin-1") + b"\n"


@pytest.mark.parametrize("seed", range(20))
def test_lines_that_are_nearly_right(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(300):
        same(b"".join(odd_lines(rng)))


def test_every_odd_value_by_itself() -> None:
    for word in WORDS:
        text = f'{{"index":0,"time":0,"process":0,"type":"ok","f":"read","value":{word}}}\n'
        same(text.encode("latin-1") * 2)
        same(text.replace('"index":0', '"index":1').join(["", ""]).encode("latin-1"))


def test_what_another_program_wrote() -> None:
    """Spaces behind commas and colons."""
    events = [{"index": i, "time": i, "process": 0, "type": "ok", "f": "w", "value": [i % 3, 1]} for i in range(9)]
    assert len(same(b"".join(json.dumps(event).encode() + b"\n" for event in events))) == 9


def test_fs_are_limited_here_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("history", "history_file"):
        monkeypatch.setattr(f"harness.{module}.MOST_FS", 3)
    data = b"".join(line + b"\n" for line in lines([Op(-1, 0, 0, "ok", f) for f in "abcabcad"]))
    for piece in (1, 1 << 22):
        found = same(data, piece)
        assert len(found) == 7
        assert found.damage is not None


@settings(max_examples=50)
@given(st.lists(json_values, max_size=40))
def test_values_are_numbered_alike(values: list[Any]) -> None:
    plain, interned = Values(), compiled.Interned(compiled.native.Reader(1).values)
    for value in values:
        assert interned.code(value) == plain.code(value)
    assert interned.codes(values) == plain.codes(values)
    sent = pickle.loads(pickle.dumps(interned))  # noqa: S301 - our own
    for known in (interned, sent):
        assert [repr(known[code]) for code in range(len(known))] == [repr(plain[code]) for code in range(len(plain))]
        assert known.codes(values) == plain.codes(values)


def test_a_lone_surrogate_has_a_code() -> None:
    interned = compiled.Interned(compiled.native.Reader(1).values)
    assert interned.code("\ud800") == interned.code("\ud800") == 1
    assert interned[1] == "\ud800"


@pytest.mark.parametrize("scale", [1, 7, 1000, 10**12])
def test_many_integers(scale: int) -> None:
    rng = random.Random(scale)
    values = [rng.randrange(-scale, 20_000 * scale) for _ in range(20_000)]
    plain, interned = Values(), compiled.Interned(compiled.native.Reader(1).values)
    assert interned.codes(values) == plain.codes(values)


def test_columns_of_two_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        compiled.native.pair(np.zeros(3, np.int32), np.zeros(2, np.int8))


@pytest.mark.parametrize("most", [3, 2**31 - 1])
def test_processes_of_any_number_are_paired(most: int) -> None:
    rng = random.Random(most)
    process = np.array([rng.randrange(-2, most) % (1 << 31) for _ in range(2000)], np.int32)
    process = rng.choice(process.tolist()) + np.zeros_like(process) if most > 3 else process
    type_ = np.array([rng.randrange(4) for _ in range(2000)], np.int8)
    expected = History(
        Op(-1, 0, int(who), history.TYPE_NAMES[what], "f") for who, what in zip(process, type_, strict=True)
    ).partner
    native, compiled.native = compiled.native, None
    try:
        assert np.array_equal(history._pair(process, type_), expected)
    finally:
        compiled.native = native
