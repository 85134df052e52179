"""``partition``: nodes stop hearing each other, in every shape that the grudge algebra knows."""

import random
from collections.abc import Sequence
from typing import Any

from harness.capability import Capability
from harness.options import Option
from nemesis import grudge, network, scratch
from nemesis.fault import Active, Fault, Situation, Undo, Verification
from nemesis.grudge import Cuts, Grudge

RANDOM = "any"
LEAST_NODES = {"bridge": 3, "majorities-ring": 4}
"""With fewer nodes the shape is not what its name says, so ``any`` leaves it out."""


class Partition(Fault):
    """Packets between groups of nodes are dropped where they arrive; clients still reach every node.

    A direction that is dropped stalls TCP in both; one-way cuts decide who notices first.
    """

    name = "partition"
    summary = "Drops packets between groups of nodes; clients still reach all of them."
    options = (
        Option(
            "shape",
            RANDOM,
            "Who is cut from whom; any = a random one each time.",
            (RANDOM, *grudge.SHAPES, "primaries", "groups"),
        ),
        Option("groups", "", "With shape=groups: n1,n2|n3 (nodes that are not named form one more group)."),
        Option("direction", "both", "one-way: only one side refuses the other.", ("both", "one-way")),
    )

    @classmethod
    async def backends(cls) -> Sequence[Capability]:
        """Iptables in a scratch namespace of this machine, and the simulation."""
        reason = await scratch.try_iptables()
        return [Capability(not reason, "iptables", reason), Capability(True, "simulated")]

    async def probe(self, situation: Situation) -> Capability:
        """Set a rule that harms nobody and read it back, in the nodes themselves."""
        if len(situation.cluster.nodes) == 1:
            return Capability(False, "", "one node has nobody to be cut from: use --nodes 2 or more")
        if self.settings["shape"] == "groups":
            grudge.parse_groups(self.settings["groups"], self._names(situation))
        own = network.of(situation.cluster)
        missing = await own.trial()
        return Capability(not missing, own.name, "; ".join(missing[:3]))

    async def choose(self, situation: Situation, rng: random.Random) -> tuple[dict[str, Any], str] | None:
        """A grudge of the asked shape, or of a random one."""
        names = self._names(situation)
        shape = self.settings["shape"]
        fitting = [one for one in grudge.SHAPES if LEAST_NODES.get(one, 2) <= len(names)]
        if shape == RANDOM:
            shape = rng.choice([*fitting, "primaries"])
        made = await self._grudge(shape, situation, rng)
        if made is None and self.settings["shape"] == RANDOM:  # nobody leads now
            shape = rng.choice(fitting)
            made = await self._grudge(shape, situation, rng)
        if made is None:
            return None
        words = grudge.words(made)
        if self.settings["direction"] == "one-way":
            refusing = rng.choice(sorted({tuple(sorted(set(names) - set(made[node]))) for node in names if made[node]}))
            made = grudge.one_way(made, refusing)
            words = grudge.words(made)
        cuts = sorted(grudge.cuts_of(made))
        return ({"shape": shape, "cuts": [list(pair) for pair in cuts]}, words) if cuts else None

    async def undo(self, situation: Situation, wanted: Sequence[Active]) -> Sequence[Undo]:
        """Take the chain away from every node that has it."""
        return network.of(situation.cluster).undo(cuts_of(wanted))

    async def apply(self, situation: Situation, wanted: Sequence[Active]) -> None:
        """Cut exactly the union of all active partitions."""
        await network.of(situation.cluster).cut(cuts_of(wanted))

    async def verify(self, situation: Situation, wanted: Sequence[Active]) -> Verification:
        """Compare the rules, and let every pair of nodes try to talk."""
        missing = await network.of(situation.cluster).missing(cuts_of(wanted))
        return Verification(not missing, "; ".join(missing[:3]))

    async def _grudge(self, shape: str, situation: Situation, rng: random.Random) -> Grudge | None:
        names = self._names(situation)
        if shape == "groups":
            return grudge.complete(grudge.parse_groups(self.settings["groups"], names))
        if shape == "primaries":
            leading = await situation.target.primaries(situation.cluster)
            return grudge.primaries_apart(names, leading, rng)
        return grudge.SHAPES[shape](names, rng)

    @staticmethod
    def _names(situation: Situation) -> list[str]:
        return [node.name for node in situation.cluster.nodes]


def cuts_of(wanted: Sequence[Active]) -> Cuts:
    """The union of what all active partitions cut."""
    return frozenset((sender, receiver) for active in wanted for sender, receiver in active.detail["cuts"])
