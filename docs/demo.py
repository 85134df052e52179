"""``make demo``: the same faults against a strong and a weak datastore, both simulated, and what is proven about each.

Fails when either run does not end as it must: the strong design held, the weak one caught.
"""

import argparse
import subprocess
import sys
from pathlib import Path

DESIGNS = {"linearizable": 0, "async-replication": 1}
MEANING = {0: "held: every guarantee that was checked was kept", 1: "caught: a guarantee was broken, with proof"}


def main() -> int:
    """Run both designs; 0 when both ended as expected, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quorate", required=True, help="the command")
    parser.add_argument("--runs", default="runs", help="folder that the runs are recorded in")
    arguments = parser.parse_args()
    summary, good = [], True
    for design, expected in DESIGNS.items():
        command = [arguments.quorate, "test", "simulated", "--option", f"design={design}"]
        command += ["--time-limit", "20", "--seed", "42", "--runs", arguments.runs]
        print(f"\n=== quorate {' '.join(command[1:])}", flush=True)
        code = subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode
        good &= code == expected
        seen = MEANING.get(code, "the harness did not come to a conclusion")
        note = "" if code == expected else f"   UNEXPECTED: exit code {code} instead of {expected}"
        report = (Path(arguments.runs) / "latest").resolve() / "report.html"
        summary += [f"  {design:<18} {seen}{note}", f"  {'':<18} {report}"]
    print(
        "\nTwo simulated clusters of 3 nodes, 20 s of load, the network cut and nodes killed, seed 42:",
        *summary,
        sep="\n",
    )
    print("Both ended as they must." if good else "The demonstration FAILED: see the lines above.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
