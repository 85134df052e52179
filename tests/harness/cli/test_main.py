"""Every way of failing is one line on standard error and the exit code that the API promises."""

import os
import subprocess
import sys
from collections.abc import Awaitable
from pathlib import Path

import pytest

from harness.cli.main import Exit, cli, run
from harness.run import Run

QUORATE = str(Path(sys.executable).with_name("quorate"))


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["tset"], "No such command"),
        (["test"], "Missing argument"),
        (["test", "etcd", "--nodes", "three"], "not a valid integer"),
        (["test", "etcd", "--frobnicate"], "No such option"),
        (["test", "mongo"], "Valid: "),
        (["check", "/no/such/run"], "there is no run at"),
        (["images", "build", "simulated"], "needs no image"),
    ],
)
def test_a_mistake_of_the_user_is_one_line_and_64(
    words: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == Exit.USAGE

    message = capsys.readouterr().err
    assert message.startswith("quorate: ")
    assert message.count("\n") == 1
    assert part in message


def test_a_folder_that_cannot_be_written_is_one_line_and_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")

    assert run(["test", "simulated", "--runs", str(tmp_path / "file"), "--time-limit", "1"]) == Exit.FAILED

    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "cannot make the run folder" in message


@pytest.mark.parametrize("words", [["--help"], ["--version"], []])
def test_help_imports_no_plotting_library_and_no_docker(words: list[str]) -> None:
    """Help must be quick: what is heavy is imported by the commands that need it."""
    code = (
        "import sys; from harness.cli.main import run; run(sys.argv[1:]);"
        "sys.exit(any(name in sys.modules for name in ('matplotlib', 'docker', 'grpc')))"
    )
    result = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    assert "quorate" in result.stdout + result.stderr


@pytest.mark.parametrize("command", ["targets", "workloads", "faults", "checkers"])
def test_listings_name_everything_with_defaults_and_units(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command]) == Exit.VALID

    lines = capsys.readouterr().out
    expected = {
        "targets": ["etcd", "simulated", "reads=linearizable [linearizable | serializable]", " ms"],
        "workloads": ["register", "set", "counter"],
        "faults": ["partition", "kill", "pause", "shape"],
        "checkers": ["register", "set", "counter", "stats", "availability", "quality"],
    }
    assert all(word in lines for word in expected[command]), lines


def test_every_command_is_listed_in_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == Exit.VALID

    text = capsys.readouterr().out
    assert all(
        f"  {name} " in text
        for name in ("test", "check", "targets", "workloads", "faults", "checkers", "doctor", "images", "cleanup")
    )


def test_out_of_memory_in_a_run_is_no_bug_but_a_matter_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def greedy(self: object) -> list[str]:
        raise MemoryError

    monkeypatch.setattr("nemesis.nemesis.Nemesis.heal_all", greedy)

    code = run(["test", "simulated", "--time-limit", "2", "--seed", "1", "--runs", str(tmp_path)])

    assert code == Exit.FAILED
    assert capsys.readouterr().err.startswith("quorate: out of memory: lower --time-limit")


@pytest.mark.parametrize(("end", "word"), [(KeyboardInterrupt, "interrupted"), (MemoryError, "out of memory")])
def test_a_run_whose_judging_is_ended_names_the_command_that_judges_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    end: type[BaseException],
    word: str,
) -> None:
    def ended(*_: object) -> None:
        raise end

    monkeypatch.setattr("harness.cli.test.judge_run", ended)
    assert run(["test", "simulated", "--time-limit", "1", "--seed", "1", "--runs", str(tmp_path)]) == Exit.FAILED
    (record,) = (path for path in tmp_path.glob("*/*/run.json") if path.parent.name != "latest")
    kept = f"quorate: {word}; what was recorded is kept: `quorate check {record.parent}` checks it\n"
    assert capsys.readouterr().err == kept


def test_the_command_is_installed() -> None:
    result = subprocess.run([QUORATE, "--version"], capture_output=True, text=True, check=True)

    assert "quorate, version" in result.stdout


def test_a_bug_of_the_harness_is_one_line_and_keeps_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(self: object) -> list[str]:
        raise KeyError("nobody meant this")

    monkeypatch.setattr("nemesis.nemesis.Nemesis.heal_all", broken)

    code = run(["test", "simulated", "--time-limit", "2", "--seed", "1", "--runs", str(tmp_path)])

    captured = capsys.readouterr()
    assert code == Exit.FAILED
    assert captured.err.count("\n") == 1
    assert "This is a bug: please report it with" in captured.err
    assert "Traceback" not in captured.out + captured.err
    assert "KeyError" in (tmp_path / "latest" / "harness.log").read_text()
    assert (tmp_path / "latest" / "report.html").exists()


@pytest.mark.parametrize("words", [["faults"], ["test", "simulated", "--dry-run"]])
def test_a_reader_who_has_left_is_no_violation(words: list[str]) -> None:
    """Click ends with 1 then, which would say that the target is to blame."""
    code, err = _without_a_reader(words)

    assert code == Exit.FAILED
    assert err.count("\n") == 1


def test_a_run_whose_reader_has_left_goes_on_to_its_verdict(tmp_path: Path) -> None:
    words = ["test", "simulated", "--nemesis", "none", "--time-limit", "2", "--seed", "1", "--runs", str(tmp_path)]
    code, err = _without_a_reader(words)

    assert (code, err) == (Exit.VALID, "")
    assert (tmp_path / "latest" / "verdict.json").exists()


def _without_a_reader(words: list[str]) -> tuple[int, str]:
    """The exit code and the standard error of the command whose standard output nobody reads."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as out:
        done = subprocess.run([QUORATE, *words], stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


def test_a_bug_is_one_line_and_3_and_never_looks_like_a_violation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(cli, "main", broken)

    assert run(["check", "anything"]) == Exit.FAILED
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "ZeroDivisionError: of all things" in message


def test_a_history_that_was_removed_during_the_run_is_said_to_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recovering = Run._recover

    def removed(self: Run) -> Awaitable[None]:
        next(tmp_path.glob("simulated-register/*/history.jsonl")).unlink()
        return recovering(self)

    monkeypatch.setattr(Run, "_recover", removed)

    assert run(["test", "simulated", "--nemesis", "none", "--time-limit", "1", "--runs", str(tmp_path)]) == Exit.FAILED
    assert "was removed during the run" in capsys.readouterr().err
