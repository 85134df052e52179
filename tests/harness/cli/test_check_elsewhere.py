"""``quorate check`` and ``quorate convert`` on files of other projects, and with models."""

import io
import json
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from harness import registry
from harness.cli.main import Exit, run

GOOD = """\
{:type :invoke, :f :write, :value 1, :process 0}
{:type :ok, :f :write, :value 1, :process 0}
"""
STALE = """\
{:type :invoke, :f :read, :value nil, :process 1}
{:type :ok, :f :read, :value 7, :process 1}
"""
NIL = STALE.replace("7", "nil")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name, content in (("good", GOOD), ("bad", GOOD + STALE), ("cut", GOOD + STALE[:-9]), ("nil", GOOD + NIL)):
        (tmp_path / f"{name}.edn").write_text(content)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["good.edn"], Exit.VALID),
        (["bad.edn"], Exit.INVALID),
        (["cut.edn"], Exit.UNKNOWN),
        (["nil.edn"], Exit.VALID),
        (["nil.edn", "--nil-reads", "initial"], Exit.INVALID),
        (["good.edn", "bad.edn", "cut.edn"], Exit.INVALID),
        (["good.edn", "cut.edn"], Exit.UNKNOWN),
        (["good.edn", "no.edn"], Exit.USAGE),
    ],
)
def test_exit_codes(folder: Path, words: list[str], code: Exit) -> None:
    assert run(["check", "--model", "register", *words]) == code


@pytest.mark.parametrize(("end", "word"), [(KeyboardInterrupt, "interrupted"), (MemoryError, "out of memory")])
def test_checking_a_file_that_is_ended_speaks_of_no_run(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    end: type[BaseException],
    word: str,
) -> None:
    def ended(*_: object) -> None:
        raise end

    monkeypatch.setattr("harness.cli.check.judge_model", ended)
    assert run(["check", "--model", "register", "good.edn"]) == Exit.FAILED
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"quorate: {word}")
    assert "run" not in line


def test_of_many_files_each_has_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", "--model", "register", "good.edn", "bad.edn", "cut.edn"])
    good, bad, cut = capsys.readouterr().out.splitlines()
    assert good == "valid    good.edn"
    assert bad.startswith("invalid  bad.edn  thin-air-read: p1's read of 7")
    assert cut.startswith("unknown  cut.edn  the history is damaged at line 4 (column 36:")


def test_of_one_file_it_is_said_how_it_was_understood(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", "--model", "register", "good.edn"])
    assert capsys.readouterr().out.splitlines()[-1] == "read as  jepsen-edn (--nil-reads unknown --failed-cas ignored)"


def test_json_is_one_array_and_jsonl_one_object_a_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["good.edn", "no.edn", "bad.edn"]
    assert run(["check", "-m", "register", "--format", "json", *files]) == Exit.USAGE
    rows = json.loads(capsys.readouterr().out)
    run(["check", "-m", "register", "--format", "jsonl", *files])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for row in (*rows, *lines):
        assert list(row) == ["file", "model", "verdict", "ops", "seconds", "anomalies", "reasons"]
        row.pop("seconds")
    assert rows == lines
    assert [(row["file"], row["model"], row["verdict"], row["ops"]) for row in rows] == [
        ("good.edn", "register", "valid", 1),
        ("no.edn", "register", "unknown", 0),
        ("bad.edn", "register", "invalid", 2),
    ]
    assert rows[2]["anomalies"] == ["thin-air-read"]


def test_junit_has_a_test_case_for_each_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["check", "-m", "register", "--format", "junit", "good.edn", "bad.edn", "cut.edn", "no.edn"]) == Exit.USAGE
    )
    suite = ET.fromstring(capsys.readouterr().out)[0]  # noqa: S314 - our own document
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "2")
    names = [(case.get("classname"), case.get("name"), [child.tag for child in case]) for case in suite]
    assert names == [
        ("quorate.check.register", "good.edn", []),
        ("quorate.check.register", "bad.edn", ["failure"]),
        ("quorate.check.register", "cut.edn", ["error"]),
        ("quorate.check.register", "no.edn", ["error"]),
    ]


