"""Histories survive the disk, and what is damaged is read as far as it is whole."""

import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.history import NEVER, TYPE_CODES, TYPE_NAMES, History
from harness.history_file import Damage, HistoryWriter, decode
from harness.op import FAIL, INFO, INVOKE, NEMESIS, OK, Op

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
ops = st.builds(
    Op,
    index=st.just(-1),
    time=st.integers(0, 2**62),
    process=st.integers(-1, 2**31 - 1),
    type=st.sampled_from((INVOKE, OK, FAIL, INFO)),
    f=st.text(min_size=1),
    key=st.none() | st.text() | st.integers(-(2**63), 2**63),
    value=json_values,
    node=st.none() | st.text(),
    error=st.none() | st.text(),
    version=st.none() | st.integers(0, 2**62),
)


def write(path: Path, events: list[Op]) -> bytes:
    writer = HistoryWriter(path)
    for op in events:
        writer.append(op)
    writer.close()
    return path.read_bytes()


def whole(data: bytes) -> list[Op]:
    events, damage = decode(data)
    assert damage is None
    return events


@given(st.lists(ops))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, events: list[Op]) -> None:
    path = tmp_path_factory.mktemp("h") / "history.jsonl"
    write(path, events)
    history = History.read(path)
    assert history.damage is None
    assert list(history) == events
    assert [op.index for op in history] == list(range(len(events)))


@given(st.lists(ops, min_size=1, max_size=6), st.data())
def test_of_a_cut_file_the_whole_lines_are_read(
    tmp_path_factory: pytest.TempPathFactory, events: list[Op], data: st.DataObject
) -> None:
    content = write(tmp_path_factory.mktemp("h") / "h", events)
    at = data.draw(st.integers(0, len(content)))
    read, damage = decode(content[:at])
    lines = content[:at].count(b"\n")
    assert read == events[:lines]
    if at and content[at - 1 : at] != b"\n":
        assert damage == Damage(lines + 1, "the last line is cut off")
    else:
        assert damage is None


@given(st.lists(ops, min_size=1, max_size=6), st.data())
def test_whatever_a_byte_becomes_the_lines_before_it_are_read(
    tmp_path_factory: pytest.TempPathFactory, events: list[Op], data: st.DataObject
) -> None:
    content = bytearray(write(tmp_path_factory.mktemp("h") / "h", events))
    at = data.draw(st.integers(0, len(content) - 1))
    before = content[:at].count(b"\n")
    content[at] = data.draw(st.integers(0, 255))
    read, _ = decode(bytes(content))
    assert read[:before] == events[:before]
    assert len(History(read)) == len(read) >= before


@given(st.binary())
def test_any_bytes_can_be_asked(data: bytes) -> None:
    read, damage = decode(data)
    assert len(History(read)) == len(read) <= data.count(b"\n")
    assert damage is not None or len(read) == data.count(b"\n")


def line(**fields: Any) -> bytes:
    import msgspec

    event = {"index": 0, "time": 0, "process": 0, "type": "invoke", "f": "read", **fields}
    return msgspec.json.encode(event) + b"\n"


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (line(index=5), "event 5 stands where 1 should"),
        (line(index=1, process=2**40), "out of range"),
        (line(index=1, time=-1), "out of range"),
        (line(index=1, version=2**63), "out of range"),
        (line(index=1, type="maybe"), "Invalid enum value"),
        (line(index=1, value="x").replace(b"x", b"\xff"), "the byte 0xff, which is no UTF-8"),
        (line(index=1)[:30] + b"\n", "column 31: Input data was truncated"),
        (line(index=1, value=1).replace(b"1}", b"NaN}"), "column 68: JSON is malformed: invalid character"),
        (b"\n", "column 1: Input data was truncated"),
        (b"\xff\n", "column 1: JSON is malformed"),
        (line(index=1)[:-2] + b',"value":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "nested deeper"),
    ],
)
def test_damage_is_named(second: bytes, reason: str) -> None:
    read, damage = decode(line() + second + line(index=2))
    assert [op.index for op in read] == [0]
    assert damage is not None
    assert damage.line == 2
    assert reason in damage.reason


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the history"):
        History.read(tmp_path / "none")


def test_calls() -> None:
    history = History(
        [
            Op(-1, 0, 0, INVOKE, "write", "k", 1),
            Op(-1, 1, 1, INVOKE, "read", "k"),
            Op(-1, 2, NEMESIS, INVOKE, "cut"),
            Op(-1, 3, 0, INFO, "write", "k", 1, error="timeout: x"),
            Op(-1, 4, 1, OK, "read", "k", 1, version=9),
            Op(-1, 5, 3, INVOKE, "read"),
            Op(-1, 6, NEMESIS, OK, "cut"),
            Op(-1, 7, 4, FAIL, "read"),
        ]
    )
    calls = history.calls()
    assert len(calls) == 3
    assert calls.invoke.tolist() == [0, 1, 5]
    assert calls.complete.tolist() == [NEVER, 4, NEVER]
    assert calls.outcome.tolist() == [TYPE_CODES[INFO], TYPE_CODES[OK], TYPE_CODES[INFO]]
    assert calls.arguments == [1, None, None]
    assert calls.results == [1, 1, None]
    assert calls.version.tolist() == [-1, 9, -1]
    assert history.partner.tolist() == [3, 4, 6, 0, 1, -1, 2, -1]
    assert [history.fs[code] for code in calls.f] == ["write", "read", "read"]
    assert calls.key.tolist() == [0, 0, -1]
    assert calls.invoke.dtype == np.int32


