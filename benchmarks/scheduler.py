"""Scheduler throughput against a client that answers at once.

The load is a realistic one: reads, writes and cas mixed, on rotating keys, staggered and limited in time, with a
nemesis beside it; operations have time-outs and the history is written to a file.

    python benchmarks/scheduler.py --processes 10 1024 --ops 200000 [--uvloop]
"""

import argparse
import asyncio
import itertools
import random
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from harness.client import Client
from harness.cluster import Node
from harness.generator import Generator, clients, concurrent_keys, cycle, delay, limit, mix, stagger, time_limit
from harness.history import History
from harness.history_file import HistoryWriter
from harness.op import Invocation, Op
from harness.scheduler import Scheduler

READ = Invocation("read")


class AtOnce(Client):
    """Answers at once."""

    async def open(self, node: Node) -> None:
        """Nothing to connect to."""

    async def invoke(self, op: Op) -> Op:
        """Everything is ok."""
        return op.ok(op.value)


def load(ops: int) -> Generator:
    """The generator: its stagger asks for more than any scheduler can do."""
    rng = random.Random(1)
    numbers = itertools.count()
    operations = (
        lambda: READ,
        lambda: Invocation("write", next(numbers)),
        lambda: Invocation("cas", [next(numbers), next(numbers)]),
    )
    keys = concurrent_keys(2, itertools.count(), lambda _: limit(200, mix(*operations, rng=rng)))
    faults = delay(0.05, cycle([Invocation("cut"), Invocation("heal")]))
    return limit(ops, time_limit(600, clients(stagger(1e-6, keys, rng=rng), faults)))


async def measure(processes: int, ops: int, path: Path) -> tuple[float, float]:
    """Operations per second, and per second of processor time: the same on a machine that has nothing else to do."""

    async def inject(op: Op) -> Op:
        return op.ok()

    writer = HistoryWriter(path)
    scheduler = Scheduler(
        nodes=cast("list[Node]", [SimpleNamespace(name=f"n{i}") for i in range(1, 4)]),
        concurrency=processes,
        open_client=AtOnce,
        writer=writer,
        nemesis=SimpleNamespace(invoke=inject),
        op_timeout=5.0,
    )
    start, cpu = time.perf_counter(), time.process_time()
    await scheduler.run(load(ops))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    await scheduler.close()
    writer.close()
    return ops / seconds, ops / cpu


def main() -> None:
    """Measure and print one line per number of processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, nargs="+", default=[10, 1024])
    parser.add_argument("--ops", type=int, default=200_000)
    parser.add_argument("--uvloop", action="store_true", help="use uvloop, which must be installed")
    arguments = parser.parse_args()
    factory = asyncio.new_event_loop
    if arguments.uvloop:
        import uvloop

        factory = uvloop.new_event_loop
    for processes in arguments.processes:
        with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=factory) as runner:
            path = Path(folder) / "history.jsonl"
            rate, cpu_rate = runner.run(measure(processes, arguments.ops, path))
            start = time.perf_counter()
            events = len(History.read(path))
            seconds = time.perf_counter() - start
            print(
                f"{processes:5} processes: {rate:7.0f} ops/s, {cpu_rate:7.0f} per CPU second; "
                f"{events} events read in {seconds:.2f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
