"""Killing and pausing: exactly the victims are struck, the others are as they were."""

import random
from typing import Any

import pytest

from harness.errors import FaultFailed
from nemesis.fault import Active, Situation, Undo
from nemesis.kill import Kill
from nemesis.pause import Pause
from nemesis.strike import Strike

ONE = {"victims": "one"}
STRUCK = pytest.mark.parametrize(("fault", "state"), [(Kill(ONE), "stopped"), (Pause(ONE), "paused")])


def active(number: int, *nodes: str) -> Active:
    return Active(f"f-{number}", "f", {"nodes": list(nodes)}, " ".join(nodes))


@STRUCK
async def test_the_union_of_all_victims_is_struck_and_released(
    fault: Strike, state: str, situation: Situation, cluster: Any
) -> None:
    wanted = [active(1, "n1"), active(2, "n1", "n4")]
    for _ in range(2):
        await fault.apply(situation, wanted)
        assert {name for name, now in cluster.states().items() if now == state} == {"n1", "n4"}
    assert (await fault.verify(situation, wanted)).confirmed
    assert (await fault.verify(situation, [])).reason == f"n1 is {state}"
    await fault.apply(situation, [])
    assert set(cluster.states().values()) == {"running"}
    assert (await fault.verify(situation, [])).confirmed
    assert (await fault.verify(situation, wanted)).reason == "n1 is running"
    assert cluster.fake("n2").starts == 0


async def test_a_node_that_died_by_itself_is_not_started_in_passing(situation: Situation, cluster: Any) -> None:
    kill = Kill(ONE)
    await cluster.fake("n2").kill()
    await kill.apply(situation, [active(1, "n1")])
    assert (await kill.verify(situation, [active(1, "n1")])).reason == "n2 is stopped"
    assert cluster.fake("n2").starts == 0
    await kill.apply(situation, [])
    assert set(cluster.states().values()) == {"running"}


@STRUCK
async def test_one_victim_that_resists_does_not_save_the_others(
    fault: Strike, state: str, situation: Situation, cluster: Any
) -> None:
    cluster.fake("n1").stuck = "it hangs"
    with pytest.raises(FaultFailed, match=f"{fault.name} of n1 failed: it hangs"):
        await fault.apply(situation, [active(1, "n1", "n3")])
    assert cluster.states()["n3"] == state
    assert (await fault.verify(situation, [active(1, "n1", "n3")])).reason == "n1 is running"


async def test_healing_one_fault_leaves_the_victims_of_the_other(situation: Situation, cluster: Any) -> None:
    await Kill(ONE).apply(situation, [active(1, "n1")])
    await Pause(ONE).apply(situation, [active(1, "n2")])
    await Kill(ONE).apply(situation, [])
    assert cluster.states()["n2"] == "paused"
    await Kill(ONE).apply(situation, [active(1, "n1")])
    await Pause(ONE).apply(situation, [])
    assert cluster.states()["n1"] == "stopped"


@STRUCK
async def test_only_nodes_that_run_are_chosen(fault: Strike, state: str, situation: Situation, cluster: Any) -> None:
    for name in ("n1", "n2", "n3", "n5"):
        await cluster.fake(name).pause()
    chosen = await fault.choose(situation, random.Random(1))
    assert chosen is not None
    assert chosen[0]["nodes"] == ["n4"]
    await cluster.fake("n4").kill()
    assert await fault.choose(situation, random.Random(1)) is None


async def test_a_pause_says_its_method_and_is_undone_by_container(situation: Situation, cluster: Any) -> None:
    pause = Pause({"victims": "primaries"})
    chosen = await pause.choose(situation, random.Random(1))
    assert chosen == ({"nodes": ["n1"], "method": "simulated"}, "n1 (simulated)")
    assert await pause.undo(situation, [active(1, "n1")]) == []
    for node in cluster.fakes:
        node.container = f"container of {node.name}"
    assert await pause.undo(situation, [active(1, "n1")]) == [Undo("docker-unpause", {"container": "container of n1"})]
    assert await Kill(ONE).undo(situation, [active(1, "n1")]) == []


@STRUCK
async def test_doctor_hears_of_every_back_end(fault: Strike, state: str) -> None:
    assert [(one.backend, one.available) for one in await fault.backends()] == [("docker", True), ("simulated", True)]
