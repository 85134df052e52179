"""Faults on real nodes: what they say they do is measured from outside by other means than their own."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.cluster import NodeState
from harness.docker.cluster import DockerCluster
from harness.docker.node import DockerNode
from harness.op import INFO, INVOKE, NEMESIS, OK, Op
from nemesis import grudge, network
from nemesis.fault import Active, Fault, Situation
from nemesis.grudge import Cuts
from nemesis.journal import Journal, pending
from nemesis.kill import Kill
from nemesis.nemesis import Nemesis
from nemesis.partition import Partition
from nemesis.pause import Pause
from nemesis.undo import undo_all

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("etcd_image", "helper_image")]

WAYS = pytest.mark.parametrize("entry", ["nsenter", "helper"])

LISTEN = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 4242))
heard = set()
while True:
    data, (sender, port) = s.recvfrom(64)
    if data == b"there":
        s.sendto(b"yes", (sender, port))
    elif data == b"end":
        break
    else:
        heard.add(sender)
print(*sorted(heard))
"""
TELL = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
word, *peers = sys.argv[1:]
for peer in peers:
    s.sendto(word.encode(), (peer, 4242))
"""
WAIT = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.1)
s.connect(("127.0.0.1", 4242))
while True:
    try:
        s.send(b"there")
        s.recv(64)
        break
    except OSError:
        time.sleep(0.01)
"""


async def python(node: DockerNode, program: str, *words: str) -> str:
    done = await node.in_network(["python3", "-c", program, *words], timeout=20)
    assert done.code == 0, done.stderr
    return done.stdout.decode()


async def cut_pairs(cluster: DockerCluster) -> Cuts:
    """Which datagrams do not arrive, direction by direction: every node sends one to every other one."""
    names = {node.address: node.name for node in cluster.nodes}
    listening = [asyncio.ensure_future(python(node, LISTEN)) for node in cluster.nodes]
    await asyncio.gather(*(python(node, WAIT) for node in cluster.nodes))
    await asyncio.gather(*(python(node, TELL, "hello", *(set(names) - {node.address})) for node in cluster.nodes))
    await asyncio.gather(*(python(node, TELL, "end", "127.0.0.1") for node in cluster.nodes))
    heard = [{names[address] for address in line.split()} for line in await asyncio.gather(*listening)]
    return frozenset(
        (sender, node.name)
        for node, senders in zip(cluster.nodes, heard, strict=True)
        for sender in names.values()
        if sender not in senders and sender != node.name
    )


async def rules(node: DockerNode) -> list[str]:
    done = await node.in_network(["iptables", "-S"])
    assert done.code == 0, done.stderr
    return done.stdout.decode().splitlines()


