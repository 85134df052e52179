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
    assert "         and 1 more" in lines, "beside a file there is no verdict.json"
    assert "         and 1 more in verdict.json" in text.conclusion(unknown("a", "b", "c", "d", "e"))


def refuted() -> Anomaly:
    members = [
        {
            "events": [0, 1],
            "process": 1,
            "f": "write",
            "words": "write of 1",
            "start": 0,
            "end": 5_000_000,
            "node": "n1",
        },
        {"events": [2, 3], "process": 2, "f": "read", "words": "read of 2", "start": 6_000_000, "end": 9_000_000},
        {"events": [4], "process": 3, "f": "cas", "words": "cas of 3 to 2", "start": 7_000_000, "optional": True},
    ]
    data = {
        "rule": "search",
        "operations": members,
        "order": [{"operation": 0, "before": "nothing", "after": "1"}],
        "stuck": [{"operation": 1, "why": "impossible in state 1"}, {"operation": 2, "why": HOSTILE}],
        "left_out": 7,
    }
    return Anomaly("not-linearizable", "After this, that cannot come next", (0, 1, 2, 3), ("linearizable",), data=data)


def test_the_operations_of_the_first_witness_are_a_table() -> None:
    assert text.witness_table(refuted(), 100)[:3] == [
        "    process  node  invoked  complete  operation",
        "1.  p1       n1    0.000 s  0.005 s   write of 1     state 1",
        "x   p2             0.006 s  0.009 s   read of 2      impossible in state 1",
    ]
    assert text.witness_table(refuted(), 100)[4] == "and 7 more operations, in verdict.json and the report"
    assert text.witness_table(refuted(), 100, stored=False)[4] == "and 7 more operations"


def test_the_table_spells_out_what_cannot_be_seen_and_is_as_narrow_as_the_terminal() -> None:
    lines = text.witness_table(refuted(), 70)

    assert "\\x00" in text.witness_table(refuted(), 200)[3]
    assert max(map(len, lines)) <= 70
    assert all(line.isprintable() for line in lines)


def test_a_long_order_is_told_from_its_end() -> None:
    steps = 30
    members = [
        {"events": [2 * n, 2 * n + 1], "process": n, "f": "write", "words": f"write of {n}", "start": n, "end": n}
        for n in range(steps)
    ]
    order = [{"operation": n, "before": str(n), "after": str(n + 1)} for n in range(steps - 1)]
    data = {"rule": "search", "operations": members, "order": order, "stuck": [{"operation": 29, "why": "no"}]}
    anomaly = Anomaly("not-linearizable", "It cannot come next", (), ("linearizable",), data=data)

    lines = text.witness_table(anomaly, 100)

    assert len(lines) == text.ROWS + 2
    assert lines[-3].startswith("29.")
    assert lines[-2].startswith("x ")


def test_a_witness_of_another_checker_has_no_table(history: History) -> None:
    assert text.witness_table(sample_runs.invalid(history).anomalies[0], 100) == []


def test_what_a_valid_verdict_wants_to_be_known_is_a_note() -> None:
    verdict = RunVerdict("valid", (Verdict("list-append", "valid", reasons=("cycles were not looked for",)),))

    assert any(line.split() == ["note", "cycles", "were", "not", "looked", "for"] for line in text.conclusion(verdict))
