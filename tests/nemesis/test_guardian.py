"""The guardian: silent when it is dismissed, and thorough when the harness dies without a word."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.docker import leftovers
from harness.errors import EnvironmentFailed
from nemesis import guardian
from nemesis.fault import Active, Undo
from nemesis.guardian import Guardian
from nemesis.journal import Journal

UNDO = Undo("docker-unpause", {"container": "c0ffee"})


class World:
    """What the guardian did, in order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.broken = ""

    def undo_all(self, undo: list[Undo]) -> list[str]:
        self._maybe_fail()
        self.done += [one.action for one in undo]
        return [f"{one.action} done" for one in undo]

    def remove(self, run_id: str) -> list[str]:
        self._maybe_fail()
        self.done.append(f"remove {run_id}")
        return ["container n1"] if self.done.count(f"remove {run_id}") == 1 else []

    def _maybe_fail(self) -> None:
        if self.broken:
            raise EnvironmentFailed(self.broken)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr("nemesis.undo.undo_all", made.undo_all)
    monkeypatch.setattr(leftovers, "remove", made.remove)
    monkeypatch.setattr(guardian.time, "sleep", lambda seconds: made.done.append(f"wait {seconds:g} s"))
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Journal(tmp_path / "faults.jsonl").inject(Active("pause-1", "pause", {}, "n1"), [UNDO])
    return tmp_path


def hear(monkeypatch: pytest.MonkeyPatch, words: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(words)))


def test_dismissed_it_does_nothing(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hear(monkeypatch, guardian.WORD)
    guardian.main("r1", folder)
    assert world.done == []
    assert not (folder / "guardian.log").exists()


@pytest.mark.parametrize("words", [b"", b"dis"], ids=["no word", "half a word"])
def test_without_the_whole_word_it_heals_and_then_removes_twice(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch, words: bytes
) -> None:
    hear(monkeypatch, words)
    guardian.main("r1", folder)
    assert world.done == ["docker-unpause", "remove r1", "wait 1 s", "remove r1"]
    assert (folder / "guardian.log").read_text().splitlines()[1:] == ["docker-unpause done", "removed container n1"]


def test_what_is_healed_already_is_left_alone(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal(folder / "faults.jsonl").heal(["pause-1"])
    hear(monkeypatch, b"")
    guardian.main("r1", folder)
    assert "docker-unpause" not in world.done


def test_a_folder_that_is_gone_keeps_nothing_from_being_removed(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear(monkeypatch, b"")
    guardian.main("r1", tmp_path / "gone")
    assert world.done.count("remove r1") == 2
    assert not (tmp_path / "gone").exists()


def test_what_it_could_not_do_is_in_its_log(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.broken = "Docker does not answer"
    hear(monkeypatch, b"")
    guardian.main("r1", folder)
    assert (folder / "guardian.log").read_text().splitlines()[1:] == [
        "could not heal: Docker does not answer",
        *["could not remove everything: Docker does not answer. Run `quorate cleanup`"] * 2,
    ]


def test_the_process_ends_when_it_is_dismissed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remember(*args: object, **kwargs: object) -> "subprocess.Popen[bytes]":
        assert kwargs["start_new_session"]
        made.append(popen(*args, **kwargs))  # type: ignore[call-overload] # what it was called with
        return made[-1]

    monkeypatch.setattr(subprocess, "Popen", remember)
    Guardian.start("r1", tmp_path).dismiss()
    assert [process.returncode for process in made] == [0]
    assert list(tmp_path.iterdir()) == []


def test_a_guardian_that_does_not_come_up_is_an_error_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(EnvironmentFailed, match="does not start with /bin/false"):
        Guardian.start("never-was", tmp_path)


def test_called_it_does_what_it_would_do_after_a_death(tmp_path: Path) -> None:
    Guardian.start("never-was", tmp_path).call()

    assert "did not end in order" in (tmp_path / "guardian.log").read_text()
