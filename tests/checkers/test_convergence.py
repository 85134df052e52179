"""Convergence: what the nodes return in the end."""

from typing import Any

import pytest

from checkers.convergence import ConvergenceChecker
from checkers.verdict import Verdict
from harness.history import History
from harness.op import NEMESIS, Op

MS = 1_000_000


class Story:
    """Events in order, a millisecond apart; process n talks to node n + 1."""

    def __init__(self, nodes: int = 2) -> None:
        self.ops: list[Op] = []
        self.now = 0
        for process in range(nodes):
            self.do(process, "read", None)

    def do(self, process: int, f: str, value: Any, kind: str = "ok", key: str = "x") -> "Story":
        node = f"n{process + 1}"
        asked = None if f == "read" else value
        self.ops.append(Op(0, self.now, process, "invoke", f, key, asked, node))
        self.ops.append(Op(0, self.now + MS, process, kind, f, key, value, node))  # type: ignore[arg-type] # a type is text here
        self.now += 2 * MS
        return self

    def fault(self, *, healed: bool = True) -> "Story":
        inject = {"phase": "inject", "id": "partition-1", "words": "n1 | n2", "detail": {}}
        heal = {"phase": "heal", "ids": ["partition-1"], "healed": self.now + MS}
        for value in (inject, heal)[: 1 + healed]:
            self.ops.append(Op(0, self.now, NEMESIS, "invoke", "partition"))
            self.ops.append(Op(0, self.now + MS, NEMESIS, "ok", "partition", value=value))
            self.now += 2 * MS
        return self

    def wait(self, milliseconds: int) -> "Story":
        self.now += milliseconds * MS
        return self

    def check(self) -> Verdict:
        return ConvergenceChecker().check(History(self.ops))


def written(*values: Any) -> Story:
    story = Story()
    for value in values:
        story.do(0, "write", value)
    return story


def test_all_agree_on_what_was_written_and_the_time_is_counted_from_the_verified_healing() -> None:
    story = written(1, 2).fault()
    healed = story.now - MS
    story.wait(9).do(0, "read", 2).do(1, "read", 1).wait(10).do(1, "read", 2)
    verdict = story.check()

    assert verdict.validity == "valid"
    assert verdict.models[0].standing == "holds"
    took = (story.now - MS - healed) / MS
    assert verdict.statistics["converged after ms"] == {"p50": took, "max": took}
    assert verdict.statistics["counted from"] == "the last verified healing"


def test_an_older_value_is_fine_when_all_agree_on_it() -> None:
    assert written(1, 2).do(0, "read", 1).do(1, "read", 1).check().validity == "valid"


def test_without_faults_the_time_is_counted_from_the_last_write() -> None:
    statistics = written(1).do(0, "read", 1).do(1, "read", 1).check().statistics
    assert statistics["counted from"] == "the last write"
    assert statistics["converged after ms"] == {"p50": 4.0, "max": 4.0}


def test_a_node_that_went_back_and_forth_has_converged_when_it_stayed() -> None:
    story = written(1, 2).do(0, "read", 2).do(1, "read", 2).do(1, "read", 1).do(1, "read", 2)
    assert story.check().statistics["converged after ms"]["max"] == 8.0


def test_nodes_that_still_differ_have_not_converged() -> None:
    verdict = written(1, 2).do(0, "read", 1).do(1, "read", 2).check()

    assert verdict.validity == "invalid"
    (anomaly,) = verdict.anomalies
    assert (anomaly.name, anomaly.key, anomaly.events) == ("not-converged", "x", (8, 9, 10, 11))
    assert anomaly.sentence == (
        "p0's read (n1) at 0.009 s returned 1 and p1's read (n2) at 0.011 s returned 2 of key \"x\": the nodes still "
        "differ 0.004 s after the last write"
    )