def test_an_empty_history() -> None:
    history = History([])
    assert len(history) == len(history.calls()) == 0
    assert history.faults() == []


def test_faults_from_request_to_verified_healing() -> None:
    def nemesis(time: int, type_: Any, value: Any, error: str | None = None) -> Op:
        return Op(-1, time, NEMESIS, type_, "partition", None, value, None, error)

    effect = {"phase": "inject", "id": "partition-1", "words": "n1 | n2 n3", "detail": {"grudge": 1}}
    failed = {"phase": "inject", "id": "partition-2", "words": "n2 | n1 n3", "detail": {}}
    history = History(
        [
            nemesis(1, INVOKE, {"phase": "inject"}),
            nemesis(2, OK, effect),
            nemesis(3, INVOKE, {"phase": "heal"}),
            nemesis(5, OK, {"phase": "heal", "ids": ["partition-1"], "healed": 4}),
            nemesis(6, INVOKE, {"phase": "inject"}),
            nemesis(7, INFO, failed, "no-effect: the pair still talks"),
        ]
    )
    first, second = history.faults()
    assert (first.requested, first.effective, first.healed, first.verified) == (1, 2, 4, 5)
    assert (first.words, first.problem) == ("n1 | n2 n3", "")
    assert (second.effective, second.healed, second.problem) == (None, None, "no-effect: the pair still talks")


def test_what_was_flushed_is_in_the_file(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path / "h")
    writer.append(Op(-1, 0, 0, INVOKE, "read"))
    assert (tmp_path / "h").read_bytes() == b""
    writer.flush()
    assert len(whole((tmp_path / "h").read_bytes())) == 1
    writer.close()
    with pytest.raises(FileExistsError):
        HistoryWriter(tmp_path / "h")


def test_a_kernel_that_takes_a_part_gets_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all = os.write
    writer = HistoryWriter(tmp_path / "h")
    monkeypatch.setattr(os, "write", lambda file, data: write_all(file, bytes(data[:7])))
    for i in range(9):
        writer.append(Op(-1, i, 0, INVOKE, "read"))
    writer.flush()
    monkeypatch.undo()
    writer.close()
    assert len(whole((tmp_path / "h").read_bytes())) == 9


@pytest.mark.parametrize("piece", [1, 100, 1000, 1 << 22])
@pytest.mark.parametrize("damaged", [None, 1, 7, 40])
def test_a_file_is_read_the_same_in_pieces_of_any_size(
    piece: int, damaged: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ops = [
        Op(
            index,
            index,
            index // 2 % 3,
            TYPE_NAMES[index % 2],
            f"f{index % 5}",
            f"k{index % 7}",
            [index],
            "n1",
            None,
            v,
        )
        for index, v in enumerate([None, -1, 5, -(2**63) + 1] * 10)
    ]
    lines = [msgspec.json.encode(op) + b"\n" for op in ops]
    if damaged is not None:
        lines[damaged - 1] = lines[damaged - 1][:-2] + b"\n"
    path = tmp_path / "h"
    path.write_bytes(b"".join(lines))
    monkeypatch.setattr("harness.history.PIECE", piece)
    monkeypatch.setattr("harness.history.CHUNK", 6)

    history = History.read(path)

    whole = ops if damaged is None else ops[: damaged - 1]
    assert list(history) == whole
    assert (history.damage.line if history.damage else None) == damaged
    for index in range(0, len(whole) - 1, 2):
        assert history.partner[index] == index + 1
    assert history.calls().version.tolist() == [-1 if op.version is None else op.version for op in whole[1::2]] + [
        -1
    ] * (len(whole) % 2)


def test_the_number_of_fs_is_limited_over_all_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "h"
    path.write_bytes(b"".join(msgspec.json.encode(Op(i, i, 0, "info", f"f{i}")) + b"\n" for i in range(20)))
    monkeypatch.setattr("harness.history.PIECE", 100)
    for module in ("history", "history_file"):
        monkeypatch.setattr(f"harness.{module}.MOST_FS", 15)

    history = History.read(path)

    assert len(history) == 15
    assert history.damage == Damage(16, "too many different values of f")


def test_fault_events_of_another_making_are_read_as_far_as_they_make_sense() -> None:
    values = [
        {"phase": "inject", "id": [1], "words": ["n1"], "detail": 5},
        {"phase": "heal", "ids": 5},
        {"phase": "heal", "ids": [{}, [1]], "healed": "soon"},
        "nonsense",
    ]
    history = History([Op(i, i, NEMESIS, "ok", "kill", value=value) for i, value in enumerate(values)])

    (span,) = history.faults()
    assert (span.id, span.words, span.detail, span.healed, span.verified) == ("[1]", "['n1']", {}, None, 2)