def test_standard_input(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for content, code in ((GOOD, Exit.VALID), (GOOD + STALE, Exit.INVALID), ("", Exit.UNKNOWN)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
        assert run(["check", "--model", "register", "-"]) == code
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"<html>")))
    assert run(["check", "--model", "register", "-"]) == Exit.USAGE
    assert "standard input: line 1, column 1: '<html>'" in capsys.readouterr().err


def test_a_file_from_elsewhere_does_not_say_what_it_is_about(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "good.edn"]) == Exit.USAGE
    said = capsys.readouterr().err
    assert "good.edn was read as jepsen-edn" in said
    assert all(name in said for name in registry.names("model"))
    assert run(["check", "good.edn", "--workload", "register"]) == Exit.VALID


MODELS = """\
import enum
from quorate import ILLEGAL, Model


class Mine(Model):
    def __init__(self, initial=None):
        self.initial = initial

    def init(self):
        return self.initial

    def step(self, state, op):
        return op.argument if op.f == "write" else state if state == op.result else ILLEGAL


class Abstract(Model):
    def init(self):
        return 0


class Needy(Mine):
    def __init__(self, size):
        pass


class Broken(Mine):
    def __init__(self):
        raise RuntimeError("two\\nlines")


class Constant(Mine):
    def __init__(self):
        super().__init__(7)


made = Mine(0)
text = "text"
"""


@pytest.fixture
def mine(folder: Path) -> str:
    """A module of that name in the current directory, which no other test has imported."""
    name = f"mine_{folder.name.replace('-', '_')}"
    (folder / f"{name}.py").write_text(MODELS)
    (folder / f"{name}_bad.py").write_text("x = 1 / 0\n")
    (folder / f"{name}_syntax.py").write_text("def\n")
    (folder / f"{name}_imports.py").write_text("import nothing_of_this_name\n")
    return name


@pytest.mark.parametrize("words", [["Mine"], ["made"], ["Mine", "--initial", "null"]])
def test_a_model_of_ones_own(mine: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--model", f"{mine}:{words[0]}", *words[1:], "good.edn"]) == Exit.VALID
    assert run(["check", "--model", f"{mine}:{words[0]}", *words[1:], "bad.edn", "--format", "json"]) == Exit.INVALID
    assert f'"model": "{mine}:{words[0]}"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("registr", "there is no model named 'registr'. Did you mean 'register'?"),
        ("no_such_module:X", "there is no module 'no_such_module'"),
        ("not a module:X", "'not a module:X' names no model: write module:Class"),
        ("{}:Nothing", "has no class 'Nothing'; its models: Abstract, Broken, Constant, Mine, Needy"),
        ("{}:", "has no class ''"),
        ("{}:text", "is no model but a str"),
        ("{}:enum.Enum", "is no model but the class Enum"),
        ("{}:Abstract", "is not complete: write its method step"),
        ("{}:Needy", "cannot be made without size"),
        ("{}:Broken", "cannot be made: RuntimeError: two lines ("),
        ("{}_bad:X", "cannot be imported: ZeroDivisionError: division by zero ("),
        ("{}_syntax:X", "cannot be imported: invalid syntax ("),
        ("{}_imports:X", "cannot be imported: ModuleNotFoundError: No module named 'nothing_of_this_name' ("),
    ],
)
def test_what_is_wrong_with_a_model_is_one_line(
    mine: str, model: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "--model", model.format(mine), "good.edn"]) == Exit.USAGE
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["-m", "register", "-w", "register"], "give one of them"),
        (["-w", "register", "--initial", "0"], "--initial is for a --model"),
        (["-m", "register", "--initial", "free"], "is no JSON"),
        (["-m", "{}:Constant", "--initial", "0"], "has no initial value to choose"),
        (["-m", "register", "--budget-memory", "lots"], "'lots' is no size"),
        (["-m", "register", "--budget-memory", "1"], "is no size of at least 1MiB"),
        (["-m", "register", "--budget-seconds", "0"], "0.001"),
        (["-m", "register", "--from", "csv"], "csv"),
    ],
)
def test_options_that_make_no_sense(
    mine: str, words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "good.edn", *(word.format(mine) for word in words)]) == Exit.USAGE
    assert reason in capsys.readouterr().err


