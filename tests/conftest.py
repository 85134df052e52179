"""What every test can rely on: what needs Docker, a browser or a compiler is left out where there is none.

What was left out is said last. ``QUORATE_REQUIRE=docker,browser,kernel`` turns such a skip into a failure: CI must not
pass by leaving things out.
``QUORATE_LEFT_OUT=FILE`` appends the closing lines to a file, for a caller that runs pytest more than once.
"""

import os
import shutil
from collections import Counter
from collections.abc import Generator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from harness.errors import EnvironmentFailed

# Machines are shared and slow at times: how long an example takes says nothing about whether it is right.
settings.register_profile("quorate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quorate")

CONDITIONS = {"docker": "a Docker daemon", "browser": "a browser", "kernel": "the compiled kernel"}

_LEFT_OUT = pytest.StashKey[Counter[tuple[str, str]]]()


@cache
def missing(marker: str) -> str:
    """Why this machine cannot run the tests with that marker; empty when it can."""
    if marker == "browser":
        return "" if shutil.which("chromium") else "chromium is not installed (apt-get install chromium)"
    if marker == "kernel":
        from checkers.linearizability import kernel
        from harness import compiled

        return kernel.WHY_NOT or compiled.WHY_NOT
    from harness.docker.daemon import connect

    try:
        connect().close()
    except EnvironmentFailed as error:
        return str(error)
    return ""


def required(environment: str) -> frozenset[str]:
    """The markers in QUORATE_REQUIRE.

    Raises:
        pytest.UsageError: A name is none of the markers that may be required.
    """
    names = frozenset(name.strip() for name in environment.split(",") if name.strip())
    if unknown := names - set(CONDITIONS):
        raise pytest.UsageError(
            f"QUORATE_REQUIRE names {', '.join(sorted(unknown))}, but it takes {', '.join(CONDITIONS)}"
        )
    return names


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_LEFT_OUT] = Counter()
    required(os.environ.get("QUORATE_REQUIRE", ""))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in CONDITIONS:
        if item.get_closest_marker(marker) and (reason := missing(marker)):
            pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skip of a test whose marker is required is a failure, whoever asked for the skip."""
    report = yield
    markers = {marker for marker in CONDITIONS if item.get_closest_marker(marker)}
    forbidden = markers & required(os.environ.get("QUORATE_REQUIRE", ""))
    if report.skipped and forbidden and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"QUORATE_REQUIRE={','.join(sorted(forbidden))} forbids this skip: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for report in terminalreporter.stats.get("skipped", ()):
        needs = next((words for marker, words in CONDITIONS.items() if marker in report.keywords), "")
        config.stash[_LEFT_OUT][needs, _reason(report)] += 1


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The very last lines: what was left out, and why."""
    lines = []
    for (needs, reason), count in sorted(config.stash.get(_LEFT_OUT, Counter[tuple[str, str]]()).items()):
        tests = f"{count} test{'s' if count > 1 else ''}"
        words = f" that need{'' if count > 1 else 's'} {needs}" if needs else ""
        lines.append(f"left out: {tests}{words}: {reason}\n")
    if not lines or hasattr(config, "workerinput"):  # a worker of pytest-xdist: its parent says it
        return
    if path := os.environ.get("QUORATE_LEFT_OUT"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(lines)
    else:
        config.get_terminal_writer().write("".join(lines))


ETCD_VERSIONS = ("3.4.23", "3.5.35", "3.6.16")
"""What is tested on real clusters: Debian's, and the newest of two lines."""


MONGODB_VERSIONS = ("5.0.4", "6.0.27")
"""The same of MongoDB: those that there is a recipe for."""


def ensure_image(recipe: Any, version: str) -> str:
    """The image of that version, built when it is missing; ``recipe`` is the target's module ``image``."""
    from harness.docker import images
    from harness.docker.daemon import connect

    with closing(connect()) as client:
        found = images.find(client, recipe.candidates(version))
    reference: str = found.reference if found else recipe.build(version)[0]
    return reference


@pytest.fixture(scope="session")
def etcd_image() -> str:
    """The image of the version that is the target's default."""
    from targets.etcd import Etcd, image

    return ensure_image(image, Etcd({}).settings["version"])


@pytest.fixture(scope="session")
def etcd_images() -> tuple[str, ...]:
    """The images of all versions that are tested."""
    from targets.etcd import image

    return tuple(ensure_image(image, version) for version in ETCD_VERSIONS)


@pytest.fixture(scope="session")
def cassandra_image() -> str:
    """The image of the version that is the target's default."""
    from targets.cassandra import Cassandra, image

    return ensure_image(image, Cassandra({}).settings["version"])


@pytest.fixture(scope="session")
def mongodb_image() -> str:
    """The image of the version that is the target's default."""
    from targets.mongodb import MongoDB, image

    return ensure_image(image, MongoDB({}).settings["version"])


@pytest.fixture(scope="session")
def mongodb_images() -> tuple[str, ...]:
    """The images of all versions that are tested."""
    from targets.mongodb import image

    return tuple(ensure_image(image, version) for version in MONGODB_VERSIONS)


@pytest.fixture(scope="session")
def helper_image() -> str:
    """The image of the helper container."""
    from harness.docker import helper, images
    from harness.docker.daemon import connect

    with closing(connect()) as client:
        found = images.find(client, (helper.IMAGE,))
        return found.reference if found else helper.build(client)
