"""MongoDB for real: every interface on every version, and the error table against killed and paused members."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from pymongo.errors import PyMongoError

from harness.client import Client
from harness.cluster import Node
from harness.docker.node import DockerNode
from harness.op import INVOKE, Op
from harness.ready import all_ready
from targets.mongodb import MongoDB
from targets.mongodb.errors import RULES

pytestmark = [
    pytest.mark.docker,
    pytest.mark.usefixtures("mongodb_images"),
    # pymongo leaves a socket to the garbage collector when it is closed while one of its monitors connects.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

VERSIONS = ("5.0.4", "6.0.27")


@pytest.fixture(autouse=True)
def sockets_of_the_driver() -> Iterator[None]:
    """Collect what it leaves while the warning is still ignored."""
    yield
    gc.collect()


def invocation(f: str, value: Any = None, key: str | int | None = None, process: int = 0) -> Op:
    return Op(index=-1, time=0, process=process, type=INVOKE, f=f, key=key, value=value)


@asynccontextmanager
async def opened(target: MongoDB, interface: str, node: Node) -> AsyncIterator[Client]:
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


def but(target: MongoDB, **settings: Any) -> MongoDB:
    """The same target with other settings."""
    return MongoDB({**target.settings, **{name.replace("_", "-"): value for name, value in settings.items()}})


@pytest.mark.parametrize("version", VERSIONS)
async def test_round_trips(mongodb_cluster: Any, version: str) -> None:
    async with mongodb_cluster(version=version) as (cluster, target):
        await target.setup(cluster)
        await target.setup(cluster)  # those that are there stay
        await eventually(lambda: _one_leads(target, cluster))
        for interface in (register, elements, counter, lock, lists, cells, bank):
            await interface(target, cluster.nodes)
        await unacknowledged(but(target, w="0", read_concern="local"), cluster.nodes)
        await sessions(but(target, read_concern="majority", read_preference="nearest", causal_session=True), cluster)
        await only_its_own_node(but(target, discovery=False), cluster)


async def _one_leads(target: MongoDB, cluster: Any) -> bool:
    return len(await target.primaries(cluster)) == 1


async def register(target: MongoDB, nodes: Any) -> None:
    async with opened(target, "register", nodes[0]) as one, opened(target, "register", nodes[1]) as other:
        absent = await other.invoke(invocation("read", key=7))
        assert (absent.type, absent.value) == ("ok", None)
        assert (await one.invoke(invocation("write", 1, key=7))).type == "ok"
        assert (await other.invoke(invocation("read", key=7))).value == 1
        swapped = await other.invoke(invocation("cas", [1, 2], key=7))
        assert (swapped.type, swapped.value) == ("ok", [1, 2])
        missed = await one.invoke(invocation("cas", [1, 3], key=7))
        assert (missed.type, missed.error.split(":")[0]) == ("fail", "no-match")
        made = await one.invoke(invocation("cas", [None, 3], key=7))
        assert (made.type, made.error.split(":")[0]) == ("fail", "no-match")
        assert (await one.invoke(invocation("cas", [None, 3], key=8))).type == "ok"
        assert (await other.invoke(invocation("read", key=7))).value == 2


async def unacknowledged(target: MongoDB, nodes: Any) -> None:
    """What nobody answers to is ``ok`` once it is sent; a compare-and-set needs an answer, and waits for one."""
    async with opened(target, "register", nodes[0]) as client:
        for before, after in ((None, 1), (1, 2)):
            assert (await client.invoke(invocation("cas", [before, after], key="u"))).type == "ok"
            missed = await client.invoke(invocation("cas", [before, 3], key="u"))
            assert (missed.type, missed.error.split(":")[0]) == ("fail", "no-match")
            assert (await client.invoke(invocation("read", key="u"))).value == after
        assert (await client.invoke(invocation("write", 4, key="u"))).type == "ok"
        await eventually(lambda: _reads(client, 4))


async def _reads(client: Client, value: int) -> bool:
    return (await client.invoke(invocation("read", key="u"))).value == value


async def elements(target: MongoDB, nodes: Any) -> None:
    async with opened(target, "set", nodes[1]) as client:
        for element in (3, 1, 20):
            assert (await client.invoke(invocation("add", element))).type == "ok"
        assert (await client.invoke(invocation("read"))).value == [1, 3, 20]
        again = await client.invoke(invocation("add", 3))
        assert (again.type, again.error.split(":")[0]) == ("fail", "duplicate-key")


async def counter(target: MongoDB, nodes: Any) -> None:
    async with opened(target, "counter", nodes[0]) as one, opened(target, "counter", nodes[2]) as other:
        assert (await one.invoke(invocation("read"))).value == 0
        for _ in range(5):
            adds = await asyncio.gather(one.invoke(invocation("add", 2)), other.invoke(invocation("add", 3)))
            assert {done.type for done in adds} == {"ok"}
        assert (await other.invoke(invocation("read"))).value == 25


async def lock(target: MongoDB, nodes: Any) -> None:
    async with opened(target, "lock", nodes[0]) as one, opened(target, "lock", nodes[1]) as other:
        taken = await one.invoke(invocation("acquire", process=1))
        assert (taken.type, taken.value) == ("ok", 1)
        held = await other.invoke(invocation("acquire", process=2))
        assert (held.type, held.error.split(":")[0]) == ("fail", "busy")
        foreign = await other.invoke(invocation("release", process=2))
        assert (foreign.type, foreign.error.split(":")[0]) == ("fail", "not-held")
        assert (await one.invoke(invocation("release", process=1))).type == "ok"
        assert (await other.invoke(invocation("acquire", process=2))).value == 2


async def lists(target: MongoDB, nodes: Any) -> None:
    async with opened(target, "list-append", nodes[0]) as one, opened(target, "list-append", nodes[1]) as other:
        done = await one.invoke(invocation("txn", [["r", 1, None], ["append", 1, 10], ["r", 1, None]]))
        assert (done.type, done.value) == ("ok", [["r", 1, None], ["append", 1, 10], ["r", 1, [10]]])
        await other.invoke(invocation("txn", [["append", 1, 11], ["append", "k", 12]]))
        done = await one.invoke(invocation("txn", [["r", 1, None], ["r", "k", None]]))
        assert done.value == [["r", 1, [10, 11]], ["r", "k", [12]]]
        half = await one.invoke(invocation("txn", [["append", 1, 13], ["w", 1, 14]]))
        assert (half.type, half.error.split(":")[0]) == ("fail", "unknown-operation")
        assert (await other.invoke(invocation("txn", [["r", 1, None]]))).value == [["r", 1, [10, 11]]]


async def cells(target: MongoDB, nodes: Any) -> None:
    async with opened(target, "rw-register", nodes[0]) as client:
        done = await client.invoke(invocation("txn", [["r", 1, None], ["w", 1, 10], ["r", 1, None]]))
        assert (done.type, done.value) == ("ok", [["r", 1, None], ["w", 1, 10], ["r", 1, 10]])


async def bank(target: MongoDB, nodes: Any) -> None:
    async with opened(target, "bank", nodes[0]) as client:
        for _ in range(2):
            assert (await client.invoke(invocation("create", {"accounts": {"0": 100, "1": 0}}))).type == "ok"
        moved = await client.invoke(invocation("transfer", {"from": "0", "to": "1", "amount": 30}))
        assert moved.type == "ok"
        refused = await client.invoke(invocation("transfer", {"from": "1", "to": "0", "amount": 31}))
        assert (refused.type, refused.error) == ("fail", "insufficient-funds: 1 holds 30")
        assert (await client.invoke(invocation("read"))).value == {"0": 70, "1": 30}
        overdraft = {"from": "1", "to": "0", "amount": 31, "overdraft": True}
        assert (await client.invoke(invocation("transfer", overdraft))).type == "ok"
        assert (await client.invoke(invocation("read"))).value == {"0": 101, "1": -1}


async def sessions(target: MongoDB, cluster: Any) -> None:
    """A session that reads its own writes wherever it goes."""
    async with opened(target, "session", cluster.nodes[0]) as client:
        for value, node in zip(range(30), [node.name for node in cluster.nodes] * 10, strict=True):
            assert (await client.invoke(invocation("write", value, key="s"))).type == "ok"
            assert (await client.invoke(invocation("move", node))).type == "ok"
            assert (await client.invoke(invocation("read", key="s"))).value == value


async def only_its_own_node(target: MongoDB, cluster: Any) -> None:
    (leader,) = await target.primaries(cluster)
    follower = next(node for node in cluster.nodes if node.name != leader)
    majority = but(target, read_concern="majority")
    async with opened(majority, "register", follower) as there, opened(majority, "register", cluster[leader]) as here:
        for op in (invocation("read", key="d"), invocation("write", 1, key="d")):
            refused = await there.invoke(op)
            assert (refused.type, refused.error.split(":")[0]) == ("fail", "not-primary")
        assert (await here.invoke(invocation("write", 2, key="d"))).type == "ok"
        assert (await here.invoke(invocation("read", key="d"))).value == 2


class Load:
    """Clients that add elements without a pause, and what became of each."""

    def __init__(self, target: MongoDB, nodes: Any) -> None:
        self._target, self._nodes = target, nodes
        self._elements = count()
        self._going = True
        self.completions: list[Op] = []

    async def client(self, number: int) -> None:
        """One client: opens another one when it does not know what became of an element, as the harness does."""
        while self._going:
            try:
                async with opened(self._target, "set", self._nodes[number % len(self._nodes)]) as client:
                    while self._going:
                        done = await client.invoke(invocation("add", next(self._elements)))
                        self.completions.append(done)
                        if done.type == "info":
                            break
            except PyMongoError:
                continue

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Eight clients, until the end of the context: they end with what they are doing."""
        clients = [asyncio.ensure_future(self.client(number)) for number in range(8)]
        try:
            yield
        finally:
            self._going = False
            await asyncio.gather(*clients)

    def of(self, kind: str) -> set[int]:
        """The elements whose additions ended so."""
        return {done.value for done in self.completions if done.type == kind}


