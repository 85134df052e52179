"""Judges a recorded run and writes everything that a person or a CI server reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from checkers.availability import AvailabilityChecker
from checkers.checker import Checker
from checkers.judge import judge
from checkers.quality import QualityChecker
from checkers.stats import StatsChecker
from checkers.verdict import RunVerdict, Verdict, worst
from harness import registry
from harness.errors import UsageError
from harness.history import TYPE_CODES, History
from harness.op import INVOKE, NEMESIS
from results import junit, markdown, report, verdict_file
from results.record import RunRecord
from results.store import RunFolder


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and how many operations it is about."""

    verdict: RunVerdict
    ops: int


def judge_run(folder: RunFolder, record: RunRecord) -> Judged:
    """Judge the recorded history and regenerate all that follows from it: verdict, report, JUnit, Markdown.

    Raises:
        UsageError: There is no history, or the workload that it was made with is not installed.
    """
    history = folder.read_history()
    verdict = _with_record(judge(history, run_checkers(record)), record)
    folder.write(folder.verdict, verdict_file.encode(verdict))
    report.write_report(folder, history, verdict, record)
    junit.write_junit(folder, history, verdict, record)
    markdown.write_summary(folder, history, verdict, record)
    return Judged(verdict, _ops(history))


def judge_history(history: History, workload: str) -> Judged:
    """The verdict on a history that no run record stands beside: only the workload's own checkers apply."""
    return Judged(judge(history, workload_checkers(workload, {})), _ops(history))


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
    owner = registry.load("workload", name)
    try:
        checkers: Sequence[Checker] = owner(
            {option.name: option.default for option in owner.options} | settings
        ).checkers()
    except (TypeError, ValueError, KeyError) as error:
        raise UsageError(f"the settings of workload {name} do not fit this version of it: {error!r}") from error
    return checkers


def _with_record(verdict: RunVerdict, record: RunRecord) -> RunVerdict:
    """The verdict, with what only the run record knows: a run that had problems proves nothing by being quiet."""
    reasons = [*record.problems]
    if record.ended.startswith("failed"):
        reasons.append(f"the run {record.ended}")
    if record.ended == "running":
        reasons.append("the harness was killed before the run ended")
    if not reasons:
        return verdict
    own = Verdict("run", "unknown", reasons=tuple(reasons))
    return msgspec.structs.replace(
        verdict,
        validity=worst([verdict.validity, own.validity]),
        verdicts=(*verdict.verdicts, own),
        reasons=(*verdict.reasons, *own.reasons),
    )
