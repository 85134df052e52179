"""``check``: a verdict on a history that came from anywhere."""

from pathlib import Path
from typing import Any

import pytest

from checkers.linearizability import kernel
from checkers.linearizability.models.register import Register
from checkers.register import RegisterChecker
from harness.errors import UsageError
from harness.history import History
from harness.history_file import HistoryWriter
from harness.op import Op
from workloads.check import check, check_linearizable


def stale() -> list[Op]:
    """1 is written, 2 is written afterwards, and then 1 is read."""
    calls = [("write", 1, 1), ("write", 2, 2), ("read", None, 1)]
    ops = []
    for number, (f, argument, result) in enumerate(calls):
        ops.append(Op(2 * number, 20 * number, 0, "invoke", f, key="k", value=argument))
        ops.append(Op(2 * number + 1, 20 * number + 10, 0, "ok", f, key="k", value=result))
    return ops


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    writer = HistoryWriter(tmp_path / "history.jsonl")
    for op in stale():
        writer.append(op)
    writer.close()
    return tmp_path


def test_operations_a_history_a_file_and_a_folder_give_the_same_verdict(folder: Path) -> None:
    sources = [stale(), History(stale()), folder / "history.jsonl", str(folder)]
    for source in sources:
        verdict = check(source, "register")
        assert verdict.validity == "invalid"
        assert [anomaly.key for anomaly in verdict.anomalies] == ["k"]


def test_a_checker_may_be_an_object() -> None:
    assert check(stale()[:4], RegisterChecker()).validity == "valid"


def test_nobody_asked_is_unknown() -> None:
    assert check(stale()).validity == "unknown"


def test_unknown_names_and_absent_files_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean 'register'"):
        check(stale(), "regster")
    with pytest.raises(UsageError, match="cannot read the history"):
        check(tmp_path / "absent", "register")


def test_linearizable_by_model_class_or_name(folder: Path) -> None:
    sources = [stale(), History(stale()), folder / "history.jsonl", str(folder)]
    sources.append([(0, "write", 1, None, 0, 1), (0, "write", 2, None, 2, 3), (0, "read", None, 1, 4, 5)])
    for source in sources:
        for model in (Register(), Register, "register"):
            verdict = check_linearizable(source, model)
            assert (verdict.checker, verdict.validity) == ("register", "invalid")
            assert [anomaly.name for anomaly in verdict.anomalies] == ["stale-read"]


def test_by_any_number_of_threads() -> None:
    for workers in (None, 1, 3):
        assert check_linearizable(stale(), "register", workers=workers).validity == "invalid"
    with pytest.raises(UsageError, match="0 workers"):
        check_linearizable(stale(), "register", workers=0)


def test_nothing_is_unknown() -> None:
    assert check_linearizable([], "register").validity == "unknown"


def test_of_a_damaged_file_nothing_is_proven_to_hold(folder: Path) -> None:
    path = folder / "history.jsonl"
    path.write_bytes(path.read_bytes().partition(b'"index":5')[0])
    verdict = check_linearizable(path, "register")
    assert verdict.validity == "unknown"
    assert [model.standing for model in verdict.models] == ["undecided"]
    assert "damaged at line 6" in verdict.reasons[-1]


@pytest.mark.parametrize(
    ("history", "model", "words"),
    [
        ([(0, "read")], "register", "operation 0 is"),
        ([], "registre", "register"),
        ([], object(), "is no model"),
    ],
)
def test_a_mistake_is_one_line(history: list[tuple[object, ...]], model: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as raised:
        check_linearizable(history, model)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf"), "60", True, None])
@pytest.mark.parametrize("name", ["seconds", "memory", "workers"])
def test_a_limit_that_is_none_is_one_line(name: str, bad: Any) -> None:
    if (name, bad) == ("workers", None):
        bad = 1.5
    with pytest.raises(UsageError, match=f"{bad}") as raised:
        check_linearizable(stale(), "register", **{name: bad})
    assert "\n" not in str(raised.value)


def test_bytes_are_values_and_no_text() -> None:
    write = (0, "write", b"1", None, 0, 1)
    assert check_linearizable([write, (0, "read", None, b"1", 2, 3)], "register").validity == "valid"
    (anomaly,) = check_linearizable([write, (0, "read", None, "MQ==", 2, 3)], "register").anomalies
    assert anomaly.name == "thin-air-read"
    (anomaly,) = check_linearizable([write, (0, "read", None, b"2", 2, 3)], "register").anomalies
    assert "saw b'2', which" in anomaly.sentence


@pytest.mark.parametrize("key", [True, 1.0, [1]])
def test_a_key_that_is_neither_a_string_nor_an_integer_is_one_line(key: Any) -> None:
    with pytest.raises(UsageError, match="whose key is neither"):
        check_linearizable([(0, "read", None, None, 0, 1, key)], "register")


def test_the_verdict_says_what_decided() -> None:
    assert check_linearizable(stale(), "register").statistics["kernel"] == kernel.NAME


def test_a_file_of_another_project_is_read_as_by_the_command(tmp_path: Path) -> None:
    path = tmp_path / "history.edn"
    path.write_text("[{:process 0 :type :invoke :f :read} {:process 0 :type :ok :f :read :value 5}]")
    assert check(path, "register").validity == "invalid"
    assert check_linearizable(str(path), "register").validity == "invalid"


def test_what_looks_like_a_key_is_part_of_the_value_where_objects_are_no_keys(tmp_path: Path) -> None:
    """A file and the command say the same."""
    path = tmp_path / "pairs.jsonl"
    events = [("invoke", "write", '["x", ["a", 1]]'), ("ok", "write", '["x", ["a", 1]]')]
    events += [("invoke", "read", '["x", ["a", null]]'), ("ok", "read", '["x", ["a", 1]]')]
    path.write_text(
        "".join(f'{{"process":0,"type":"{kind}","f":"{f}","value":{value}}}\n' for kind, f, value in events)
    )
    verdict = check_linearizable(path, "multi-register")
    assert (verdict.validity, verdict.statistics["keys"]) == ("valid", 1)


def test_a_model_with_parts_of_its_own_still_has_keys(tmp_path: Path) -> None:
    """An add of 5 to set "x", which answers that 5 was there already."""
    path = tmp_path / "set.edn"
    path.write_text(
        '{:process 0, :type :invoke, :f :add, :value ["x" 5]}\n{:process 0, :type :ok, :f :add, :value ["x" false]}\n'
    )
    assert check_linearizable(path, "set").validity == "invalid"
