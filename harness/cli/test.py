"""``quorate test TARGET``: one run, from nothing to a proven verdict and a report."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from checkers.verdict import RunVerdict, Validity
from harness.cli.execution import Execution
from harness.cli.judging import judge_run
from harness.cli.main import Exit
from harness.cli.progress import Progress, Voice
from harness.cli.spec import Asked, Spec, resolve
from harness.cli.versions import versions
from harness.errors import EnvironmentFailed, HarnessError, QuorateError
from harness.run import Outcome
from harness.target import ContainerTarget
from results.record import Part, Phase, Probe, RunRecord
from results.store import RunFolder
from results.text import verdict_lines

CODES: dict[Validity, Exit] = {"valid": Exit.VALID, "invalid": Exit.INVALID, "unknown": Exit.UNKNOWN}


@click.command()
@click.argument("target")
@click.option("-w", "--workload", metavar="NAME", help="What the clients do (`quorate workloads`).")
@click.option("--nemesis", metavar="A,B", help="Faults, `all` or `none` (`quorate faults`).")
@click.option("-n", "--nodes", type=int, metavar="COUNT", help="Members of the cluster.")
@click.option("-c", "--concurrency", type=int, metavar="COUNT", help="Clients.")
@click.option("--time-limit", type=float, metavar="SECONDS", help="How long the load lasts.")
@click.option("--rate", type=float, metavar="HZ", help="Invocations per second, over all clients.")
@click.option("--interval", type=float, metavar="SECONDS", help="Mean time between fault events.")
@click.option("--stable-period", type=float, metavar="SECONDS", help="Keep one random mix of faults for so long.")
@click.option("--op-timeout", type=float, default=5.0, show_default=True, metavar="SECONDS", help="Then an op is info.")
@click.option("--seed", type=int, metavar="NUMBER", help="Root of all chance; drawn and shown when not given.")
@click.option(
    "--option", "options", multiple=True, metavar="NAME=VALUE", help="Of the target; OWNER.NAME=VALUE of others."
)
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Where runs are kept."
)
@click.option("--dry-run", is_flag=True, help="Say what would be run, and start nothing.")
def test(*, runs: Path, dry_run: bool, **asked: Any) -> int:
    """Start a cluster of TARGET, load it, break it, and say which guarantees held.

    What is not given is the target's own default (`quorate targets`). Ctrl-C heals, saves, checks what there is and
    tears down; a second one only shortens the waits.
    """
    spec = resolve(Asked(**asked))
    lines = list(dry_lines(spec))  # planned in any case: what the target refuses is known before anything is made
    if dry_run:
        click.echo("\n".join(lines))
        return Exit.VALID
    return run(spec, runs, Voice(soft_wrap=True))


def run(spec: Spec, root: Path, console: Console) -> int:
    """Run it, judge it, say what came out; the exit code.

    Raises:
        QuorateError: The run failed; what was recorded up to then is judged and kept all the same.
    """
    started = datetime.now(UTC)
    folder = RunFolder.create(root, spec.name, spec.seed, started)
    record = first_record(spec, started)
    folder.write_record(record)
    progress = Progress(console, live=console.is_terminal)
    execution = Execution(spec, folder, progress)
    console.print(f"run {folder.path}", markup=False, highlight=False)
    failure: QuorateError | None = None
    with _harness_log(folder):
        try:
            execution.run()
        except Exception as error:
            logging.getLogger(__name__).exception("the run failed")
            failure = _failure(error, folder)
    record = last_record(record, execution, failure)
    folder.write_record(record)
    if not folder.history.exists():
        if failure is not None:
            raise failure
        if record.ended != "interrupted":
            raise EnvironmentFailed(f"the history is gone: {folder.history} was removed during the run. Run it again")
        raise HarnessError("interrupted before the load began: nothing was recorded, and nothing is left behind")
    progress.phase("check and report", None)
    try:
        verdict = judge_run(folder, record).verdict
    except (KeyboardInterrupt, MemoryError) as error:
        why = "out of memory" if isinstance(error, MemoryError) else "interrupted"
        raise HarnessError(f"{why}; what was recorded is kept: `quorate check {folder.path}` checks it") from error
    console.print("\n".join(verdict_lines(folder, verdict, record, width=console.width)), markup=False, highlight=False)
    if failure is not None:
        raise failure
    return exit_code(verdict)


def exit_code(verdict: RunVerdict) -> Exit:
    """What the verdict means to the shell."""
    return CODES[verdict.validity]


def first_record(spec: Spec, started: datetime) -> RunRecord:
    """The run record before anything has happened."""
    return RunRecord(
        name=spec.name,
        seed=spec.seed,
        command=spec.command(),
        target=Part(spec.target.name, spec.target.settings),
        workload=Part(spec.workload.name, spec.workload.settings),
        nemesis=tuple(Part(name, fault.settings) for name, fault in spec.faults.items()),
        nodes=tuple(spec.node_names),
        concurrency=spec.concurrency,
        rate=spec.rate,
        time_limit=spec.time_limit,
        interval=spec.interval,
        stable_period=spec.stable_period,
        op_timeout=spec.op_timeout,
        started=started.isoformat(timespec="milliseconds"),
        versions=versions(),
    )


def last_record(record: RunRecord, execution: Execution, failure: QuorateError | None) -> RunRecord:
    """The run record with how it went."""
    outcome = execution.outcome or Outcome(ended="interrupted")
    return msgspec.structs.replace(
        record,
        cluster=execution.cluster.facts() if execution.cluster is not None else {},
        capabilities={name: Probe(True, backend) for name, backend in outcome.capabilities.items()},
        phases=tuple(Phase(*phase) for phase in outcome.phases),
        problems=tuple(outcome.problems),
        ended=f"failed: {failure}" if failure is not None else outcome.ended,
    )


def dry_lines(spec: Spec) -> Iterator[str]:
    """What a run would do, in words."""
    yield spec.command()
    if isinstance(spec.target, ContainerTarget):
        addresses = {name: f"<address of {name}>" for name in spec.node_names}
        for name in spec.node_names:
            node = spec.target.node_spec(name, addresses)
            yield f"{name}: {node.image} {' '.join([*node.entrypoint, *node.command])}"
    for name, fault in spec.faults.items():
        yield f"fault {name}: " + ", ".join(f"{option}={value}" for option, value in fault.settings.items())


def _failure(error: Exception, folder: RunFolder) -> QuorateError:
    """What a user is told: of what the system refused, and of an exception that nobody meant to raise."""
    match error:
        case QuorateError():
            return error
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EROFS | errno.EIO):
            return EnvironmentFailed(f"cannot write to {folder.path}: {error.strerror}. Free some space there")
        case MemoryError():
            return EnvironmentFailed("out of memory: lower --time-limit, --rate or --nodes, or end other programs")
        case _:
            return HarnessError(
                f"quorate itself failed: {type(error).__name__}: {error}. "
                f"This is a bug: please report it with {folder.harness_log}"
            )


class _LogFile(logging.FileHandler):
    """A log that cannot be written neither ends the run nor hides why it ended: the run's own files say that."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        del record

    def close(self) -> None:
        with suppress(OSError):
            super().close()


@contextmanager
def _harness_log(folder: RunFolder) -> Iterator[None]:
    """What the harness itself has to say goes to ``harness.log`` of the run: phases, faults, failures."""
    handler = _LogFile(folder.harness_log)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
        handler.close()
