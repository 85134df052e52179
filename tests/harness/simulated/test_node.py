"""Simulated nodes: what a kill loses, what a pause holds, what clients are told; on a design of a few lines."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest

from harness.client import DidNotHappen
from harness.cluster import NodeState
from harness.errors import EnvironmentFailed, NodeFailed, UsageError
from harness.op import Invocation, Op
from harness.random import Streams
from harness.simulated.cluster import SimulatedCluster
from harness.simulated.loop import run
from harness.simulated.node import ConnectionLost
from harness.simulated.server import DONE, Answer, Call, Machine, Request, Server
from harness.simulated.target import SimulatedTarget
from harness.target import Target


class Notes(Server):
    """Keeps notes in memory and on disk, passes on what it is told to pass on, and ticks every 100 ms."""

    leads = True

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.memory: list[Any] = []
        self.ticks = 0

    def start(self) -> None:
        self.machine.after(0.1, self._tick)

    def _tick(self) -> None:
        self.ticks += 1
        self.machine.after(0.1, self._tick)

    def receive(self, sender: str, message: Any) -> None:
        self.memory.append((sender, message))

    def serve(self, call: Call) -> None:
        request = call.request
        if request.f == "write":
            self.memory.append(request.value)
            self.machine.disk.journal("notes").append(request.value)
            call.answer(DONE)
            call.answer(Answer("fail", error="second: answers after the first do not count"))
        elif request.f == "read":
            call.answer(Answer("ok", list(self.memory)))
        elif request.f == "pass":
            self.machine.broadcast(request.value)
            call.answer(DONE)
        elif request.f == "crash":
            call.answer(Answer("info", error="unsure: nobody knows"))


class NotesTarget(SimulatedTarget):
    name = "notes"
    summary = "Notes"
    interfaces = ("notes",)
    latency = 2.0
    clock_skew = 100.0

    def server(self, machine: Machine) -> Server:
        return Notes(machine)


def simulate(scenario: Callable[[SimulatedCluster], Awaitable[None]]) -> None:
    async def main() -> None:
        cluster = SimulatedCluster(NotesTarget({}), ["n1", "n2"], Streams(1))
        await cluster.up()
        try:
            await scenario(cluster)
        finally:
            await cluster.down()

    run(main())


def server(cluster: SimulatedCluster, index: int = 0) -> Notes:
    found = cluster.nodes[index].server
    assert isinstance(found, Notes)
    return found


async def ask(cluster: SimulatedCluster, f: str, value: Any = None) -> Answer:
    return await cluster.nodes[0].request(Request("notes", f, None, value))


def test_a_kill_loses_memory_and_timers_and_keeps_the_disk() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        node, first = cluster.nodes[0], server(cluster)
        await ask(cluster, "write", 1)
        await node.kill()
        assert await node.state() == NodeState.STOPPED
        await node.kill()
        await asyncio.sleep(1)
        await node.start()
        assert await node.state() == NodeState.RUNNING
        assert (await ask(cluster, "read")).value == []
        assert (node.disk.journal("notes"), first.ticks) == ([1], 0)

    simulate(scenario)


def test_a_node_that_is_down_refuses_at_once_and_loses_messages() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        await cluster.nodes[1].kill()
        await ask(cluster, "pass", "hello")
        await asyncio.sleep(1)
        await cluster.nodes[1].start()
        assert server(cluster, 1).memory == []
        await cluster.nodes[0].kill()
        with pytest.raises(DidNotHappen, match="connection-refused: n1 does not run"):
            await ask(cluster, "read")
        client = NotesTarget({}).client("notes")
        with pytest.raises(DidNotHappen, match="connection-refused"):
            await client.open(cluster.nodes[0])

    simulate(scenario)


def test_a_request_in_flight_when_the_node_is_killed_is_lost_for_good() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        node = cluster.nodes[0]
        waiting = asyncio.ensure_future(ask(cluster, "write", 1))
        await asyncio.sleep(0)
        await node.kill()
        await node.start()
        with pytest.raises(ConnectionLost, match="n1 was killed"):
            await waiting
        await asyncio.sleep(1)
        assert node.disk.journal("notes") == []

    simulate(scenario)


def test_a_pause_holds_messages_requests_and_timers_until_the_resume() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        node, notes = cluster.nodes[1], server(cluster, 1)
        assert await node.pause() == "simulated"
        assert await node.state() == NodeState.PAUSED
        await ask(cluster, "pass", "hello")
        waiting = asyncio.ensure_future(node.request(Request("notes", "write", None, 5)))
        await asyncio.sleep(1)
        assert (notes.memory, notes.ticks, waiting.done()) == ([], 0, False)
        await node.resume()
        await node.resume()
        assert (notes.memory, notes.ticks) == ([("n1", "hello"), 5], 1)
        assert await waiting == DONE

    simulate(scenario)


def test_a_request_whose_client_gave_up_is_served_all_the_same() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.0005):
                await ask(cluster, "write", 7)
        await asyncio.sleep(1)
        assert cluster.nodes[0].disk.journal("notes") == [7]

    simulate(scenario)


def test_clients_complete_as_the_server_answered() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        client = NotesTarget({}).client("notes")
        await client.open(cluster.nodes[0])
        write = await client.invoke(invocation("write", 3))
        read = await client.invoke(invocation("read"))
        unsure = await client.invoke(invocation("crash"))
        lost = asyncio.ensure_future(client.invoke(invocation("never")))
        await asyncio.sleep(1)
        await cluster.nodes[0].kill()
        assert [(op.type, op.value) for op in (write, read, unsure)] == [("ok", 3), ("ok", [3]), ("info", None)]
        assert ((await lost).type, (await lost).error) == (
            "info",
            "connection-lost: n1 was killed before it answered",
        )
        await client.close()

    simulate(scenario)


def invocation(f: str, value: Any = None) -> Op:
    asked = Invocation(f, value)
    return Op(-1, 0, 0, "invoke", asked.f, asked.key, asked.value, "n1")


def test_what_a_simulated_machine_does_not_have_is_refused_in_one_line() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        node = cluster["n1"]
        for refused in (node.run(["ls"]), node.put("/etc/hosts", b""), node.get("/etc/hosts")):
            with pytest.raises(NodeFailed, match=r"node n1 is simulated and .*: choose a target that uses containers"):
                await refused
        await node.kill()
        with pytest.raises(NodeFailed, match="cannot be paused: its process does not run"):
            await node.pause()

    simulate(scenario)


def test_the_log_tells_what_happened_and_when() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        node = cluster.nodes[0]
        await asyncio.sleep(1.5)
        server(cluster).machine.log("something happened")
        await node.pause()
        await node.resume()
        await node.kill()
        assert (await node.log()).decode().splitlines() == [
            "    0.000000 n1 process started",
            "    1.500000 n1 something happened",
            "    1.500000 n1 process paused",
            "    1.500000 n1 process resumed",
            "    1.500000 n1 process killed",
        ]

    simulate(scenario)


def test_primaries_and_readiness_are_asked_of_the_nodes_that_can_answer() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        target = NotesTarget({})
        assert await target.primaries(cluster) == ["n1", "n2"]
        await cluster.nodes[0].pause()
        assert await target.primaries(cluster) == ["n2"]
        assert [await target.ready(cluster, node) for node in cluster.nodes] == [False, True]

    simulate(scenario)


def test_clocks_differ_and_the_facts_say_how_much() -> None:
    async def scenario(cluster: SimulatedCluster) -> None:
        facts = cluster.facts()
        offsets = facts["clock_offsets_ms"]
        assert facts["kind"] == "simulated"
        assert facts["latency_ms"] == 2.0
        assert offsets["n1"] != offsets["n2"]
        assert all(-100 <= offset <= 100 for offset in offsets.values())

    simulate(scenario)


def test_a_simulated_cluster_wants_virtual_time_and_a_simulated_target() -> None:
    async def main(target: Target) -> None:
        SimulatedCluster(target, ["n1"], Streams(1))

    class Other(Target):
        name = "other"
        cluster_kind = "docker"
        clients: ClassVar[Any] = {}

        async def ready(self, cluster: Any, node: Any) -> bool:
            raise NotImplementedError

    with pytest.raises(EnvironmentFailed, match="virtual time"):
        asyncio.run(main(NotesTarget({})))
    with pytest.raises(UsageError, match="target other cannot be simulated"):
        run(main(Other({})))
