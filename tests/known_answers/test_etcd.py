"""Known answers on real etcd clusters, through the command line as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("etcd_images")]

QUORATE = str(Path(sys.executable).with_name("quorate"))
VERSIONS = ["3.4.23", "3.5.35", "3.6.16"]
LOAD = ["--time-limit", "25", "--rate", "300", "--interval", "5", "--seed", "7"]


def run(folder: Path, *words: str) -> tuple[int, str, dict[str, Any]]:
    """Exit code, output and ``verdict.json`` of one run."""
    result = subprocess.run(
        [QUORATE, "test", "etcd", "--workload", "register", *LOAD, "--runs", str(folder), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    output = result.stdout + result.stderr
    assert (folder / "latest" / "verdict.json").exists(), output
    return result.returncode, output, json.loads((folder / "latest" / "verdict.json").read_text())


@pytest.mark.parametrize("version", VERSIONS)
def test_linearizable_reads_hold_under_partition_kill_and_pause(version: str, tmp_path: Path) -> None:
    code, output, verdict = run(tmp_path, "--nemesis", "partition,kill,pause", "--option", f"version={version}")

    assert (code, verdict["validity"]) == (0, "valid"), output


def test_serializable_reads_under_partition_are_stale_and_the_witness_is_small(tmp_path: Path) -> None:
    code, output, verdict = run(tmp_path, "--nemesis", "partition", "--option", "reads=serializable")

    assert (code, verdict["validity"]) == (1, "invalid"), output
    anomalies = [anomaly for one in verdict["verdicts"] for anomaly in one.get("anomalies", [])]
    stale = [anomaly for anomaly in anomalies if anomaly["name"] == "stale-read"]
    assert stale, anomalies
    assert all(len(anomaly["events"]) <= 8 for anomaly in stale), "more than four operations"
    assert anomalies[0]["sentence"] in " ".join(output.split())


PAUSES = ["--nemesis", "pause", "--interval", "4", "--time-limit", "60", "--op-timeout", "15"]
"""Of about twice the time that a lease lasts."""

RUNS = 6
"""A lease must run out while its holder works, and somebody else must work meanwhile: tried so many times."""


def found(folder: Path, workload: str) -> dict[str, Any]:
    """The verdict of the first run that is invalid, or else of the last; a run that shows nothing is one try less."""
    verdict: dict[str, Any] = {}
    for attempt in range(RUNS):
        _, _, verdict = run(folder / str(attempt), "--workload", workload, *PAUSES, "--seed", str(attempt))
        if verdict["validity"] == "invalid":
            break
    return verdict


def holds(folder: Path, workload: str, *words: str) -> None:
    """Two runs, and each of them has to be valid."""
    for attempt in range(2):
        root = folder / str(attempt)
        _, output, verdict = run(root, "--workload", workload, *PAUSES, "--seed", str(attempt), *words)
        assert verdict["validity"] == "valid", output


def anomalies(verdict: dict[str, Any]) -> set[str]:
    return {anomaly["name"] for one in verdict["verdicts"] for anomaly in one.get("anomalies", [])}


def test_a_set_under_a_lease_lock_loses_updates_when_a_pause_is_longer_than_the_lease(tmp_path: Path) -> None:
    assert "lost-write" in anomalies(found(tmp_path, "locked-set"))


def test_a_set_that_compares_fencing_tokens_loses_nothing(tmp_path: Path) -> None:
    holds(tmp_path, "locked-set", "--option", "fencing=true")


def test_a_lease_lock_does_not_exclude_when_a_pause_is_longer_than_the_lease(tmp_path: Path) -> None:
    assert "double-lock" in anomalies(found(tmp_path, "lock"))


def test_the_tokens_of_a_lease_lock_grow_whatever_is_paused(tmp_path: Path) -> None:
    holds(tmp_path, "lock", "--option", "lock.guarantee=fencing-tokens")


def test_a_fault_whose_rules_are_removed_behind_the_back_of_the_harness_is_never_valid(tmp_path: Path) -> None:
    """Remove the rules of the first partition in every namespace as soon as it is reported."""
    process = subprocess.Popen(
        [QUORATE, "test", "etcd", *LOAD, "--nemesis", "partition", "--runs", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if "  partition: " in line:
            remove_rules()
            break
    rest, _ = process.communicate()

    assert process.returncode == 2, seen + rest
    verdict = json.loads((tmp_path / "latest" / "verdict.json").read_text())
    assert verdict["validity"] == "unknown"
    assert any("partition-1" in reason for reason in verdict["reasons"]), verdict["reasons"]


def remove_rules() -> None:
    containers = subprocess.run(
        ["docker", "ps", "--quiet", "--filter", "label=quorate=1"], check=True, capture_output=True, text=True
    ).stdout.split()
    assert containers
    for container in containers:
        pid = subprocess.run(
            ["docker", "inspect", "--format", "{{.State.Pid}}", container], check=True, capture_output=True, text=True
        ).stdout.strip()
        subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", "iptables", "-w", "-F"], check=True)
