"""The guardian and ``cleanup``: a harness with a real, broken cluster is killed, and nothing of it may stay.

``test_accidents`` kills whole runs in every phase; here it is the guardian itself that meets accidents.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.docker import leftovers
from nemesis.cleanup import cleanup
from nemesis.guardian import Guardian

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("etcd_image")]

LIMIT = 30.0

HARNESS = """
import asyncio, random, sys
from pathlib import Path
from harness.docker.cluster import DockerCluster
from harness.op import INVOKE, NEMESIS, Op
from harness.ready import all_ready
from nemesis.fault import Situation
from nemesis.guardian import Guardian
from nemesis.journal import Journal
from nemesis.nemesis import Nemesis
from nemesis.partition import Partition
from nemesis.pause import Pause
from targets.etcd import Etcd

async def main(run_id, folder):
    guardian = Guardian.start(run_id, folder)
    target = Etcd({})
    cluster = DockerCluster(target, ["n1", "n2"], run_id=run_id, folder=folder)
    await cluster.up()
    await all_ready(target, cluster)
    faults = {
        "partition": Partition({"shape": "halves", "groups": "", "direction": "both"}),
        "pause": Pause({"victims": "one"}),
    }
    journal = Journal(folder / "faults.jsonl")
    nemesis = Nemesis(faults, Situation(cluster, target), rng=random.Random(1), journal=journal)
    for name in faults:
        done = await nemesis.invoke(Op(0, 0, NEMESIS, INVOKE, name, None, {"phase": "inject"}))
        assert done.type == "ok", done
    print(guardian._process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
"""


@dataclass(frozen=True)
class Broken:
    """A harness whose cluster is partitioned and half paused."""

    process: "subprocess.Popen[str]"
    run_id: str
    folder: Path
    guardian: int

    def left(self) -> bool:
        return any(one.run_id == self.run_id for one in leftovers.find())


def running(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits for being reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            return False
        os.sched_yield()
    return True


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Broken]:
    with broken_harness(tmp_path / "run") as made:
        yield made


@contextmanager
def broken_harness(folder: Path) -> Iterator[Broken]:
    folder.mkdir()
    run_id = f"guardian-test-{uuid.uuid4().hex[:8]}"
    argv = [sys.executable, "-c", HARNESS, run_id, str(folder)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the harness of the test failed"
        yield Broken(process, run_id, folder, int(line))
    finally:
        process.kill()
        process.communicate()
        leftovers.remove(run_id)


def log_of(broken: Broken) -> str:
    return (broken.folder / "guardian.log").read_text()


def test_a_kill_of_the_whole_process_group_leaves_nothing_behind(broken: Broken) -> None:
    os.killpg(broken.process.pid, signal.SIGKILL)
    assert eventually(lambda: not running(broken.guardian))
    assert not broken.left()
    log = log_of(broken)
    assert log.count("docker-network of") == 2
    assert log.count("docker-unpause of") == 1
    assert "failed" not in log
    assert log.count("removed container") == 2
    assert log.count("removed network") == 1


def test_it_survives_that_the_folder_of_the_run_is_gone(broken: Broken) -> None:
    shutil.rmtree(broken.folder)
    broken.process.kill()
    assert eventually(lambda: not running(broken.guardian))
    assert not broken.left()
    assert not broken.folder.exists()


def test_cleanup_does_what_a_killed_guardian_could_not_and_leaves_living_runs_alone(broken: Broken) -> None:
    os.kill(broken.guardian, signal.SIGKILL)
    assert [line for line in cleanup() if broken.run_id in line] == [
        f"run {broken.run_id} still goes on (process {broken.process.pid}): left alone"
    ]
    broken.process.kill()
    broken.process.wait()
    assert broken.left()

    done = [line for line in cleanup() if broken.run_id in line]
    assert sum("docker-unpause of" in line for line in done) == 1
    assert sum("removed container" in line for line in done) == 2
    assert not any("failed" in line for line in done)
    assert not broken.left()
    assert not [line for line in cleanup() if broken.run_id in line]


def test_a_guardian_that_is_dismissed_ends_at_once_and_does_nothing(tmp_path: Path) -> None:
    guardian = Guardian.start("never-was", tmp_path)
    guardian.dismiss()
    assert not running(guardian._process.pid)
    assert not list(tmp_path.iterdir())


def test_a_guardian_that_was_killed_does_not_disturb_the_end_of_a_run(tmp_path: Path) -> None:
    guardian = Guardian.start("never-was", tmp_path)
    guardian._process.kill()
    guardian._process.wait()
    guardian.dismiss()
    assert not list(tmp_path.iterdir())


def test_a_word_that_is_cut_off_does_not_dismiss_it(tmp_path: Path) -> None:
    """The harness died while it wrote."""
    process = Guardian.start("never-was", tmp_path)._process
    process.communicate(b"dism")
    assert "did not end in order" in (tmp_path / "guardian.log").read_text()
