"""Grudges: the shapes hold what they promise for every number of nodes, whatever chance chooses."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from nemesis import grudge
from nemesis.grudge import Grudge, cuts_of

nodes = st.integers(2, 9).map(lambda count: [f"n{number}" for number in range(1, count + 1)])
chance = st.integers(0, 10**6).map(random.Random)


def hears(made: Grudge, node: str) -> set[str]:
    return set(made) - set(made[node])


def symmetric(made: Grudge) -> bool:
    cuts = cuts_of(made)
    return cuts == {(receiver, sender) for sender, receiver in cuts}


@given(nodes, chance, st.sampled_from(sorted(grudge.SHAPES)))
def test_every_shape_names_every_node_and_nobody_refuses_itself(
    names: Sequence[str], rng: random.Random, shape: str
) -> None:
    made = grudge.SHAPES[shape](names, rng)
    assert set(made) == set(names)
    assert all(node not in refused and set(refused) <= set(names) for node, refused in made.items())


@given(nodes, chance, st.sampled_from(["halves", "one-node", "minority-third"]))
def test_groups_hear_themselves_and_nobody_else(names: Sequence[str], rng: random.Random, shape: str) -> None:
    made = grudge.SHAPES[shape](names, rng)
    assert symmetric(made)
    groups = {frozenset(hears(made, node)) for node in names}
    assert len(groups) == 2
    assert sum(map(len, groups)) == len(names)
    small = min(map(len, groups))
    if shape == "halves":
        assert small == len(names) // 2
    elif shape == "one-node":
        assert small == 1
    elif len(names) > 2:
        assert 1 <= small <= (len(names) - 1) // 2


@given(st.lists(st.sets(st.sampled_from([f"n{number}" for number in range(9)])), max_size=4))
def test_complete_is_symmetric_for_disjoint_groups(groups: list[set[str]]) -> None:
    disjoint = [group - set().union(*groups[:at]) for at, group in enumerate(groups)]
    made = grudge.complete(disjoint)
    assert symmetric(made)
    for group in disjoint:
        assert all(hears(made, node) == group for node in group)


@given(nodes, chance)
def test_in_the_ring_every_node_hears_exactly_a_majority(names: Sequence[str], rng: random.Random) -> None:
    made = grudge.majorities_ring(names, rng)
    assert all(len(hears(made, node)) == len(names) // 2 + 1 and node in hears(made, node) for node in names)
    if len(names) > 3:
        assert len({frozenset(hears(made, node)) for node in names}) == len(names)
    if (len(names) // 2 + 1) % 2:
        assert symmetric(made)


@given(nodes, chance)
def test_the_middle_of_a_bridge_hears_all_and_is_heard_by_all(names: Sequence[str], rng: random.Random) -> None:
    made = grudge.bridge(names, rng)
    assert symmetric(made)
    middle = {node for node in names if not made[node]}
    assert middle
    assert all(node not in refused for node in middle for refused in made.values())
    if len(names) > 2:
        (one,) = middle
        sides = {frozenset(hears(made, node) - {one}) for node in names if node != one}
        assert sorted(map(len, sides)) == [(len(names) - 1) // 2, len(names) // 2]


@given(nodes, chance, st.data())
def test_primaries_stand_apart_in_a_minority_where_they_are_one(
    names: Sequence[str], rng: random.Random, data: st.DataObject
) -> None:
    leading = data.draw(st.sets(st.sampled_from(list(names))))
    made = grudge.primaries_apart(names, leading, rng)
    if not leading or len(leading) == len(names):
        assert made is None
        return
    assert made is not None
    assert symmetric(made)
    side = hears(made, min(leading))
    assert leading <= side < set(names)
    assert len(side) <= max(len(leading), (len(names) - 1) // 2)


@given(nodes, chance)
def test_one_way_keeps_what_the_refusing_nodes_refuse(names: Sequence[str], rng: random.Random) -> None:
    both = grudge.halves(names, rng)
    refusing = hears(both, names[0])
    made = grudge.one_way(both, refusing)
    assert {receiver for _, receiver in cuts_of(made)} == refusing
    assert cuts_of(made) == {pair for pair in cuts_of(both) if pair[1] in refusing}


@given(nodes, chance, st.sampled_from(sorted(grudge.SHAPES)))
def test_inverting_twice_changes_nothing(names: Sequence[str], rng: random.Random, shape: str) -> None:
    made = grudge.SHAPES[shape](names, rng)
    once = grudge.invert(made, names)
    assert all(set(once[node]) | set(made[node]) | {node} == set(names) for node in names)
    assert grudge.invert(once, names) == made


@given(nodes, st.integers(), st.sampled_from(sorted(grudge.SHAPES)))
def test_the_seed_decides(names: Sequence[str], seed: int, shape: str) -> None:
    assert grudge.SHAPES[shape](names, random.Random(seed)) == grudge.SHAPES[shape](names, random.Random(seed))


def test_groups_are_read_and_the_rest_is_one_more() -> None:
    names = ["n1", "n2", "n3", "n4"]
    assert grudge.parse_groups("n1, n2|n3", names) == [["n1", "n2"], ["n3"], ["n4"]]
    assert grudge.parse_groups("n1,n2|n3,n4", names) == [["n1", "n2"], ["n3", "n4"]]
    assert grudge.parse_groups("", names) == [names]


@pytest.mark.parametrize(("text", "says"), [("n1|n9", "names 'n9', but the nodes are n1, n2"), ("n1|n1", "more than")])
def test_groups_that_cannot_be(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        grudge.parse_groups(text, ["n1", "n2"])


def test_words() -> None:
    assert grudge.words(grudge.complete([["n2"], ["n3", "n1"]])) == "n1 n3 | n2"
    assert grudge.words({"n1": ["n2", "n3"], "n2": [], "n3": ["n1"]}) == "n1 refuses n2 n3, n3 refuses n1"


def test_cuts_point_from_the_sender_to_who_refuses() -> None:
    assert cuts_of({"n1": ["n2"], "n2": []}) == {("n2", "n1")}
