"""The page on linearizability: what it shows, in Go and in Python, is run."""

import contextlib
import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAGE = "docs/linearizability.md"
PORCUPINE = Path(__file__).parents[2] / "benchmarks/porcupine"


def programs(guide: Callable[[str], Any], language: str) -> list[str]:
    return [block.text for block in guide(PAGE).blocks() if block.language == language]


def printed(source: str) -> list[str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(source, {"__name__": "page"})  # noqa: S102 - the page is ours
    return out.getvalue().splitlines()


def test_the_python_beside_porcupine(guide: Callable[[str], Any]) -> None:
    beside, _ = programs(guide, "python")
    good, bad, sentence = printed(beside)
    assert [good, bad] == ["True", "False"]
    assert "p2's get -> 0" in sentence


def test_the_nondeterministic_model(guide: Callable[[str], Any]) -> None:
    _, cache = programs(guide, "python")
    assert printed(cache) == ["valid", "invalid"]


def test_the_go_beside_it(guide: Callable[[str], Any], tmp_path: Path) -> None:
    if shutil.which("go") is None:
        pytest.skip("go is not installed, so Porcupine's half of the page was not run")
    (source,) = programs(guide, "go")
    (tmp_path / "main.go").write_text(source)
    for name in ("go.mod", "go.sum"):
        shutil.copy(PORCUPINE / name, tmp_path)
    fetched = subprocess.run(
        ["go", "mod", "download"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    if fetched.returncode:
        pytest.skip(f"Porcupine's module cannot be fetched: {fetched.stderr.strip().splitlines()[-1]}")
    done = subprocess.run(["go", "run", "."], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["true", "false"]), done.stderr
