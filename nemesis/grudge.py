"""Grudges: who refuses whose packets, as pure data.

A grudge maps a node to the nodes whose packets it drops. The term and the shapes are Jepsen's (``jepsen.nemesis``).
Whatever cuts a network, iptables or the simulation, is told nothing but the cuts that come out of here.
"""

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from harness.errors import UsageError

Grudge = dict[str, list[str]]
Cuts = frozenset[tuple[str, str]]
"""Directed pairs: packets from the first node to the second are dropped."""

NO_CUTS: Cuts = frozenset()


def complete(groups: Iterable[Collection[str]]) -> Grudge:
    """Every node refuses all nodes of the other groups."""
    parts = [sorted(group) for group in groups]
    return {node: sorted(other for part in parts if part is not own for other in part) for own in parts for node in own}


def halves(nodes: Sequence[str], rng: random.Random) -> Grudge:
    """A minority and a majority, chosen at random; of an even number, two equal halves."""
    shuffled = _shuffled(nodes, rng)
    middle = len(nodes) // 2
    return complete([shuffled[:middle], shuffled[middle:]])


def one_node(nodes: Sequence[str], rng: random.Random) -> Grudge:
    """One node alone."""
    alone = rng.choice(list(nodes))
    return complete([[alone], [node for node in nodes if node != alone]])


def minority_third(nodes: Sequence[str], rng: random.Random) -> Grudge:
    """About a third of the nodes, less than half of them and at least one, against the rest."""
    shuffled = _shuffled(nodes, rng)
    size = min(max(1, len(nodes) // 3), max(1, (len(nodes) - 1) // 2))
    return complete([shuffled[:size], shuffled[size:]])


def majorities_ring(nodes: Sequence[str], rng: random.Random) -> Grudge:
    """Every node sees exactly a majority, itself included, and no two nodes see the same one.

    The nodes stand in a random ring, and each hears its nearest neighbours on both sides. A majority of an even number
    of nodes has an odd size for every second number only; then the last neighbour is the one across the ring, or the
    next one on one side, whose packets pass one way only.
    """
    ring = _shuffled(nodes, rng)
    count = len(ring)
    majority = count // 2 + 1
    before, after = (majority - 1) // 2, majority - 1 - (majority - 1) // 2
    seen = {node: {ring[(at + step) % count] for step in range(-before, after + 1)} for at, node in enumerate(ring)}
    return {node: sorted(set(ring) - seen[node]) for node in ring}


def bridge(nodes: Sequence[str], rng: random.Random) -> Grudge:
    """Two groups that hear nothing of each other, and one node that hears, and is heard by, both."""
    shuffled = _shuffled(nodes, rng)
    middle, rest = shuffled[0], shuffled[1:]
    half = len(rest) // 2
    return complete([rest[:half], rest[half:]]) | {middle: []}


def primaries_apart(nodes: Sequence[str], primaries: Collection[str], rng: random.Random) -> Grudge | None:
    """The nodes that lead, and others up to the largest minority at random, against the rest; None when none leads."""
    leading = [node for node in nodes if node in primaries]
    if not leading or len(leading) == len(nodes):
        return None
    others = [node for node in nodes if node not in primaries]
    room = max(0, (len(nodes) - 1) // 2 - len(leading))
    company = rng.sample(others, rng.randint(0, min(room, len(others) - 1)))
    return complete([leading + company, [node for node in others if node not in company]])


def one_way(grudge: Mapping[str, Collection[str]], refusing: Collection[str]) -> Grudge:
    """Only these nodes refuse; what they send still arrives."""
    return {node: sorted(refused) if node in refusing else [] for node, refused in grudge.items()}


def invert(grudge: Mapping[str, Collection[str]], nodes: Collection[str]) -> Grudge:
    """Refuse whom it heard, and hear whom it refused; every node always hears itself."""
    return {node: sorted(set(nodes) - {node} - set(grudge.get(node, ()))) for node in nodes}


def cuts_of(grudge: Mapping[str, Collection[str]]) -> Cuts:
    """The directed pairs that the grudge cuts."""
    return frozenset((sender, node) for node, refused in grudge.items() for sender in refused if sender != node)


def parse_groups(text: str, nodes: Collection[str]) -> list[list[str]]:
    """The groups in ``n1,n2|n3``; nodes that are not named form one more group.

    Raises:
        UsageError: A name is no node, or stands twice.
    """
    groups = [[name.strip() for name in part.split(",") if name.strip()] for part in text.split("|")]
    named = [name for group in groups for name in group]
    for name in named:
        if name not in nodes:
            raise UsageError(f"partition.groups names {name!r}, but the nodes are {', '.join(sorted(nodes))}")
        if named.count(name) > 1:
            raise UsageError(f"partition.groups names {name!r} more than once: each node is in one group")
    rest = sorted(set(nodes) - set(named))
    return [group for group in [*groups, rest] if group]


def words(grudge: Mapping[str, Collection[str]]) -> str:
    """The grudge for a person: groups where it is made of groups, otherwise who refuses whom."""
    heard = {node: frozenset(grudge) - frozenset(refused) for node, refused in grudge.items()}
    groups = sorted({tuple(sorted(group)) for group in heard.values()})
    if all(heard[node] == frozenset(group) for group in groups for node in group):
        return " | ".join(" ".join(group) for group in groups)
    return ", ".join(
        f"{node} refuses {' '.join(sorted(refused))}" for node, refused in sorted(grudge.items()) if refused
    )


SHAPES: Mapping[str, Callable[[Sequence[str], random.Random], Grudge]] = {
    "halves": halves,
    "one-node": one_node,
    "minority-third": minority_third,
    "majorities-ring": majorities_ring,
    "bridge": bridge,
}
"""The shapes that need nothing but the nodes."""


def _shuffled(nodes: Sequence[str], rng: random.Random) -> list[str]:
    shuffled = list(nodes)
    rng.shuffle(shuffled)
    return shuffled
