"""Combining verdicts, and the checkers that judge every run."""

from typing import ClassVar

from checkers.availability import AvailabilityChecker
from checkers.checker import Checker
from checkers.judge import judge, strongest
from checkers.quality import QualityChecker
from checkers.register import RegisterChecker
from checkers.stats import StatsChecker
from checkers.verdict import Guarantee, Verdict
from harness.history import History
from harness.history_file import Damage
from harness.op import NEMESIS, Op

S = 1_000_000_000


def client(second: float, outcome: str = "ok", f: str = "write", error: str | None = None) -> list[Op]:
    start, end = int(second * S), int(second * S) + 5_000_000
    process = int(second * 10)
    asked = Op(-1, start, process, "invoke", f, value=process)
    return [asked, Op(-1, end, process, outcome, f, value=process, error=error)]  # type: ignore[arg-type]  # one of the types


def fault(second: float, phase: str, outcome: str = "ok", error: str | None = None) -> list[Op]:
    asked = Op(-1, int(second * S), NEMESIS, "invoke", "partition", value={"phase": phase})
    value = {"phase": "inject", "id": "partition-1", "words": "n1 | n2 n3", "detail": {}}
    if phase == "heal":
        value = {"phase": "heal", "ids": ["partition-1"], "healed": int(second * S)}
    return [asked, Op(-1, int(second * S), NEMESIS, outcome, "partition", value=value, error=error)]  # type: ignore[arg-type]  # one of the types


def not_injected(second: float, outcome: str, error: str) -> list[Op]:
    value = {"phase": "inject"}
    asked, done = (
        Op(-1, int(second * S), NEMESIS, kind, "partition", value=value, error=why)  # type: ignore[arg-type]  # a type of op
        for kind, why in (("invoke", None), (outcome, error))
    )
    return [asked, done]


def writes(*seconds: float) -> list[Op]:
    return [op for second in seconds for op in client(second)]


class Crashing(Checker):
    name: ClassVar[str] = "crashing"
    summary: ClassVar[str] = "Crashes."

    def check(self, history: History) -> Verdict:
        raise ZeroDivisionError(f"{len(history)} events")


def test_a_crash_of_a_checker_is_unknown_with_the_reason() -> None:
    verdict = judge(History(writes(1)), [Crashing(), StatsChecker()])
    assert verdict.validity == "unknown"
    assert "crashed: ZeroDivisionError: 2 events" in verdict.reasons[0]
    assert [v.validity for v in verdict.verdicts] == ["unknown", "valid"]


def test_strongest_is_what_was_proven_and_not_denied() -> None:
    verdict = judge(History(writes(1)), [RegisterChecker(), StatsChecker()])
    assert (verdict.validity, verdict.strongest) == ("valid", "linearizable")
    assert verdict.verdicts[0].seconds > 0
    holds, open_ = Guarantee("linearizable", "holds"), Guarantee("linearizable", "undecided")
    assert strongest([holds, open_]) is None
    assert strongest([Guarantee("pram", "holds"), holds]) == "linearizable"


def test_of_models_whose_strength_is_not_known_all_are_named_and_none_beside_one_that_is() -> None:
    reads, writes = Guarantee("monotonic-reads", "holds"), Guarantee("monotonic-writes", "holds")
    assert strongest([reads, writes]) == "monotonic-reads, monotonic-writes"
    assert strongest([reads, Guarantee("pram", "holds"), writes]) == "pram"
    assert strongest([reads, Guarantee("monotonic-writes", "violated")]) == "monotonic-reads"
    assert judge(History([]), []).validity == "unknown"


def test_a_damaged_history_is_unknown_whoever_judges_it() -> None:
    damage = Damage(23, "the last line is cut off")
    verdict = judge(History(writes(1), damage), [RegisterChecker()])
    assert (verdict.validity, verdict.verdicts[0].validity, verdict.strongest) == ("unknown", "valid", None)
    assert "damaged at line 23 (the last line is cut off)" in verdict.reasons[-1]


def test_a_violation_in_what_is_left_of_a_damaged_history_is_proven() -> None:
    absent = [Op(-1, 9 * S, 1, "invoke", "read"), Op(-1, 9 * S + 1, 1, "ok", "read")]
    verdict = judge(History(writes(1) + absent, Damage(5, "cut off")), [RegisterChecker()])
    assert verdict.validity == "invalid"
    assert "damaged at line 5" in verdict.reasons[-1]


def test_stats_want_every_f_to_have_succeeded() -> None:
    verdict = StatsChecker().check(History(writes(1, 2) + client(3, "fail", "cas", "cas-mismatch: 1")))
    assert verdict.validity == "unknown"
    assert verdict.reasons == ("no cas was ok, of 1",)
    assert verdict.statistics["by_f"]["write"]["ok latency ms"]["p50"] == 5.0


def test_availability_measures_gap_and_recovery() -> None:
    events = writes(1, 2) + fault(3, "inject") + client(4, "info") + fault(6, "heal") + writes(8)
    verdict = AvailabilityChecker().check(History(events))
    (around,) = verdict.statistics["faults"]
    assert verdict.validity == "valid"
    assert (around["ok_before"], around["ok_during"], around["ok_after"]) == (2, 0, 1)
    assert (around["longest_gap_s"], around["recovery_s"]) == (3.0, 2.005)


def test_availability_is_unknown_when_nothing_recovered() -> None:
    verdict = AvailabilityChecker().check(
        History(writes(1) + fault(2, "inject") + fault(3, "heal") + client(4, "info"))
    )
    assert verdict.reasons == ("no operation succeeded after partition-1 was healed",)


def test_quality_of_a_good_run_is_valid() -> None:
    nobody = not_injected(14, "fail", "nothing-to-do: no node fits this fault now")
    events = writes(*range(1, 12)) + fault(12, "inject") + fault(13, "heal") + nobody
    assert QualityChecker().check(History(events)).validity == "valid"


def test_quality_names_every_doubt() -> None:
    good = writes(*range(1, 12))
    doubts = {
        "only 1 operations were ok": History(writes(1)),
        "never took effect: rule gone": History(good + fault(12, "inject", "info", "rule gone") + fault(13, "heal")),
        "none took effect": History(good + fault(12, "inject", "info", "rule gone")),
        "was not seen healed: still cut": History(good + fault(12, "inject") + fault(13, "heal", "info", "still cut")),
        "no healing is recorded": History(good + fault(12, "inject")),
        "in no table of errors: KeyError: 'x'": History(good + client(12, "info", error="unmapped: KeyError: 'x'")),
        "partition was asked for at 14.000 s, and not injected: nemesis: no room": History(
            good + fault(12, "inject") + fault(13, "heal") + not_injected(14, "info", "nemesis: no room")
        ),
        "asked for at 14.000 s, and what became of it": History(
            good + fault(12, "inject") + fault(13, "heal") + not_injected(14, "info", "")[:1]
        ),
        "malformed: 1 completions have no invocation": History([*good, Op(-1, 99 * S, 7, "ok", "write")]),
    }
    for text, history in doubts.items():
        verdict = QualityChecker().check(history)
        assert verdict.validity == "unknown"
        assert any(text in reason for reason in verdict.reasons), (text, verdict.reasons)
