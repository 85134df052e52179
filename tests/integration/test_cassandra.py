"""Cassandra for real: every interface, the settings, and the error table against nodes that are killed and paused."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from harness.client import Client
from harness.cluster import Node
from harness.op import INVOKE, Op
from harness.ready import all_ready
from targets.cassandra import Cassandra

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("cassandra_image")]

PLAIN = {"lwt": False, "read-cl": "QUORUM", "write-cl": "QUORUM"}


def invocation(f: str, value: Any = None, key: str | int | None = None, process: int = 0) -> Op:
    return Op(index=-1, time=0, process=process, type=INVOKE, f=f, key=key, value=value)


@asynccontextmanager
async def opened(target: Cassandra, interface: str, node: Node) -> AsyncIterator[Client]:
    client = target.client(interface)
    try:
        await client.open(node)
        await client.setup()
        yield client
    finally:
        await client.close()


async def answers(client: Client, *ops: Op) -> list[Any]:
    """The values of operations that must succeed, one after the other."""
    done = [await client.invoke(op) for op in ops]
    assert {one.type for one in done} == {"ok"}, done
    return [one.value for one in done]


async def test_round_trips(cassandra_cluster: Any) -> None:
    async with cassandra_cluster() as (cluster, target):
        await target.setup(cluster)
        await _register(target, cluster.nodes)
        await _session(target, cluster.nodes[0])
        await _lock(target, cluster.nodes)
        await _lock_that_expires(cluster.nodes)
        others = {**PLAIN, "set-as": "cell", "batch": "unlogged", "read-repair": "none"}
        for settings in (PLAIN, others, {**others, "timestamps": "client"}):
            await _collections(Cassandra(settings), cluster.nodes[1])
        await _equal_timestamps(cluster.nodes[2])


async def _register(target: Cassandra, nodes: Any) -> None:
    for settings in (target.settings, PLAIN, {"read-cl": "QUORUM"}, {"serial-cl": "LOCAL_SERIAL"}):
        one_target, key = Cassandra(settings), str(settings)
        async with opened(one_target, "register", nodes[0]) as one, opened(one_target, "register", nodes[1]) as other:
            write, cas = invocation("write", 1, key), invocation("cas", [1, 2], key)
            read = invocation("read", None, key)
            assert await answers(other, read) == [None]
            assert await answers(one, write) == [1]
            assert await answers(other, read, cas, read) == [1, [1, 2], 2]
            missed = await one.invoke(cas)
            assert (missed.type, missed.error) == ("fail", "cas-mismatch: found 2")
            assert (await one.invoke(invocation("cas", [None, 3], key))).error == "cas-mismatch: found 2"
            assert (await one.invoke(invocation("cas", [1, 3], key + "2"))).error == "cas-mismatch: found nothing"
            assert await answers(one, invocation("cas", [None, 3], key + "2")) == [[None, 3]]


async def _session(target: Cassandra, node: Node) -> None:
    async with opened(target, "session", node) as client:
        write, move, read = (
            invocation("write", 5, "session"),
            invocation("move", "n3"),
            invocation("read", key="session"),
        )
        assert await answers(client, write, move, read) == [5, "n3", 5]


async def _lock(target: Cassandra, nodes: Any) -> None:
    mine, give_back = invocation("acquire", process=1), invocation("release", process=1)
    his = invocation("acquire", process=2)
    async with opened(target, "lock", nodes[0]) as one, opened(target, "lock", nodes[1]) as other:
        assert await answers(one, mine) == [1]
        assert (await other.invoke(his)).error == "held: by process 1"
        await answers(one, give_back)
        assert (await one.invoke(give_back)).type == "fail"
        assert await answers(other, his) == [2]


async def _lock_that_expires(nodes: Any) -> None:
    brief, long = Cassandra({"lock-ttl": 1}), Cassandra({"lock-ttl": 600})
    mine, his = invocation("acquire", None, "expires", 1), invocation("acquire", None, "expires", 2)
    async with opened(brief, "lock", nodes[0]) as one, opened(long, "lock", nodes[1]) as other:
        assert await answers(one, mine) == [1]
        async with asyncio.timeout(30):
            while (done := await other.invoke(his)).type == "fail":
                assert done.error.split(":")[0] in ("busy", "contended")
        assert (done.type, done.value) == ("ok", 2)
        await answers(one, invocation("release", None, "expires", 1))
        assert (await one.invoke(mine)).error == "busy: by process 2"


async def _collections(target: Cassandra, node: Node) -> None:
    read = invocation("read", key=str(target.settings))
    for interface, first, ops, last in (
        ("set", [], [("add", 3), ("add", 1)], [1, 3]),
        ("counter", 0, [("add", 3), ("add", 1)], 4),
        ("write-isolation", None, [("write", [1, 2]), ("write", [3, 4])], [3, 4]),
        ("batch", None, [("write", [1, 2]), ("write", [3, 4])], [3, 4]),
    ):
        if (interface, target.settings["timestamps"]) == ("counter", "client"):
            continue  # is refused
        async with opened(target, interface, node) as client:
            assert await answers(client, read) == [first]
            await answers(client, *(invocation(f, value, str(target.settings)) for f, value in ops))
            assert await answers(client, read) == [last]


async def _equal_timestamps(node: Node) -> None:
    """Of two writes with one timestamp each cell keeps the larger value: the row was never written so."""
    target = Cassandra({**PLAIN, "timestamps": "client", "clock-resolution": 10**9})
    async with opened(target, "write-isolation", node) as client:
        await answers(client, invocation("write", [1, 9], "torn"), invocation("write", [2, 8], "torn"))
        assert await answers(client, invocation("read", key="torn")) == [[2, 9]]


KINDS: Mapping[str, tuple[Mapping[str, Any], str, str, Any]] = {
    "paxos": ({}, "register", "write", 1),
    "paxos, commit at ALL": ({"write-cl": "ALL"}, "register", "write", 1),
    "plain": (PLAIN, "register", "write", 1),
    "plain at ALL": ({**PLAIN, "write-cl": "ALL"}, "register", "write", 1),
    "counter": (PLAIN, "counter", "add", 1),
    "counter at ALL": ({**PLAIN, "write-cl": "ALL"}, "counter", "add", 1),
    "logged": (PLAIN, "batch", "write", [1, 1]),
    "logged at ALL": ({**PLAIN, "write-cl": "ALL"}, "batch", "write", [1, 1]),
    "unlogged": ({**PLAIN, "batch": "unlogged"}, "batch", "write", [1, 1]),
    "unlogged at ALL": ({**PLAIN, "batch": "unlogged", "write-cl": "ALL"}, "batch", "write", [1, 1]),
}
"""Label → settings of the target, interface, operation and its value."""


class Load:
    """A client of each kind at each node; every operation has a key of its own, so a read tells whether it happened.

    Args:
        target: Whose sessions all of them share.
    """

    def __init__(self, target: Cassandra) -> None:
        self._sessions = target._sessions
        self._keys = itertools.count()
        self._clients: list[tuple[str, Client]] = []
        self.done: dict[str, list[Op]] = {label: [] for label in KINDS}

    async def open(self, nodes: Any) -> None:
        """Make the tables, and connect."""
        for label, (settings, interface, _, _) in KINDS.items():
            target = Cassandra(settings)
            target._sessions = self._sessions
            for node in nodes:
                client = target.client(interface)
                await client.open(node)
                await client.setup()
                self._clients.append((label, client))

    async def close(self) -> None:
        """Disconnect."""
        for _, client in self._clients:
            await client.close()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Go on until something was seen."""
        async with asyncio.timeout(90), asyncio.TaskGroup() as workers:
            for label, client in self._clients:
                workers.create_task(self._work(label, client, condition))

    async def _work(self, label: str, client: Client, condition: Callable[[], bool]) -> None:
        _, _, f, value = KINDS[label]
        while not condition():
            self.done[label].append(await client.invoke(invocation(f, value, f"{label}/{next(self._keys)}")))

    def outcomes(self, label: str) -> Counter[str]:
        """How often each outcome was seen: ``ok``, ``fail unavailable``, ``info client-timeout``."""
        return Counter(f"{done.type} {(done.error or '').split(':')[0]}".strip() for done in self.done[label])

    def seen(self, outcome: str) -> bool:
        """Whether an outcome was seen of any kind."""
        return any(self.outcomes(label)[outcome] for label in KINDS)


