"""The run store: ``runs/<name>/<UTC time>-<seed>/`` with everything of one run, and ``runs/latest``."""

import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from harness.errors import EnvironmentFailed, UsageError
from harness.history import History
from results import record as run_json
from results.record import RunRecord

LATEST: Final = "latest"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's folder.

    Args:
        path: Of the folder; absolute.
    """

    path: Path

    @classmethod
    def create(cls, root: Path, name: str, seed: int, started: datetime) -> "RunFolder":
        """Make the folder of a new run and let ``root/latest`` point to it.

        Args:
            root: The store; made when it is not there.
            name: Letters, digits, dot, dash and underscore.
            seed: Of the run.
            started: When the run began.

        Raises:
            UsageError: The name cannot be a folder's.
            EnvironmentFailed: The folder cannot be made.
        """
        if not _NAME.fullmatch(name) or name == LATEST:
            raise UsageError(f"{name!r} cannot name a run: use letters, digits, dots and dashes, and not {LATEST!r}")
        stem = f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}-{seed}"
        try:
            path = _fresh(root.absolute() / name, stem)
            (path / "nodes").mkdir()
            _point(root.absolute() / LATEST, path)
        except OSError as error:
            raise _failed("make the run folder in", root, error) from error
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """The run that ``path`` names: its folder, a file in it, or a link such as ``runs/latest``.

        Raises:
            UsageError: It names no run; the message says what it is instead.
        """
        if not path.exists():
            known = runs(path.parent) if path.name == LATEST else []
            hint = f"the newest is {known[0].path}" if known else "name a run folder, or make one with `quorate test`"
            raise UsageError(f"there is no run at {path}: {hint}")
        folder = path.resolve()
        folder = folder if folder.is_dir() else folder.parent
        if _is_run(folder):
            return cls(folder)
        inside = runs(folder)
        if inside:
            raise UsageError(f"{path} holds {len(inside)} runs: name one of them; the newest is {inside[0].path}")
        raise UsageError(f"{path} is no run: it has neither run.json nor history.jsonl. Name a folder below runs/")

    @property
    def run_json(self) -> Path:
        """The run record."""
        return self.path / "run.json"

    @property
    def history(self) -> Path:
        """The events, one JSON object a line."""
        return self.path / "history.jsonl"

    @property
    def faults(self) -> Path:
        """The journal of the faults and their undo."""
        return self.path / "faults.jsonl"

    @property
    def verdict(self) -> Path:
        """The conclusion."""
        return self.path / "verdict.json"

    @property
    def report(self) -> Path:
        """The report for a person."""
        return self.path / "report.html"

    @property
    def junit(self) -> Path:
        """The JUnit XML for a CI server."""
        return self.path / "junit.xml"

    @property
    def summary(self) -> Path:
        """The Markdown summary."""
        return self.path / "summary.md"

    @property
    def harness_log(self) -> Path:
        """What the harness itself logged."""
        return self.path / "harness.log"

    @property
    def nodes(self) -> Path:
        """The folder with one folder per node, each with its logs."""
        return self.path / "nodes"

    def logs(self) -> dict[str, list[Path]]:
        """The log files of each node, by the node's name."""
        if not self.nodes.is_dir():
            return {}
        return {node.name: sorted(node.glob("*.log")) for node in sorted(self.nodes.iterdir()) if node.is_dir()}

    def write_record(self, record: RunRecord) -> None:
        """Write ``run.json``, whole or not at all."""
        self.write(self.run_json, run_json.encode(record))

    def read_record(self) -> RunRecord:
        """The record in ``run.json``.

        Raises:
            UsageError: It is missing or damaged.
        """
        try:
            return run_json.decode(self.run_json.read_bytes())
        except OSError as error:
            raise UsageError(
                f"cannot read the run record {self.run_json}: {error.strerror or error}. "
                f"Its history can be checked alone: `quorate check {self.history}`"
            ) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(
                f"the run record {self.run_json} is damaged: {error}. Remove it to check {self.history} alone"
            ) from error

    def read_history(self) -> History:
        """The history, or the readable part of it.

        Raises:
            UsageError: It is missing.
        """
        return History.read(self.history)

    def write(self, path: Path, data: bytes) -> None:
        """Replace a file of the run: a reader sees the old content or the new, never a part.

        Raises:
            EnvironmentFailed: The disk is full, or the folder cannot be written.
        """
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
            temporary = Path(name)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                temporary.chmod(0o644)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise _failed("write", path, error) from error


def runs(root: Path) -> list[RunFolder]:
    """All runs of a store or of one name in it, the newest first; empty when there is no such folder."""
    if not root.is_dir():
        return []
    found = {
        path.resolve()
        for pattern in ("*", "*/*")
        for path in root.absolute().glob(pattern)
        if path.is_dir() and not path.is_symlink() and _is_run(path)
    }
    return [RunFolder(path) for path in sorted(found, key=lambda path: (path.name, str(path)), reverse=True)]


def _is_run(path: Path) -> bool:
    return (path / "run.json").is_file() or (path / "history.jsonl").is_file()


def _fresh(parent: Path, stem: str) -> Path:
    """A new folder: two runs with one seed within one second get ``-2``, ``-3``, ... behind their name."""
    parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        path = parent / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path


def _point(link: Path, target: Path) -> None:
    """Let the link point to the target; there is no moment at which it points nowhere."""
    temporary = link.with_name(f".{link.name}-{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)
    temporary.replace(link)


def _failed(what: str, path: Path, error: OSError) -> EnvironmentFailed:
    why = error.strerror or str(error)
    return EnvironmentFailed(f"cannot {what} {path}: {why}. Free some space, or choose another folder for the runs")
