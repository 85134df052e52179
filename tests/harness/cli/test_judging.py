"""What judging adds to the checkers: the evidence that a workload finds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sample_runs

from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.models.register import CasRegister
from harness.cli import judging
from harness.cli.main import Exit, run
from harness.evidence import Evidence
from harness.history import History
from harness.history_file import HistoryWriter
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


@pytest.mark.parametrize(("known", "code"), [(True, Exit.INVALID), (False, Exit.VALID)])
def test_of_a_run_it_is_used_with_a_model_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool, code: Exit
) -> None:
    folder = sample_runs.new_folder(tmp_path)
    writer = HistoryWriter(folder.history)
    for op in HISTORY:
        writer.append(op)
    writer.close()
    if known:
        folder.write_record(sample_runs.record())
    load = judging.registry.load
    monkeypatch.setattr(
        judging.registry, "load", lambda kind, name: Knowing if kind == "workload" else load(kind, name)
    )

    assert run(["check", str(folder.path), "--model", "register"]) == code
