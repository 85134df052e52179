"""Evidence: what several pieces say together, and its way through a file."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from harness.evidence import Contradiction, Evidence, combined
from harness.history import History
from harness.history_file import HistoryWriter
from harness.op import Op

WRITE = Op(0, 0, 0, "invoke", "write", value=1)


def test_pieces_are_combined() -> None:
    pieces = [Evidence(not_before=3), Evidence(persisted=True, not_before=5, not_after=9), Evidence(not_after=8)]

    assert combined(pieces) == Evidence(persisted=True, not_before=5, not_after=8)


def test_what_has_a_version_was_persisted() -> None:
    assert combined([Evidence(version=7)]) == Evidence(persisted=True, version=7)


def test_numbers_may_be_numpys() -> None:
    found = combined([Evidence(np.bool_(False), not_before=np.int32(4))])  # type: ignore[arg-type]  # is a number

    assert found.persisted is False
    assert found.not_before == 4


@pytest.mark.parametrize(
    ("pieces", "problem"),
    [
        ([Evidence(persisted=True), Evidence(persisted=False)], "it was persisted and it was not"),
        ([Evidence(persisted=False, version=3)], "it was persisted and it was not"),
        ([Evidence(version=3), Evidence(version=4)], "it got version 3 and version 4"),
        ([Evidence(not_before=4, not_after=4)], "it took effect after event 4 and before event 4"),
        ([Evidence(not_before=4), Evidence(not_after=2)], "it took effect after event 4 and before event 2"),
    ],
)
def test_a_contradiction_is_named(pieces: list[Evidence], problem: str) -> None:
    with pytest.raises(Contradiction, match=problem):
        combined(pieces)


def test_a_client_attaches_it_and_the_file_keeps_it(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path / "history.jsonl")
    writer.append(WRITE)
    writer.append(WRITE.info("timeout: 5 s", Evidence(persisted=True, version=4)))
    writer.close()

    history = History.read(tmp_path / "history.jsonl")

    assert '"evidence":{"persisted":true,"version":4}' in (tmp_path / "history.jsonl").read_text()
    assert history.evidence == {0: (Evidence(persisted=True, version=4),)}
    assert history[1].evidence == Evidence(persisted=True, version=4)
    assert history[0].evidence is None


def test_a_workload_adds_to_it_and_the_history_stays_as_it_was() -> None:
    history = History([WRITE, WRITE.info("timeout: 5 s", Evidence(not_after=1))])

    richer = history.with_evidence([(0, Evidence(persisted=True))]).with_evidence([(0, Evidence(not_before=0))])

    assert richer.evidence == {0: (Evidence(not_after=1), Evidence(persisted=True), Evidence(not_before=0))}
    assert history.evidence == {0: (Evidence(not_after=1),)}
    assert list(richer) == list(history)


def test_evidence_of_another_form_is_damage(tmp_path: Path) -> None:
    line = msgspec.json.encode(WRITE)[:-1] + b',"evidence":{"version":"x"}}\n'
    (tmp_path / "history.jsonl").write_bytes(line)

    damage = History.read(tmp_path / "history.jsonl").damage

    assert damage is not None
    assert damage.line == 1