async def test_what_failed_did_not_happen_and_what_succeeded_did(cassandra_cluster: Any) -> None:
    """While a node is paused, and another one is killed, until the others know it."""
    async with cassandra_cluster(server_timeout=1000, client_timeout=1500) as (cluster, target):
        await target.setup(cluster)
        load = Load(target)
        await load.open(cluster.nodes)
        await load.until(lambda: all(load.outcomes(label)["ok"] > 30 for label in KINDS))

        await cluster["n2"].pause()
        await load.until(lambda: load.seen("info client-timeout") and load.seen("info write-timeout"))
        await cluster["n2"].resume()
        await all_ready(target, cluster)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.until(lambda: load.seen("fail not-connected") and _refused(load)))
            tasks.create_task(cluster["n3"].kill())
        await cluster["n3"].start()
        await all_ready(target, cluster)
        await load.close()

        assert load.seen("info connection-lost")
        for label, (_, interface, _, _) in KINDS.items():
            await _verify(label, interface, load.done[label], cluster["n1"])


def _refused(load: Load) -> bool:
    """Whether the coordinators know that a replica is dead: each kind of request is refused in its own way."""
    return (
        bool(load.outcomes("paxos, commit at ALL")["info commit-unavailable"])
        and bool(load.outcomes("unlogged at ALL")["info batch-unavailable"])
        and all(
            load.outcomes(label)["fail unavailable"] for label in ("plain at ALL", "counter at ALL", "logged at ALL")
        )
    )


async def _answered(client: Client, key: Any) -> Op:
    """A read; tried again, since a node that has just started may take longer than a request may."""
    while (done := await client.invoke(invocation("read", key=key))).type != "ok":
        pass
    return done


async def _verify(label: str, interface: str, done: list[Op], node: Node) -> None:
    target = Cassandra({**PLAIN, "read-cl": "SERIAL" if label.startswith("paxos") else "ALL"})
    absent = 0 if interface == "counter" else None
    async with opened(target, interface, node) as client:
        for some in (done[start : start + 100] for start in range(0, len(done), 100)):
            async with asyncio.timeout(90):
                reads = await asyncio.gather(*(_answered(client, one.key) for one in some))
            for one, read in zip(some, reads, strict=True):
                if one.type == "fail":
                    assert read.value == absent, one
                elif one.type == "ok":
                    assert read.value == one.value, one


async def test_five_nodes_with_the_other_settings_of_the_server(cassandra_cluster: Any) -> None:
    settings = {"paxos_variant": "v2", "commitlog_sync": "periodic", "hinted_handoff": False}
    async with cassandra_cluster(nodes=5, **settings) as (cluster, target):
        await target.setup(cluster)
        async with opened(target, "register", cluster.nodes[4]) as client:
            values = await answers(client, *(invocation("write", number, key=number) for number in range(20)))
            assert values == list(range(20))
            values = await answers(client, *(invocation("read", key=number) for number in range(20)))
            assert values == list(range(20))
