"""Operations per second and processor time of the clients against an etcd cluster in Docker, without faults.

python benchmarks/etcd.py --clients 30 --seconds 10
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from pathlib import Path

from harness.docker.cluster import DockerCluster
from harness.op import INVOKE, OK, Op
from harness.ready import all_ready
from targets.etcd import Etcd

KEYS = 10


async def client(target: Etcd, cluster: DockerCluster, number: int, end: float) -> list[tuple[str, float]]:
    """One client in a closed loop: reads, unique writes and compare-and-sets in equal shares; (type, seconds) each."""
    rng = random.Random(number)
    one = target.client("register")
    await one.open(cluster.nodes[number % len(cluster.nodes)])
    clock = asyncio.get_running_loop().time
    done = []
    counter = number
    last = dict.fromkeys(range(KEYS), 0)
    while clock() < end:
        f, key = rng.choice(("read", "write", "cas")), rng.randrange(KEYS)
        counter += 1000
        value = {"read": None, "write": counter, "cas": [last[key], counter]}[f]
        start = clock()
        op = await one.invoke(Op(index=-1, time=0, process=number, type=INVOKE, f=f, key=key, value=value))
        done.append((op.type if not (op.error or "").startswith("cas-mismatch") else OK, clock() - start))
        if f == "read" and op.type == OK:
            last[key] = op.value or 0
    await one.close()
    return done


async def measure(words: argparse.Namespace, folder: Path) -> None:
    """Start a cluster, load it, print the figures, remove it."""
    target = Etcd({"version": words.version})
    names = [f"n{number}" for number in range(1, words.nodes + 1)]
    cluster = DockerCluster(target, names, run_id=f"benchmark-{os.getpid()}", folder=folder)
    try:
        began = time.monotonic()
        await cluster.up()
        up = time.monotonic() - began
        await all_ready(target, cluster)
        print(f"containers up {up:.2f} s, all {words.nodes} ready {time.monotonic() - began:.2f} s after the start")
        end = asyncio.get_running_loop().time() + words.seconds
        processor, wall = time.process_time(), time.monotonic()
        results = await asyncio.gather(*(client(target, cluster, n, end) for n in range(words.clients)))
        processor, wall = time.process_time() - processor, time.monotonic() - wall
        done = [one for result in results for one in result]
        delays = sorted(seconds for _, seconds in done)
        answered = sum(kind == OK for kind, _ in done)
        print(
            f"{words.clients} clients, etcd {words.version}: {len(done) / wall:.0f} ops/s, "
            f"{answered / len(done):.1%} answered, "
            f"median {delays[len(delays) // 2] * 1e3:.1f} ms, 99 % {delays[len(delays) * 99 // 100] * 1e3:.1f} ms; "
            f"clients used {processor / wall:.0%} of one core, {processor / len(done) * 1e6:.0f} us an operation"
        )
        began = time.monotonic()
    finally:
        await cluster.down()
    print(f"removed in {time.monotonic() - began:.2f} s")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", default="3.6.16")
    parser.add_argument("--clients", type=int, default=30)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(parser.parse_args(), Path(folder)))


if __name__ == "__main__":
    main()
