"""quorate and Porcupine on the same files, in one run on one machine: verdicts, seconds, memory, as a Markdown table.

Porcupine (Go) is built once into a temporary folder from ``benchmarks/porcupine``. Every file is a quorate history, so
both read the same bytes; each program runs in a process of its own for each of them. Small random histories of every
model come first, with and without a violation: where the two disagree, there or later, that is an error (exit code 1).
Run it when the machine is quiet::

    python benchmarks/beside_porcupine.py                       # everything, in 12 minutes
    python benchmarks/beside_porcupine.py --most 10000          # no history of more operations
    python benchmarks/beside_porcupine.py --verify              # only the small ones
    python benchmarks/beside_porcupine.py --write               # everything, into docs/linearizability.md

Rows are printed as they are done. Seconds are those of the decision, from the history in memory; of several files,
their sum, and the slowest. A decision that takes less than 50 ms is made again, and the fastest counts, on both sides.
Of what grows too fast for Porcupine, the larger sizes are not tried with it.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from histories import OBJECTS, events, lines, spoilt
from running import Used, run

HERE: Final = Path(__file__).parent
DOCUMENT: Final = HERE.parent / "docs/linearizability.md"
MADE: Final = re.compile(r"(<!-- figures: made by .*? -->\n).*?(<!-- end -->\n)", re.DOTALL)
READING: Final = 120
"""Seconds that a process may take besides, for reading and starting."""
REPEAT: Final = 0.05
HEAD: Final = (
    "| history | verdict | quorate | memory | with witnesses | memory | Porcupine | memory | times as fast |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|",
)


class Disagree(Exception):
    """The two programs, or one of them and what is known, do not say the same."""


@dataclass(frozen=True)
class Case:
    """Files that are checked with one model.

    Args:
        name: As the table has it.
        model: The same here and there.
        files: They.
        series: Those of one series grow.
    """

    name: str
    model: str
    files: Sequence[Path]
    series: str = ""


@dataclass(frozen=True)
class Limits:
    """Of Porcupine's seconds for one check, and of any program's bytes."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Answer:
    """What one program made of one case."""

    used: Used
    limits: Limits

    @property
    def verdicts(self) -> list[str]:
        """Of each file; fewer where it was ended."""
        return [row["verdict"] for row in self.used.rows if "verdict" in row]

    @property
    def checks(self) -> list[float]:
        """Seconds of each file."""
        return [row["check"] for row in self.used.rows if "check" in row]

    @property
    def reading(self) -> float:
        """Seconds of all files."""
        return float(sum(row["read"] for row in self.used.rows if "read" in row))

    @property
    def ended(self) -> str:
        """Why there is no verdict; empty where there is one."""
        if "unknown" in self.verdicts:
            return f"did not end within {self.limits.seconds:.3g} s"
        if not self.used.ended and self.used.code:
            return f"exit code {self.used.code}: {' '.join(self.used.words.split())[:80]}"
        return self.used.ended if self.spent is not None else f"{self.used.ended}, and was still reading"

    @property
    def spent(self) -> float | None:
        """Seconds of checking, at least; None where it failed, or was ended while it read."""
        if not self.used.ended:
            return None if self.used.code else sum(self.checks)
        read = sum("read" in row for row in self.used.rows)
        return self.used.seconds - self.reading if read > len(self.verdicts) else None


