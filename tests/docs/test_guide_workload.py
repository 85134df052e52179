"""The workload of the guide is a package of its own, and tells apart what the guide says it tells apart."""

from collections.abc import Callable
from typing import Any

PAGE = "docs/writing-a-workload.md"


def test_it_holds_where_it_must_and_catches_the_design_that_goes_back(guide: Callable, install: Callable) -> None:
    shell = install(PAGE, "monotonic")
    listing, *runs, again = [shell.keep(command) for command in guide(PAGE).commands("monotonic")]
    assert "monotonic  One writer counts up" in listing
    assert ["the history is monotonic-reads" in run for run in runs] == [True, True, False]
    assert "not monotonic-reads" in runs[-1]
    assert "not monotonic-reads" in again


def test_the_tests_that_it_shows_pass(guide: Callable, install: Callable) -> None:
    shell = install(PAGE, "monotonic")
    (shell.folder / "test_monotonic.py").write_text(guide(PAGE).files("monotonic")["test_monotonic.py"])
    done = shell.run("pytest -q -p no:cacheprovider test_monotonic.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_the_workload_with_evidence_refutes_what_it_says(guide: Callable, shell: Any) -> None:
    for name, text in guide(PAGE).files("journal").items():
        (shell.folder / name).write_text(text)
    done = shell.run("pytest -q -p no:cacheprovider test_journal.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_the_workload_with_evidence_makes_operations(guide: Callable, shell: Any) -> None:
    (shell.folder / "journal.py").write_text(guide(PAGE).files("journal")["journal.py"])
    (shell.folder / "run.py").write_text(
        "import random\n"
        "from journal import Journalled\n"
        "from quorate import generators as g\n"
        "workload, rng = Journalled({}), random.Random(1)\n"
        "load = g.limit(50, workload.generator(rng, ['n1'], 3))\n"
        "print({op.f for op in g.simulate(load, concurrency=3)})\n"
        "print({op.f for op in g.simulate(workload.final_generator(rng, ['n1'], 3), concurrency=3)})\n"
    )
    done = shell.run("python run.py")
    assert done.returncode == 0, done.stderr
    assert "write" in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[1] == "{'journal'}"
