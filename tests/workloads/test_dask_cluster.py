"""Deciding on a Dask cluster of two worker processes on this machine."""

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.intervals import TimedOperation, history
from checkers.linearizability.model import ILLEGAL, Model, Operation
from checkers.linearizability.models.register import Register
from checkers.verdict import Verdict
from harness.cli.main import run
from harness.errors import EnvironmentFailed
from harness.history import History
from harness.history_file import HistoryWriter
from workloads import dask_cluster
from workloads.check import check_linearizable
from workloads.dask_cluster import decider

cloudpickle = pytest.importorskip("cloudpickle", reason="cloudpickle is not installed: nothing ran on a Dask cluster")
distributed = pytest.importorskip("distributed", reason="distributed is not installed: nothing ran on a Dask cluster")

pytestmark = [
    pytest.mark.xdist_group("dask"),
    # What Dask's own threads leave behind when a worker is killed.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


def local(workers: int) -> Any:
    return distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        silence_logs=50,
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with local(2) as running:
        yield running


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "_FEWEST", 1)


def registers(keys: int) -> History:
    """Every third key has a stale read."""
    operations = []
    for key in range(keys):
        operations += [
            TimedOperation(0, "write", f"{key}-a", None, 0, 1, key),
            TimedOperation(0, "write", f"{key}-b", None, 2, 3, key),
            TimedOperation(1, "read", None, f"{key}-{'b' if key % 3 else 'a'}", 4, 5, key),
        ]
    return history(operations)


def on(cluster: Any, recorded: History, model: Model, **settings: Any) -> Verdict:
    checker = LinearizabilityChecker(model, **settings)
    with decider(cluster.scheduler_address) as checker.decider:
        return checker.check(recorded)


def test_the_verdict_is_the_one_that_it_is_here(cluster: Any) -> None:
    recorded = registers(50)
    here = LinearizabilityChecker(Register()).check(recorded)
    assert here.statistics["keys violated"] == 17
    assert on(cluster, recorded, Register()) == here


def test_as_a_library(cluster: Any) -> None:
    verdict = check_linearizable(registers(5), "register", dask=cluster.scheduler_address)
    assert verdict.statistics["keys violated"] == 2


def test_on_the_command_line(cluster: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "history.jsonl"
    writer = HistoryWriter(path)
    for op in registers(5):
        writer.append(op)
    writer.close()
    words = ["check", str(path), "--model", "register", "--dask"]
    assert run([*words, cluster.scheduler_address]) == 1
    assert "invalid" in capsys.readouterr().out
    assert run([*words, "nonsense://x"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("quorate: no Dask scheduler answers at 'nonsense://x'")
    assert said.err.count("\n") == 1


class Numbered(Model):
    """Answers 0, 1, 2, ...; needs the search."""

    def init(self) -> int:
        return 0

    def step(self, state: int, op: Operation) -> object:
        return state + 1 if op.result == state else ILLEGAL


class Deadly(Numbered):
    """Kills the process that asks it of a certain key, as often as a file has bytes."""

    def __init__(self, lives: Path) -> None:
        self.lives = lives

    def step(self, state: int, op: Operation) -> object:
        if op.key == "deadly" and (left := self.lives.read_bytes()):
            self.lives.write_bytes(left[1:])
            os.kill(os.getpid(), signal.SIGKILL)
        return super().step(state, op)


def numbers(keys: list[str]) -> History:
    return history(
        [TimedOperation(0, "next", None, number, number, number, key) for key in keys for number in range(3)]
    )


@pytest.fixture
def sent_along() -> Iterator[None]:
    """As of a class in ``__main__``, the code of these models goes with them."""
    here = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(here)
    yield
    cloudpickle.unregister_pickle_by_value(here)


@pytest.mark.usefixtures("sent_along")
def test_a_model_of_ones_own_is_sent_along(cluster: Any) -> None:
    assert on(cluster, numbers(["a", "b", "c"]), Numbered()).validity == "valid"


def test_a_model_that_the_workers_do_not_have_is_said(cluster: Any) -> None:
    verdict = on(cluster, numbers(["a", "b"]), Numbered())
    assert verdict.validity == "unknown"
    assert "the Dask cluster could not decide it: ModuleNotFoundError" in verdict.reasons[0]
    assert on(cluster, registers(3), Register()).validity == "invalid"


@pytest.fixture
def lives(tmp_path: Path) -> Path:
    return tmp_path / "lives"


@pytest.mark.usefixtures("sent_along")
def test_when_a_worker_dies_another_one_decides(cluster: Any, lives: Path) -> None:
    lives.write_bytes(b"x")
    verdict = on(cluster, numbers(["a", "deadly", "b"]), Deadly(lives))
    assert not lives.read_bytes()
    assert verdict.validity == "valid"


@pytest.mark.usefixtures("sent_along")
def test_what_no_worker_survives_is_undecided_and_the_rest_is_decided(cluster: Any, lives: Path) -> None:
    lives.write_bytes(b"x" * 100)
    verdict = on(cluster, numbers(["a", "deadly", "b"]), Deadly(lives))
    assert verdict.validity == "unknown"
    assert verdict.statistics["keys holding"] == 2
    (reason,) = verdict.reasons
    assert 'key "deadly" is undecided: the Dask cluster could not decide it: KilledWorker' in reason


def test_without_workers_nothing_is_decided_and_nobody_waits_for_ever() -> None:
    with local(0) as empty:
        checker = LinearizabilityChecker(Numbered())
        with decider(empty.scheduler_address, patience=0.1) as checker.decider:
            verdict = checker.check(numbers(["a", "b"]))
    assert verdict.validity == "unknown"
    assert all("the Dask cluster had no worker for 0.1 s" in reason for reason in verdict.reasons)


def test_an_address_where_nobody_answers_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "_ANSWER", 0.5)
    with pytest.raises(EnvironmentFailed, match="no Dask scheduler answers at") as raised, decider("tcp://127.0.0.1:9"):
        pass
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("address", ["", "nonsense://x", "127.0.0.1:notaport"])
def test_what_is_no_address_is_one_line(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "_ANSWER", 0.5)
    begun = []
    monkeypatch.setattr(distributed.Client, "__init__", lambda *_, **__: begun.append(1))
    with pytest.raises(EnvironmentFailed) as raised, decider(address):
        pass
    assert "\n" not in str(raised.value)
    assert not begun, "a client that nobody can close prints a traceback when it is forgotten"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\nno such thing", b""])
def test_somebody_else_at_the_address_is_one_line(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "_ANSWER", 0.5)
    begun = []
    monkeypatch.setattr(distributed.Client, "__init__", lambda *_, **__: begun.append(1))
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=answering, args=(server, answer), daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(EnvironmentFailed, match="no Dask scheduler answers at") as raised, decider(address):
            pass
    assert "\n" not in str(raised.value)
    assert not begun


def answering(server: socket.socket, answer: bytes) -> None:
    """Whoever asks is told the same, until the server is closed."""
    with contextlib.suppress(OSError):
        while True:
            asking, _ = server.accept()
            asking.sendall(answer)
            asking.close()