class Programs:
    """Both of them.

    Args:
        porcupine: The executable.
        limits: What each may use.
    """

    def __init__(self, porcupine: Path, limits: Limits) -> None:
        self._porcupine = str(porcupine)
        self._limits = limits
        # Its collector works harder before the memory ends, which is in its favour.
        os.environ["GOMEMLIMIT"] = str(limits.memory * 9 // 10)

    def porcupine(self, model: str, files: Sequence[Path], *words: str) -> Answer:
        """Porcupine, of a few words on the command line."""
        options = ["-timeout", f"{self._limits.seconds}s", "-repeat", f"{REPEAT}s", *words]
        return self._run([self._porcupine, "-model", model, *options, *map(str, files)])

    def quorate(self, model: str, files: Sequence[Path], *words: str) -> Answer:
        """quorate, of a few words on the command line."""
        options = ["--timeout", str(self._limits.seconds), "--repeat", str(REPEAT), *words]
        return self._run([sys.executable, str(HERE / "deciding.py"), model, *options, *map(str, files)])

    def command(self, model: str, file: Path) -> Answer:
        """The command that a user gives, without a report."""
        program = [sys.executable, "-c", "from harness.cli.main import main; main()", "check", "--format", "jsonl"]
        return self._run([*program, "--model", model, str(file)])

    def _run(self, command: Sequence[str]) -> Answer:
        return Answer(run(command, self._limits.seconds + READING, self._limits.memory), self._limits)


def small(model: str, rng: Random) -> list[str]:
    """The lines of a small history of two objects; half of the objects have one result changed."""
    made: list[str] = []
    for key in (0, 1):
        history = list(events(OBJECTS[model](), rng.randint(4, 12), rng.randint(2, 5), rng, 0.1))
        if rng.random() < 0.5:
            history = spoilt(history, rng)
        # A process whose operation has an unknown outcome does nothing afterwards.
        history = [event._replace(process=event.process + 1000 * key) for event in history]
        made += lines(history, len(made), key)
    return made


def verify(programs: Programs, folder: Path, histories: int) -> str:
    """Compare the verdicts on small random histories of every model; say how many that were, in a sentence.

    Raises:
        Disagree: On one of them.
    """
    rng = Random(1)
    found = Counter[str]()
    for model in OBJECTS:
        files = [folder / f"{model}-{number}.jsonl" for number in range(histories)]
        for file in files:
            file.write_text("".join(small(model, rng)))
        ours, theirs = programs.quorate(model, files, "--repeat", "0"), programs.porcupine(model, files, "-repeat", "0")
        agree(model, files, ours, theirs)
        if theirs.ended:
            raise Disagree(f"{model}: Porcupine has no verdict on a small history: {theirs.ended}")
        seen = Counter(ours.verdicts)
        if set(seen) != {"valid", "invalid"}:
            raise Disagree(f"{model}: all small histories are {ours.verdicts[0]}, which proves little: ask for more")
        found += seen
        for file in files:
            file.unlink()
    of = f"{found.total():,} small histories of {len(OBJECTS)} models, {found['invalid']:,} of them invalid"
    return f"{of}: the same verdicts"


def agree(name: str, files: Sequence[Path], ours: Answer, theirs: Answer) -> None:
    """Compare the verdicts file by file.

    Raises:
        Disagree: One is another, or quorate has none.
    """
    if len(ours.verdicts) != len(files) or ours.ended:
        raise Disagree(f"{name}: quorate has no verdict: {ours.ended or ours.used.words}")
    for file, here, there in zip(files, ours.verdicts, theirs.verdicts, strict=False):
        if there not in {here, "unknown"}:
            raise Disagree(f"{name}: {file.name} is {here} to quorate and {there} to Porcupine")


def generated(folder: Path, most: int, only: str) -> Iterator[Case]:
    """The cases without recorded data whose name holds a text, each file deleted before the next one is made."""
    asked = [
        ("register", ops, processes, 1) for processes in (10, 1000) for ops in (1_000, 10_000, 100_000, 10**6, 10**7)
    ]
    asked += [
        (model, ops, 10, 1)
        for model in ("fifo-queue", "stack", "set", "counter")
        for ops in (100, 1_000, 10_000, 100_000, 10**6)
    ]
    asked += [(model, 20, 5, 10_000) for model in ("register", "fifo-queue", "stack")]
    for model, ops, processes, objects in asked:
        size = f"{objects:,} histories of {ops}" if objects > 1 else f"{ops:,}"
        name = f"{model}, {size} operations, {processes} processes"
        if ops * objects > most or only not in name:
            continue
        path = folder / f"{model}-{ops}-{processes}.jsonl"
        make(path, model, ops, processes, objects)
        yield Case(name, model, [path], f"{model} {processes} {objects}")
        path.unlink()


def make(path: Path, *asked: object) -> None:
    """A generated history, made by a process of its own so that this one stays small."""
    subprocess.run([sys.executable, HERE / "histories.py", *map(str, asked), path], check=True)


def recorded(folder: Path, data: Path) -> Iterator[Case]:
    """Porcupine's own test data, as quorate histories."""
    logs = sorted(data.glob("porcupine/jepsen/etcd_*.log"))
    kv = [path for name in ("c10-ok", "c10-bad", "c50-bad") if (path := data / f"porcupine/kv/{name}.txt").exists()]
    # A process of its own, so that this one stays small.
    subprocess.run([sys.executable, HERE / "histories.py", "--convert", folder, *logs, *kv], check=True)
    if logs:
        files = [folder / f"{path.stem}.jsonl" for path in logs]
        yield Case(f"etcd, {len(logs)} recorded histories", "cas-register", files)
    for path in kv:
        yield Case(f"kv {path.stem}", "kv", [folder / f"{path.stem}.jsonl"])


def seconds(value: float) -> str:
    """Three digits."""
    return f"{value:.3g} s" if value >= 1 else f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} us"


def mebibytes(answer: Answer) -> str:
    """At the peak."""
    return f"{answer.used.peak >> 20:,} MiB"


def checks(answer: Answer) -> str:
    """The sum, and the slowest of many; or why there is none."""
    if answer.ended:
        return answer.ended
    slowest = f", the slowest {seconds(max(answer.checks))}" if len(answer.checks) > 1 else ""
    return seconds(sum(answer.checks)) + slowest


def verdict(answer: Answer) -> str:
    """Of one file its verdict, of several how often each."""
    found = Counter(answer.verdicts)
    return ", ".join(f"{found[one]} {one}" for one in sorted(found)) if found.total() > 1 else answer.verdicts[0]


