"""The layers of the architecture page hold, and the contracts in pyproject.toml that enforce them really bite."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = SETTINGS["tool"]["importlinter"]["root_packages"]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([script, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages alone, to plant violations in."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_layers_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_package_of_the_distribution_is_under_the_contracts() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert set(PACKAGES) == found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("harness/planted.py", "import checkers.verdict"),
        ("harness/simulated/planted.py", "from nemesis import fault"),
        ("harness/planted.py", "import harness.cli.main"),
        ("checkers/planted.py", "from harness import target"),
        ("checkers/planted.py", "import subprocess"),
        ("checkers/planted.py", "import docker"),
        ("workloads/planted.py", "import results"),
        ("nemesis/planted.py", "import targets"),
        ("results/planted.py", "import workloads.workload"),
        ("targets/planted.py", "import quorate"),
    ],
)
def test_a_planted_violation_is_caught(copy: Path, module: str, source: str) -> None:
    (copy / module).write_text(f'"""Planted."""\n\n{source}\n')
    result = lint(copy)
    assert result.returncode == 1
    assert f"{Path(module).with_suffix('').as_posix().replace('/', '.')} ->" in result.stdout
