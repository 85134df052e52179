"""Memory and time of judging a large run: `quorate check` on a synthetic register history, with its report.

Ten clients in pairs read, write and cas keys that rotate; a pair's two operations always overlap, and take effect in
the order of their completions, so the history is valid. A subprocess loads, judges and reports it, as a user would.

    python benchmarks/memory.py [--ops 1000000] [--ops-per-key 200]
"""

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness.cli.spec import Asked, resolve
from harness.cli.test import first_record
from harness.history_file import HistoryWriter
from harness.op import INVOKE, Op
from results.record import parse_instant
from results.store import RunFolder

CLIENTS = 10
STEP = 10_000
"""Nanoseconds between two events."""


def events(ops: int, ops_per_key: int) -> Iterator[Op]:
    """The events of ``ops`` operations in order, without index."""
    rng = random.Random(1)
    registers: dict[str, int] = {}
    now = 0
    for first in range(0, ops, CLIENTS):
        done: list[Op] = []
        for process in range(min(CLIENTS, ops - first)):
            pair, number = process // 2, first // CLIENTS * 2 // ops_per_key
            key, value = f"k{number * CLIENTS // 2 + pair}", first + process
            old = registers.get(key)
            f = rng.choice(("read", "write", "cas") if old is not None else ("read", "write"))
            now += STEP
            argument = {"read": None, "write": value, "cas": [old, value]}[f]
            invocation = Op(-1, now, process, INVOKE, f, key, argument, f"n{process % 3 + 1}")
            if f != "read":
                registers[key] = value
            done.append(invocation.ok(old if f == "read" else argument))
            yield invocation
        for completion in done:
            now += STEP
            yield Op(
                -1,
                now,
                completion.process,
                completion.type,
                completion.f,
                completion.key,
                completion.value,
                completion.node,
            )


def record(root: Path, ops: int, ops_per_key: int) -> RunFolder:
    """The run folder, as a run that was not judged yet leaves it."""
    spec = resolve(Asked("simulated", workload="register", seed=1))
    started = parse_instant("2026-01-01T00:00:00Z")
    folder = RunFolder.create(root, spec.name, spec.seed, started)
    folder.write_record(msgspec.structs.replace(first_record(spec, started), ended="complete"))
    writer = HistoryWriter(folder.history)
    for op in events(ops, ops_per_key):
        writer.append(op)
        if writer.count % 10_000 == 0:
            writer.flush()
    writer.close()
    return folder


def main() -> None:
    """Print the peak resident memory and the seconds of a check of the history alone, and of the run with report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", type=int, default=1_000_000)
    parser.add_argument("--ops-per-key", type=int, default=200)
    arguments = parser.parse_args()
    quorate = [sys.executable, "-c", "from harness.cli.main import main; main()", "check"]
    with tempfile.TemporaryDirectory() as root:
        folder = record(Path(root), arguments.ops, arguments.ops_per_key)
        size = folder.history.stat().st_size
        print(f"{arguments.ops} operations, history of {size / 1e6:.0f} MB")
        start = time.perf_counter()
        done = subprocess.run([*quorate, str(folder.path)], capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(done.stdout + done.stderr)
        print(
            f"check with report: {used.ru_maxrss / 1024:.0f} MB at the peak, {seconds:.1f} s, "
            f"{used.ru_utime + used.ru_stime:.1f} s of processor time, exit code {done.returncode}"
        )


if __name__ == "__main__":
    main()
