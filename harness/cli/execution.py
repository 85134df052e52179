"""Carries out one specified run: folder, cluster, nemesis, guardian, event loop, signals."""

import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from harness import generator as g
from harness.cli.progress import Progress
from harness.cli.spec import Spec
from harness.cluster import Cluster
from harness.errors import HarnessError, UsageError
from harness.generator import Generator
from harness.random import Streams
from harness.run import Outcome, Plan, Run, Stop
from harness.target import ContainerTarget
from nemesis import schedule
from nemesis.fault import Situation
from nemesis.guardian import Guardian
from nemesis.journal import Journal
from nemesis.nemesis import Nemesis
from results.store import RunFolder

WATCH_EVERY = 1.0
"""Seconds between two looks at the nodes for the live display."""


@dataclass(slots=True)
class Execution:
    """One run about to happen.

    Args:
        spec: What to run.
        folder: Where everything goes.
        progress: Who shows it.

    Attributes:
        cluster: The nodes, once there are any; kept for the run record.
        outcome: How it went so far, also when the run fails.
    """

    spec: Spec
    folder: RunFolder
    progress: Progress
    cluster: Cluster | None = None
    outcome: Outcome | None = None

    def run(self) -> None:
        """Run it to the end on the event loop that its cluster needs.

        Raises:
            HarnessError: A phase failed; everything is healed and removed all the same.
        """
        with self.progress.shown():
            if self.spec.target.cluster_kind == "simulated":
                from harness.simulated import loop

                loop.run(self._main())
            else:
                asyncio.run(self._main())

    async def _main(self) -> None:
        stop = Stop()
        streams = Streams(self.spec.seed)
        with _signals(stop, real=self.spec.target.cluster_kind != "simulated"), self._guarded():
            self.cluster = make_cluster(self.spec, streams, self.folder)
            run = Run(self._plan(self.cluster, streams), stop, self.progress)
            self.outcome = run.outcome
            async with self._watched(self.cluster):
                await run.execute()

    def _plan(self, cluster: Cluster, streams: Streams) -> Plan:
        spec = self.spec
        situation = Situation(cluster, spec.target)
        nemesis = None
        if spec.faults:
            journal = Journal(self.folder.faults)
            nemesis = Nemesis(spec.faults, situation, rng=streams.stream("nemesis"), journal=journal)
        return Plan(
            target=spec.target,
            cluster=cluster,
            interface=spec.workload.interface,
            load=load(spec, streams),
            heal=g.nemesis(schedule.heal(list(spec.faults))) if spec.faults else None,
            final=spec.workload.final_generator(streams.stream("final"), spec.node_names, spec.concurrency),
            nemesis=nemesis,
            concurrency=spec.concurrency,
            time_limit=spec.time_limit,
            op_timeout=spec.op_timeout,
            history=self.folder.history,
            logs=self.folder.nodes,
        )

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """A process that heals and removes everything when this one is killed, or fails to do it itself."""
        if self.spec.target.cluster_kind == "simulated":
            yield
            return
        guardian = Guardian.start(run_id(self.folder), self.folder.path)
        try:
            yield
        except BaseException:
            guardian.call()
            raise
        guardian.dismiss()

    @asynccontextmanager
    async def _watched(self, cluster: Cluster) -> AsyncIterator[None]:
        """Keep the nodes' states on the display."""
        task = asyncio.ensure_future(self._watch(cluster))
        try:
            yield
        finally:
            task.cancel()

    async def _watch(self, cluster: Cluster) -> None:
        while True:
            for node in cluster.nodes:
                try:
                    self.progress.nodes[node.name] = await node.state()
                except HarnessError:
                    self.progress.nodes[node.name] = "not known"
            await asyncio.sleep(WATCH_EVERY)


def run_id(folder: RunFolder) -> str:
    """A short name for containers and networks, from the folder: no two runs of a machine share it."""
    return hashlib.sha256(str(folder.path).encode()).hexdigest()[:10]


def load(spec: Spec, streams: Streams) -> Generator:
    """Clients at the asked rate and faults at the asked interval, until the time is over."""
    work = spec.workload.generator(streams.stream("workload"), spec.node_names, spec.concurrency)
    paced = g.stagger(1 / spec.rate, work, rng=streams.stream("stagger"))
    if not spec.faults:
        return g.time_limit(spec.time_limit, g.clients(paced))
    faults = schedule.schedule(
        list(spec.faults), rng=streams.stream("schedule"), interval=spec.interval, stable_period=spec.stable_period
    )
    return g.time_limit(spec.time_limit, g.clients(paced, faults))


def make_cluster(spec: Spec, streams: Streams, folder: RunFolder) -> Cluster:
    """The cluster that the target runs on, not up yet."""
    kind = spec.target.cluster_kind
    if kind == "simulated":
        from harness.simulated.cluster import SimulatedCluster

        return SimulatedCluster(spec.target, spec.node_names, streams)
    if isinstance(spec.target, ContainerTarget):
        from harness.docker.cluster import DockerCluster

        return DockerCluster(spec.target, spec.node_names, run_id=run_id(folder), folder=folder.path)
    raise UsageError(f"target {spec.target.name} wants a {kind!r} cluster. Known: docker, simulated")


@contextmanager
def _signals(stop: Stop, *, real: bool) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run in order; a second one only shortens the waits."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        if real:
            loop.add_signal_handler(number, stop.ask)
        else:
            signal.signal(number, lambda *_: stop.ask())
    try:
        yield
    finally:
        for number in numbers:
            if real:
                loop.remove_signal_handler(number)
            signal.signal(number, before[number])
