"""Known answers of the simulated designs: what must hold holds over many seeds, what must break is caught and named."""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rich.console import Console

from checkers.judge import judge
from checkers.verdict import RunVerdict
from harness.cli.execution import Execution
from harness.cli.judging import run_checkers
from harness.cli.progress import Progress
from harness.cli.spec import Asked, Spec, resolve
from harness.cli.test import first_record
from harness.client import Client
from harness.cluster import Node
from harness.history import History
from harness.op import Op
from results.record import parse_instant
from results.store import RunFolder
from targets.simulated import Simulated

SEEDS = 200
SHARE = 20
"""Seeds per test, so that several processes share them."""

FAULTS = "partition,kill,pause"
STARTED = parse_instant("2026-01-01T00:00:00Z")


def simulate(spec: Spec, root: Path) -> tuple[bytes, RunVerdict]:
    """The bytes of the history of one run, and its verdict; no report is made."""
    folder = RunFolder.create(root, spec.name, spec.seed, STARTED)
    Execution(spec, folder, Progress(Console(quiet=True), live=False)).run()
    verdict = judge(History.read(folder.history), run_checkers(first_record(spec, STARTED)))
    return folder.history.read_bytes(), verdict


def spec(seed: int, *options: str, workload: str | None = None, time_limit: float | None = None) -> Spec:
    return resolve(
        Asked("simulated", workload=workload, nemesis=FAULTS, seed=seed, time_limit=time_limit, options=options)
    )


def names(verdict: RunVerdict) -> set[str]:
    return {anomaly.name for anomaly in verdict.anomalies}


@pytest.mark.parametrize("first", range(0, SEEDS, SHARE))
def test_the_linearizable_design_holds_over_all_seeds(first: int, tmp_path: Path) -> None:
    wrong = {}
    for seed in range(first, first + SHARE):
        _, verdict = simulate(spec(seed, "design=linearizable", time_limit=5), tmp_path)
        if verdict.validity != "valid":
            wrong[seed] = [*verdict.reasons, *(anomaly.sentence for anomaly in verdict.anomalies)]

    assert not wrong


@pytest.mark.parametrize("workload", ["register", "set", "counter", "list-append", "rw-register", "bank", "session"])
def test_the_linearizable_design_is_valid_with_its_own_defaults(workload: str, tmp_path: Path) -> None:
    _, verdict = simulate(spec(42, "design=linearizable", workload=workload, time_limit=20), tmp_path)

    assert (verdict.validity, verdict.reasons) == ("valid", ())


@pytest.mark.parametrize("design", ["async-replication", "last-write-wins"])
@pytest.mark.parametrize("seed", [1, 42])
def test_a_weak_design_is_caught_and_what_was_lost_is_named(design: str, seed: int, tmp_path: Path) -> None:
    _, verdict = simulate(resolve(Asked("simulated", seed=seed, options=[f"design={design}"])), tmp_path)

    assert verdict.validity == "invalid"
    assert names(verdict) & {"stale-read", "lost-write", "lost-update"}
    assert all(0 < len(anomaly.events) <= 8 for anomaly in verdict.anomalies if anomaly.name == "stale-read")


@pytest.mark.parametrize(
    ("workload", "design", "expected"),
    [
        ("list-append", "async-replication", {"incompatible-order"}),
        ("list-append", "last-write-wins", {"incompatible-order", "lost-update"}),
        ("rw-register", "last-write-wins", {"lost-update"}),
        ("bank", "last-write-wins", {"wrong-total"}),
        ("session", "async-replication", {"own-write-missing", "non-monotonic-read", "non-monotonic-write"}),
        ("session", "last-write-wins", {"own-write-missing", "non-monotonic-read", "write-without-its-reads"}),
    ],
)
def test_a_weak_design_breaks_what_its_workload_is_about(
    workload: str, design: str, expected: set[str], tmp_path: Path
) -> None:
    _, verdict = simulate(spec(1, f"design={design}", workload=workload, time_limit=10), tmp_path)

    assert verdict.validity == "invalid"
    assert names(verdict) >= expected


@pytest.mark.parametrize("design", ["linearizable", "async-replication", "last-write-wins"])
def test_every_design_converges_after_healing(design: str, tmp_path: Path) -> None:
    _, verdict = simulate(spec(1, f"design={design}", workload="convergence", time_limit=10), tmp_path)

    assert (verdict.validity, verdict.strongest) == ("valid", "eventually-consistent")
    assert 0 < verdict.verdicts[0].statistics["converged after ms"]["max"] < 5000


def test_replicas_that_lag_show_old_totals_but_no_wrong_ones(tmp_path: Path) -> None:
    """Each has a beginning of the primary's log, which is a snapshot."""
    _, verdict = simulate(spec(1, "design=async-replication", workload="bank", time_limit=10), tmp_path)

    assert (verdict.validity, verdict.reasons) == ("valid", ())


@pytest.mark.parametrize("design", ["linearizable", "async-replication", "last-write-wins"])
def test_the_same_seed_gives_the_same_bytes(design: str, tmp_path: Path) -> None:
    first, _ = simulate(spec(7, f"design={design}", time_limit=5), tmp_path)
    again, _ = simulate(spec(7, f"design={design}", time_limit=5), tmp_path)
    other, _ = simulate(spec(8, f"design={design}", time_limit=5), tmp_path)

    assert first == again
    assert first != other


class RetryingClient(Client):
    """A client with the bug of jetcd 0.8: a cas that times out is sent again, and the second answer is believed."""

    PATIENCE = 0.05

    def __init__(self, sound: Client) -> None:
        self._sound = sound

    async def open(self, node: Node) -> None:
        await self._sound.open(node)

    async def invoke(self, op: Op) -> Op:
        if op.f == "cas":
            try:
                async with asyncio.timeout(self.PATIENCE):
                    return await self._sound.invoke(op)
            except TimeoutError:
                pass
        return await self._sound.invoke(op)

    async def close(self) -> None:
        await self._sound.close()


class Retrying(Simulated):
    """The linearizable design, behind a client that retries."""

    @property
    def clients(self) -> Mapping[str, Callable[[], Client]]:
        sound = super().clients
        return {"register": lambda: RetryingClient(sound["register"]())}


def test_a_client_that_retries_a_cas_after_a_time_out_is_caught(tmp_path: Path) -> None:
    sound = spec(5, "design=linearizable", time_limit=20)
    broken = dataclasses.replace(sound, target=Retrying(sound.target.settings))

    _, verdict = simulate(broken, tmp_path)

    assert verdict.validity == "invalid"
    assert any("cas" in anomaly.sentence for anomaly in verdict.anomalies)