@asynccontextmanager
async def nemesis_on(
    make: Any, folder: Path, faults: Mapping[str, Fault], **settings: Any
) -> AsyncIterator[tuple[DockerCluster, Nemesis]]:
    async with make(**settings) as (cluster, target):
        journal = Journal(folder / "faults.jsonl")
        yield cluster, Nemesis(faults, Situation(cluster, target), rng=random.Random(1), journal=journal)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is expected to be missing is not waited for long."""
    monkeypatch.setattr("nemesis.nemesis.PATIENCE", 0.0)


async def ask(nemesis: Nemesis, fault: str, phase: str) -> Op:
    return await nemesis.invoke(Op(0, 0, NEMESIS, INVOKE, fault, None, {"phase": phase}))


def partition(groups: str = "n1|n2") -> Partition:
    return Partition({"shape": "groups", "groups": groups, "direction": "both"})


@WAYS
async def test_a_partition_cuts_exactly_what_it_says(etcd_cluster: Any, entry: str) -> None:
    async with etcd_cluster(nodes=4, entry=entry) as (cluster, _):
        names, rng = [node.name for node in cluster.nodes], random.Random(7)
        own = network.of(cluster)
        shapes = [grudge.one_way(grudge.halves(names, rng), [names[0]]), {}]
        if entry == "nsenter":
            shapes += [grudge.majorities_ring(names, rng), grudge.bridge(names, rng)]
        for cuts in map(grudge.cuts_of, shapes):
            await own.cut(cuts)
            assert await own.missing(cuts) == []
            assert await cut_pairs(cluster) == cuts


@pytest.mark.usefixtures("impatient")
@WAYS
async def test_what_others_do_is_noticed_and_their_rules_survive_healing_and_undoing(
    etcd_cluster: Any, entry: str, tmp_path: Path
) -> None:
    async with nemesis_on(etcd_cluster, tmp_path, {"partition": partition()}, nodes=2, entry=entry) as (cluster, own):
        node = cluster.nodes[0]
        await node.in_network(["iptables", "-A", "INPUT", "-s", "192.0.2.7", "-j", "ACCEPT"])
        before = [await rules(each) for each in cluster.nodes]
        assert (await own.probe())["partition"].available
        assert [await rules(each) for each in cluster.nodes] == before

        for behind_the_back in (
            ["iptables", "-F", "QUORATE"],
            ["iptables", "-D", "INPUT", "-j", "QUORATE"],
            ["iptables", "-I", "INPUT", "-p", "udp", "-j", "ACCEPT"],
        ):
            assert (await ask(own, "partition", "inject")).type == OK
            await node.in_network(behind_the_back)
            healed = await ask(own, "partition", "heal")
            assert (healed.type, str(healed.error)[:30]) == (INFO, "was-not-in-force: n1 has lost ")
            await node.in_network(["iptables", "-D", "INPUT", "-p", "udp", "-j", "ACCEPT"])
            assert [await rules(each) for each in cluster.nodes] == before

        assert (await ask(own, "partition", "inject")).type == OK
        assert (await ask(own, "partition", "heal")).type == OK
        assert [await rules(each) for each in cluster.nodes] == before

        assert (await ask(own, "partition", "inject")).type == OK
        todo = pending(tmp_path / "faults.jsonl")
        for _ in range(2):
            lines = undo_all(todo)
            assert lines == [f"docker-network of {node.container[:12]} done" for node in cluster.nodes]
            assert [await rules(each) for each in cluster.nodes] == before


@WAYS
async def test_a_node_that_restarts_is_cut_again(etcd_cluster: Any, entry: str, tmp_path: Path) -> None:
    faults = {"partition": partition("n1|n2,n3"), "kill": Kill({"victims": "one"})}
    async with nemesis_on(etcd_cluster, tmp_path, faults, nodes=3, entry=entry) as (cluster, own):
        assert (await ask(own, "partition", "inject")).type == OK
        assert (await ask(own, "kill", "inject")).type == OK
        assert [await node.state() for node in cluster.nodes].count(NodeState.STOPPED) == 1
        assert (await ask(own, "kill", "heal")).type == OK
        assert await cut_pairs(cluster) == {("n1", "n2"), ("n2", "n1"), ("n1", "n3"), ("n3", "n1")}
        assert (await ask(own, "partition", "heal")).type == OK
        assert await cut_pairs(cluster) == set()


@pytest.mark.usefixtures("impatient")
async def test_a_node_that_others_restart_has_lost_its_rules(etcd_cluster: Any, tmp_path: Path) -> None:
    """Healing another fault does them again, and that must not hide that they were missing."""
    faults = {"partition": partition("n1|n2,n3"), "pause": Pause({"victims": "one"})}
    async with nemesis_on(etcd_cluster, tmp_path, faults) as (cluster, own):
        assert (await ask(own, "partition", "inject")).type == OK
        await cluster["n1"].kill()
        await cluster["n1"].start()
        assert (await ask(own, "pause", "heal")).type == OK
        assert (await cut_pairs(cluster)) >= {("n2", "n1"), ("n3", "n1")}
        healed = await ask(own, "partition", "heal")
        assert (healed.type, healed.error) == (INFO, "was-not-in-force: n1 has lost its rules")
        assert await own.heal_all() == []


async def test_a_paused_node_stands_still_and_can_be_killed(etcd_cluster: Any, tmp_path: Path) -> None:
    faults = {"pause": Pause({"victims": "one"}), "kill": Kill({"victims": "one"})}
    async with nemesis_on(etcd_cluster, tmp_path, faults, nodes=2) as (cluster, own):
        injected = await ask(own, "pause", "inject")
        assert injected.type == OK
        (victim,) = injected.value["detail"]["nodes"]
        assert injected.value["words"] == f"{victim} (freezer)"
        assert await cluster[victim].state() is NodeState.PAUSED
        assert undo_all(pending(tmp_path / "faults.jsonl")) == [
            f"docker-unpause of {cluster[victim].container[:12]} done"
        ]
        assert await cluster[victim].state() is NodeState.RUNNING
        healed = await ask(own, "pause", "heal")
        assert (healed.type, healed.error) == (INFO, f"was-not-in-force: {victim} is running")

        await cluster[victim].pause()
        kill = faults["kill"]
        situation = own._situation
        wanted = [Active("kill-1", "kill", {"nodes": [victim]}, victim)]
        await kill.apply(situation, wanted)
        assert (await kill.verify(situation, wanted)).confirmed
        assert await cluster[victim].state() is NodeState.STOPPED
        assert await own.heal_all() == []
        assert await cluster[victim].state() is NodeState.RUNNING


async def test_what_this_machine_can_do() -> None:
    found = {one.backend: one.available for one in await Partition.backends()}
    assert found == {"iptables": True, "simulated": True}
