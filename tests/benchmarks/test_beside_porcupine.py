"""The benchmark beside Porcupine: both sides decide the same, and what a process uses is seen."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_porcupine_says_the_same_of_small_histories() -> None:
    if shutil.which("go") is None:
        pytest.skip("go is not installed, so Porcupine was not asked")
    fetched = subprocess.run(
        ["go", "mod", "download"], cwd=BENCHMARKS / "porcupine", capture_output=True, text=True, timeout=60, check=False
    )
    if fetched.returncode:
        pytest.skip(f"Porcupine's module cannot be fetched: {fetched.stderr.strip().splitlines()[-1]}")
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "beside_porcupine.py", "--verify", "--small", "60"],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "420 small histories of 7 models" in done.stdout
    assert "the same verdicts" in done.stdout


def test_another_verdict_is_an_error() -> None:
    from beside_porcupine import Answer, Disagree, Limits, agree
    from running import Used

    def answer(*verdicts: str, ended: str = "") -> Answer:
        return Answer(Used([{"verdict": one, "check": 1.0} for one in verdicts], 2.0, 2.0, 0, ended, 0, ""), limits)

    limits = Limits(60, 1 << 30)
    files = [Path("a"), Path("b")]
    agree("case", files, answer("valid", "invalid"), answer("valid", "invalid"))
    agree("case", files, answer("valid", "invalid"), answer("valid", "unknown"))
    agree("case", files, answer("valid", "invalid"), answer("valid", ended="needs more than 8 GiB"))
    with pytest.raises(Disagree, match="case: b is invalid to quorate and valid to Porcupine"):
        agree("case", files, answer("valid", "invalid"), answer("valid", "valid"))
    with pytest.raises(Disagree, match="case: quorate has no verdict: did not end within 60 s"):
        agree("case", files, answer("valid", "unknown"), answer("valid", "invalid"))
    with pytest.raises(Disagree, match="no verdict: needs more"):
        agree("case", files, answer("valid", ended="needs more than 8 GiB"), answer("valid", "invalid"))


def test_a_process_ends_where_its_memory_does() -> None:
    from running import run

    used = run([sys.executable, "-c", "held = [bytes(range(256)) * 4096 for _ in range(500)]"], 60, 100 << 20)
    assert used.ended == "needs more than 0.0977 GiB"
    assert used.peak > 100 << 20


def test_a_process_ends_where_its_time_does() -> None:
    from running import run

    used = run([sys.executable, "-c", "import signal; signal.pause()"], 0.1, 1 << 30)
    assert used.ended == "did not end within 0.1 s"
    assert used.code == -signal.SIGKILL


def test_what_a_process_says_and_uses() -> None:
    from running import run

    code = "import sys; held = bytearray(b'x' * (200 << 20)); print('{\"verdict\": \"valid\"}'); sys.exit(2)"
    used = run([sys.executable, "-c", code], 60, 1 << 30)
    assert (used.ended, used.code, used.rows) == ("", 2, [{"verdict": "valid"}])
    assert 200 << 20 <= used.peak < 1 << 30


def test_who_was_ended_while_it_read_has_not_checked() -> None:
    from beside_porcupine import Answer, Limits
    from running import Used

    def ended(*rows: dict[str, object]) -> Answer:
        return Answer(Used(list(rows), 180.0, 180.0, 0, "did not end within 180 s", -9, ""), Limits(60, 1 << 30))

    assert ended().spent is None
    assert ended().ended == "did not end within 180 s, and was still reading"
    assert ended({"read": 100.0}).spent == 80.0
    assert ended({"read": 100.0}).ended == "did not end within 180 s"
    assert ended({"read": 1.0}, {"verdict": "valid", "check": 2.0}).spent is None
    crashed = Answer(Used([{"read": 1.0}], 2.0, 2.0, 0, "", 2, "fatal error: all is lost"), Limits(60, 1 << 30))
    assert (crashed.spent, crashed.ended) == (None, "exit code 2: fatal error: all is lost")
