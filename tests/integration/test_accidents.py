"""Accidents: the harness is killed or interrupted in every phase, and the machine must look as before.

The machine is compared as a whole: containers, networks, links, firewall rules, and processes of the harness.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("etcd_image")]

QUORATE = str(Path(sys.executable).with_name("quorate"))
SHORT = ["--time-limit", "8", "--interval", "2", "--rate", "100", "--seed", "3", "--nemesis", "partition,kill,pause"]
HEALED_WITHIN = 5.0
GONE_WITHIN = 30.0
GUARDIAN = "nemesis.guardian"


@pytest.fixture(autouse=True)
def quiet() -> None:
    """The guardian of the test before looks once more after a second: wait until it has gone."""
    assert eventually(lambda: GUARDIAN not in "".join(tool("ps", "-eo", "args")), GONE_WITHIN)


def tool(*argv: str) -> list[str]:
    output = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return sorted(re.sub(r"\[\d+:\d+\]", "", line) for line in output.splitlines() if not line.startswith("#"))


def machine() -> dict[str, list[str]]:
    """What a run may not change for good."""
    return {
        "containers": tool("docker", "ps", "--all", "--quiet"),
        "networks": tool("docker", "network", "ls", "--quiet"),
        "links": [line.split(":")[1] for line in tool("ip", "-o", "link")],
        "firewall": tool("iptables-save"),
        "processes": [
            line for line in tool("ps", "-eo", "args") if "quorate test" in line or "nemesis.guardian" in line
        ],
    }


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        os.sched_yield()
    return True


def start(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [QUORATE, "test", "etcd", *SHORT, "--runs", str(folder / "runs")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def read_until(process: "subprocess.Popen[str]", pattern: str) -> str:
    """Read the plain progress lines until one matches; all that was read."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if re.search(pattern, line):
            return seen
    pytest.fail(f"the run ended without a line that matches {pattern!r}:\n{seen}")


MOMENTS = {
    "start cluster": "^start cluster",
    "wait until ready": "^wait until ready",
    "set up": "^set up",
    "probe faults": "^probe faults",
    "load": "^load",
    "partitioned": "  partition: ",
    "killed": "  kill: ",
    "paused": "  pause: ",
    "heal": "^heal",
    "recover": "^recover",
    "final reads": "^final reads",
    "clean up": "^clean up",
    "collect logs": "^collect logs",
    "tear down": "^tear down",
    "check and report": "^check and report",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_sigkill_of_the_harness_leaves_nothing_behind_and_the_history_readable(moment: str, tmp_path: Path) -> None:
    before = machine()
    with start(tmp_path) as process:
        read_until(process, MOMENTS[moment])
        os.kill(process.pid, signal.SIGKILL)

    assert eventually(lambda: machine() == before, GONE_WITHIN), (machine(), before)
    history = tmp_path / "runs" / "latest" / "history.jsonl"
    if history.exists():
        check = subprocess.run(
            [QUORATE, "check", str(tmp_path / "runs" / "latest")], capture_output=True, text=True, check=False
        )
        assert check.returncode in (0, 2), check.stdout + check.stderr
        assert "Traceback" not in check.stderr


def test_the_guardian_heals_within_five_seconds(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        read_until(process, "  partition: ")
        assert any(_dropping(container) for container in tool("docker", "ps", "-q", "--filter", "label=quorate=1"))
        os.kill(process.pid, signal.SIGKILL)

    def healed() -> bool:
        running = tool("docker", "ps", "--quiet", "--filter", "label=quorate=1")
        return not any(_dropping(container) for container in running)

    assert eventually(healed, HEALED_WITHIN)
    assert eventually(lambda: not tool("docker", "ps", "-aq", "--filter", "label=quorate=1"), GONE_WITHIN)


def _dropping(container: str) -> bool:
    """Whether a rule in the container's namespace still drops packets."""
    pid = subprocess.run(
        ["docker", "inspect", "--format", "{{.State.Pid}}", container], capture_output=True, text=True, check=False
    ).stdout.strip()
    if pid in ("", "0"):
        return False
    rules = subprocess.run(
        ["nsenter", f"--net=/proc/{pid}/ns/net", "iptables", "-S"], capture_output=True, text=True, check=False
    )
    return "-j DROP" in rules.stdout


@pytest.mark.parametrize("moment", ["wait until ready", "partitioned"])
def test_ctrl_c_heals_saves_checks_and_tears_down(moment: str, tmp_path: Path) -> None:
    before = machine()
    with start(tmp_path) as process:
        read_until(process, MOMENTS[moment])
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)

    assert "Traceback" not in rest
    assert machine() == before
    if moment == "partitioned":
        assert process.returncode in (0, 2), rest
        assert (tmp_path / "runs" / "latest" / "report.html").exists()
    else:
        assert process.returncode == 3, rest
        assert "nothing is left behind" in rest
