"""Whose something is, and whether that process still runs."""

import os
import subprocess
import sys
from pathlib import Path

from harness.docker.labels import alive, of_run, process_started


def test_the_labels_name_this_process() -> None:
    marks = of_run("etcd/1", Path("/runs/etcd/1"))
    assert marks["quorate"] == "1"
    assert (marks["quorate.run"], marks["quorate.folder"]) == ("etcd/1", "/runs/etcd/1")
    assert alive(int(marks["quorate.pid"]), marks["quorate.started"])


def test_a_number_that_is_used_again_is_another_process() -> None:
    started = process_started(os.getpid())
    assert started is not None
    assert not alive(os.getpid(), str(int(started) - 1))


def test_a_process_that_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as child:
        started = process_started(child.pid)
        assert started is not None
        assert alive(child.pid, started)
    assert process_started(child.pid) is None
    assert not alive(child.pid, started)
