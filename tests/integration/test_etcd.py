"""etcd for real: every interface on every version, and the error table against killed and paused members."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from harness.client import Client
from harness.cluster import Node
from harness.op import INVOKE, Op
from targets.etcd import Etcd

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("etcd_images")]

VERSIONS = ("3.4.23", "3.5.35", "3.6.16")


def invocation(f: str, value: Any = None, key: str | int | None = None) -> Op:
    return Op(index=-1, time=0, process=0, type=INVOKE, f=f, key=key, value=value)


@asynccontextmanager
async def opened(target: Etcd, interface: str, node: Node) -> AsyncIterator[Client]:
    client = target.client(interface)
    try:
        await client.open(node)
        yield client
    finally:
        await client.close()


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - a daemon or a member has no event to wait for
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("version", VERSIONS)
async def test_round_trips(etcd_cluster: Any, version: str) -> None:
    async with etcd_cluster(version=version, unsafe_no_fsync=True) as (cluster, target):
        await eventually(lambda: _one_leads(target, cluster))
        await _register(target, cluster.nodes)
        await _set(target, cluster.nodes)
        await _counter(target, cluster.nodes)
        await _lock(target, cluster.nodes)
        await _locked_set(target, cluster.nodes)


async def _one_leads(target: Any, cluster: Any) -> bool:
    return len(await target.primaries(cluster)) == 1


async def _register(target: Any, nodes: Any) -> None:
    async with opened(target, "register", nodes[0]) as one, opened(target, "register", nodes[1]) as other:
        absent = await other.invoke(invocation("read", key=7))
        assert (absent.type, absent.value, absent.version) == ("ok", None, None)
        written = await one.invoke(invocation("write", 1, key=7))
        read = await other.invoke(invocation("read", key=7))
        assert (written.type, read.value) == ("ok", 1)
        assert read.version == written.version
        swapped = await other.invoke(invocation("cas", [1, 2], key=7))
        assert (swapped.type, swapped.value) == ("ok", [1, 2])
        assert swapped.version > written.version
        missed = await one.invoke(invocation("cas", [1, 3], key=7))
        assert (missed.type, missed.error) == ("fail", "cas-mismatch: found 2")
        assert (await one.invoke(invocation("cas", [None, 3], key=7))).type == "fail"
        assert (await one.invoke(invocation("cas", [None, 3], key=8))).type == "ok"
        assert (await one.invoke(invocation("read", key=7))).version == swapped.version


async def _set(target: Any, nodes: Any) -> None:
    async with opened(target, "set", nodes[1]) as client:
        for element in (3, 1, 20, "word"):
            assert (await client.invoke(invocation("add", element))).type == "ok"
        assert set((await client.invoke(invocation("read"))).value) == {3, 1, 20, "word"}


async def _counter(target: Any, nodes: Any) -> None:
    async with opened(target, "counter", nodes[0]) as one, opened(target, "counter", nodes[2]) as other:
        assert (await one.invoke(invocation("read"))).value == 0
        adds = [client.invoke(invocation("add", 2)) for client in (one, other) for _ in range(5)]
        assert {done.type for done in await asyncio.gather(*adds)} == {"ok"}
        assert (await other.invoke(invocation("read"))).value == 20


async def _lock(target: Any, nodes: Any) -> None:
    acquire, release = invocation("acquire", key="a"), invocation("release", key="a")
    async with opened(target, "lock", nodes[0]) as one, opened(target, "lock", nodes[1]) as other:
        first = await one.invoke(acquire)
        busy = await other.invoke(acquire)
        assert (first.type, first.value, busy.type, busy.error.split(":")[0]) == ("ok", first.version, "fail", "busy")
        assert (await one.invoke(release)).type == "ok"
        second = await other.invoke(acquire)
        assert second.value > first.value
        assert (await one.invoke(release)).error.split(":")[0] == "not-held"


async def _locked_set(target: Any, nodes: Any) -> None:
    for fencing in (False, True):
        serves = Etcd({**target.settings, "fencing": fencing})
        async with opened(serves, "locked-set", nodes[0]) as one, opened(serves, "locked-set", nodes[1]) as other:
            for client, element in ((one, 1), (other, 2)):
                assert (await client.invoke(invocation("add", element, key=str(fencing)))).type == "ok"
            assert (await one.invoke(invocation("read", key=str(fencing)))).value == [1, 2]


async def test_a_lease_is_kept_alive_and_runs_out_when_its_client_dies_or_its_member_is_paused(
    etcd_cluster: Any,
) -> None:
    """The lock is free for others while the paused member's client still believes that it holds it."""
    acquire, release = invocation("acquire", key="a"), invocation("release", key="a")
    async with etcd_cluster(version="3.6.16", lock_ttl=5) as (cluster, target):
        await eventually(lambda: _one_leads(target, cluster))
        (leader,) = await target.primaries(cluster)
        follower, witness = (node for node in cluster.nodes if node.name != leader)
        async with opened(target, "lock", follower) as holder, opened(target, "lock", witness) as other:

            async def free() -> bool:
                return (await other.invoke(acquire)).type == "ok"

            held = await holder.invoke(acquire)
            clock = asyncio.get_running_loop().time
            end = clock() + 1.5 * target.settings["lock-ttl"]
            while clock() < end:
                assert not await free()
            await follower.pause()
            await eventually(free)
            await follower.resume()
            assert held.type == "ok"
            assert (await holder.invoke(release)).type == "ok"
            assert (await other.invoke(release)).type == "ok"

            assert (await holder.invoke(acquire)).type == "ok"
            await holder.close()
            await eventually(free)