def compared(case: Case, programs: Programs, *, tried: bool) -> tuple[str, bool]:
    """One line of the table, and whether Porcupine came to an end.

    Raises:
        Disagree: The verdicts are not the same.
    """
    plain, witnesses = (programs.quorate(case.model, case.files, *words) for words in ((), ("--witnesses",)))
    cells = [case.name, verdict(plain), checks(plain), mebibytes(plain), checks(witnesses), mebibytes(witnesses)]
    if not tried:
        agree(case.name, case.files, plain, witnesses)
        return line(*cells, "not tried, see above", "", ""), False
    theirs = programs.porcupine(case.model, case.files)
    for ours in (plain, witnesses):
        agree(case.name, case.files, ours, theirs)
    least = "> " if theirs.ended else ""
    faster = "" if theirs.spent is None else f"{least}{times(theirs.spent / sum(plain.checks))}"
    return line(*cells, checks(theirs), mebibytes(theirs), faster), not theirs.ended


def times(ratio: float) -> str:
    """Without digits that say nothing."""
    return f"{ratio:.2g}" if ratio < 10 else f"{float(f'{ratio:.2g}'):,.0f}"


def line(*cells: str) -> str:
    """Of the table."""
    return f"| {' | '.join(cells)} |"


def whole(programs: Programs, folder: Path, ops: int) -> Iterator[str]:
    """From the file to the verdict, and the readers alone."""
    path = folder / "whole.jsonl"
    make(path, "register", ops, 10, 1)
    name = f"register, {ops:,} operations, 10 processes"
    ours, read, theirs = (
        programs.command("register", path),
        *(
            program("register", [path], word)
            for program, word in ((programs.quorate, "--read"), (programs.porcupine, "-read"))
        ),
    )
    size = f"{path.stat().st_size >> 20:,} MiB"
    path.unlink()
    took = f"{seconds(ours.used.seconds)} ({seconds(ours.used.processor)} of processor)"
    yield line(
        f"`quorate check` on {name}, {size} of JSON lines", verdict(ours), "", "", took, mebibytes(ours), "", "", ""
    )
    here, there = (f"{seconds(one.reading)} ({2 * ops / one.reading / 1e6:.2g} M events/s)" for one in (read, theirs))
    ratio = times(theirs.reading / read.reading)
    yield line(
        f"reading {name}; for Porcupine with Go's `encoding/json`", "", here, mebibytes(read), "", "", there,
        mebibytes(theirs), ratio,
    )  # fmt: skip


def told(programs: Programs, limits: Limits, verified: str) -> str:
    """What the figures were measured on."""
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    go = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout.strip()
    version = re.search(r"porcupine (v\S+)", (HERE / "porcupine/go.mod").read_text())
    empty = [mebibytes(one) for one in (programs.quorate("register", []), programs.porcupine("register", []))]
    return (
        f"{processor[1] if processor else platform.machine()}, {os.cpu_count()} processors; "
        f"Python {platform.python_version()}; Porcupine {version[1] if version else ''}, {go}. "
        f"Porcupine may check for {limits.seconds:.3g} s and hold {limits.memory / 2**30:.3g} GiB. "
        "Memory is the peak of the whole process, with the history; without any it is "
        f"{empty[0]} here, and {empty[1]} there, which is what the process that measures takes. {verified}."
    )


def rows(programs: Programs, folder: Path, most: int, data: Path, only: str) -> Iterator[str]:
    """The table, one row after the other.

    Raises:
        Disagree: The verdicts of one are not the same.
    """
    yield from HEAD
    stopped = set[str]()
    for cases in (recorded(folder, data), generated(folder, most, only)):
        for case in cases:
            if only in case.name:
                row, ended = compared(case, programs, tried=case.series not in stopped)
                stopped |= set() if ended else {case.series}
                yield row
    if only in "whole":
        yield from whole(programs, folder, min(most, 10**6))


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=10**7, help="operations of one case")
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared/data", help="recorded histories")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--verify", action="store_true", help="only compare verdicts on small histories")
    parser.add_argument("--small", type=int, default=200, help="how many small histories of each model")
    parser.add_argument("--seconds", type=float, default=60, help="that Porcupine may check one file")
    parser.add_argument("--memory", type=float, default=8, help="GiB that a process may hold")
    parser.add_argument("--write", action="store_true", help="put the table into docs/linearizability.md")
    asked = parser.parse_args()
    limits = Limits(asked.seconds, int(asked.memory * 2**30))
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        program = folder / "beside"
        subprocess.run(["go", "build", "-o", str(program), "."], cwd=HERE / "porcupine", check=True)
        programs = Programs(program, limits)
        shown = []
        try:
            verified = verify(programs, folder, asked.small)
            if asked.verify:
                print(verified)
                return
            shown += [told(programs, limits, verified), ""]
            print("\n".join(shown), flush=True)
            for row in rows(programs, folder, asked.most, asked.data, asked.only):
                print(row, flush=True)
                shown.append(row)
        except Disagree as why:
            sys.exit(str(why))
    if asked.write:
        made = "\n".join([*shown, ""])
        DOCUMENT.write_text(MADE.sub(lambda found: f"{found[1]}{made}{found[2]}", DOCUMENT.read_text()))


if __name__ == "__main__":
    main()
