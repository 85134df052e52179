"""Checking a history that came from anywhere: in memory, in a file, or in a run folder."""

import os
from collections.abc import Iterable
from pathlib import Path

from checkers.checker import Checker
from checkers.judge import judge
from checkers.verdict import RunVerdict
from harness import registry
from harness.history import History
from harness.op import Op


def check(history: History | Iterable[Op] | str | os.PathLike[str], *checkers: Checker | str) -> RunVerdict:
    """The verdict of ``checkers`` on ``history``; nothing is started and nothing is written.

    Args:
        history: A history, the operations of one in order, the path of a JSON-lines file, or that of a run folder.
        checkers: Checkers, or the names that they are registered under (``register``, ``set``, ...). Without any the
            verdict is ``unknown``.

    Raises:
        UsageError: The file cannot be read, or a name is unknown.
        EnvironmentFailed: The package that registered a checker cannot be imported.
    """
    return judge(_history(history), [_checker(one) for one in checkers])


def _history(source: History | Iterable[Op] | str | os.PathLike[str]) -> History:
    if isinstance(source, History):
        return source
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        return History.read(path / "history.jsonl" if path.is_dir() else path)
    return History(source)


def _checker(one: Checker | str) -> Checker:
    if isinstance(one, Checker):
        return one
    made: Checker = registry.load("checker", one)()
    return made
