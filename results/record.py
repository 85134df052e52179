"""The run record, ``run.json``: everything that is known of a run besides what happened in it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """A target, workload or fault as it was run.

    Args:
        name: As the user writes it.
        options: All settings, the defaults included.
    """

    name: str
    options: dict[str, Any] = {}


class Probe(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a fault said about itself before the run: the back-end that does it, or why none can."""

    available: bool
    backend: str = ""
    reason: str = ""


class Phase(msgspec.Struct, frozen=True):
    """One phase of the run; ``start`` and ``seconds`` are seconds, the former since the run began."""

    name: str
    start: float
    seconds: float


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one run that is not in its history.

    It is written when the run begins and again when it has ended (``msgspec.structs.replace`` makes the second from
    the first). Fields that a later version adds are ignored when read; the ones that it lacks take their defaults.

    Args:
        name: Name of the run: the first part of its folder.
        seed: Root of all chance.
        command: The exact command that repeats the run.
        target: The system under test.
        workload: What the clients did.
        nemesis: The faults.
        nodes: Names, in order.
        concurrency: How many clients.
        rate: Invocations per second over all clients.
        time_limit: Seconds of load.
        interval: Seconds between fault events, on average.
        stable_period: Seconds for which one mix of faults was kept; None when all came all the time.
        op_timeout: Seconds after which an operation counts as ``info``.
        started: When the run began: UTC, ISO 8601.
        versions: quorate, python, kernel, docker and the libraries that talk to the target.
        cluster: What the cluster says of itself: kind, addresses, image reference and digest.
        capabilities: Per fault, what its probe said.
        phases: In order.
        problems: What keeps the run from proving anything: faults not healed, nodes that never came back.
        ended: ``running`` (or the harness was killed), ``complete``, ``interrupted`` or ``failed: <reason>``.
    """

    name: str
    seed: int
    command: str
    target: Part
    workload: Part
    started: str
    nemesis: tuple[Part, ...] = ()
    nodes: tuple[str, ...] = ()
    concurrency: int = 0
    rate: float = 0.0
    time_limit: float = 0.0
    interval: float = 0.0
    stable_period: float | None = None
    op_timeout: float = 0.0
    versions: dict[str, str] = {}
    cluster: dict[str, Any] = {}
    capabilities: dict[str, Probe] = {}
    phases: tuple[Phase, ...] = ()
    problems: tuple[str, ...] = ()
    ended: str = "running"

    @property
    def load_began(self) -> datetime | None:
        """The wall-clock instant of time 0 of the history; None when the run never got so far."""
        for phase in self.phases:
            if phase.name == "load":
                return parse_instant(self.started) + timedelta(seconds=phase.start)
        return None


def parse_instant(text: str) -> datetime:
    """The instant that an ISO 8601 text names; taken as UTC where it names no zone.

    Raises:
        ValueError: It is no ISO 8601 date.
    """
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def encode(record: RunRecord) -> bytes:
    """The bytes of ``run.json``: indented JSON with a final newline."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def decode(data: bytes) -> RunRecord:
    """The record in ``run.json``.

    Raises:
        msgspec.DecodeError: It is not JSON, or not a run record.
    """
    return msgspec.json.decode(data, type=RunRecord)
