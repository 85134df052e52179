"""The workload of the guide is a package of its own, and tells apart what the guide says it tells apart."""

from collections.abc import Callable

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