@pytest.mark.parametrize("retryable", [True, False])
async def test_the_error_table_against_killed_and_paused_primaries(mongodb_cluster: Any, retryable: bool) -> None:
    """What was acknowledged by a majority is there in the end, and what is said not to have happened is not."""
    async with mongodb_cluster(retryable_writes=retryable, election_timeout=1000) as (cluster, target):
        await target.setup(cluster)
        load = Load(target, cluster.nodes)
        async with load.going_on():
            for strike, release in ((DockerNode.kill, DockerNode.start), (DockerNode.pause, DockerNode.resume)):
                await eventually(lambda: _one_leads(target, cluster))
                before = len(load.of("ok"))
                await eventually(lambda now=before: _more_than(load, now + 20))
                (leader,) = await target.primaries(cluster)
                await strike(cluster[leader])
                await eventually(lambda old=leader: _another_leads(target, cluster, old))
                await release(cluster[leader])
        await all_ready(target, cluster)
        async with opened(target, "set", cluster.nodes[0]) as client:
            left = set((await client.invoke(invocation("read"))).value)
    assert load.of("ok") <= left, "acknowledged by a majority, and lost"
    assert not load.of("fail") & left, "said not to have happened, and there"
    if not retryable:  # or the driver may have found out what became of everything
        assert load.of("info"), "nothing was under way when the primary was struck"
    names = {done.error.split(":")[0] for done in load.completions if done.error}
    assert names <= {rule.name for rule in RULES}


