"""``quorate check PATH...``: judge recorded runs and histories again; nothing is started."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
from rich.console import Console

from checkers.verdict import RunVerdict, Validity, worst
from harness.cli.judging import judge_history, judge_run
from harness.cli.main import Exit, explain
from harness.cli.test import CODES
from harness.errors import QuorateError
from harness.history import History
from results.store import RunFolder
from results.text import history_lines, verdict_lines


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-w", "--workload", default="register", show_default=True, help="Of a history without a run record.")
@click.option("--format", "form", type=click.Choice(["text", "jsonl"]), default="text", show_default=True)
def check(paths: Sequence[Path], workload: str, form: str) -> int:
    """Judge runs (`runs/latest`) or history files again; the exit code is that of the worst.

    For a run, verdict.json, report.html, junit.xml and summary.md are made anew. One that cannot be judged does not
    keep the others from being judged, and its code is the worst.
    """
    codes: list[Exit] = []
    validities: list[Validity] = []
    console = Console(soft_wrap=True)
    for path in paths:
        start = time.monotonic()
        try:
            judgement = _judge(path, workload, console.width)
        except (QuorateError, OSError, MemoryError) as error:
            message, code = explain(error)
            codes.append(code)
            click.echo(f"quorate: {' '.join(message.split())}", err=True)
            if form == "jsonl":
                nothing = RunVerdict("unknown", (), reasons=(message,))
                click.echo(_row(path, _Judgement([], nothing, workload, 0), time.monotonic() - start))
            continue
        validities.append(judgement.verdict.validity)
        if form == "jsonl":
            click.echo(_row(path, judgement, time.monotonic() - start))
        else:
            click.echo("\n".join(judgement.lines))
    return max(codes) if codes else CODES[worst(validities)]


@dataclass(frozen=True, slots=True)
class _Judgement:
    """One path, judged: the lines for a person and what a machine is told."""

    lines: list[str]
    verdict: RunVerdict
    workload: str
    ops: int


def _judge(path: Path, workload: str, width: int) -> _Judgement:
    if path.is_file() and not (path.parent / "run.json").exists():
        judged = judge_history(History.read(path), workload)
        return _Judgement(history_lines(path, judged.verdict, width=width), judged.verdict, workload, judged.ops)
    folder = RunFolder.open(path)
    record = folder.read_record()
    judged = judge_run(folder, record)
    lines = verdict_lines(folder, judged.verdict, record, width=width)
    return _Judgement(lines, judged.verdict, record.workload.name, judged.ops)


def _row(path: Path, judgement: _Judgement, seconds: float) -> str:
    """What is said of one history where many are asked for; one that is unreadable has the same fields."""
    row = {
        "file": str(path),
        "model": judgement.workload,
        "verdict": judgement.verdict.validity,
        "ops": judgement.ops,
        "seconds": round(seconds, 6),
        "anomalies": [anomaly.name for anomaly in judgement.verdict.anomalies],
        "reasons": list(judgement.verdict.reasons),
    }
    return msgspec.json.encode(row).decode()
