"""``quorate check PATH...``: judge recorded runs and histories again; nothing is started."""

import contextlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console

from checkers.linearizability.checker import MEMORY, SECONDS, Decider
from checkers.linearizability.model import Model
from checkers.verdict import RunVerdict, Validity, worst
from harness import formats, registry
from harness.cli import models
from harness.cli.judging import Judged, Limits, judge_history, judge_model, judge_run, recorder
from harness.cli.main import Exit, explain
from harness.cli.reading import STDIN, options, read, reading
from harness.cli.test import CODES
from harness.errors import QuorateError, UsageError
from results import junit
from results.store import RunFolder
from results.text import history_line, history_lines, verdict_lines
from workloads import dask_cluster

_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:([KMGT])i?)?B?\Z", re.IGNORECASE).match
_LEAST: Final = 1 << 20


class _Size(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A number of bytes, as ``2GiB``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = _SIZE(value.strip())
        size = float(found[1]) * _UNITS[(found[2] or "").upper()] if found else 0
        if not _LEAST <= size <= 1 << 60:
            self.fail(f"{value!r} is no size of at least 1MiB: write 512MiB, 2GiB.", param, ctx)
        return int(size)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be judged by whom."""

    workload: str | None
    model: Model | None
    model_name: str
    reading: formats.Options
    limits: Limits

    @property
    def judge(self) -> str:
        """The model or the workload that was asked for."""
        return self.model_name or self.workload or "register"


@dataclass(frozen=True, slots=True)
class _Judgement:
    """One path, judged: what a person, a machine and a CI server are told."""

    path: Path
    verdict: RunVerdict
    judge: str
    ops: int
    seconds: float
    lines: Sequence[str] = ()
    problem: str = ""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "-m", "--model", "model_name", metavar="NAME|MODULE:CLASS", help="Decide only whether it is linearizable."
)
@click.option("-w", "--workload", help="Who judges a history without a run record.  [default: register]")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "jsonl", "junit"]), default="text", show_default=True
)
@click.option(
    "--budget-seconds", type=click.FloatRange(0.001, 1e9), default=SECONDS, show_default=True, help="Of all searches."
)
@click.option("--budget-memory", type=_Size(), default=f"{MEMORY >> 30}GiB", show_default=True, help="Of all searches.")
@click.option("--dask", metavar="ADDRESS", help="Decide on the Dask cluster whose scheduler is at tcp://HOST:PORT.")
@click.option("--initial", metavar="JSON", help="Value of every object of the model before the first operation.")
@reading
def check(paths: Sequence[Path], form: str, dask: str | None, **given: Any) -> int:
    """Judge runs (`runs/latest`) or history files again; `-` is standard input. The exit code is that of the worst.

    For a run, verdict.json, report.html, junit.xml and summary.md are made anew. Histories of Jepsen, Knossos and
    Porcupine, and JSON lines, need a --model: `quorate checkers` lists them. One that cannot be judged does not keep
    the others from being judged, and its code is the worst.
    """
    with contextlib.ExitStack() as connection:
        decider = None if dask is None else connection.enter_context(dask_cluster.decider(dask))
        return _check(paths, form, _asked(given, decider))


def _check(paths: Sequence[Path], form: str, asked: _Asked) -> int:
    """Judge each, say so, and return the exit code."""
    codes: list[Exit] = []
    judgements: list[_Judgement] = []
    console = Console(soft_wrap=True)
    for path in paths:
        start = time.monotonic()
        try:
            judgement = _judge(path, asked, start, console.width)
        except (QuorateError, OSError, MemoryError) as error:
            message, code = explain(error)
            message = " ".join(message.split())
            codes.append(code)
            click.echo(f"quorate: {message}", err=True)
            nothing = RunVerdict("unknown", (), reasons=(message,))
            judgement = _Judgement(path, nothing, asked.judge, 0, time.monotonic() - start, problem=message)
        judgements.append(judgement)
        if said := _said(judgement, form, alone=len(paths) == 1):
            click.echo(said)
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(list(map(_row, judgements))), indent=2).decode())
    elif form == "junit":
        click.echo(junit.document(list(map(_case, judgements))).decode(), nl=False)
    validities: list[Validity] = [each.verdict.validity for each in judgements]
    return max(codes) if codes else CODES[worst(validities)]


def _asked(given: dict[str, Any], decider: Decider | None) -> _Asked:
    model_name, workload, initial = given["model_name"], given["workload"], given["initial"]
    if model_name is not None and workload is not None:
        raise UsageError("--model and --workload both say who judges: give one of them")
    if initial is not None and model_name is None:
        raise UsageError("--initial is for a --model: name one")
    model = None if model_name is None else models.load(model_name, models.initial_value(initial))
    limits = Limits(given["budget_seconds"], given["budget_memory"], decider)
    if model is not None and given["keys"] is None and not model.keyed:
        # Its values have keys of their own, so what looks like a pair may be none.
        given = {**given, "keys": "tagged"}
    return _Asked(workload, model, model_name or "", options(given), limits)


def _judge(path: Path, asked: _Asked, start: float, width: int) -> _Judgement:
    if str(path) == STDIN or (path.is_file() and not (path.parent / "run.json").exists()):
        recorded = read(path, asked.reading)
        if asked.model is None and asked.workload is None and recorded.format != formats.QUORATE:
            raise _whose(path, recorded.format)
        read_as = f"{recorded.format} ({recorded.meaning})" if recorded.meaning else ""
        judged = _judged(recorded, asked)
        return _history(path, judged, asked, start, history_lines(path, judged.verdict, read_as, width=width))
    folder = RunFolder.open(path)
    if asked.model is not None:
        judged = judge_model(folder.read_history(), asked.model, asked.judge, asked.limits, recorder(folder))
        return _history(path, judged, asked, start, history_lines(path, judged.verdict, width=width))
    record = folder.read_record()
    judged = judge_run(folder, record, asked.limits)
    lines = verdict_lines(folder, judged.verdict, record, width=width)
    seconds = time.monotonic() - start
    return _Judgement(path, judged.verdict, record.workload.name, judged.ops, seconds, lines)


def _judged(recorded: formats.Recorded, asked: _Asked) -> Judged:
    if asked.model is None:
        return judge_history(recorded.history, asked.judge, asked.limits)
    return judge_model(recorded.history, asked.model, asked.judge, asked.limits)


def _history(path: Path, judged: Judged, asked: _Asked, start: float, lines: Sequence[str]) -> _Judgement:
    return _Judgement(path, judged.verdict, asked.judge, judged.ops, time.monotonic() - start, lines)


def _whose(path: Path, name: str) -> UsageError:
    """That a file does not say what kind of object it is about."""
    whose = "standard input" if str(path) == STDIN else str(path)
    return UsageError(
        f"{whose} was read as {name}, which does not say what kind of object it is about: name it with --model "
        f"{' | '.join(registry.names('model'))}, or module:Class for one of your own"
    )


def _said(judgement: _Judgement, form: str, *, alone: bool) -> str:
    """What is printed of one as soon as it has been judged."""
    if form == "jsonl":
        return msgspec.json.encode(_row(judgement)).decode()
    if form != "text" or judgement.problem:
        return ""
    return "\n".join(judgement.lines) if alone else history_line(judgement.path, judgement.verdict)


def _row(judgement: _Judgement) -> dict[str, Any]:
    """What is said of one history where many are asked for; one that is unreadable has the same fields."""
    return {
        "file": str(judgement.path),
        "model": judgement.judge,
        "verdict": judgement.verdict.validity,
        "ops": judgement.ops,
        "seconds": round(judgement.seconds, 6),
        "anomalies": [anomaly.name for anomaly in judgement.verdict.anomalies],
        "reasons": list(judgement.verdict.reasons),
    }


def _case(judgement: _Judgement) -> junit.HistoryCase:
    verdict = None if judgement.problem else judgement.verdict
    return junit.HistoryCase(judgement.path, judgement.judge, verdict, judgement.seconds, judgement.problem)