def test_budgets_reach_the_search(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hard = [
        f'{{"process":{p},"type":"{kind}","f":"write","value":{p % 3}}}\n'
        for kind in ("invoke", "info")
        for p in range(40)
    ]
    hard += ['{"process":90,"type":"invoke","f":"read"}\n', '{"process":90,"type":"ok","f":"read","value":9}\n']
    (folder / "small.jsonl").write_text("".join(hard))
    words = ["check", "-m", "register", "--budget-seconds", "30", "--budget-memory", "1.5GiB", "small.jsonl"]
    assert run(words) == Exit.INVALID
    capsys.readouterr()


def test_convert_and_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", "bad.edn", "--to", "quorate", "-o", "bad.jsonl"]) == Exit.VALID
    assert run(["check", "bad.jsonl", "--model", "register"]) == Exit.INVALID
    assert run(["convert", "bad.jsonl", "--to", "jepsen-edn", "-o", "again.edn"]) == Exit.VALID
    assert run(["check", "again.edn", "--model", "register"]) == Exit.INVALID
    assert capsys.readouterr().err == ""


def test_what_cannot_be_converted_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, reason in (
        (["cut.edn", "--to", "quorate", "-o", "out"], "cut.edn is damaged at line 4 (column 36:"),
        (["good.edn", "--to", "porcupine-kv", "-o", "out"], "event 0 is a 'write'"),
        (["no.edn", "--to", "quorate", "-o", "out"], "cannot read the history no.edn: No such file"),
    ):
        assert run(["convert", *words]) == Exit.USAGE
        said = capsys.readouterr().err
        assert reason in said
        assert said.count("\n") == 1
    assert not (folder / "out").exists()


def test_what_is_lost_is_said_in_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read = '{{"index":{},"time":0,"process":0,"type":"{}","f":"read"}}\n'
    own = read.format(0, "invoke") + read.format(1, "ok")
    (folder / "own.jsonl").write_text(own)
    assert run(["convert", "own.jsonl", "--to", "jepsen-edn"]) == Exit.VALID
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert (
        "quorate: jepsen-edn cannot hold all of own.jsonl: that 1 reads of null saw that there was no value" in said.err
    )
    assert said.out.startswith("{:index 0, :time 0, :type :invoke, :process 0, :f :read, :value nil}\n")


def test_models_are_listed_with_their_operations(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["checkers"]) == Exit.VALID
    said = capsys.readouterr().out
    assert "\ncas-register  A register with reads, writes and compare-and-set.\n    read   null; ok: " in said
    for name in registry.names("model"):
        assert f"\n{name}  " in said


def test_a_model_that_is_not_there_does_not_keep_the_others_from_being_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = registry.load

    def load(kind: registry.Kind, name: str) -> object:
        if name == "cas-register":
            raise registry.EnvironmentFailed("no module")
        return real(kind, name)

    monkeypatch.setattr(registry, "load", load)
    assert run(["checkers"]) == Exit.VALID
    said = capsys.readouterr().out
    assert "cas-register  is not there: no module" in said
    assert "register  A register with reads and writes." in said


def test_a_model_that_puts_all_keys_in_one_object_takes_no_pairs_for_keys(mine: str, folder: Path) -> None:
    """Each key by itself would be fine; both together are not."""
    with (folder / f"{mine}.py").open("a") as module:
        module.write(
            "\nclass Sum(Mine):\n"
            "    keyed = False\n"
            "    def partition(self, op):\n        return None\n"
            "    def step(self, state, op):\n"
            "        return ILLEGAL if op.argument == ['y', 1] and state == \"['x', 1]\" else str(op.argument)\n"
        )
    ops = "".join(
        f"{{:process 0 :type :{kind} :f :write :value [:{key} 1]}}\n" for key in "xy" for kind in ("invoke", "ok")
    )
    (folder / "pairs.edn").write_text(ops)
    assert run(["check", "--model", f"{mine}:Sum", "pairs.edn"]) == Exit.INVALID
    assert run(["check", "--model", f"{mine}:Sum", "--keys", "pairs", "pairs.edn"]) == Exit.VALID
    assert run(["check", "--model", f"{mine}:Mine", "pairs.edn"]) == Exit.VALID
