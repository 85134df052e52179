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
        began = time.time()
        quorate = Path(sys.executable).with_name("quorate")
        result = subprocess.run(
            [quorate, "test", *words, "--runs", folder], capture_output=True, text=True, check=False
        )
        ended = time.time()
        run = Path(folder) / "latest"
        record = json.loads((run / "run.json").read_text())
        started = datetime.fromisoformat(record["started"]).timestamp()
        phases = {phase["name"]: phase for phase in record["phases"]}
        last = list(phases.values())[-1]
        events = sum(1 for _ in (run / "history.jsonl").open())
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        before = "collect logs"
        print(result.stdout.strip().splitlines()[-1])
        print(f"exit code                     {result.returncode}")
        print(f"events in the history         {events}")
        print(f"command to first operation    {started - began + phases['load']['start']:.2f} s")
        print(f"load                          {phases['load']['seconds']:.2f} s")
        print(f"collecting logs and tear down {last['start'] + last['seconds'] - phases[before]['start']:.2f} s")
        print(f"checking and report           {ended - started - last['start'] - last['seconds']:.2f} s")
        print(f"peak memory of the harness    {memory} MiB")


if __name__ == "__main__":
    main(sys.argv[1:])