async def _more_than(load: Load, number: int) -> bool:
    return len(load.of("ok")) > number


async def _another_leads(target: MongoDB, cluster: Any, old: str) -> bool:
    return bool(set(await target.primaries(cluster)) - {old})


async def test_what_one_member_alone_took_is_rolled_back_and_kept(mongodb_cluster: Any) -> None:
    """With w=1 a primary acknowledges what dies with its reign; the member keeps it in files, and says what it was."""
    async with mongodb_cluster(w="1", j="true", read_concern="local", election_timeout=4000) as (cluster, target):
        await target.setup(cluster)
        await eventually(lambda: _one_leads(target, cluster))
        (leader,) = await target.primaries(cluster)
        others = [node for node in cluster.nodes if node.name != leader]
        async with opened(target, "set", cluster[leader]) as client:
            await asyncio.gather(*(node.kill() for node in others))
            alone = await client.invoke(invocation("add", 7))
            assert alone.type == "ok"
        await cluster[leader].kill()
        for node in others:
            await node.start()
        await eventually(lambda: _another_leads(target, cluster, leader))
        async with opened(target, "set", others[0]) as client:
            assert (await client.invoke(invocation("add", 8))).type == "ok"
            await cluster[leader].start()
            await eventually(lambda: _has_rolled_back(target, cluster[leader]))
            assert (await client.invoke(invocation("read"))).value == [8]
        kept = await target.artifacts(cluster[leader])
        assert await target.artifacts(others[0]) == {}
    assert any(name.startswith("rollback/") and name.endswith(".bson") for name in kept), list(kept)
    assert kept["rollback.log"].startswith(b"rolled back: 1 documents\n")


async def _has_rolled_back(target: MongoDB, node: Node) -> bool:
    return b'"element": 7' in (await target.artifacts(node)).get("rollback.log", b"")


@pytest.mark.parametrize("members", [1, 5])
async def test_one_and_five_members(mongodb_cluster: Any, members: int) -> None:
    async with (
        mongodb_cluster(nodes=members) as (cluster, target),
        opened(target, "register", cluster.nodes[-1]) as client,
    ):
        assert (await client.invoke(invocation("write", 1, key="k"))).type == "ok"
        assert (await client.invoke(invocation("read", key="k"))).value == 1
