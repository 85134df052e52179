"""Checking a history that came from anywhere: in memory, in a file, or in a run folder."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

import msgspec

from checkers.checker import Checker
from checkers.judge import judge
from checkers.linearizability import intervals
from checkers.linearizability.checker import MEMORY, SECONDS, LinearizabilityChecker
from checkers.linearizability.decide import decide
from checkers.linearizability.intervals import TimedOperation
from checkers.linearizability.model import Model
from checkers.verdict import Guarantee, RunVerdict, Verdict
from harness import formats, registry
from harness.errors import UsageError
from harness.history import History
from harness.op import Op
from workloads.dask_cluster import decider

_BY_CONTENT = formats.Options()
_LONGEST: Final = 10**9
_MOST_MEMORY: Final = 1 << 60

Recorded = History | Iterable[Op] | str | os.PathLike[str]
"""A history, the operations of one in order, the path of a history file, or that of a run folder."""


def check(history: Recorded, *checkers: Checker | str) -> RunVerdict:
    """The verdict of ``checkers`` on ``history``; nothing is started and nothing is written.

    Args:
        history: A history, the operations of one in order, the path of a history file, or that of a run folder.
        checkers: Checkers, or the names that they are registered under (``register``, ``set``, ...). Without any the
            verdict is ``unknown``.

    Raises:
        UsageError: The file cannot be read, or a name is unknown.
        EnvironmentFailed: The package that registered a checker cannot be imported.
    """
    return judge(_history(history), [_checker(one) for one in checkers])


def check_linearizable(
    history: Recorded | Iterable[TimedOperation | tuple[Any, ...]],
    model: Model | type[Model] | str,
    *,
    seconds: float = SECONDS,
    memory: int = MEMORY,
    workers: int | None = None,
    dask: str | None = None,
) -> Verdict:
    """Decide whether a history is linearizable with respect to a model.

    Args:
        history: As for ``check``; or whole operations in any order, as ``TimedOperation`` or plain tuples ``(process,
            f, argument, result, start, end)``.
        model: A model, its class, or the name that it is registered under (``register``, ``fifo-queue``, ...).
        seconds: Wall-clock time that searches may use; what needs no search is decided whatever it takes.
        memory: Bytes that searches may hold at once.
        workers: How many threads decide; None for one on each core. The verdict is the same whatever their number.
        dask: Address of the scheduler of a Dask cluster that decides instead, ``tcp://10.0.0.5:8786``.

    Raises:
        UsageError: The file cannot be read, a whole operation is none, the name is unknown, or a limit is none.
        EnvironmentFailed: The package that registered a model cannot be imported; or no Dask cluster answers.
    """
    _check_limits(seconds, memory, workers)
    specification = _model(model)
    checker = LinearizabilityChecker(specification, seconds, memory)
    recorded = _recorded(history, specification)
    with ExitStack() as connection:
        if workers is not None:
            checker.decider = partial(decide, workers=workers)
        if dask is not None:
            checker.decider = connection.enter_context(decider(dask))
        judged = judge(recorded, [checker])
    (verdict,) = judged.verdicts
    if recorded.damage is None or verdict.validity != "valid":
        return verdict
    damaged = judged.reasons[-1]
    undecided = tuple(Guarantee(model.name, "undecided", damaged) for model in verdict.models)
    return msgspec.structs.replace(verdict, validity="unknown", models=undecided, reasons=(*verdict.reasons, damaged))


def _check_limits(seconds: object, memory: object, workers: object) -> None:
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not (number and 0 <= seconds <= _LONGEST):  # type: ignore[operator]  # it is a number
        raise UsageError(f"seconds={seconds!r} is no time: give a number of seconds from 0 to {_LONGEST:.0e}")
    if type(memory) is not int or not 1 <= memory < _MOST_MEMORY:
        raise UsageError(f"memory={memory!r} is no number of bytes: give a positive integer, such as 2**30")
    if workers is not None and (type(workers) is not int or workers < 1):
        raise UsageError(f"{workers!r} workers cannot decide anything: leave workers out, or give an integer from 1 on")


def _model(model: Model | type[Model] | str) -> Model:
    made = registry.load("model", model) if isinstance(model, str) else model
    made = made() if isinstance(made, type) else made
    if not isinstance(made, Model):
        raise UsageError(f"{model!r} is no model: give a quorate.Model, or the name of one")
    return made


def _recorded(source: Recorded | Iterable[TimedOperation | tuple[Any, ...]], model: Model) -> History:
    if isinstance(source, (History, str, os.PathLike)):
        return _history(source, formats.Options(keys=None if model.keyed else "tagged"))
    operations: Any = iter(source)
    first = next(operations, None)
    if first is None:
        return History([])
    every = chain([first], operations)
    if isinstance(first, Op):
        return History(every)
    try:
        return intervals.history(every, one_at_a_time=model.per_process)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _history(source: Recorded, options: formats.Options = _BY_CONTENT) -> History:
    if isinstance(source, History):
        return source
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        return History.read(path / "history.jsonl") if path.is_dir() else formats.read(path, options).history
    return History(source)


def _checker(one: Checker | str) -> Checker:
    if isinstance(one, Checker):
        return one
    made: Checker = registry.load("checker", one)()
    return made
