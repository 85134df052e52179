"""The Docker cluster against the daemon: what is made, what is left, and what each failure says."""

import asyncio
import subprocess
import sys
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from harness.client import Client
from harness.cluster import Cluster, Node, NodeState
from harness.docker import leftovers
from harness.docker.cluster import DockerCluster
from harness.docker.daemon import connect
from harness.docker.entry import Entry
from harness.docker.probe import probe
from harness.errors import EnvironmentFailed, NodeFailed
from harness.target import ContainerTarget, NodeSpec
from targets.etcd import Etcd

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("etcd_image")]

WAYS = ("nsenter", "helper")


class Broken(ContainerTarget):
    """etcd started with whatever a test wants."""

    name = "broken"
    summary = "for tests"

    def __init__(self, **spec: Any) -> None:
        super().__init__({})
        self._spec = spec

    @property
    def clients(self) -> Mapping[str, Callable[[], Client]]:
        return {}

    async def ready(self, cluster: Cluster, node: Node) -> bool:
        del cluster, node
        return True

    def node_spec(self, node: str, addresses: Mapping[str, str]) -> NodeSpec:
        good = Etcd({}).node_spec(node, addresses)
        fields = {"image": good.image, "fallbacks": good.fallbacks, "entrypoint": good.entrypoint}
        return NodeSpec(**{**fields, "command": good.command, **self._spec})


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - a daemon or a member has no event to wait for
            await asyncio.sleep(0.02)


def new_cluster(target: ContainerTarget, folder: Path, **settings: Any) -> DockerCluster:
    return DockerCluster(target, ["n1", "n2"], run_id=f"test/{uuid.uuid4().hex}", folder=folder, **settings)


async def test_what_is_made_is_labelled_and_nothing_is_left(etcd_cluster: Any, in_docker: Callable[[], Any]) -> None:
    before = in_docker()
    async with etcd_cluster() as (cluster, _):
        facts = cluster.facts()
        with closing(connect()) as client:
            made = [client.api.inspect_container(node.container) for node in cluster.nodes]
            network = client.api.inspect_network(made[0]["HostConfig"]["NetworkMode"])
        assert network["Internal"]
        for node, one in zip(cluster.nodes, made, strict=True):
            assert one["Config"]["Labels"]["quorate"] == "1"
            assert one["Config"]["Labels"]["quorate.run"] == network["Labels"]["quorate.run"]
            assert one["HostConfig"]["RestartPolicy"]["Name"] == "no"
            assert facts["nodes"][node.name]["address"] == node.address
            assert facts["nodes"][node.name]["image_id"] == one["Image"]
            assert await node.state() is NodeState.RUNNING
        nodes = cluster.nodes
    assert in_docker() == before
    assert [await node.state() for node in nodes] == [NodeState.MISSING] * 3
    await cluster.down()


async def test_kill_start_pause_resume(etcd_cluster: Any) -> None:
    async with etcd_cluster() as (cluster, target):
        node = cluster["n2"]
        address = node.address
        await node.kill()
        await node.kill()
        assert await node.state() is NodeState.STOPPED
        assert b"etcd" in await node.log()
        with pytest.raises(NodeFailed, match="does not run"):
            await node.in_network(["ip", "addr"])
        with pytest.raises(NodeFailed, match="cannot pause n2"):
            await node.pause()
        await node.start()
        await node.start()
        await eventually(lambda: target.ready(cluster, node))
        assert address.encode() in (await node.in_network(["ip", "addr"])).stdout
        assert await node.pause() == "freezer"
        assert await node.pause() == "freezer"
        assert await node.state() is NodeState.PAUSED
        assert not await target.ready(cluster, node)
        await node.resume()
        await node.resume()
        await eventually(lambda: target.ready(cluster, node))
        await node.pause()
        await node.kill()
        assert await node.state() is NodeState.STOPPED


@pytest.mark.parametrize("way", WAYS)
async def test_rules_enter_from_outside_and_are_gone_after_a_restart(
    etcd_cluster: Any, helper_image: Any, way: Entry
) -> None:
    del helper_image
    async with etcd_cluster(entry=way) as (cluster, _):
        node = cluster["n1"]
        rules = b"*filter\n:QUORATE-TEST - [0:0]\nCOMMIT\n"
        restored = await node.in_network(["iptables-restore", "--noflush"], stdin=rules)
        assert restored.code == 0, restored.stderr
        assert b"-N QUORATE-TEST" in (await node.in_network(["iptables", "-S"])).stdout
        assert b"QUORATE-TEST" not in (await cluster["n2"].in_network(["iptables", "-S"])).stdout
        await node.pause()
        assert (await node.in_network(["cat"], stdin=b"while it is paused")).stdout == b"while it is paused"
        await node.kill()
        await node.start()
        assert b"QUORATE-TEST" not in (await node.in_network(["iptables", "-S"])).stdout
        assert node.address.encode() in (await node.in_network(["ip", "addr"])).stdout
        assert (await node.in_network(["false"])).code == 1
        with pytest.raises(NodeFailed, match=r"did not end within 0\.2 s"):
            await node.in_network(["sleep", "20"], timeout=0.2)


