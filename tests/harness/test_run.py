"""The life cycle: whatever fails in whatever phase, faults are healed, logs kept and the cluster removed."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from memory_world import MemoryClient, MemoryCluster, MemoryTarget, World

from harness import generator as g
from harness.capability import Capability
from harness.cluster import Node, NodeState
from harness.errors import EnvironmentFailed, HarnessError, NodeFailed, PhaseTimeout
from harness.op import NEMESIS, Invocation
from harness.run import Stop, Timeouts


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


PHASES = [
    "start cluster",
    "wait until ready",
    "set up",
    "probe faults",
    "load",
    "heal",
    "recover",
    "final reads",
    "clean up",
    "collect logs",
    "tear down",
]


def test_all_phases_happen_in_order_and_are_timed(world: World) -> None:
    outcome = world.execute()

    assert world.watcher.phases == PHASES
    assert [name for name, _, _ in outcome.phases] == PHASES
    assert (outcome.ended, outcome.problems, outcome.capabilities) == ("complete", [], {"blackout": "memory"})
    load = next(seconds for name, _, seconds in outcome.phases if name == "load")
    assert 1.9 <= load <= 2.1


def test_load_faults_and_final_reads_are_in_one_history(world: World) -> None:
    world.execute()

    history = world.history()
    assert [op.f for op in history][-2:] == ["final", "final"]
    assert sum(op.process == NEMESIS for op in history) == 2
    assert len(history.calls()) > 1000
    assert history.damage is None


def test_one_client_undoes_what_it_had_set_up(world: World) -> None:
    MemoryClient.undone.clear()

    world.execute()

    assert MemoryClient.undone == ["n1"]


def test_a_client_that_cannot_clean_up_costs_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: MemoryClient) -> None:
        raise OSError("connection reset")

    monkeypatch.setattr(MemoryClient, "teardown", broken)

    assert world.execute().problems == []
    assert "could not clean up: OSError: connection reset" in caplog.text
    assert world.cluster.removed == 1


def test_the_logs_of_all_nodes_are_kept(world: World) -> None:
    world.execute()

    assert (world.plan.logs / "n2" / "node.log").read_text().endswith("last line of n2\n")


def test_what_a_target_keeps_of_a_node_stands_beside_its_log(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def kept(self: MemoryTarget, node: Node) -> dict[str, bytes]:
        return {"deep/down/file": node.name.encode()} if node.name == "n2" else {}

    monkeypatch.setattr(MemoryTarget, "artifacts", kept)
    world.execute()

    assert (world.plan.logs / "n2" / "deep" / "down" / "file").read_text() == "n2"
    assert (world.plan.logs / "n2" / "node.log").exists()
    assert [path.name for path in (world.plan.logs / "n1").iterdir()] == ["node.log"]


def test_nodes_are_made_one_system_before_any_is_asked_whether_it_is_ready(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for node in world.cluster.nodes:
        node.serves = False

    async def assemble(self: MemoryTarget, cluster: MemoryCluster) -> None:
        for node in cluster.nodes:
            assert await node.state() is NodeState.RUNNING
            node.serves = True

    monkeypatch.setattr(MemoryTarget, "assemble", assemble)

    assert world.execute().ended == "complete"


def test_a_cluster_that_does_not_start_is_removed_and_leaves_no_history(world: World) -> None:
    world.cluster.up_error = EnvironmentFailed("no image")

    with pytest.raises(EnvironmentFailed, match="no image"):
        world.execute()

    assert world.cluster.removed == 1
    assert not world.plan.history.exists()


def test_a_node_that_ends_before_it_is_ready_is_quoted(world: World) -> None:
    world.cluster.nodes[1].start = world.cluster.nodes[1].kill  # type: ignore[method-assign]  # it never runs

    with pytest.raises(NodeFailed, match=r"node n2 ended before it was ready. Its last lines: .*last line of n2"):
        world.execute()

    assert world.cluster.removed == 1


def test_a_node_that_is_never_ready_ends_the_run_with_the_phase_s_name(world: World) -> None:
    world.cluster.nodes[0].serves = False

    with pytest.raises(PhaseTimeout, match="phase 'wait until ready' did not end within 120 s"):
        world.execute()

    assert world.cluster.removed == 1


def test_a_fault_that_cannot_work_here_ends_the_run_before_the_load(world: World) -> None:
    world.nemesis.capability = Capability(False, "", "no iptables")

    with pytest.raises(EnvironmentFailed, match="fault blackout cannot work here: no iptables"):
        world.execute()

    assert "load" not in world.watcher.phases
    assert world.cluster.removed == 1


def test_a_failing_load_is_healed_and_its_history_kept(world: World) -> None:
    def fail(_: object) -> None:
        raise HarnessError("the generator is broken")

    world.plan = replace(world.plan, load=g.phases(g.clients(g.limit(5, g.repeat(Invocation("read")))), fail))

    with pytest.raises(HarnessError, match="the generator is broken"):
        world.execute()

    assert world.nemesis.healed == 1
    assert world.cluster.removed == 1
    assert len(world.history()) == 10


def test_what_could_not_be_healed_is_a_problem_of_the_run(world: World) -> None:
    world.nemesis.problems = ["n1 still drops packets"]

    assert world.execute().problems == ["n1 still drops packets"]


def test_a_node_that_never_comes_back_is_a_problem_of_the_run(world: World) -> None:
    def break_node() -> None:
        world.cluster.nodes[2].serves = False

    world.nemesis.on_inject = break_node

    assert world.execute().problems == ["not every node served again within 60 s of healing"]
    assert "final reads" in world.watcher.phases


def test_final_reads_that_do_not_end_are_a_problem_of_the_run(world: World) -> None:
    world.plan = replace(world.plan, final=g.clients(g.delay(1, g.repeat(Invocation("final")))))

    outcome = world.execute()

    assert outcome.problems == ["the final reads did not end within 60 s"]
    assert world.cluster.removed == 1


def test_a_node_that_died_for_good_is_quoted_in_the_problem(world: World) -> None:
    def kill() -> None:
        world.cluster.nodes[2].now = NodeState.STOPPED

    world.nemesis.on_inject = kill

    assert "node n3 ended" in world.execute().problems[0]


@pytest.mark.parametrize("phase", PHASES[:4])
def test_a_user_who_interrupts_before_the_load_gets_a_clean_machine(world: World, phase: str) -> None:
    world.cluster.nodes[0].serves = False

    def user(stop: Stop) -> None:
        world.watcher.on_phase = lambda name: stop.ask() if name == phase else None
        if phase != "wait until ready":
            world.cluster.nodes[0].serves = True

    assert world.execute(user).ended == "interrupted"
    assert world.cluster.removed == 1
    assert not world.plan.history.exists()


def test_a_user_who_interrupts_the_load_gets_final_reads(world: World) -> None:
    def user(stop: Stop) -> None:
        asyncio.get_running_loop().call_later(1, stop.ask)

    outcome = world.execute(user)

    assert outcome.ended == "interrupted"
    assert world.history()[len(world.history()) - 1].f == "final"
    load = next(seconds for name, _, seconds in outcome.phases if name == "load")
    assert load < 1.1


def test_a_second_interrupt_shortens_the_waits_but_never_the_healing(world: World) -> None:
    def break_node() -> None:
        world.cluster.nodes[2].serves = False

    world.nemesis.on_inject = break_node

    def user(stop: Stop) -> None:
        asyncio.get_running_loop().call_later(1, stop.ask)
        asyncio.get_running_loop().call_later(5, stop.ask)

    outcome = world.execute(user)

    assert "because the user asked to hurry" in outcome.problems[0]
    assert "final reads" not in world.watcher.phases
    assert (world.nemesis.healed, world.cluster.removed) == (1, 1)


def test_a_log_that_cannot_be_had_does_not_keep_the_cluster_from_being_removed(world: World) -> None:
    async def hang() -> bytes:
        await asyncio.Event().wait()
        return b""

    world.cluster.nodes[0].log = hang  # type: ignore[method-assign]  # this one node's log hangs
    world.plan = replace(world.plan, timeouts=Timeouts(logs=1))

    assert world.execute().problems == ["the log of n1 could not be collected: time-out"]
    assert world.cluster.removed == 1


def test_a_full_disk_does_not_keep_the_cluster_from_being_removed(world: World) -> None:
    world.plan.logs.write_text("no folder: nothing can be written below it")

    problems = world.execute().problems

    assert len(problems) == 3
    assert problems[0].startswith("the log of n1 could not be collected: ")
    assert world.cluster.removed == 1


def test_whatever_goes_wrong_with_the_logs_the_cluster_is_removed(world: World) -> None:
    async def broken() -> bytes:
        raise RuntimeError("a bug")

    world.cluster.nodes[0].log = broken  # type: ignore[method-assign]  # this one node's log has a bug
    with pytest.raises(RuntimeError, match="a bug"):
        world.execute()
    assert world.cluster.removed == 1


def test_a_cluster_that_cannot_be_removed_fails_the_run_unless_something_worse_did(world: World) -> None:
    world.cluster.down_error = HarnessError("containers are left")

    with pytest.raises(HarnessError, match="containers are left"):
        world.execute()

    world.cluster.up_error = EnvironmentFailed("no image")
    with pytest.raises(EnvironmentFailed, match="no image"):
        world.execute()
    assert world.outcome.problems == ["containers are left"]
