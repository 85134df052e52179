"""The three designs, driven directly on their cluster: what each keeps, and how each loses data."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from harness.client import DidNotHappen
from harness.options import parse_options
from harness.random import Streams
from harness.ready import all_ready
from harness.simulated.cluster import SimulatedCluster
from harness.simulated.loop import run
from harness.simulated.node import ConnectionLost
from harness.simulated.server import Answer, Request
from targets.simulated import Simulated
from targets.simulated.linearizable import RaftServer

T = TypeVar("T")


def simulate(scenario: Callable[[SimulatedCluster], Awaitable[T]], *options: str, seed: int = 1, nodes: int = 3) -> T:
    """What the scenario returns on a cluster that is ready."""

    async def main() -> T:
        target = Simulated(parse_options("simulated", Simulated.options, options))
        cluster = SimulatedCluster(target, [f"n{number + 1}" for number in range(nodes)], Streams(seed))
        await cluster.up()
        await serving(cluster, target)
        try:
            return await scenario(cluster)
        finally:
            await cluster.down()

    return run(main())


async def serving(cluster: SimulatedCluster, target: Simulated) -> None:
    """Wait until every node serves."""
    async with asyncio.timeout(60):
        await all_ready(target, cluster)


async def ask(cluster: SimulatedCluster, node: str, f: str, value: Any = None, interface: str = "register") -> Answer:
    """One request to one node, about the object of key 1."""
    for found in cluster.nodes:
        if found.name == node:
            return await found.request(Request(interface, f, 1, value))
    raise KeyError(node)


def isolate(cluster: SimulatedCluster, node: str) -> None:
    """Cut one node off from all others."""
    others = [other.name for other in cluster.nodes if other.name != node]
    cluster.network.cut(frozenset({(node, other) for other in others} | {(other, node) for other in others}))


def leader(cluster: SimulatedCluster) -> str:
    """The only node that says that it leads."""
    (name,) = [node.name for node in cluster.nodes if node.responding is not None and node.responding.leads]
    return name


async def trouble(cluster: SimulatedCluster, rng: random.Random, rounds: int) -> None:
    """Random cuts, kills and pauses, several at a time; everything works again at the end."""
    names = [node.name for node in cluster.nodes]
    pairs = [(one, other) for one in names for other in names if one != other]
    for _ in range(rounds):
        cluster.network.cut(frozenset(pair for pair in pairs if rng.random() < rng.choice((0, 0.3, 0.6))))
        for node in cluster.nodes:
            what = rng.random()
            if what < 0.15:
                await node.kill()
            elif what < 0.3 and node.server is not None:
                await node.pause()
            elif what < 0.7:
                await node.resume()
                await node.start()
        await asyncio.sleep(rng.uniform(0.05, 0.6))
    cluster.network.cut(frozenset())
    for node in cluster.nodes:
        await node.resume()
        await node.start()


DESIGNS = ("linearizable", "async-replication", "last-write-wins")


@pytest.mark.parametrize("nodes", [1, 3, 5])
@pytest.mark.parametrize("design", DESIGNS)
def test_what_is_written_anywhere_is_read_everywhere_when_nothing_fails(design: str, nodes: int) -> None:
    async def scenario(cluster: SimulatedCluster) -> list[Any]:
        for node in cluster.nodes:
            await ask(cluster, node.name, "write", node.name)
            await asyncio.sleep(1)
        await ask(cluster, "n1", "cas", [f"n{nodes}", "last"])
        await ask(cluster, "n1", "add", 7, "set")
        await ask(cluster, "n1", "add", 7, "counter")
        await asyncio.sleep(1)
        reads = [(node.name, interface) for node in cluster.nodes for interface in ("register", "set", "counter")]
        return [(await ask(cluster, node, "read", None, interface)).value for node, interface in reads]

    assert simulate(scenario, f"design={design}", "clock-skew=0", nodes=nodes) == ["last", [7], 7] * nodes


@pytest.mark.parametrize("design", DESIGNS)
def test_a_cas_that_does_not_match_certainly_did_not_happen(design: str) -> None:
    async def scenario(cluster: SimulatedCluster) -> Answer:
        return await ask(cluster, "n2", "cas", [1, 2])

    assert simulate(scenario, f"design={design}") == Answer("fail", error="cas-mismatch: it was not 1")


@pytest.mark.parametrize("design", DESIGNS)
def test_all_nodes_may_die_and_what_was_acknowledged_and_replicated_survives(design: str) -> None:
    async def scenario(cluster: SimulatedCluster) -> Any:
        await ask(cluster, "n2", "write", 5)
        await asyncio.sleep(1)
        for node in cluster.nodes:
            await node.kill()
        for node in cluster.nodes:
            await node.start()
        await asyncio.sleep(5)
        return (await ask(cluster, "n3", "read")).value

    assert simulate(scenario, f"design={design}") == 5


def test_primaries_are_told_by_the_designs_that_have_them() -> None:
    async def scenario(cluster: SimulatedCluster) -> list[str]:
        return await target.primaries(cluster)

    target = Simulated(parse_options("simulated", Simulated.options, []))

    assert len(simulate(scenario, "design=linearizable")) == 1
    assert simulate(scenario, "design=async-replication") == ["n1"]
    assert simulate(scenario, "design=last-write-wins") == []


def test_linearizable_a_majority_elects_another_leader_and_the_old_one_steps_down() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        old = leader(cluster)
        others = [node.name for node in cluster.nodes if node.name != old]
        isolate(cluster, old)
        cut_off = asyncio.ensure_future(ask(cluster, old, "write", "lost"))
        await asyncio.sleep(2)
        assert leader(cluster) in others
        assert (await cut_off).type == "info"
        assert (await ask(cluster, old, "read")).error.startswith("no-leader: ")
        assert (await ask(cluster, others[0], "write", "kept")).type == "ok"
        cluster.network.cut(frozenset())
        await asyncio.sleep(2)
        assert (await ask(cluster, old, "read")).value == "kept"

    simulate(scenario)


def test_linearizable_a_minority_answers_nothing_even_right_after_a_pause() -> None:
    async def scenario(cluster: SimulatedCluster) -> Answer:
        old = leader(cluster)
        node = next(node for node in cluster.nodes if node.name == old)
        await node.pause()
        await asyncio.sleep(2)
        new = leader(cluster)
        await ask(cluster, new, "write", "new")
        isolate(cluster, old)
        read = asyncio.ensure_future(ask(cluster, old, "read"))
        await asyncio.sleep(0.1)
        await node.resume()
        return await read

    assert simulate(scenario).type != "ok"


@pytest.mark.parametrize("seed", range(30))
def test_linearizable_logs_agree_and_nothing_acknowledged_is_lost_whatever_happens(seed: int) -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        streams = Streams(seed)
        acknowledged: list[int] = []
        numbers = itertools.count()

        async def client(name: str) -> None:
            while True:
                number = next(numbers)
                try:
                    async with asyncio.timeout(0.5):
                        if (await ask(cluster, name, "add", number, "set")).type == "ok":
                            acknowledged.append(number)
                except (TimeoutError, DidNotHappen, ConnectionLost):
                    await asyncio.sleep(0.02)

        clients = [asyncio.ensure_future(client(node.name)) for node in cluster.nodes for _ in range(2)]
        await trouble(cluster, streams.stream("trouble"), rounds=20)
        await asyncio.sleep(2)
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        await asyncio.sleep(1)
        answer = await ask(cluster, "n1", "read", None, "set")
        servers = [node.server for node in cluster.nodes]
        logs = [list(server.log[: server.commit]) for server in servers if isinstance(server, RaftServer)]
        shortest = min(map(len, logs))
        assert len(logs) == 3
        assert logs[0][:shortest] == logs[1][:shortest] == logs[2][:shortest]
        assert len(acknowledged) > 50
        assert set(acknowledged) <= set(answer.value)
        lines = b"".join([await node.log() for node in cluster.nodes]).decode().splitlines()
        elected = Counter(line.rpartition(" ")[2] for line in lines if "elected leader" in line)
        assert set(elected.values()) == {1}

    simulate(scenario, seed=seed)


def test_async_replication_acknowledges_before_it_replicates_and_reads_are_stale() -> None:
    async def scenario(cluster: SimulatedCluster) -> tuple[Any, Any]:
        await ask(cluster, "n1", "write", "old")
        await asyncio.sleep(1)
        await ask(cluster, "n1", "write", "new")
        at_once = await ask(cluster, "n2", "read")
        await asyncio.sleep(1)
        return at_once.value, (await ask(cluster, "n2", "read")).value

    assert simulate(scenario, "design=async-replication", "replication-lag=200") == ("old", "new")


def test_async_replication_loses_what_a_cut_off_primary_acknowledged() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        isolate(cluster, "n1")
        assert (await ask(cluster, "n1", "write", "lost")).type == "ok"
        await asyncio.sleep(2)
        assert [node.name for node in cluster.nodes if node.server and node.server.leads] == ["n1", "n2"]
        assert (await ask(cluster, "n3", "write", "kept")).type == "ok"
        cluster.network.cut(frozenset())
        await asyncio.sleep(2)
        assert leader(cluster) == "n2"
        assert (await ask(cluster, "n1", "read")).value == "kept"
        assert "demoted by n2: the last 1 changes may be lost" in (await cluster["n1"].log()).decode()

    simulate(scenario, "design=async-replication")


def test_last_write_wins_discards_an_acknowledged_write_of_a_clock_that_is_behind() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        cluster.nodes[0].clock.set(0)
        cluster.nodes[1].clock.set(-5_000_000_000)
        await ask(cluster, "n1", "write", "first")
        await asyncio.sleep(1)
        assert (await ask(cluster, "n2", "write", "second")).type == "ok"
        assert (await ask(cluster, "n2", "read")).value == "first"

    simulate(scenario, "design=last-write-wins")


def test_last_write_wins_loses_one_of_two_concurrent_additions() -> None:
    async def scenario(cluster: SimulatedCluster) -> Any:
        await asyncio.gather(*(ask(cluster, node, "add", 1, "counter") for node in ("n1", "n2")))
        await asyncio.sleep(1)
        return (await ask(cluster, "n3", "read", None, "counter")).value

    assert simulate(scenario, "design=last-write-wins") == 1