async def test_a_write_to_a_paused_member_is_open_and_a_read_failed(etcd_cluster: Any) -> None:
    async with etcd_cluster(version="3.6.16") as (cluster, target):
        node = cluster["n1"]
        async with opened(target, "register", node) as client:
            await client.invoke(invocation("write", 1, key="k"))
            await node.pause()
            write, read = await asyncio.gather(
                client.invoke(invocation("write", 2, key="k")), client.invoke(invocation("read", key="k"))
            )
            await node.resume()
        assert (write.type, write.error.split(":")[0]) == ("info", "deadline")
        assert (read.type, read.error.split(":")[0]) == ("fail", "deadline")


async def test_a_write_under_way_when_the_member_is_killed_is_open(etcd_cluster: Any) -> None:
    async with etcd_cluster(version="3.6.16") as (cluster, target):
        node = cluster["n1"]
        async with opened(target, "register", node) as client:
            await client.invoke(invocation("write", 0, key="k"))
            await cluster["n2"].pause()
            await cluster["n3"].pause()
            under_way = asyncio.ensure_future(client.invoke(invocation("write", 1, key="k")))
            reading = asyncio.ensure_future(client.invoke(invocation("read", key="k")))
            await node.kill()
            write, read = await under_way, await reading
            assert (write.type, write.error.split(":")[0]) == ("info", "unavailable")
            assert read.type == "fail"


async def test_a_write_to_a_dead_member_certainly_did_not_happen(etcd_cluster: Any) -> None:
    async with etcd_cluster(version="3.6.16") as (cluster, target):
        node = cluster["n1"]
        async with opened(target, "register", node) as client:
            await client.invoke(invocation("write", 0, key="k"))
            await node.kill()
            outcomes = [await client.invoke(invocation("write", value, key="k")) for value in (1, 2, 3)]
        certain = [done for done in outcomes if done.type == "fail"]
        assert certain, outcomes
        assert {done.error.split(":")[0] for done in certain} == {"not-connected"}
        with pytest.raises(ConnectionError, match="no connection to"):
            await target.client("register").open(node)
        async with opened(target, "register", cluster["n2"]) as client:
            await eventually(lambda: _readable(client))
            left = await client.invoke(invocation("read", key="k"))
        assert left.value not in {done.value for done in certain}


async def _readable(client: Client) -> bool:
    return (await client.invoke(invocation("read", key="k"))).type == "ok"


async def test_without_a_majority_only_serializable_reads_answer(etcd_cluster: Any) -> None:
    async with etcd_cluster(version="3.5.35") as (cluster, target):
        async with opened(target, "register", cluster["n1"]) as client:
            assert (await client.invoke(invocation("write", 5, key="k"))).type == "ok"
        weak = Etcd({**target.settings, "reads": "serializable"})
        async with (
            opened(target, "register", cluster["n1"]) as strict,
            opened(weak, "register", cluster["n1"]) as stale,
        ):
            await cluster["n2"].pause()
            await cluster["n3"].pause()
            answered, refused = await asyncio.gather(
                stale.invoke(invocation("read", key="k")), strict.invoke(invocation("read", key="k"))
            )
        assert (answered.type, answered.value) == ("ok", 5)
        assert refused.type == "fail"


@pytest.mark.parametrize("members", [1, 7])
async def test_one_and_seven_members(etcd_cluster: Any, members: int) -> None:
    async with (
        etcd_cluster(nodes=members, unsafe_no_fsync=True) as (cluster, target),
        opened(target, "register", cluster.nodes[-1]) as client,
    ):
        assert (await client.invoke(invocation("write", 1, key="k"))).type == "ok"
