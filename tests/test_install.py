"""Without a compiler an install works as well: NumPy decides, and is named."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from harness.op import Op

ROOT = Path(__file__).parents[1]

STALE = [
    Op(0, 0, 0, "invoke", "write", value=1),
    Op(1, 1, 0, "ok", "write", value=1),
    Op(2, 2, 0, "invoke", "read"),
    Op(3, 3, 0, "ok", "read", value=None),
]


@pytest.fixture
def stale(tmp_path: Path) -> Path:
    path = tmp_path / "stale.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(op) + b"\n" for op in STALE))
    return path


def run(*words: str, flags: Sequence[str] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *flags, "-c", "from harness.cli.main import main; main()", *words]
    everything = {name: value for name, value in os.environ.items() if name != "QUORATE_KERNEL"} | environment
    return subprocess.run(command, env=everything, capture_output=True, text=True, timeout=120, check=False)


def test_where_the_compiler_fails_everything_is_installed_but_the_extensions(tmp_path: Path, stale: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    packages = ("quorate", "harness", "checkers", "workloads", "nemesis", "targets", "results")
    for package in packages:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    built = subprocess.run(
        [sys.executable, "setup.py", "--quiet", "build", "--build-lib", str(tmp_path / "lib")],
        cwd=source,
        env=os.environ | {"CC": "false", "CXX": "false"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    assert not list(tmp_path.glob("lib/**/*.so"))
    # Without `site`, and so without the hook of an editable install, which would find the extensions of the sources.
    paths = os.pathsep.join([str(tmp_path / "lib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    done = run("check", str(stale), "--model", "register", flags=["-S", "-P"], PYTHONPATH=paths)
    assert done.returncode == 1, done.stderr
    assert "kernel   NumPy" in done.stdout
    assert "invalid" in done.stdout


def test_numpy_can_be_asked_for(stale: Path) -> None:
    done = run("check", str(stale), "--model", "register", QUORATE_KERNEL="numpy")
    assert done.returncode == 1, done.stderr
    assert "kernel   NumPy" in done.stdout
    said = run("doctor", QUORATE_KERNEL="numpy", COLUMNS="200").stdout
    assert "not compiled (QUORATE_KERNEL=numpy says so): NumPy decides" in said
    assert "they are read in Python" in said


@pytest.mark.kernel
def test_what_is_compiled_is_used_and_not_mentioned(stale: Path) -> None:
    done = run("check", str(stale), "--model", "register")
    assert done.returncode == 1, done.stderr
    assert "NumPy" not in done.stdout
    said = run("doctor", COLUMNS="200").stdout
    assert said.count(" compiled") == 2
    assert "not compiled" not in said
