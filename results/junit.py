"""JUnit XML: what a CI server reads.

One test case is workload x faults x seed, or one history file. ``valid`` passes, ``invalid`` is a *failure* (the
datastore broke a promise), ``unknown`` and a run that broke are *errors* (nothing was learnt): neither must look like a
pass, and only an error may be retried.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from checkers.verdict import RunVerdict
from harness.history import History
from results import calls, words
from results.record import RunRecord
from results.report.build import headline
from results.store import RunFolder

ANOMALIES: Final = 10
"""At most so many anomalies are spelt out."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run as a test case.

    Args:
        record: Of the run.
        verdict: On it; None when there is none because the harness or its environment failed.
        seconds: How long the run took.
        output: What else to say: counts and paths.
        properties: More properties: name and text.
    """

    record: RunRecord
    verdict: RunVerdict | None
    seconds: float = 0.0
    output: str = ""
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryCase:
    """A history that no run record stands beside as a test case.

    Args:
        path: Of the file; ``-`` for standard input.
        judge: The model or the workload that was asked.
        verdict: On it; None when it could not be judged.
        seconds: How long that took.
        problem: Why it could not be judged.
    """

    path: Path
    judge: str
    verdict: RunVerdict | None
    seconds: float = 0.0
    problem: str = ""


def write_junit(folder: RunFolder, history: History, verdict: RunVerdict, record: RunRecord) -> None:
    """Write ``junit.xml`` of a run.

    Raises:
        EnvironmentFailed: It cannot be written.
    """
    sums = calls.totals(calls.counts(history))
    seconds = max((phase.start + phase.seconds for phase in record.phases), default=0.0)
    output = f"{sums['ok']} ok, {sums['fail']} fail, {sums['info']} info; {calls.injected(history.faults())}"
    case = Case(record, verdict, seconds, output, (("report", str(folder.report)),))
    folder.write(folder.junit, document([case]))


def document(cases: Iterable[Case | HistoryCase]) -> bytes:
    """A JUnit document of some runs and histories."""
    elements = [_case(case) if isinstance(case, Case) else _history_case(case) for case in cases]
    suite = ET.Element("testsuite", name="quorate")
    suite.extend(elements)
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(element.find(tag) is not None for element in elements)))
    suite.set("tests", str(len(elements)))
    suite.set("time", f"{sum(float(element.get('time', '0')) for element in elements):.3f}")
    root = ET.Element("testsuites", name="quorate")
    root.append(suite)
    ET.indent(root)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _case(case: Case) -> ET.Element:
    record, verdict = case.record, case.verdict
    faults = "+".join(part.name for part in record.nemesis) or "no-faults"
    element = ET.Element(
        "testcase",
        classname=words.visible(f"quorate.{record.target.name}.{record.workload.name}"),
        name=words.visible(f"{record.workload.name} {faults} seed={record.seed}"),
        time=f"{case.seconds:.3f}",
    )
    properties = ET.SubElement(element, "properties")
    digest = record.cluster.get("digest") or record.cluster.get("image") or ""
    pairs = (("seed", str(record.seed)), ("command", record.command), ("image", str(digest)), *case.properties)
    for name, value in pairs:
        ET.SubElement(properties, "property", name=name, value=words.visible(value))
    if verdict is None or record.ended.startswith("failed"):
        _problem(element, "error", "harness", f"the run {record.ended}", "")
    else:
        _conclude(element, verdict, record.command)
    if case.output:
        ET.SubElement(element, "system-out").text = words.visible(case.output)
    return element


def _history_case(case: HistoryCase) -> ET.Element:
    element = ET.Element(
        "testcase",
        classname=words.visible(f"quorate.check.{case.judge}"),
        name=words.visible(str(case.path)),
        time=f"{case.seconds:.3f}",
    )
    if case.verdict is None:
        _problem(element, "error", "harness", case.problem, "")
    else:
        _conclude(element, case.verdict, "")
    return element


def _conclude(element: ET.Element, verdict: RunVerdict, command: str) -> None:
    """What a verdict other than ``valid`` adds; ``command`` repeats the run."""
    if verdict.validity == "invalid":
        sentences = [f"{a.name}: {a.sentence}" for a in verdict.anomalies]
        kind = verdict.anomalies[0].name if verdict.anomalies else "invalid"
        message = sentences[0] if sentences else headline(verdict)
        repeat = [f"repeat: {command}"] if command else []
        _problem(element, "failure", kind, message, "\n".join([*sentences[:ANOMALIES], *repeat]))
    elif verdict.validity == "unknown":
        reasons = list(verdict.reasons) or [headline(verdict)]
        _problem(element, "error", "unknown", reasons[0], "\n".join(reasons))


def _problem(element: ET.Element, tag: str, kind: str, message: str, text: str) -> None:
    """A child that says what went wrong; XML 1.0 cannot hold control characters, so they are spelt out."""
    child = ET.SubElement(element, tag, type=words.visible(kind), message=words.shorten(words.visible(message), 1000))
    child.text = "\n".join(words.visible(line) for line in text.splitlines())
