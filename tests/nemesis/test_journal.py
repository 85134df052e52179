"""The journal: written before, read by whoever must undo it, whatever state it is in."""

import os
from pathlib import Path

import pytest

from harness.errors import FaultFailed
from nemesis.fault import Active, Undo
from nemesis.journal import Journal, pending


def active(name: str) -> Active:
    return Active(name, name.partition("-")[0], {}, "n1 | n2")


def undo(*containers: str) -> list[Undo]:
    return [Undo("docker-unpause", {"container": container}) for container in containers]


def test_what_is_injected_and_not_healed_is_pending_the_newest_first(journal_path: Path) -> None:
    journal = Journal(journal_path)
    journal.inject(active("pause-1"), undo("a"))
    journal.inject(active("pause-2"), undo("a", "b"))
    journal.inject(active("partition-1"), undo("c"))
    journal.heal(["pause-1"])
    assert pending(journal_path) == [*undo("c"), *undo("a", "b")]
    journal.heal(["partition-1", "pause-2"])
    assert pending(journal_path) == []


def test_a_second_process_continues_the_same_journal(journal_path: Path) -> None:
    Journal(journal_path).inject(active("pause-1"), undo("a"))
    Journal(journal_path).inject(active("pause-2"), undo("b"))
    assert pending(journal_path) == [*undo("b"), *undo("a")]


def test_without_a_journal_nothing_is_pending(journal_path: Path) -> None:
    assert pending(journal_path) == []


@pytest.mark.parametrize("damage", [b'{"event":"inject","id":"x', b"\xff\xfe\n", b"null\n", b"7\n", b'{"event":"?"}\n'])
def test_a_damaged_line_hides_no_other(damage: bytes, journal_path: Path) -> None:
    Journal(journal_path).inject(active("pause-1"), undo("a"))
    with journal_path.open("ab") as file:
        file.write(damage)
    assert pending(journal_path) == undo("a")


def test_every_prefix_of_a_journal_can_be_read(journal_path: Path) -> None:
    journal = Journal(journal_path)
    journal.inject(active("pause-1"), undo("a"))
    first = journal_path.stat().st_size
    journal.heal(["pause-1"])
    whole = journal_path.read_bytes()
    for length in range(len(whole)):
        journal_path.write_bytes(whole[:length])
        assert pending(journal_path) == (undo("a") if length >= first - 1 and length < len(whole) - 1 else [])


def test_every_line_is_on_the_disk_before_the_call_returns(journal_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    Journal(journal_path).inject(active("pause-1"), undo("a"))
    assert synced == [journal_path.stat().st_size]


def test_a_journal_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(FaultFailed, match="cannot write the journal"):
        Journal(tmp_path / "absent" / "faults.jsonl").inject(active("pause-1"), [])


def test_on_a_full_disk_no_half_line_stays(journal_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(journal_path)
    journal.inject(active("pause-1"), undo("a"))
    before = journal_path.read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:10]))
    with pytest.raises(FaultFailed, match="no room"):
        journal.inject(active("pause-2"), undo("b"))
    assert journal_path.read_bytes() == before
