"""``quorate test``: what a run needs, and how one that fails tells why."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import Exit, run

SHORT = ["test", "simulated", "--seed", "1", "--time-limit", "2"]


def test_a_mistake_that_only_the_run_can_find_is_the_user_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which nodes there are is known to the fault when it is probed, not to the parser."""
    words = ["--nemesis", "partition", "--option", "partition.shape=groups", "--option", "partition.groups=n9"]

    code = run([*SHORT, *words, "--runs", str(tmp_path)])

    message = capsys.readouterr().err
    assert code == Exit.USAGE
    assert message == "quorate: partition.groups names 'n9', but the nodes are n1, n2, n3\n"
    assert "failed: partition.groups" in (tmp_path / "latest" / "run.json").read_text()


def test_what_the_target_refuses_is_said_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["test", "etcd", "--nodes", "9", "--runs", str(tmp_path / "runs")]) == Exit.USAGE

    assert "1 to 7 members" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_full_disk_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the history nor the log of the failure can be written then."""
    written = os.write

    def full(file: int, data: bytes) -> int:
        if data.startswith(b'{"index":'):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written(file, data)

    def no_room(self: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.write", full)
    monkeypatch.setattr("logging.FileHandler.flush", no_room)

    code = run([*SHORT, "--nemesis", "none", "--runs", str(tmp_path)])

    captured = capsys.readouterr()
    assert code == Exit.FAILED
    assert captured.err.count("\n") == 1
    assert "No space left on device" in captured.err


def test_a_simulated_run_does_not_load_the_docker_client(tmp_path: Path) -> None:
    """It takes a third of a second, and a machine without Docker has no use for it."""
    code = (
        "import sys; from harness.cli.main import run;"
        "run(['test', 'simulated', '--time-limit', '0.1', '--seed', '1', '--runs', sys.argv[1]]);"
        "sys.exit('docker' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
