"""Cleaning up: what dead runs left is healed and removed, living runs are left alone."""

from pathlib import Path

import pytest

from harness.docker import leftovers
from harness.docker.leftovers import Leftover
from nemesis import guardian
from nemesis.cleanup import cleanup


def left(run_id: str, *, alive: bool) -> Leftover:
    return Leftover(run_id, 4711, alive, f"/runs/{run_id}", (f"{run_id}-n1",), (run_id,))


def test_dead_runs_are_healed_then_removed_and_living_ones_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def heal(folder: Path) -> list[str]:
        done.append(f"heal {folder}")
        return ["docker-unpause of c1 done"]

    def remove(run_id: str) -> list[str]:
        done.append(f"remove {run_id}")
        return ["container n1"]

    monkeypatch.setattr(leftovers, "find", lambda: [left("dead", alive=False), left("living", alive=True)])
    monkeypatch.setattr(leftovers, "remove", remove)
    monkeypatch.setattr(guardian, "heal", heal)
    assert cleanup() == [
        "run dead: docker-unpause of c1 done",
        "run dead: removed container n1",
        "run living still goes on (process 4711): left alone",
    ]
    assert done == ["heal /runs/dead", "remove dead"]


def test_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "find", list)
    assert cleanup() == []