async def test_files_and_commands_inside(etcd_cluster: Any) -> None:
    async with etcd_cluster(nodes=1) as (cluster, _):
        node = cluster["n1"]
        await node.put("/made/on/the/way", b"content")
        assert await node.get("/made/on/the/way") == b"content"
        with pytest.raises(NodeFailed, match="no /nowhere in n1"):
            await node.get("/nowhere")
        await node.put("/made/below/here", b"more")
        assert await node.files("/made") == {"on/the/way": b"content", "below/here": b"more"}
        assert await node.files("/nowhere") == {}
        done = await node.run(["etcd", "--version"])
        assert (done.code, done.stderr) == (0, b"")
        assert b"etcd Version" in done.stdout
        with pytest.raises(NodeFailed, match="does not hold that program"):
            await node.run(["/bin/sh", "-c", "true"])


async def test_a_node_that_dies_at_once_is_named_with_its_last_words(
    tmp_path: Path, in_docker: Callable[[], Any]
) -> None:
    before = in_docker()
    cluster = new_cluster(Broken(entrypoint=("etcd", "--no-such-flag")), tmp_path)

    async def up_until_dead() -> None:
        await cluster.up()
        for node in cluster.nodes:
            await eventually(lambda node=node: _stopped(node))
            await node.check_alive()

    try:
        with pytest.raises(NodeFailed, match=r"node n\d ended with code 2\. Its last lines: .*grpc-proxy") as failed:
            await up_until_dead()
        # The other one may never have been started: the first failure ends the start of all.
        _, named, *_ = str(failed.value).split()
        assert b"no-such-flag" in await cluster[named].log()
    finally:
        await cluster.down()
    assert in_docker() == before


async def test_a_node_that_runs_out_of_memory_says_so(
    tmp_path: Path, in_docker: Callable[[], Any], helper_image: str
) -> None:
    before = in_docker()
    greedy = Broken(image=helper_image, entrypoint=("python3", "-c", "b'x' * 10**9"), command=(), memory=32)
    cluster = new_cluster(greedy, tmp_path)

    async def up_until_dead() -> None:
        await cluster.up()
        await eventually(lambda: _stopped(cluster["n1"]))
        await cluster["n1"].check_alive()

    try:
        with pytest.raises(NodeFailed, match=r"node n\d ran out of memory"):
            await up_until_dead()
    finally:
        await cluster.down()
    assert in_docker() == before


async def _stopped(node: Node) -> bool:
    return await node.state() is NodeState.STOPPED


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ({"entrypoint": ("/no/such/program",)}, NodeFailed, "does not hold that program"),
        ({"image": "quorate/absent:1", "fallbacks": ()}, EnvironmentFailed, "quorate images build broken"),
    ],
)
async def test_a_start_that_fails_leaves_nothing(
    tmp_path: Path, in_docker: Callable[[], Any], spec: Any, error: Any, words: str
) -> None:
    before = in_docker()
    cluster = new_cluster(Broken(**spec), tmp_path)
    with pytest.raises(error, match=words) as caught:
        await cluster.up()
    assert "\n" not in str(caught.value)
    assert in_docker() == before


async def test_a_start_that_is_cancelled_leaves_nothing(tmp_path: Path, in_docker: Callable[[], Any]) -> None:
    before = in_docker()
    cluster = new_cluster(Etcd({}), tmp_path)
    start = asyncio.ensure_future(cluster.up())
    await eventually(lambda: asyncio.sleep(0, bool(in_docker()[0] - before[0])))
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert in_docker() == before


async def test_no_subnet_is_free(tmp_path: Path, in_docker: Callable[[], Any], etcd_cluster: Any) -> None:
    async with etcd_cluster(nodes=1) as (cluster, _):
        taken = (IPv4Network(cluster.facts()["subnet"]),)
        before = in_docker()
        with pytest.raises(EnvironmentFailed, match="no subnet is free in"):
            await new_cluster(Etcd({}), tmp_path, pools=taken).up()
        assert in_docker() == before


async def test_leftovers_of_a_killed_harness_are_found_and_removed(
    tmp_path: Path, in_docker: Callable[[], Any]
) -> None:
    before = in_docker()
    run_id = f"test/{uuid.uuid4().hex}"
    code = (
        "import asyncio, os, signal\nfrom pathlib import Path\n"
        "from harness.docker.cluster import DockerCluster\nfrom targets.etcd import Etcd\n"
        f"cluster = DockerCluster(Etcd({{}}), ['n1', 'n2'], run_id={run_id!r}, folder=Path({str(tmp_path)!r}))\n"
        "async def main():\n    await cluster.up()\n    await cluster['n1'].pause()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    killed = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], check=False, capture_output=True)
    assert killed.returncode == -9, killed.stderr
    (left,) = [one for one in leftovers.find() if one.run_id == run_id]
    assert not left.alive
    assert (left.folder, len(left.containers), len(left.networks)) == (str(tmp_path), 2, 1)
    assert len(leftovers.remove(run_id)) == 3
    assert leftovers.remove(run_id) == []
    assert in_docker() == before


async def test_a_cluster_that_goes_on_is_alive(etcd_cluster: Any) -> None:
    async with etcd_cluster(nodes=1) as (cluster, _):
        name = cluster.facts()["nodes"]["n1"]["container"]
        with closing(connect()) as client:
            run_id = client.api.inspect_container(name)["Config"]["Labels"]["quorate.run"]
        assert [one.alive for one in leftovers.find() if one.run_id == run_id] == [True]


def test_doctor_sees_the_daemon() -> None:
    checks = {check.name: check for check in probe()}
    assert checks["docker: daemon"].ok
    assert checks["docker: free subnet"].ok
