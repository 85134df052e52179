"""The whole proof of the linearizability checker, by one command: how many histories were decided as the oracle does.

python tests/checkers/linearizability/prove.py --histories 200000 --types register,set --jobs 2
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])

from linearizability.oracle import TYPES
from linearizability.proof import SIZE, Count, batch, model_of

SHOWN = 5
"""How many mismatches of one type are printed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table; return 1 where anything does not match."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=200_000, help="per type")
    parser.add_argument("--types", default=",".join(TYPES))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the first batch")
    options = parser.parse_args(arguments)
    names = [name for name in options.types.split(",") if model_of(name) is not None]
    for name in set(options.types.split(",")) - set(names):
        print(f"{name}: not there yet")
    print(f"{'type':<20}{'histories':>10}{'valid':>10}{'no search':>10}{'witnesses':>10}{'wrong':>7}{'seconds':>9}")
    wrong = 0
    with ProcessPoolExecutor(options.jobs) as pool:
        for name in names:
            begun, count = time.monotonic(), Count()
            seeds = range(options.seed, options.seed + -(-options.histories // SIZE))
            for one in pool.map(batch, [name] * len(seeds), seeds):
                count += one
            wrong += len(count.wrong)
            print(
                f"{name:<20}{count.histories:>10}{count.valid:>10}{count.fast:>10}{count.witnesses:>10}"
                f"{len(count.wrong):>7}{time.monotonic() - begun:>9.0f}",
                flush=True,
            )
            print("\n".join(count.wrong[:SHOWN]), end="\n" if count.wrong else "", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
