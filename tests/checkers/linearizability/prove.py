"""The whole proof of the linearizability checker, by one command: how many histories were decided as the oracle does.

python tests/checkers/linearizability/prove.py --histories 200000 --types register,set --jobs 2
python tests/checkers/linearizability/prove.py --mutations 10000
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])

from linearizability.datatypes import TYPES
from linearizability.proof import SIZE, Count, batch, mutation

SHOWN = 5
"""How many mismatches of one type are printed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table; return 1 where anything does not match."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=200_000, help="per type")
    parser.add_argument("--mutations", type=int, default=0, help="per type: so many long histories instead")
    parser.add_argument("--explained", type=float, default=1.0, help="share of them whose witnesses are tried as well")
    parser.add_argument("--types", default=",".join(TYPES))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="the first")
    options = parser.parse_args(arguments)
    wrong = 0
    with ProcessPoolExecutor(options.jobs) as pool:
        print(MUTATIONS if options.mutations else HISTORIES)
        for name in options.types.split(","):
            if options.mutations:
                wrong += mutations(pool, name, range(options.seed, options.seed + options.mutations))
            else:
                seeds = range(options.seed, options.seed + -(-options.histories // SIZE))
                wrong += histories(pool, name, seeds, options.explained)
    return 1 if wrong else 0


HISTORIES = f"{'type':<20}{'histories':>10}{'valid':>10}{'no search':>10}{'witnesses':>10}{'wrong':>7}{'seconds':>9}"
MUTATIONS = f"{'type':<20}{'histories':>10}{'operations':>12}{'caught':>10}{'valid':>7}{'seconds':>9}  violations"


def explained(name: str, seed: int, share: float) -> Count:
    """One batch; such a share of all batches with their witnesses."""
    return batch(name, seed, explained=int((seed + 1) * share) > int(seed * share))


def histories(pool: Executor, name: str, seeds: range, share: float) -> int:
    """Of many short histories, how many were not decided as the oracle does."""
    begun, count = time.monotonic(), Count()
    for one in pool.map(explained, [name] * len(seeds), seeds, [share] * len(seeds)):
        count += one
    print(
        f"{name:<20}{count.histories:>10}{count.valid:>10}{count.fast:>10}{count.witnesses:>10}"
        f"{len(count.wrong):>7}{time.monotonic() - begun:>9.0f}"
    )
    print("\n".join(count.wrong[:SHOWN]), end="\n" if count.wrong else "", flush=True)
    return len(count.wrong)


def mutations(pool: Executor, name: str, seeds: range) -> int:
    """Of many long histories with one violation, how many were not caught, or found before there was one."""
    begun = time.monotonic()
    found = list(pool.map(mutation, [name] * len(seeds), seeds))
    missed = [one for one in found if not one.caught]
    kinds = ", ".join(f"{count} {what}" for what, count in Counter(one.violation for one in found).items())
    print(
        f"{name:<20}{len(found):>10}{sum(one.operations for one in found):>12}{len(found) - len(missed):>10}"
        f"{sum(one.before == 'valid' for one in found):>7}"
        f"{time.monotonic() - begun:>9.0f}  {kinds}"
    )
    print("\n".join(map(str, missed[:SHOWN])), end="\n" if missed else "", flush=True)
    return len(missed)


if __name__ == "__main__":
    sys.exit(main())
