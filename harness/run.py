"""The life cycle of a run: cluster up, load under faults, healing, final reads, logs, tear down.

::

    start cluster > assemble, wait until ready > set up > probe faults > load > heal > recover > final reads
                  > clean up > collect logs > tear down

Whatever fails, and whenever the user interrupts, faults are healed, the history so far is kept, the logs are collected
and the cluster is removed. Every phase has a time-out. The same code runs on a real event loop and in virtual time.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from harness.capability import Capability
from harness.client import Client
from harness.cluster import Cluster, Node
from harness.errors import EnvironmentFailed, HarnessError, PhaseTimeout, QuorateError
from harness.generator import Generator
from harness.history_file import HistoryWriter
from harness.op import Op
from harness.ready import all_ready
from harness.scheduler import Scheduler
from harness.target import Target
from harness.workers import Injector

T = TypeVar("T")

_log = logging.getLogger(__name__)


class FaultInjector(Injector, Protocol):
    """The nemesis, as the life cycle sees it."""

    async def probe(self) -> Mapping[str, Capability]:
        """Per fault, whether it can work on this cluster."""

    async def heal_all(self) -> list[str]:
        """Heal whatever is left, idempotent; the problems that remain, in words."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each phase may take, in seconds; ``load`` and ``final`` are added to the time that the load is given."""

    start: float = 120.0
    ready: float = 120.0
    setup: float = 60.0
    load: float = 60.0
    heal: float = 60.0
    recover: float = 60.0
    final: float = 60.0
    logs: float = 30.0
    down: float = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one run needs, made before it starts.

    Args:
        target: The system under test.
        cluster: Its nodes; not up yet.
        interface: The data interface that the clients speak.
        load: The generator of clients and nemesis together, limited in time.
        heal: The nemesis' generator that heals everything; None without faults.
        final: The clients' generator after healing; None when the workload has none.
        nemesis: What injects faults; None without.
        concurrency: How many clients.
        time_limit: Seconds of load.
        op_timeout: Seconds after which an operation counts as ``info``.
        history: Where the history goes; must not exist.
        logs: Folder for ``<node>/node.log``.
        timeouts: Per phase.
    """

    target: Target
    cluster: Cluster
    interface: str
    load: Generator
    heal: Generator | None
    final: Generator | None
    nemesis: FaultInjector | None
    concurrency: int
    time_limit: float
    op_timeout: float
    history: Path
    logs: Path
    timeouts: Timeouts = field(default_factory=Timeouts)


class Stop:
    """How a user ends a run early: asked once it ends in order, asked again only the waits become shorter."""

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self.hurry = asyncio.Event()

    def ask(self) -> None:
        """What Ctrl-C does."""
        (self.hurry if self.requested.is_set() else self.requested).set()


class Observer(Protocol):
    """Who watches the run: the live display."""

    def phase(self, name: str, limit: float | None) -> None:
        """A phase begins; ``limit`` is how long it lasts when that is known, in seconds."""

    def event(self, op: Op) -> None:
        """An event was recorded."""


@dataclass(slots=True)
class Outcome:
    """How a run went.

    Attributes:
        ended: ``complete`` or ``interrupted``.
        phases: Name, start and duration of each, in seconds since the run began.
        capabilities: Per fault, the back-end that did it.
        problems: What keeps the run from proving anything: faults not healed, nodes that never came back.
    """

    ended: str = "complete"
    phases: list[tuple[str, float, float]] = field(default_factory=list)
    capabilities: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class _Interrupted(Exception):
    """The user asked to stop before the load began."""


class _TooLong(Exception):
    """A piece of work took longer than ``limit`` seconds."""

    def __init__(self, limit: float) -> None:
        super().__init__(limit)
        self.limit = limit


class Run:
    """One execution of a plan.

    Args:
        plan: What to do.
        stop: How the user ends it early.
        observer: Who watches.
    """

    def __init__(self, plan: Plan, stop: Stop, observer: Observer) -> None:
        self._plan = plan
        self._stop = stop
        self._observer = observer
        self._began = asyncio.get_running_loop().time()
        self.outcome = Outcome()

    async def execute(self) -> Outcome:
        """Run all phases; the history is in ``plan.history`` afterwards, as far as it went.

        Raises:
            HarnessError: A phase failed. Faults are healed, logs collected and the cluster is removed all the same.
        """
        failure: BaseException | None = None
        try:
            await self._deploy()
            await self._exercise()
        except _Interrupted:
            self.outcome.ended = "interrupted"
        except BaseException as error:  # noqa: BLE001 - raised again below, after the cluster is removed
            failure = error
        try:
            await self._dismantle()
        except HarnessError as error:
            if failure is None:
                raise
            self.outcome.problems.append(str(error))
        if failure is not None:
            raise failure
        return self.outcome

    async def _deploy(self) -> None:
        """Bring the cluster up until it serves; the user may interrupt at any moment."""
        plan, cluster, times = self._plan, self._plan.cluster, self._plan.timeouts
        async with self._phase("start cluster"):
            await self._interruptible(cluster.up(), times.start)
        async with self._phase("wait until ready"):
            await self._interruptible(self._ready(), times.ready)
        async with self._phase("set up"):
            await self._interruptible(self._setup(), times.setup)
        if plan.nemesis is not None:
            async with self._phase("probe faults"):
                await self._interruptible(self._probe(plan.nemesis), times.setup)

    async def _ready(self) -> None:
        """Make one system of the nodes, and wait until all of them serve."""
        plan = self._plan
        await plan.target.assemble(plan.cluster)
        await all_ready(plan.target, plan.cluster)

    async def _setup(self) -> None:
        """Prepare the datastore through the target and through one client."""
        plan = self._plan
        await plan.target.setup(plan.cluster)
        async with _one_client(plan.target, plan.interface, plan.cluster.nodes[0]) as client:
            await client.setup()

    async def _probe(self, nemesis: FaultInjector) -> None:
        for name, capability in (await nemesis.probe()).items():
            if not capability.available:
                raise EnvironmentFailed(
                    f"fault {name} cannot work here: {capability.reason}. See `quorate doctor`, or leave it out"
                )
            self.outcome.capabilities[name] = capability.backend

    async def _exercise(self) -> None:
        """Load, healing, recovery and final reads, all recorded in one history."""
        plan, times, stop = self._plan, self._plan.timeouts, self._stop
        writer = HistoryWriter(plan.history)
        scheduler = Scheduler(
            nodes=plan.cluster.nodes,
            concurrency=plan.concurrency,
            open_client=lambda: plan.target.client(plan.interface),
            writer=writer,
            nemesis=plan.nemesis,
            op_timeout=plan.op_timeout,
            observe=self._observer.event,
        )
        try:
            try:
                async with self._phase("load", plan.time_limit):
                    await _within(times.load + plan.time_limit, scheduler.run(plan.load, stop=stop.requested))
            finally:
                await self._heal(scheduler)
            if stop.requested.is_set():
                self.outcome.ended = "interrupted"
            async with self._phase("recover"):
                await self._recover()
            if plan.final is not None and not stop.hurry.is_set():
                async with self._phase("final reads"):
                    await self._read_finally(scheduler, plan.final)
            if not stop.hurry.is_set():
                async with self._phase("clean up"):
                    await self._teardown()
        finally:
            await scheduler.close()
            writer.close()

    async def _read_finally(self, scheduler: Scheduler, final: Generator) -> None:
        """Final reads; a node that never answers is a finding here too."""
        limit = self._plan.timeouts.final
        try:
            await _within(limit, scheduler.run(final, stop=self._stop.hurry))
        except _TooLong:
            self.outcome.problems.append(f"the final reads did not end within {limit:g} s")

    async def _heal(self, scheduler: Scheduler) -> None:
        """Heal through the history, so that it records when; then make sure of it."""
        plan = self._plan
        if plan.nemesis is None:
            return
        async with self._phase("heal"):
            try:
                if plan.heal is not None:
                    await _within(plan.timeouts.heal, scheduler.run(plan.heal))
            finally:
                self.outcome.problems += await _within(plan.timeouts.heal, plan.nemesis.heal_all())

    async def _recover(self) -> None:
        """Wait until every node serves again; one that never does is a finding, not a failure of the harness."""
        plan = self._plan
        waiting = asyncio.ensure_future(all_ready(plan.target, plan.cluster))
        hurry = asyncio.ensure_future(self._stop.hurry.wait())
        try:
            await asyncio.wait({waiting, hurry}, timeout=plan.timeouts.recover, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                self.outcome.problems.append(
                    f"not every node served again within {plan.timeouts.recover:g} s of healing"
                    if not hurry.done()
                    else "the recovery of the nodes was not waited for, because the user asked to hurry"
                )
            elif (error := waiting.exception()) is not None:
                if not isinstance(error, QuorateError):
                    raise error
                self.outcome.problems.append(f"after healing: {error}")
        finally:
            await _cancel(waiting, hurry)

    async def _teardown(self) -> None:
        """Let one client undo what it had set up; the history is whole by then, so a failure is only logged."""
        plan = self._plan
        try:
            async with (
                asyncio.timeout(plan.timeouts.setup),
                _one_client(plan.target, plan.interface, plan.cluster.nodes[0]) as client,
            ):
                await client.teardown()
        except Exception as error:  # noqa: BLE001 - a client may raise anything
            _log.warning("the client could not clean up: %s: %s", type(error).__name__, error)

    async def _dismantle(self) -> None:
        """Collect the logs and remove the cluster."""
        plan = self._plan
        try:
            async with self._phase("collect logs"):
                await asyncio.gather(*map(self._save, plan.cluster.nodes))
        finally:
            async with self._phase("tear down"):
                await _within(plan.timeouts.down, plan.cluster.down())

    async def _save(self, node: Node) -> None:
        """A log that cannot be had is a remark: it must not keep the cluster from being removed."""
        folder = self._plan.logs / node.name
        for what, collect in (("log", self._log), ("files", self._plan.target.artifacts)):
            try:
                async with asyncio.timeout(self._plan.timeouts.logs):
                    found = await collect(node)
                for name, data in found.items():
                    path = folder / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(data)
            except (HarnessError, TimeoutError, OSError) as error:
                why = str(error) or "time-out"
                self.outcome.problems.append(f"the {what} of {node.name} could not be collected: {why}")

    @staticmethod
    async def _log(node: Node) -> Mapping[str, bytes]:
        return {"node.log": await node.log()}

    async def _interruptible(self, work: Coroutine[Any, Any, T], limit: float) -> T:
        """The result of ``work``, unless the user asks to stop or it takes too long."""
        task = asyncio.ensure_future(_within(limit, work))
        asked = asyncio.ensure_future(self._stop.requested.wait())
        try:
            await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
            if self._stop.requested.is_set():
                raise _Interrupted
            return task.result()
        finally:
            await _cancel(task, asked)

    @asynccontextmanager
    async def _phase(self, name: str, limit: float | None = None) -> AsyncIterator[None]:
        """Announce a phase, time it, and put its name on a time-out that leaves it."""
        clock = asyncio.get_running_loop().time
        start = clock()
        self._observer.phase(name, limit)
        try:
            yield
        except _TooLong as error:
            raise PhaseTimeout(
                f"phase {name!r} did not end within {error.limit:g} s: the machine is too slow for it, or a node "
                "hangs. The logs of the nodes are in the run folder"
            ) from error
        finally:
            self.outcome.phases.append((name, start - self._began, clock() - start))
            _log.info("%s took %.3f s", name, clock() - start)


@asynccontextmanager
async def _one_client(target: Target, interface: str, node: Node) -> AsyncIterator[Client]:
    client = target.client(interface)
    try:
        await client.open(node)
        yield client
    finally:
        await client.close()


async def _within(limit: float, work: Awaitable[T]) -> T:
    """The result of ``work``, which may take ``limit`` seconds."""
    scope = asyncio.timeout(limit)
    try:
        async with scope:
            return await work
    except TimeoutError:
        if scope.expired():
            raise _TooLong(limit) from None
        raise


async def _cancel(*tasks: asyncio.Future[Any]) -> None:
    """Cancel what is still running and take what it ends with."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