@pytest.mark.parametrize(
    ("writes", "value", "name"),
    [
        ([(1, "ok")], 9, "thin-air-read"),
        ([(1, "ok")], None, "lost-write"),
        ([(1, "ok"), (2, "fail")], 2, "aborted-read"),
        ([(1, "info")], None, None),
        ([(1, "info")], 1, None),
        ([(1, "fail")], None, None),
        ([(1, "fail"), (1, "ok")], 1, None),
        ([(None, "ok")], None, None),
        ([(None, "fail")], None, None),
        ([(None, "fail"), (1, "ok")], None, "lost-write"),
    ],
)
def test_what_they_agree_on_must_have_been_written(writes: list[Any], value: Any, name: str | None) -> None:
    story = Story()
    for argument, kind in writes:
        story.do(0, "write", argument, kind)
    verdict = story.do(0, "read", value).do(1, "read", value).check()

    assert [anomaly.name for anomaly in verdict.anomalies] == ([name] if name else [])
    assert verdict.validity == ("invalid" if name else "valid")


def test_a_cas_is_a_write_of_its_new_value() -> None:
    story = written(1).do(0, "cas", [1, 5]).do(0, "read", 5).do(1, "read", 5)
    assert story.check().validity == "valid"


def test_reads_before_the_last_write_or_the_healing_do_not_count() -> None:
    early = written(1).do(0, "read", 1).do(1, "read", 1).do(0, "write", 2)
    assert early.check().validity == "unknown"
    assert written(1).do(0, "read", 1).do(1, "read", 1).fault().check().validity == "unknown"


def test_a_node_that_never_answers_leaves_it_open() -> None:
    verdict = written(1).do(0, "read", 1).do(1, "read", 1, "fail").check()
    assert verdict.validity == "unknown"
    assert 'no read of key "x" from n2 succeeded' in verdict.reasons[0]


def test_keys_are_judged_each_by_itself() -> None:
    story = written(1).do(0, "write", 2, key="y").do(0, "read", 1).do(1, "read", 1)
    verdict = story.do(0, "read", 2, key="y").do(1, "read", None, key="y").check()
    assert [anomaly.key for anomaly in verdict.anomalies] == ["y"]
    assert verdict.statistics["keys converged"] == 1


@pytest.mark.parametrize(("f", "value"), [("add", 5), ("cas", 5)])
def test_what_is_no_register_is_undecided(f: str, value: Any) -> None:
    verdict = written(1).do(0, f, value).do(0, "read", 1).do(1, "read", 1).check()
    assert verdict.validity == "unknown"
    assert "event 6" in verdict.reasons[0]


def test_without_writes_there_is_nothing_to_converge() -> None:
    assert Story().check().validity == "unknown"
    assert ConvergenceChecker().check(History([])).validity == "unknown"


def test_nodes_may_differ_while_a_fault_is_not_seen_healed() -> None:
    verdict = written(1, 2).fault(healed=False).do(0, "read", 1).do(1, "read", 2).check()

    assert verdict.validity == "unknown"
    assert verdict.reasons == ('nodes differ on key "x", but partition-1 was not seen healed',)
    assert written(1).fault(healed=False).do(0, "read", 1).do(1, "read", 1).check().validity == "valid"


def late(*reads: tuple[int, Any], write: str = "info") -> Verdict:
    """After an acknowledged write of 1 and one of 2: reads by process."""
    story = written(1).do(0, "write", 2, write)
    for process, value in reads:
        story.do(process, "read", value)
    return story.check()


def test_a_write_of_unknown_outcome_may_happen_after_the_nodes_had_agreed() -> None:
    verdict = late((0, 1), (1, 1), (0, 2))

    assert verdict.validity == "unknown"
    assert "a write of unknown outcome may have come between the reads" in verdict.reasons[0]
    assert late((0, 1), (1, 2)).validity == "unknown"
    assert late((0, 1), (1, 1), (0, 2), (1, 2)).validity == "valid"


def test_a_value_of_several_writes_may_come_late_although_it_was_there_before() -> None:
    story = written(1).do(0, "write", 1, "info").do(0, "write", 2)
    assert story.do(0, "read", 1).do(1, "read", 2).do(0, "read", 2).do(1, "read", 1).check().validity == "unknown"
    null = written(1).do(0, "write", None, "info")
    assert null.do(0, "read", 1).do(1, "read", None).check().validity == "unknown"


def test_a_late_write_that_was_read_before_another_node_did_not_return_it_is_no_excuse() -> None:
    assert late((0, 2), (1, 1)).validity == "invalid"
    assert late((0, 1), (1, 2), (0, 1), (1, 2)).validity == "invalid"
    assert late((0, 1), (1, 2), write="ok").validity == "invalid"
    assert late((0, 1), (1, 2), write="fail").validity == "invalid"
