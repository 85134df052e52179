"""The report as data and as HTML."""

import json
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
import sample_runs
from sample_runs import event

from checkers.judge import judge
from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.models.register import CasRegister
from checkers.verdict import RunVerdict, Verdict
from harness.history import History
from results import timeline
from results.report import build, write_report
from results.report.build import PICTURES
from results.report.render import json_block

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><!--<script>",
    '"><img src=x onerror=alert(1)>',
    "'{{ 7 * 7 }}",
    "]]></svg><script>",
    "\u2028\u2029\u202e\x00",
    "x" * 100_000,
]


class Tags(HTMLParser):
    """Collects what a browser would take as elements."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def made(tmp_path: Path, value: object = 5, verdict: RunVerdict | None = None, **record: object) -> str:
    folder = sample_runs.new_folder(tmp_path)
    history = sample_runs.write(folder, sample_runs.stale_read(value, n=60))
    sentence = f"read {value}"
    write_report(
        folder, history, verdict or sample_runs.invalid(history, sentence=sentence), sample_runs.record(**record)
    )
    return folder.report.read_text()


def test_the_first_screen_has_what_it_must(tmp_path: Path) -> None:
    folder = sample_runs.new_folder(tmp_path)
    history = History(sample_runs.stale_read())
    data = build(folder, history, sample_runs.invalid(history), sample_runs.record())

    assert data["headline"] == "stale read: not linearizable"
    assert data["witness"]["faults"] == ["partition-1 (n1 | n2 n3): effective 8.040 s, healed 12.020 s"]
    assert [call["text"].split(";")[0] for call in data["witness"]["calls"]] == [
        "process 100 on n2: write 4",
        "process 101 on n2: write 5",
        "process 103 on n1: read = 4",
    ]
    assert data["run"]["command"] == sample_runs.record().command
    assert data["totals"]["ok"] + data["totals"]["fail"] + data["totals"]["info"] == 605
    assert data["faults_words"] == "2 x partition; each verified to be effective, and verified to be healed"
    json.dumps(data)


def test_a_valid_run_says_what_was_proven(tmp_path: Path) -> None:
    data = build(
        sample_runs.new_folder(tmp_path), History(sample_runs.stale_read()), sample_runs.valid(), sample_runs.record()
    )

    assert data["headline"] == "no violation found; the history is linearizable"
    assert data["proof"][0].startswith("605 operations on 13 keys: ")
    assert "Holds: linearizable." in data["proof"]


def test_an_unknown_run_says_why(tmp_path: Path) -> None:
    verdict = RunVerdict("unknown", (Verdict("register", "unknown", reasons=("the budget is used up",)),))
    history = History([*sample_runs.partition(1, 10, 20, confirmed=False)])
    data = build(sample_runs.new_folder(tmp_path), history, verdict, sample_runs.record(ended="interrupted"))

    assert "the run ended: interrupted" in data["reasons"]
    assert "1 never seen to be effective" in data["proof"][1]


def test_the_log_lines_are_those_of_the_anomaly(tmp_path: Path) -> None:
    html = made(tmp_path)

    assert "10:00:11.100Z" in html
    assert "10:00:25.100Z" not in html


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: value[:12].encode("unicode_escape").decode())
def test_values_are_never_markup(tmp_path: Path, value: str) -> None:
    html = made(tmp_path, value, command=f"quorate {value[:200]}", ended=f"failed: {value[:200]}")
    tags = Tags()
    tags.feed(html)

    assert sum(tag == "script" for tag, _ in tags.found) == 2
    assert not any(tag in {"img", "iframe", "object"} for tag, _ in tags.found)
    assert not any(name.startswith("on") for _, attributes in tags.found for name in attributes)
    assert not set(html) & set("\x00\u2028\u2029\u202e")
    assert "'49" not in html
    assert len(html) < 200_000


def test_the_report_asks_for_nothing_from_elsewhere(tmp_path: Path) -> None:
    tags = Tags()
    tags.feed(made(tmp_path))
    links = [a[n] for _, a in tags.found for n in ("href", "src", "xlink:href") if a.get(n)]

    assert links
    assert all(str(link).startswith(("#", "data:,")) for link in links)


def test_ids_are_unique(tmp_path: Path) -> None:
    tags = Tags()
    tags.feed(made(tmp_path))
    ids = [attributes["id"] for _, attributes in tags.found if "id" in attributes]

    assert sorted(set(ids), key=str) == sorted(ids, key=str)


def test_a_json_block_is_the_same_data_and_has_no_end_tag() -> None:
    value = {"a": "</script><!-- \u2028 & '"}
    block = json_block(value)

    assert json.loads(block) == value
    assert not set(block) & set("<>&'\u2028")


def test_a_run_without_any_event_has_a_report(tmp_path: Path) -> None:
    folder = sample_runs.new_folder(tmp_path)

    write_report(
        folder, History([]), RunVerdict("unknown", (), reasons=("nothing was recorded",)), sample_runs.record()
    )

    assert "nothing was recorded" in folder.report.read_text()


def searched(operations: int, planted: int = 1) -> History:
    """Values are repeated, and on each of some keys a later read shows one that is gone: a search finds that."""
    ops = []
    for number in range(operations):
        value = number % 3
        ops += [event(number, 1, "invoke", "write", value), event(number + 0.5, 1, "ok", "write", value)]
    for key in range(planted):
        on = {"key": f"k{key}", "node": "n1"}
        for step, value in enumerate((1, 1, 2)):
            start = operations + 10 * key + step
            ops += [event(start, 2, "invoke", "write", value, **on), event(start + 0.5, 2, "ok", "write", value, **on)]
        start = operations + 10 * key + 3
        ops += [event(start, 3, "invoke", "read", **on), event(start + 0.5, 3, "ok", "read", 1, **on)]
    return History(ops)


def explained(history: History) -> RunVerdict:
    return judge(history, [LinearizabilityChecker(CasRegister())])


def test_an_order_and_what_cannot_follow_are_on_the_first_screen(tmp_path: Path) -> None:
    history = searched(3)

    witness = build(sample_runs.new_folder(tmp_path), history, explained(history), sample_runs.record())["witness"]

    assert witness["steps"][-1]["note"] == "the state was 1 and becomes 2"
    assert [step["number"] for step in witness["steps"]] == list(range(1, len(witness["steps"]) + 1))
    assert [step["note"] for step in witness["stuck"]] == ["impossible in state 2, complete at 0.006 s"]


def test_every_anomaly_has_a_picture_of_its_own_up_to_a_number(tmp_path: Path) -> None:
    history = searched(3, planted=PICTURES + 4)
    folder = sample_runs.new_folder(tmp_path)
    write_report(folder, history, explained(history), sample_runs.record())
    tags = Tags()
    tags.feed(folder.report.read_text())
    ids = [attributes["id"] for _, attributes in tags.found if "id" in attributes]
    links = [str(attributes["href"])[1:] for tag, attributes in tags.found if tag == "a"]

    assert sum(tag == "details" for tag, _ in tags.found) == PICTURES
    assert len(set(ids)) == len(ids)
    assert {"witness-error", "anomaly-2-whole", f"anomaly-{PICTURES + 1}-error"} <= set(links) <= set(ids)


def test_an_anomaly_is_small_whatever_the_history(tmp_path: Path) -> None:
    history = searched(100_000)
    verdict = explained(history)

    witness = build(sample_runs.new_folder(tmp_path), history, verdict, sample_runs.record())["witness"]

    assert len(json.dumps(msgspec.to_builtins(verdict.anomalies[0]))) < 50_000
    assert len(json.dumps(witness)) < 50_000
    assert len(timeline.draw(witness["picture"], "not linearizable")) < 50_000
