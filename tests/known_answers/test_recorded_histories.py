"""Verdicts on histories that other projects recorded; read from beside the checkout, never copied."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.main import Exit, run

DATA = Path(__file__).parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the recorded histories are not beside the checkout")

LINEARIZABLE = {2, 18, 38, 48, 56, 76, 80, 92, 98, 100, 102}

Check = Callable[..., dict[str, str]]


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """The verdicts of ``quorate check``, by the files' names; its exit code is that of the worst."""

    def asked(files: list[Path], *options: str) -> dict[str, str]:
        code = run(["check", "--format", "jsonl", *options, *map(str, files)])
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        verdicts = {Path(row["file"]).name: row["verdict"] for row in rows}
        worst = next(each for each in ("invalid", "unknown", "valid") if each in verdicts.values())
        assert code == {"valid": Exit.VALID, "invalid": Exit.INVALID, "unknown": Exit.UNKNOWN}[worst]
        return verdicts

    return asked


def test_etcd_logs(check: Check) -> None:
    files = sorted((DATA / "porcupine" / "jepsen").glob("*.log"))
    assert len(files) == 52
    expected = {file.name: "valid" if int(file.stem[-3:]) in LINEARIZABLE else "invalid" for file in files}
    assert check(files, "--model", "cas-register") == expected


@pytest.mark.parametrize(("folder", "count", "expected"), [("good", 53, "valid"), ("bad", 4, "invalid")])
def test_knossos_cas_register(folder: str, count: int, expected: str, check: Check) -> None:
    files = sorted((DATA / "knossos" / "cas-register" / folder).glob("*.edn"))
    assert len(files) == count
    found = check(files, "--model", "cas-register", "--initial", "0")
    assert found == {file.name: expected for file in files}


def test_knossos_mutex(check: Check) -> None:
    """The file ends in the middle of a line in some copies: what is left of it then proves nothing."""
    file = DATA / "knossos" / "mutex" / "bad" / "etcd.edn"
    whole = file.read_text().rstrip().endswith(("}", "]", ")"))

    assert check([file], "--model", "mutex") == {file.name: "invalid" if whole else "unknown"}


@pytest.mark.parametrize(("name", "expected"), [("c10-ok", "valid"), ("c10-bad", "invalid"), ("c50-bad", "invalid")])
def test_porcupine_kv(name: str, expected: str, check: Check) -> None:
    file = DATA / "porcupine" / "kv" / f"{name}.txt"

    assert check([file], "--model", "kv") == {file.name: expected}
