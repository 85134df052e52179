"""The examples on the page about files are read by the code that reads the files."""

import re
from pathlib import Path

import msgspec
import pytest

from checkers.verdict import RunVerdict
from harness.history import History
from nemesis.journal import pending
from results.record import decode

PAGE = Path(__file__).parents[2] / "docs" / "files.md"


@pytest.fixture
def examples() -> list[str]:
    return re.findall(r"```jsonl?\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)


def test_run_json(examples: list[str]) -> None:
    assert decode(examples[0].encode()).capabilities["partition"].backend == "iptables"


def test_history(examples: list[str], tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(examples[1])

    history = History.read(path)

    assert history.damage is None
    assert [(span.requested, span.effective, span.healed, span.verified) for span in history.faults()] == [
        (5_000_000, 9_000_000, 6_100_000_000, 6_200_000_000)
    ]


def test_faults(examples: list[str], tmp_path: Path) -> None:
    path = tmp_path / "faults.jsonl"
    path.write_text(examples[2])

    assert [undo.arguments for undo in pending(path)] == [{"container": "38030258af0a"}]


def test_verdict(examples: list[str]) -> None:
    verdict = msgspec.json.decode(examples[3], type=RunVerdict)

    assert verdict.anomalies[0].models == ("linearizable",)
