"""Judges a recorded run and writes everything that a person or a CI server reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from checkers.availability import AvailabilityChecker
from checkers.checker import Checker
from checkers.judge import judge
from checkers.linearizability.checker import MEMORY, SECONDS, Decider, LinearizabilityChecker
from checkers.linearizability.model import Model
from checkers.quality import QualityChecker
from checkers.stats import StatsChecker
from checkers.verdict import RunVerdict, Verdict, worst
from harness import registry
from harness.errors import EnvironmentFailed, UsageError
from harness.history import TYPE_CODES, History
from harness.op import INVOKE, NEMESIS
from results import junit, markdown, report, verdict_file
from results.record import RunRecord
from results.store import RunFolder
from workloads.workload import Workload


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and how many operations it is about."""

    verdict: RunVerdict
    ops: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What searches may use.

    Args:
        seconds: Wall-clock time.
        memory: Bytes.
        decider: Who decides on linearizability; None for this process.
    """

    seconds: float = SECONDS
    memory: int = MEMORY
    decider: Decider | None = None


def judge_run(folder: RunFolder, record: RunRecord, limits: Limits | None = None) -> Judged:
    """Judge the recorded history and regenerate all that follows from it: verdict, report, JUnit, Markdown.

    Raises:
        UsageError: There is no history, or the workload that it was made with is not installed.
    """
    workload = _workload(record.workload.name, record.workload.options)
    history = folder.read_history()
    verdict = _with_record(_judge(history, workload, _within(limits, run_checkers(record))), record)
    folder.write(folder.verdict, verdict_file.encode(verdict))
    report.write_report(folder, history, verdict, record)
    junit.write_junit(folder, history, verdict, record)
    markdown.write_summary(folder, history, verdict, record)
    return Judged(verdict, _ops(history))


def judge_history(history: History, workload: str, limits: Limits | None = None) -> Judged:
    """The verdict on a history that no run record stands beside: only the workload's own checkers apply."""
    checkers = _within(limits, workload_checkers(workload, {}))
    return Judged(_judge(history, _workload(workload, {}), checkers), _ops(history))


def judge_model(
    history: History, model: Model, name: str, limits: Limits, recorded_by: Workload | None = None
) -> Judged:
    """Whether a history is linearizable with respect to a model that the user calls ``name``.

    Args:
        history: What is judged.
        model: The sequential specification.
        name: As the user calls it.
        limits: What the search may use.
        recorded_by: The workload, where it is known: the evidence that it finds is used.
    """
    checker = LinearizabilityChecker(model)
    checker.name = name  # type: ignore[misc]  # of this instance
    _within(limits, [checker])
    verdict = judge(history, [checker]) if recorded_by is None else _judge(history, recorded_by, [checker])
    return Judged(verdict, _ops(history))


def recorder(folder: RunFolder) -> Workload | None:
    """The workload that a run was made with; None where nobody knows it any more, which costs only its evidence."""
    try:
        record = folder.read_record()
        return _workload(record.workload.name, record.workload.options)
    except (UsageError, EnvironmentFailed):
        return None


def _within(limits: Limits | None, checkers: Sequence[Checker]) -> Sequence[Checker]:
    """The same checkers with these limits."""
    for checker in checkers:
        if limits is not None and isinstance(checker, LinearizabilityChecker):
            checker.seconds, checker.memory = limits.seconds, limits.memory
            checker.decider = limits.decider or checker.decider
    return checkers


def _judge(history: History, workload: Workload, checkers: Sequence[Checker]) -> RunVerdict:
    """The verdict of the checkers on the history, with the evidence that the workload finds in it."""
    try:
        history = history.with_evidence(workload.evidence(history))
    except (Exception, SystemExit) as crash:  # noqa: BLE001 - evidence only adds to what can be proven: without it, an anomaly is one
        words = " ".join(f"{type(crash).__name__}: {crash}".split())
        reason = f"the workload's evidence() crashed, so nothing it knows was used: {words}"
        return _with(judge(history, checkers), Verdict("evidence", "unknown", reasons=(reason,)))
    return judge(history, checkers)


def _ops(history: History) -> int:
    """The operations of the clients."""
    return int(np.count_nonzero((history.type == TYPE_CODES[INVOKE]) & (history.process != NEMESIS)))


def run_checkers(record: RunRecord) -> Sequence[Checker]:
    """Who judges this run: the workload's checkers, and those that judge every run."""
    return [
        *workload_checkers(record.workload.name, record.workload.options),
        StatsChecker(),
        AvailabilityChecker(),
        QualityChecker(),
    ]


def workload_checkers(name: str, settings: dict[str, Any]) -> Sequence[Checker]:
    """The checkers of a workload, with its settings and the defaults of those that are not given."""
    try:
        return _workload(name, settings).checkers()
    except (TypeError, ValueError, KeyError) as error:
        raise _misfit(name, error) from error


def _workload(name: str, settings: dict[str, Any]) -> Workload:
    owner = registry.load("workload", name)
    try:
        workload: Workload = owner({option.name: option.default for option in owner.options} | settings)
    except (TypeError, ValueError, KeyError) as error:
        raise _misfit(name, error) from error
    return workload


def _misfit(name: str, error: Exception) -> UsageError:
    return UsageError(f"the settings of workload {name} do not fit this version of it: {error!r}")


def _with_record(verdict: RunVerdict, record: RunRecord) -> RunVerdict:
    """The verdict, with what only the run record knows: a run that had problems proves nothing by being quiet."""
    reasons = [*record.problems]
    if record.ended.startswith("failed"):
        reasons.append(f"the run {record.ended}")
    if record.ended == "running":
        reasons.append("the harness was killed before the run ended")
    if not reasons:
        return verdict
    return _with(verdict, Verdict("run", "unknown", reasons=tuple(reasons)))


def _with(verdict: RunVerdict, own: Verdict) -> RunVerdict:
    """The verdict with one more."""
    return msgspec.structs.replace(
        verdict,
        validity=worst([verdict.validity, own.validity]),
        verdicts=(*verdict.verdicts, own),
        reasons=(*verdict.reasons, *own.reasons),
    )
