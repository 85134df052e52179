"""What judging adds to the checkers: the evidence that a workload finds."""

from collections.abc import Iterator

import pytest

from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.models.register import CasRegister
from harness.cli import judging
from harness.evidence import Evidence
from harness.history import History
from harness.op import Op
from workloads.register import Register

HISTORY = History(
    [
        Op(-1, 0, 0, "invoke", "write", value=1),
        Op(-1, 1, 0, "info", "write", value=1, error="timeout: 5 s"),
        Op(-1, 2, 1, "invoke", "read"),
        Op(-1, 3, 1, "ok", "read", value=1),
    ]
)


class Knowing(Register):
    """It knows that the write was lost."""

    def checkers(self) -> list[LinearizabilityChecker]:
        return [LinearizabilityChecker(CasRegister())]

    def evidence(self, history: History) -> Iterator[tuple[int, Evidence]]:
        assert list(history) == list(HISTORY)
        yield 0, Evidence(persisted=False)


class Broken(Knowing):
    """Its evidence is a bug."""

    def evidence(self, history: History) -> Iterator[tuple[int, Evidence]]:
        raise LookupError("no such\nop")
        yield


@pytest.mark.parametrize(
    ("workload", "validity", "reasons"),
    [
        (Knowing, "invalid", []),
        (
            Broken,
            "unknown",
            ["the workload's evidence() crashed, so nothing it knows was used: LookupError: no such op"],
        ),
    ],
)
def test_the_evidence_of_a_workload_is_used(
    monkeypatch: pytest.MonkeyPatch, workload: type[Knowing], validity: str, reasons: list[str]
) -> None:
    monkeypatch.setattr(judging.registry, "load", lambda _kind, _name: workload)

    judged = judging.judge_history(HISTORY, "knowing")

    assert judged.verdict.validity == validity
    assert [*judged.verdict.reasons] == reasons
