"""The targets of the guide are packages of their own, and behave as the guide says."""

import ast
import sys
from collections.abc import Callable

import pytest

PAGE = "docs/writing-a-target.md"
MOST_LINES = 100


def test_redis_is_less_than_a_hundred_lines(guide: Callable) -> None:
    source = guide(PAGE).files("redis")["quorate_redis.py"]
    assert len([line for line in source.splitlines() if line.strip()]) < MOST_LINES


@pytest.mark.parametrize("package", ["redis", "fixed-primary"])
def test_it_imports_nothing_but_the_public_surface_and_the_standard_library(guide: Callable, package: str) -> None:
    (source,) = (text for name, text in guide(PAGE).files(package).items() if name.endswith(".py"))
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
    assert {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names} == {"quorate"}


def test_the_simulated_design_keeps_and_breaks_what_the_guide_says(guide: Callable, install: Callable) -> None:
    shell = install(PAGE, "fixed-primary")
    sound, weak = [shell.keep(command) for command in guide(PAGE).commands("fixed-primary")]
    assert "the history is linearizable" in sound
    assert "not linearizable" in weak


def test_an_installed_target_is_listed_with_its_options(install: Callable) -> None:
    shell = install(PAGE, "fixed-primary")
    listing = shell.run("quorate targets")
    assert "fixed-primary  n1 decides everything" in listing.stdout
    assert "reads=primary [primary | local]" in listing.stdout


@pytest.mark.docker
def test_redis_serves_stale_reads_behind_a_partition_and_holds_alone(guide: Callable, install: Callable) -> None:
    shell = install(PAGE, "redis")
    built, replicated, alone = [shell.keep(command) for command in guide(PAGE).commands("docker", "redis")]
    assert "built quorate-redis:debian" in built
    assert "not linearizable" in replicated
    assert "the history is linearizable" in alone
