"""Seconds from the command to the first operation, and from the last operation to the report.

    python benchmarks/lifecycle.py etcd --time-limit 20 --rate 5000
    python benchmarks/lifecycle.py simulated --option design=linearizable --rate 5000 --time-limit 20 --nemesis none

Every word after the target goes to ``quorate test``. Measured from outside, as a user's watch would.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path


def main(words: list[str]) -> None:
    """Run once and print the three durations, the number of operations and the memory used."""
    with tempfile.TemporaryDirectory() as folder:
        quorate = Path(sys.executable).with_name("quorate")
        began = time.time()
        result = run([str(quorate), "test", *words, "--runs", folder])
        ended = time.time()
        again = time.time()
        run([str(quorate), "check", f"{folder}/latest"])
        checked = time.time() - again
        latest = Path(folder) / "latest"
        record = json.loads((latest / "run.json").read_text())
        events = sum(1 for _ in (latest / "history.jsonl").open())
        print(result.stdout.strip().splitlines()[-1])
        print(f"exit code                       {result.returncode}")
        print(f"events in the history           {events}")
        if record["cluster"]["kind"] != "simulated":  # whose phases are in virtual time
            started = datetime.fromisoformat(record["started"]).timestamp()
            phases = {phase["name"]: phase for phase in record["phases"]}
            last_op = started + phases["collect logs"]["start"]
            print(f"command to first operation      {started - began + phases['load']['start']:.2f} s")
            print(f"last operation to report        {ended - last_op:.2f} s, logs and tear down included")
        print(f"`quorate check` of the same run {checked:.2f} s, start of the program included")
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(f"peak memory of the harness      {memory} MiB")


def run(argv: list[str]) -> "subprocess.CompletedProcess[str]":
    """The command, to its end."""
    return subprocess.run(argv, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main(sys.argv[1:])
