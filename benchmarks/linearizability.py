"""Speed and memory of the register checker on unique values.

Run one size per process, so that the peak memory is that size's own::

    python benchmarks/linearizability.py 10000
    python benchmarks/linearizability.py 100000
    python benchmarks/linearizability.py 1000000
"""

import random
import resource
import sys
import time
from collections.abc import Iterator

from checkers.linearizability import kernel
from checkers.linearizability.models.register import CasRegister, columns
from checkers.linearizability.operations import collect
from checkers.register import RegisterChecker
from harness.history import History
from harness.op import Op

CLIENTS = 10
OPS_PER_KEY = 1000


def history(operations: int) -> History:
    """A linearizable history: ten clients whose operations overlap, 60 % reads, 30 % writes, 10 % cas."""
    rng = random.Random(1)

    def events() -> Iterator[Op]:
        index, done, fresh = 0, 0, 0
        value: dict[int, int] = {}
        pending: dict[int, Op] = {}
        started = 0
        while done < operations:
            process = rng.randrange(CLIENTS)
            if process in pending:
                op = pending.pop(process)
                yield Op(index, index * 1000, process, "ok", op.f, op.key, op.value)
                done += 1
            elif started == operations:
                continue
            else:
                key = started // OPS_PER_KEY
                started += 1
                f = rng.choices(("read", "write", "cas"), (6, 3, 1))[0]
                now = value.get(key)
                fresh += f != "read"
                shown = now if f == "read" else fresh if f == "write" else [now, fresh]
                if f != "read":
                    value[key] = fresh
                pending[process] = Op(index, index * 1000, process, "ok", f, key, shown)
                yield Op(index, index * 1000, process, "invoke", f, key, None if f == "read" else shown)
            index += 1

    return History(events())


def peak() -> float:
    """Peak resident memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure the size given on the command line."""
    operations = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    recorded = history(operations)
    before = peak()
    start = time.perf_counter()
    verdict = RegisterChecker().check(recorded)
    whole = time.perf_counter() - start
    after = peak()
    start = time.perf_counter()
    encoded, _ = columns(collect(recorded, CasRegister()), None)
    encoding = time.perf_counter() - start
    start = time.perf_counter()
    kernel.zones(encoded)
    deciding = time.perf_counter() - start
    print(f"{operations} operations on {encoded.keys} keys: {verdict.validity}")
    print(f"whole check   {whole:8.3f} s  {operations / whole:12,.0f} ops/s")
    print(f"  columns     {encoding:8.3f} s  {operations / encoding:12,.0f} ops/s")
    print(f"  decision    {deciding:8.3f} s  {operations / deciding:12,.0f} ops/s")
    print(f"peak memory   {after:8.0f} MiB, of which {before:.0f} MiB the history before the check")


if __name__ == "__main__":
    main()
