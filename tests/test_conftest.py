"""What conftest.py does where there is no Docker and no browser: whole runs of pytest in a folder of their own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.docker
def test_with_docker():
    pass

@pytest.mark.docker
def test_with_docker_too():
    pass

@pytest.mark.browser
def test_in_a_browser():
    pass

def test_of_its_own_accord():
    pytest.skip("only on Tuesdays")

def test_plain():
    pass
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run pytest on ``TESTS`` under this project's conftest.py, with a daemon and programs that do not exist."""
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    docker\n    browser\n    kernel\n")

    def pytest_with(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("QUORATE_", "PYTEST_"))
        }
        environment |= {"DOCKER_HOST": f"unix://{tmp_path}/no.sock", "PATH": str(tmp_path), **variables}
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return pytest_with


def left_out(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("left out: ")]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "with workers"])
def test_what_is_left_out_is_said_once_and_last_with_its_reason(run: Run, workers: tuple[str, ...]) -> None:
    done = run(*workers)
    assert done.returncode == pytest.ExitCode.OK, done.stdout
    assert "1 passed, 4 skipped" in done.stdout
    own, docker, browser = done.stdout.splitlines()[-3:]
    assert own == "left out: 1 test: only on Tuesdays"
    assert browser.startswith("left out: 1 test that needs a browser: chromium is not installed")
    assert docker.startswith("left out: 2 tests that need a Docker daemon: ")
    assert "its socket does not exist" in docker
    assert len(left_out(done.stdout)) == 3


@pytest.mark.parametrize(("names", "failed"), [("docker", 2), ("browser", 1), ("docker, browser", 3)])
def test_what_is_required_fails_instead(run: Run, names: str, failed: int) -> None:
    done = run(QUORATE_REQUIRE=names)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert f"1 passed, {4 - failed} skipped, {failed} error" in done.stdout
    assert "forbids this skip: " in done.stdout
    assert len(left_out(done.stdout)) == 3 - len(names.split(","))


def test_a_requirement_that_nobody_knows_is_a_usage_error(run: Run) -> None:
    done = run(QUORATE_REQUIRE="dokcer")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "QUORATE_REQUIRE names dokcer, but it takes docker, browser, kernel" in done.stdout + done.stderr
    assert "passed" not in done.stdout


@pytest.mark.parametrize(("names", "code"), [("", pytest.ExitCode.OK), ("kernel", pytest.ExitCode.TESTS_FAILED)])
def test_a_kernel_that_was_not_built_is_left_out_or_fails(run: Run, tmp_path: Path, names: str, code: int) -> None:
    (tmp_path / "unbuilt.py").write_text("import sys\n\nsys.modules['checkers._native'] = None\n")
    (tmp_path / "test_it.py").write_text("import pytest\n\n@pytest.mark.kernel\ndef test_it():\n    pass\n")
    done = run("-p", "unbuilt", QUORATE_REQUIRE=names, PYTHONPATH=str(tmp_path))
    assert done.returncode == code, done.stdout
    assert len(left_out(done.stdout)) == (0 if names else 1)
    assert "_native" in done.stdout


def test_several_runs_collect_their_lines_in_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "left-out"
    first = run("-m", "docker", QUORATE_LEFT_OUT=str(file))
    second = run("-m", "not docker", QUORATE_LEFT_OUT=str(file))
    assert not left_out(first.stdout + second.stdout)
    assert len(left_out(file.read_text())) == len(file.read_text().splitlines()) == 3


def test_nothing_is_said_where_nothing_is_left_out(run: Run) -> None:
    done = run("-k", "plain")
    assert done.returncode == pytest.ExitCode.OK
    assert not left_out(done.stdout)
