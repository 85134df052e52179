"""A Markdown summary of a run, for the summary page of a CI job."""

import os
import re
from pathlib import Path
from typing import Final

from checkers.verdict import RunVerdict
from harness.errors import EnvironmentFailed
from harness.history import History
from results import calls, words
from results.record import RunRecord
from results.report.build import headline
from results.store import RunFolder

STEP_SUMMARY: Final = "GITHUB_STEP_SUMMARY"
"""The variable that names the file to which GitHub wants summaries appended."""

ANOMALIES: Final = 5
"""At most so many anomalies are spelt out."""


def write_summary(folder: RunFolder, history: History, verdict: RunVerdict, record: RunRecord) -> None:
    """Write ``summary.md`` of a run, and append it to the file that ``$GITHUB_STEP_SUMMARY`` names, when it is set.

    Raises:
        EnvironmentFailed: One of the two cannot be written.
    """
    text = summary(folder, history, verdict, record)
    folder.write(folder.summary, text.encode())
    target = os.environ.get(STEP_SUMMARY)
    if target:
        try:
            with Path(target).open("a", encoding="utf-8") as file:
                file.write(text + "\n")
        except OSError as error:
            raise EnvironmentFailed(
                f"cannot append the summary to {target}: {error.strerror or error}. Unset {STEP_SUMMARY}"
            ) from error


def summary(folder: RunFolder, history: History, verdict: RunVerdict, record: RunRecord) -> str:
    """The summary: verdict, witness, counts, faults, and the command that repeats the run."""
    rows = calls.counts(history)
    faults = ", ".join(part.name for part in record.nemesis) or "no faults"
    title = f"{record.target.name}, {record.workload.name}, {faults}, seed {record.seed}"
    lines = [f"## {verdict.validity}: {escape(title)}", "", f"**{escape(headline(verdict))}**", ""]
    lines += [f"- {escape(anomaly.sentence)}" for anomaly in verdict.anomalies[:ANOMALIES]]
    if len(verdict.anomalies) > ANOMALIES:
        lines.append(f"- and {len(verdict.anomalies) - ANOMALIES} more")
    lines += [f"- {escape(reason)}" for reason in verdict.reasons[:10]]
    lines += ["", "| operation | ok | fail | info |", "|---|--:|--:|--:|"]
    lines += [f"| {escape(f)} | {row['ok']} | {row['fail']} | {row['info']} |" for f, row in rows.items()]
    lines += ["", f"Faults: {escape(calls.injected(history.faults()))}.", "", "Repeat it:", "", *_block(record.command)]
    return "\n".join([*lines, "", f"Report: {escape(str(folder.report))}", ""])


def escape(text: str) -> str:
    """The text with everything that Markdown or HTML would take as markup made harmless."""
    text = words.visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~$@])", r"\\\1", text)


def _block(code: str) -> list[str]:
    """A code block that its content cannot end: its fence is longer than any run of backquotes inside."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
    return [f"{fence}sh", words.visible(code), fence]
