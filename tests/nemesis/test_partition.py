"""``partition``: what it chooses, and what it says of a cluster that cannot be cut."""

import random
from typing import Any

import pytest

from harness.capability import Capability
from harness.errors import UsageError
from harness.options import parse_options
from nemesis import grudge, network, scratch
from nemesis.fault import Active, Situation
from nemesis.partition import Partition, cuts_of


def partition(*words: str) -> Partition:
    return Partition(parse_options("partition", Partition.options, words))


async def chosen(fault: Partition, situation: Situation, seed: int) -> tuple[dict[str, Any], str]:
    found = await fault.choose(situation, random.Random(seed))
    assert found is not None
    return found


@pytest.mark.parametrize("shape", [*grudge.SHAPES, "primaries"])
async def test_every_shape_cuts_somebody_and_says_who(shape: str, situation: Situation) -> None:
    detail, words = await chosen(partition(f"shape={shape}"), situation, 1)
    assert detail["shape"] == shape
    assert detail["cuts"]
    assert all(name in words for pair in detail["cuts"] for name in pair)


async def test_any_reaches_every_shape(situation: Situation) -> None:
    shapes = {(await chosen(partition(), situation, seed))[0]["shape"] for seed in range(100)}
    assert shapes == {*grudge.SHAPES, "primaries"}


@pytest.mark.parametrize("shape", ["halves", "one-node", "primaries", "minority-third"])
async def test_one_way_cuts_no_pair_in_both_directions(shape: str, situation: Situation) -> None:
    for seed in range(50):
        detail, words = await chosen(partition(f"shape={shape}", "direction=one-way"), situation, seed)
        cuts = {tuple(pair) for pair in detail["cuts"]}
        assert cuts
        assert not any((receiver, sender) in cuts for sender, receiver in cuts)
        assert "refuses" in words


async def test_named_groups_are_cut_as_named(situation: Situation) -> None:
    detail, words = await chosen(partition("shape=groups", "groups=n1,n2|n3"), situation, 1)
    assert words == "n1 n2 | n3 | n4 n5"
    assert ["n1", "n2"] not in detail["cuts"]
    assert ["n4", "n3"] in detail["cuts"]


async def test_groups_that_name_a_stranger_are_refused_before_the_run(situation: Situation) -> None:
    with pytest.raises(UsageError, match="'n9'"):
        await partition("shape=groups", "groups=n1|n9").probe(situation)


async def test_without_a_leader_primaries_fits_nobody(situation: Situation) -> None:
    situation.target.leading = ()  # type: ignore[attr-defined]  # the fake target's
    assert await partition("shape=primaries").choose(situation, random.Random(1)) is None


async def test_verification_names_the_pairs_that_are_not_as_asked(situation: Situation, cluster: Any) -> None:
    fault = partition()
    wanted = [Active("partition-1", "partition", {"cuts": [["n1", "n2"], ["n2", "n1"]]}, "n1 | n2")]
    cluster.network.cuts = frozenset({("n1", "n2"), ("n3", "n4")})
    seen = await fault.verify(situation, wanted)
    assert seen.reason == "n2 reaches n1; n3 does not reach n4"
    await fault.apply(situation, wanted)
    assert (await fault.verify(situation, wanted)).confirmed
    assert not (await fault.verify(situation, [])).confirmed


def test_the_union_of_partitions_is_the_union_of_their_cuts() -> None:
    wanted = [Active(str(number), "partition", {"cuts": [["n1", f"n{number}"]]}, "") for number in (2, 3)]
    assert cuts_of(wanted) == {("n1", "n2"), ("n1", "n3")}


async def test_one_node_has_nobody_to_be_cut_from(situation: Situation, cluster: Any) -> None:
    cluster.nodes = cluster.nodes[:1]
    found = await partition().probe(situation)
    assert (found.available, found.reason) == (False, "one node has nobody to be cut from: use --nodes 2 or more")


async def test_a_network_that_cannot_be_cut_says_why_before_the_run(
    situation: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trial(self: network.Simulated) -> list[str]:
        return ["n1 has lost its rules", "n2 has lost its rules"]

    assert await partition().probe(situation) == Capability(True, "simulated")
    monkeypatch.setattr(network.Simulated, "trial", trial)
    found = await partition().probe(situation)
    assert (found.available, found.reason) == (False, "n1 has lost its rules; n2 has lost its rules")


async def test_doctor_hears_why_iptables_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse() -> str:
        return "iptables is not installed (package iptables)"

    monkeypatch.setattr(scratch, "try_iptables", refuse)
    assert await Partition.backends() == [
        Capability(False, "iptables", "iptables is not installed (package iptables)"),
        Capability(True, "simulated"),
    ]
