"""Cutting and looking by iptables, against nodes that hold rules as text and answer as these say, or lie."""

from collections.abc import Sequence
from typing import Any

import pytest

from harness.cluster import Completed, NodeState
from harness.errors import FaultFailed, NodeFailed
from nemesis import iptables, network
from nemesis.fault import Undo

ADDRESSES = {"n1": "10.1.0.1", "n2": "10.1.0.2", "n3": "10.1.0.3"}
CUTS = frozenset({("n1", "n2"), ("n3", "n2")})


class RuleNode:
    """A node whose namespace keeps the chain and the hook; ``code`` is what every tool then ends with."""

    entry = "nsenter"

    def __init__(self, name: str, cluster: "RuleCluster") -> None:
        self.name, self.address, self.container = name, ADDRESSES[name], f"container of {name}"
        self.now = NodeState.RUNNING
        self.rules: list[str] | None = None
        self.code = 0
        self.lost = False
        self.dies_at = ""
        self._cluster = cluster

    async def state(self) -> NodeState:
        return self.now

    async def in_network(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 10.0) -> Completed:
        line = " ".join(argv)
        if self.dies_at and self.dies_at in line:
            self.now, self.rules = NodeState.STOPPED, None
            raise NodeFailed("process 7 of a node has ended")
        if self.code:
            return Completed(self.code, b"", b"another app holds the lock")
        return Completed(0, self._do(list(argv), stdin).encode(), b"")

    def _do(self, argv: list[str], stdin: bytes) -> str:
        if argv == iptables.restore():
            self.rules = [rule for rule in stdin.decode().splitlines() if rule.startswith("-A ")]
        elif argv == iptables.remove():
            self.rules = None
        elif argv == iptables.show():
            chain = "" if self.rules is None else "-N QUORATE\n-A INPUT -j QUORATE\n" + "\n".join(self.rules)
            return "-P INPUT ACCEPT\n" + ("" if self.lost else chain)
        elif argv[0] == "python3":
            return "\n".join(peer for peer in argv[5:] if self._cluster.answers(self.address, peer))
        return ""


class RuleCluster:
    kind = "docker"

    def __init__(self) -> None:
        self.nodes = tuple(RuleNode(name, self) for name in ADDRESSES)
        self.leaky = False

    def __getitem__(self, name: str) -> RuleNode:
        return next(node for node in self.nodes if node.name == name)

    def answers(self, one: str, other: str) -> bool:
        return self.leaky or not (self._drops(one, other) or self._drops(other, one))

    def _drops(self, sender: str, receiver: str) -> bool:
        node = next(node for node in self.nodes if node.address == receiver)
        return node.now is NodeState.STOPPED or any(f"{sender}/32" in rule for rule in node.rules or ())


@pytest.fixture
def nodes() -> RuleCluster:
    return RuleCluster()


@pytest.fixture
def own(nodes: Any) -> network.Network:
    return network.of(nodes)


async def test_cuts_are_rules_of_the_receiver_and_are_taken_away_again(
    nodes: RuleCluster, own: network.Network
) -> None:
    await own.cut(CUTS)
    assert [node.rules for node in nodes.nodes] == [None, iptables.rules("n2", CUTS, ADDRESSES), None]
    assert await own.missing(CUTS) == []
    assert await own.missing(frozenset()) == ["n2 still has rules of this run"]
    await own.cut(frozenset())
    assert [node.rules for node in nodes.nodes] == [None, None, None]
    assert await own.missing(frozenset()) == []
    assert await own.missing(CUTS) == ["n2 has lost its rules"]


async def test_other_rules_than_the_wanted_ones_are_noticed(nodes: RuleCluster, own: network.Network) -> None:
    await own.cut(CUTS)
    assert await own.missing(CUTS | {("n1", "n3")}) == ["n3 has lost its rules"]
    assert await own.missing(frozenset({("n1", "n2")})) == ["n2 has other rules than those of this run"]


async def test_rules_that_let_packets_through_all_the_same_are_no_partition(
    nodes: RuleCluster, own: network.Network
) -> None:
    await own.cut(CUTS)
    nodes.leaky = True
    assert await own.missing(CUTS) == [
        "n1 still talks to n2",
        "n2 still talks to n1",
        "n2 still talks to n3",
        "n3 still talks to n2",
    ]


async def test_a_network_that_is_cut_by_others_is_not_healed(nodes: RuleCluster, own: network.Network) -> None:
    nodes["n3"].rules = ["-A INPUT -s 10.1.0.1/32 -j DROP"]
    nodes["n3"].lost = True
    assert await own.missing(frozenset()) == [
        "n1 cannot talk to n3, although nothing was cut between them",
        "n3 cannot talk to n1, although nothing was cut between them",
    ]


@pytest.mark.parametrize("cuts", [CUTS, frozenset()], ids=["injecting", "healing"])
async def test_a_tool_that_fails_is_never_taken_for_success(
    nodes: RuleCluster, own: network.Network, cuts: frozenset[tuple[str, str]]
) -> None:
    nodes["n2"].code = 4
    with pytest.raises(FaultFailed, match=r"network of n2: .* says: another app holds the lock"):
        await own.cut(cuts)
    with pytest.raises(FaultFailed, match="network of n2: iptables says: another app holds the lock"):
        await own.missing(cuts)


async def test_one_node_that_fails_does_not_keep_the_others_from_being_set(
    nodes: RuleCluster, own: network.Network
) -> None:
    nodes["n1"].code = 4
    with pytest.raises(FaultFailed):
        await own.cut(CUTS)
    assert nodes["n2"].rules == iptables.rules("n2", CUTS, ADDRESSES)


@pytest.mark.parametrize("tool", ["iptables-restore", "iptables -w 5 -S", "python3"])
async def test_a_node_that_dies_in_the_middle_is_left_out(nodes: RuleCluster, own: network.Network, tool: str) -> None:
    nodes["n2"].dies_at = tool
    await own.cut(CUTS)
    await own.missing(CUTS)
    assert nodes["n2"].now is NodeState.STOPPED
    assert await own.missing(CUTS) == []
    assert await own.missing(frozenset()) == []


async def test_a_paused_node_is_cut_and_looked_at_like_the_others(nodes: RuleCluster, own: network.Network) -> None:
    nodes["n2"].now = NodeState.PAUSED
    await own.cut(CUTS)
    assert nodes["n2"].rules
    nodes.leaky = True
    assert "n2 still talks to n1" in await own.missing(CUTS)


async def test_a_node_that_cannot_be_entered_though_it_runs_is_a_failure(
    nodes: RuleCluster, own: network.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> Completed:
        raise NodeFailed("it did not end within 15 s")

    monkeypatch.setattr(nodes["n2"], "in_network", refuse)
    with pytest.raises(FaultFailed, match="cannot reach into the network of n2: it did not end"):
        await own.cut(CUTS)


async def test_the_trial_sets_a_rule_in_every_node_and_leaves_none(nodes: RuleCluster, own: network.Network) -> None:
    assert await own.trial() == []
    assert [node.rules for node in nodes.nodes] == [None, None, None]
    nodes["n3"].lost = True
    assert await own.trial() == ["n3 has lost its rules"]
    assert nodes["n3"].rules is None


def test_undoing_is_one_command_a_node_that_drops(own: network.Network) -> None:
    assert own.undo(CUTS) == [
        Undo("docker-network", {"container": "container of n2", "entry": "nsenter", "argv": iptables.remove()})
    ]
