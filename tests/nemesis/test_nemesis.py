"""The nemesis on a fake cluster: what it does, what it journals, and what it says when something refuses."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.capability import Capability
from harness.cluster import NodeState
from harness.errors import FaultFailed
from harness.history import FaultSpan, History
from harness.op import FAIL, INFO, OK, Op
from nemesis.fault import Active, Fault, Situation, Undo, Verification
from nemesis.journal import Journal, pending
from nemesis.kill import Kill
from nemesis.nemesis import Nemesis
from nemesis.partition import Partition
from nemesis.pause import Pause

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Ask = Callable[..., Op]

GROUPS = {"shape": "groups", "groups": "n1,n2|n3,n4,n5", "direction": "both"}


class Scripted(Fault):
    """Does nothing to anybody, and fails where its settings say so."""

    name = "scripted"
    summary = "for tests"

    @classmethod
    async def backends(cls) -> Sequence[Capability]:
        return [Capability(True, "scripted")]

    async def probe(self, situation: Situation) -> Capability:
        return Capability(False, "", f"not on {situation.cluster.kind}")

    async def choose(self, situation: Situation, rng: random.Random) -> tuple[dict[str, Any], str] | None:
        return {"number": rng.random()}, situation.cluster.kind

    async def undo(self, situation: Situation, wanted: Sequence[Active]) -> Sequence[Undo]:
        del situation
        return [Undo("scripted", {"count": len(wanted)})]

    async def apply(self, situation: Situation, wanted: Sequence[Active]) -> None:
        del situation
        path = self.settings["journal"]
        self.settings.setdefault("pending at apply", []).append(len(pending(path)))
        if ("heal" if not wanted else "inject") == self.settings.get("refuse"):
            raise FaultFailed("it refuses")

    async def verify(self, situation: Situation, wanted: Sequence[Active]) -> Verification:
        del situation
        lie = ("heal" if not wanted else "inject") == self.settings.get("unseen")
        return Verification(not lie, "it is not seen" if lie else "")


def nemesis_of(situation: Situation, path: Path, *faults: Fault) -> Nemesis:
    return Nemesis({fault.name: fault for fault in faults}, situation, rng=random.Random(5), journal=Journal(path))


def spans(*events: tuple[Op, Op]) -> list[FaultSpan]:
    """What a history makes of these invocations and completions."""
    return History([op for pair in events for op in pair]).faults()


def test_a_fault_is_journalled_before_it_is_applied_and_struck_off_when_it_is_healed(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run
) -> None:
    fault = Scripted({"journal": journal_path})
    nemesis = nemesis_of(situation, journal_path, fault)

    inject, heal = ask("scripted", "inject"), ask("scripted", "heal", 3)
    injected = virtually(nemesis.invoke(inject))
    assert fault.settings["pending at apply"] == [1]
    assert pending(journal_path) == [Undo("scripted", {"count": 1})]
    healed = virtually(nemesis.invoke(heal))
    assert pending(journal_path) == []
    assert (injected.type, healed.type) == (OK, OK)

    (span,) = spans((inject, injected), (heal, healed))
    assert span.id == "scripted-1"
    assert span.healed == heal.time
    assert span.verified == heal.time
    assert not span.problem


@pytest.mark.parametrize(
    ("settings", "types", "problem", "left"),
    [
        ({"refuse": "inject"}, (INFO, OK), "not-effective: it refuses", 0),
        ({"unseen": "inject"}, (INFO, INFO), "not-effective: it is not seen", 0),
        ({"refuse": "heal"}, (OK, INFO), "not-healed: it refuses", 1),
        ({"unseen": "heal"}, (OK, INFO), "not-healed: it is not seen", 1),
    ],
)
def test_what_goes_wrong_stands_in_the_span_and_in_the_journal(
    *,
    settings: dict[str, str],
    types: tuple[str, str],
    problem: str,
    left: int,
    situation: Situation,
    journal_path: Path,
    ask: Ask,
    virtually: Run,
) -> None:
    nemesis = nemesis_of(situation, journal_path, Scripted({"journal": journal_path, **settings}))
    inject, heal = ask("scripted", "inject"), ask("scripted", "heal", 9)
    injected, healed = virtually(nemesis.invoke(inject)), virtually(nemesis.invoke(heal))

    assert (injected.type, healed.type) == types
    (span,) = spans((inject, injected), (heal, healed))
    assert problem in span.problem
    assert len(pending(journal_path)) == left


@pytest.mark.parametrize("settings", [{"refuse": "heal"}, {"unseen": "heal"}])
def test_what_cannot_be_healed_is_said_at_the_end_and_tried_again(
    settings: dict[str, str], situation: Situation, journal_path: Path, ask: Ask, virtually: Run
) -> None:
    fault = Scripted({"journal": journal_path, **settings})
    nemesis = nemesis_of(situation, journal_path, fault)
    virtually(nemesis.invoke(ask("scripted", "inject")))
    (problem,) = virtually(nemesis.heal_all())
    assert problem.startswith("scripted")
    assert len(pending(journal_path)) == 1

    fault.settings |= {"refuse": "", "unseen": ""}
    assert virtually(nemesis.heal_all()) == []
    assert pending(journal_path) == []
    assert virtually(nemesis.heal_all()) == []


def test_one_fault_that_cannot_be_healed_does_not_keep_the_others_from_it(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run, cluster: Any
) -> None:
    stubborn = Scripted({"journal": journal_path, "refuse": "heal"})
    nemesis = nemesis_of(situation, journal_path, stubborn, Partition(GROUPS), Kill({"victims": "one"}))
    for fault in ("scripted", "partition", "kill"):
        assert virtually(nemesis.invoke(ask(fault, "inject"))).type == OK
    assert virtually(nemesis.heal_all()) == ["scripted could not be healed: it refuses"]
    assert not cluster.network.cuts
    assert set(cluster.states().values()) == {"running"}


def test_a_journal_that_cannot_be_written_means_no_fault(
    situation: Situation, tmp_path: Path, ask: Ask, virtually: Run, cluster: Any
) -> None:
    nemesis = nemesis_of(situation, tmp_path / "absent" / "faults.jsonl", Kill({"victims": "all"}))
    done = virtually(nemesis.invoke(ask("kill", "inject")))
    assert done.type == INFO
    assert "cannot write the journal" in str(done.error)
    assert set(cluster.states().values()) == {"running"}


def test_a_probe_speaks_for_every_fault(situation: Situation, journal_path: Path, virtually: Run) -> None:
    nemesis = nemesis_of(situation, journal_path, Scripted({}), Kill({"victims": "one"}), Pause({"victims": "one"}))
    found = virtually(nemesis.probe())
    assert {name: (one.available, one.backend) for name, one in found.items()} == {
        "scripted": (False, ""),
        "kill": (True, "simulated"),
        "pause": (True, "simulated"),
    }
    assert found["scripted"].reason == "not on simulated"


def test_a_cut_that_disappears_behind_the_back_of_the_harness_is_a_problem_of_its_span(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run, cluster: Any
) -> None:
    nemesis = nemesis_of(situation, journal_path, Partition(GROUPS))
    inject, heal = ask("partition", "inject"), ask("partition", "heal", 10)
    injected = virtually(nemesis.invoke(inject))
    assert injected.type == OK
    cluster.network.cuts -= {("n1", "n3")}
    healed = virtually(nemesis.invoke(heal))

    (span,) = spans((inject, injected), (heal, healed))
    assert "n1 reaches n3" in span.problem
    assert not cluster.network.cuts


def test_a_network_that_does_not_obey_is_no_effect(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run, cluster: Any
) -> None:
    cluster.network.deaf = True
    nemesis = nemesis_of(situation, journal_path, Partition(GROUPS))
    inject = ask("partition", "inject")
    injected = virtually(nemesis.invoke(inject))
    (span,) = spans((inject, injected))
    assert span.effective is None
    assert "reaches" in span.problem


def test_a_killed_node_that_starts_again_is_cut_again(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run, cluster: Any
) -> None:
    nemesis = nemesis_of(situation, journal_path, Partition(GROUPS), Kill({"victims": "all"}))
    virtually(nemesis.invoke(ask("partition", "inject")))
    wanted = cluster.network.cuts
    assert len(wanted) == 12
    virtually(nemesis.invoke(ask("kill", "inject")))
    assert virtually(nemesis.invoke(ask("kill", "heal"))).type == OK
    assert {node.starts for node in cluster.nodes} == {1}
    assert cluster.network.cuts == wanted
    assert virtually(nemesis.invoke(ask("partition", "heal"))).type == OK
    assert not cluster.network.cuts


def test_two_partitions_at_once_are_the_union_of_both(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run, cluster: Any
) -> None:
    one = {"shape": "one-node", "groups": "", "direction": "both"}
    nemesis = nemesis_of(situation, journal_path, Partition(one))
    details = [virtually(nemesis.invoke(ask("partition", "inject"))).value["detail"]["cuts"] for _ in range(3)]
    assert cluster.network.cuts == {tuple(pair) for cuts in details for pair in cuts}
    healed = virtually(nemesis.invoke(ask("partition", "heal")))
    assert healed.value["ids"] == ["partition-1", "partition-2", "partition-3"]
    assert not cluster.network.cuts


def test_kill_and_pause_never_take_the_same_node(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run, cluster: Any
) -> None:
    nemesis = nemesis_of(situation, journal_path, Kill({"victims": "minority"}), Pause({"victims": "all"}))
    killed = virtually(nemesis.invoke(ask("kill", "inject"))).value["detail"]["nodes"]
    paused = virtually(nemesis.invoke(ask("pause", "inject"))).value["detail"]["nodes"]
    assert not set(killed) & set(paused)
    assert len(killed) + len(paused) == 5

    nothing = virtually(nemesis.invoke(ask("kill", "inject")))
    assert nothing.type == FAIL
    assert not spans((ask("kill", "inject"), nothing))

    assert virtually(nemesis.invoke(ask("pause", "heal"))).type == OK
    assert {name for name, state in cluster.states().items() if state == "stopped"} == set(killed)
    assert virtually(nemesis.invoke(ask("kill", "heal"))).type == OK
    assert set(cluster.states().values()) == {"running"}


def test_a_node_that_cannot_be_paused_or_started_says_why(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run, cluster: Any
) -> None:
    nemesis = nemesis_of(situation, journal_path, Kill({"victims": "primaries"}), Pause({"victims": "all"}))
    cluster.fake("n3").stuck = "the freezer is broken"
    paused = virtually(nemesis.invoke(ask("pause", "inject")))
    assert "pause of n3 failed: the freezer is broken" in str(paused.error)
    assert "was-not-in-force: n3 is running" in str(virtually(nemesis.invoke(ask("pause", "heal"))).error)
    assert set(cluster.states().values()) == {"running"}

    assert virtually(nemesis.invoke(ask("kill", "inject"))).value["detail"] == {"nodes": ["n1"]}
    cluster.fake("n1").stuck = "its disk is gone"
    assert "kill of n1 failed: its disk is gone" in str(virtually(nemesis.invoke(ask("kill", "heal"))).error)
    (problem,) = [line for line in virtually(nemesis.heal_all()) if line.startswith("kill")]
    assert "its disk is gone" in problem


def test_the_seed_chooses_the_victims(situation: Situation, journal_path: Path, ask: Ask, virtually: Run) -> None:
    chosen = []
    for _ in range(2):
        nemesis = nemesis_of(situation, journal_path, Partition(GROUPS | {"shape": "any"}), Kill({"victims": "any"}))
        ops = [ask(fault, phase) for _ in range(10) for fault in ("partition", "kill") for phase in ("inject", "heal")]
        chosen.append([virtually(nemesis.invoke(op)).value for op in ops])
    assert chosen[0] == chosen[1]


def test_a_look_that_fails_does_not_prevent_the_healing(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = Scripted({"journal": journal_path})
    nemesis = nemesis_of(situation, journal_path, fault)
    virtually(nemesis.invoke(ask("scripted", "inject")))
    honest = fault.verify

    async def verify(situation: Situation, wanted: Sequence[Active]) -> Verification:
        if wanted:
            raise FaultFailed("the node does not answer")
        return await honest(situation, wanted)

    monkeypatch.setattr(fault, "verify", verify)
    healed = virtually(nemesis.invoke(ask("scripted", "heal")))
    assert (healed.type, healed.error) == (INFO, "was-not-in-force: the node does not answer")
    assert pending(journal_path) == []


def test_a_healing_that_was_not_seen_is_healed_by_the_next_one_in_journal_and_history(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run
) -> None:
    fault = Scripted({"journal": journal_path, "unseen": "heal"})
    nemesis = nemesis_of(situation, journal_path, fault)
    virtually(nemesis.invoke(ask("scripted", "inject")))
    first = virtually(nemesis.invoke(ask("scripted", "heal")))
    assert (first.type, first.value["ids"]) == (INFO, ["scripted-1"])
    fault.settings["unseen"] = ""
    second = virtually(nemesis.invoke(ask("scripted", "heal")))
    assert (second.type, second.value["ids"]) == (OK, ["scripted-1"])
    assert pending(journal_path) == []


def test_the_healed_instant_is_that_of_the_healing_and_not_that_of_its_verification(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run
) -> None:
    class Slow(Scripted):
        async def apply(self, situation: Situation, wanted: Sequence[Active]) -> None:
            await asyncio.sleep(2)

        async def verify(self, situation: Situation, wanted: Sequence[Active]) -> Verification:
            await asyncio.sleep(1)
            return Verification(True)

    async def cycle() -> Op:
        nemesis = nemesis_of(situation, journal_path, Slow({}))
        await nemesis.invoke(ask("scripted", "inject"))
        healed = await nemesis.invoke(ask("scripted", "heal", 100))
        assert asyncio.get_running_loop().time() == 3 + 1 + 2 + 1
        return healed

    assert virtually(cycle()).value["healed"] == (100 + 1 + 2) * 1_000_000_000


def test_an_effect_that_takes_a_moment_is_waited_for(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run
) -> None:
    class Late(Scripted):
        async def verify(self, situation: Situation, wanted: Sequence[Active]) -> Verification:
            return Verification(asyncio.get_running_loop().time() >= self.settings["after"], "not yet")

    for after, type_ in ((2, OK), (20, INFO)):
        nemesis = nemesis_of(situation, journal_path, Late({"after": after, "journal": journal_path}))
        assert virtually(nemesis.invoke(ask("scripted", "inject"))).type == type_


def test_doing_a_fault_again_does_not_hide_that_others_had_undone_it(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run, cluster: Any
) -> None:
    """Somebody starts the killed node; healing the partition strikes it again, and still its span has a problem."""
    nemesis = nemesis_of(situation, journal_path, Partition(GROUPS), Kill({"victims": "primaries"}))
    virtually(nemesis.invoke(ask("partition", "inject")))
    virtually(nemesis.invoke(ask("kill", "inject")))
    virtually(cluster.fake("n1").start())
    assert virtually(nemesis.invoke(ask("partition", "heal"))).type == INFO
    assert cluster.states()["n1"] == "stopped"
    healed = virtually(nemesis.invoke(ask("kill", "heal")))
    assert (healed.type, healed.error) == (INFO, "was-not-in-force: n1 is running")
    again = virtually(nemesis.invoke(ask("kill", "inject"))), virtually(nemesis.invoke(ask("kill", "heal")))
    assert [op.type for op in again] == [OK, OK]


def test_a_fault_that_cannot_be_done_again_says_so_when_it_is_healed(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run
) -> None:
    fragile = Scripted({"journal": journal_path})
    nemesis = nemesis_of(situation, journal_path, fragile, Kill({"victims": "one"}))
    virtually(nemesis.invoke(ask("scripted", "inject")))
    virtually(nemesis.invoke(ask("kill", "inject")))
    fragile.settings["refuse"] = "inject"
    assert virtually(nemesis.invoke(ask("kill", "heal"))).type == OK
    healed = virtually(nemesis.invoke(ask("scripted", "heal")))
    assert (healed.type, healed.error) == (INFO, "was-not-in-force: it refuses")


def test_healing_everything_brings_nothing_back(
    situation: Situation, journal_path: Path, ask: Ask, virtually: Run
) -> None:
    stubborn = Scripted({"journal": journal_path, "refuse": "heal"})
    nemesis = nemesis_of(situation, journal_path, stubborn, Kill({"victims": "one"}))
    virtually(nemesis.invoke(ask("scripted", "inject")))
    virtually(nemesis.invoke(ask("kill", "inject")))
    applied = len(stubborn.settings["pending at apply"])
    virtually(nemesis.heal_all())
    assert len(stubborn.settings["pending at apply"]) == applied + 1


def test_an_injection_that_is_cancelled_in_the_middle_is_healed(
    *, situation: Situation, journal_path: Path, ask: Ask, virtually: Run, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = cluster.fake("n1")

    async def kill() -> None:
        node.now = NodeState.STOPPED
        await asyncio.sleep(60)

    monkeypatch.setattr(node, "kill", kill)

    async def interrupted() -> list[str]:
        nemesis = nemesis_of(situation, journal_path, Kill({"victims": "all"}))
        task = asyncio.ensure_future(nemesis.invoke(ask("kill", "inject")))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert set(cluster.states().values()) == {"stopped"}
        return await nemesis.heal_all()

    assert virtually(interrupted()) == []
    assert set(cluster.states().values()) == {"running"}
    assert b'"heal","ids":["kill-1"]' in journal_path.read_bytes()
