"""Decides files with quorate in this process: of each a JSON object when it was read, and another when it was decided.

python benchmarks/deciding.py MODEL [--witnesses | --read] [--repeat SECONDS] [--timeout SECONDS] FILE...
"""

import argparse
import json
import time
from pathlib import Path

from checkers.linearizability import search
from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.decision import UNDECIDED, VIOLATED, Budget
from checkers.linearizability.model import Model
from checkers.linearizability.operations import collect
from harness import registry
from harness.history import History


def decided(history: History, model: Model, seconds: float) -> str:
    """Decide, and nothing else: as much as Porcupine says."""
    checker = LinearizabilityChecker(model)
    standing = checker.decider(collect(history, model), model, Budget(seconds, checker.memory)).standing
    return "invalid" if VIOLATED in standing else "unknown" if UNDECIDED in standing else "valid"


def explained(history: History, model: Model, seconds: float) -> str:
    """Decide, and say of every violation which few operations make it, in a sentence."""
    return LinearizabilityChecker(model, seconds).check(history).validity


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--witnesses", action="store_true", help="with what `quorate check` says of a violation")
    parser.add_argument("--read", action="store_true", help="only read")
    parser.add_argument("--repeat", type=float, default=0, help="decide for so long, and say what the fastest took")
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("files", nargs="*", type=Path)
    asked = parser.parse_intermixed_args()
    model: Model = registry.load("model", asked.model)()
    if not asked.witnesses:
        # The search makes the witness of what it refutes small as soon as it has refuted it.
        vars(search).update(SHRINKING=0.0, WITNESSES=0)
    work = explained if asked.witnesses else decided
    for path in asked.files:
        start = time.perf_counter()
        history = History.read(path)
        print(json.dumps({"file": str(path), "read": time.perf_counter() - start}), flush=True)
        if asked.read:
            continue
        took: list[float] = []
        while sum(took) < asked.repeat or not took:
            start = time.perf_counter()
            verdict = work(history, model, asked.timeout)
            took.append(time.perf_counter() - start)
        print(json.dumps({"file": str(path), "verdict": verdict, "check": min(took)}), flush=True)


if __name__ == "__main__":
    main()
