"""Speed of simulated runs: operations per second of processor time, with everything that a real run has.

The linearizable design on three nodes under partitions, kills and pauses, through the real life cycle, scheduler,
generators, nemesis and history file; the checkers are not counted. An operation is an invocation with its completion,
whether it was answered or refused. Beside it, the time of the short run of which the tests do hundreds.

    python benchmarks/simulated.py [--design linearizable] [--rate 5000] [--clients 100] [--time-limit 10] [--repeat 3]
                                   [--nemesis partition,kill,pause] [--profile]
"""

import argparse
import cProfile
import pstats
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.console import Console

from harness.cli.execution import Execution
from harness.cli.progress import Progress
from harness.cli.spec import Asked, Spec, resolve
from harness.history import History
from results.record import parse_instant
from results.store import RunFolder


def simulate(spec: Spec) -> tuple[float, Counter[str]]:
    """Seconds of processor time of one run, and how many events of each type its clients have."""
    with tempfile.TemporaryDirectory() as root:
        folder = RunFolder.create(Path(root), spec.name, spec.seed, parse_instant("2026-01-01T00:00:00Z"))
        start = time.process_time()
        Execution(spec, folder, Progress(Console(quiet=True), live=False)).run()
        seconds = time.process_time() - start
        return seconds, Counter(op.type for op in History.read(folder.history) if op.process >= 0)


def specified(arguments: argparse.Namespace, seed: int) -> Spec:
    """The run that is measured."""
    return resolve(
        Asked(
            "simulated",
            nemesis=arguments.nemesis,
            concurrency=arguments.clients,
            rate=arguments.rate,
            time_limit=arguments.time_limit,
            seed=seed,
            options=[f"design={arguments.design}"],
        )
    )


def main() -> None:
    """Print one line per run, then the best."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--design", default="linearizable")
    parser.add_argument("--rate", type=float, default=5000.0)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--time-limit", type=float, default=10.0)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--nemesis", default="partition,kill,pause")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()

    if arguments.profile:
        profile = cProfile.Profile()
        profile.runcall(simulate, specified(arguments, 1))
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return

    best = 0.0
    for seed in range(1, arguments.repeat + 1):
        seconds, types = simulate(specified(arguments, seed))
        speed = types["invoke"] / seconds
        best = max(best, speed)
        print(
            f"seed {seed}: {types['invoke']} operations: {types['ok']} ok, {types['fail']} fail, {types['info']} info; "
            f"{seconds:.2f} s of processor time, {speed:,.0f} operations/s"
        )
    short = [
        simulate(resolve(Asked("simulated", nemesis=arguments.nemesis, seed=n, time_limit=5)))[0] for n in range(5)
    ]
    print(f"best: {best:,.0f} operations/s; a run of 5 s with the default load: {min(short):.2f} s of processor time")


if __name__ == "__main__":
    main()
