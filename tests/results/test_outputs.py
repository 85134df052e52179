"""Terminal lines, JUnit and Markdown of a run."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import sample_runs

from checkers.verdict import Anomaly, RunVerdict, Verdict
from harness.errors import EnvironmentFailed
from harness.history import History
from results import junit, markdown, text

HOSTILE = "<script>alert(1)</script> ]]> \x00\u2028 `x` | \"'"


@pytest.fixture
def history() -> History:
    return History(sample_runs.stale_read())


def unknown(*reasons: str) -> RunVerdict:
    return RunVerdict("unknown", (Verdict("quality", "unknown", reasons=reasons),), reasons=reasons)


def hostile() -> RunVerdict:
    anomaly = Anomaly("stale-read", HOSTILE, (), ("linearizable",))
    return RunVerdict("invalid", (Verdict("register", "invalid", (anomaly,)),))


def case(verdict: RunVerdict | None, **more: object) -> ET.Element:
    document = junit.document([junit.Case(sample_runs.record(**more), verdict, 22.4)])
    found = ET.fromstring(document).find("testsuite/testcase")  # noqa: S314 - our own document
    assert found is not None
    return found


def test_a_test_case_is_workload_faults_and_seed() -> None:
    element = case(sample_runs.valid())

    assert element.get("classname") == "quorate.etcd.register"
    assert element.get("name") == "register partition seed=7"
    assert element.get("time") == "22.400"
    assert [child.tag for child in element] == ["properties"]
    assert {p.get("name") for p in element.iter("property")} == {"seed", "command", "image"}


def test_invalid_is_a_failure_with_the_sentence(history: History) -> None:
    failure = case(sample_runs.invalid(history)).find("failure")

    assert failure is not None
    assert failure.get("type") == "stale-read"
    assert "process 103 read 4" in str(failure.get("message"))
    assert "repeat: quorate test etcd" in str(failure.text)


@pytest.mark.parametrize(
    ("verdict", "ended", "kind"),
    [(unknown("too few"), "complete", "unknown"), (None, "failed: no image", "harness")],
)
def test_what_proves_nothing_is_an_error(verdict: RunVerdict | None, ended: str, kind: str) -> None:
    error = case(verdict, ended=ended).find("error")

    assert error is not None
    assert error.get("type") == kind


def test_hostile_text_is_data_in_xml() -> None:
    failure = case(hostile()).find("failure")

    assert failure is not None
    assert "<script>alert(1)</script> ]]> \\x00\\u2028" in str(failure.get("message"))


def test_the_suite_counts_its_cases(history: History) -> None:
    cases = [
        junit.Case(sample_runs.record(), v) for v in (sample_runs.valid(), sample_runs.invalid(history), unknown("x"))
    ]
    suite = ET.fromstring(junit.document(cases)).find("testsuite")  # noqa: S314 - our own document

    assert suite is not None
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["3", "1", "1", "0"]


def test_markdown_makes_all_markup_harmless(tmp_path: Path, history: History) -> None:
    folder = sample_runs.new_folder(tmp_path)

    shown = markdown.summary(folder, history, hostile(), sample_runs.record(command="a ``` b"))

    assert "<script" not in shown
    assert "\\`x\\` \\|" in shown
    assert "````sh\na ``` b\n````" in shown


def test_the_summary_is_appended_for_github(tmp_path: Path, history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, page = sample_runs.new_folder(tmp_path), tmp_path / "page.md"
    page.write_text("before\n")
    monkeypatch.setenv(markdown.STEP_SUMMARY, str(page))

    markdown.write_summary(folder, history, sample_runs.valid(), sample_runs.record())

    assert page.read_text() == "before\n" + folder.summary.read_text() + "\n"
    monkeypatch.setenv(markdown.STEP_SUMMARY, str(tmp_path))
    with pytest.raises(EnvironmentFailed, match="cannot append the summary"):
        markdown.write_summary(folder, history, sample_runs.valid(), sample_runs.record())


def test_the_terminal_names_verdict_witness_paths_and_command(tmp_path: Path, history: History) -> None:
    folder = sample_runs.new_folder(tmp_path)

    lines = text.verdict_lines(folder, sample_runs.invalid(history), sample_runs.record(), width=60)

    assert lines[0] == "invalid  stale read: not linearizable"
    assert lines[1].startswith("witness  process 103 read 4")
    assert f"report   {folder.report}" in lines
    assert lines[-1] == f"repeat   {sample_runs.record().command}"
    assert all(len(line) <= 60 for line in lines[:4])


def test_unknown_says_why_and_no_escape_reaches_the_terminal() -> None:
    lines = text.history_lines(Path("h.jsonl"), unknown("the \x1b[31mfault", "b", "c", "d", "e"))

    assert "why      the \\x1b[31mfault" in lines
    assert "         and 1 more in verdict.json" in lines
