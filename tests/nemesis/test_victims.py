"""Which nodes are struck."""

import random

from hypothesis import given
from hypothesis import strategies as st

from nemesis import victims

KINDS = st.sampled_from(["any", *victims.KINDS])


def names(count: int) -> list[str]:
    return [f"n{number}" for number in range(1, count + 1)]


@given(KINDS, st.integers(1, 9), st.integers(0, 2**32), st.data())
def test_victims_are_candidates_in_the_order_of_the_nodes(
    kind: str, count: int, seed: int, data: st.DataObject
) -> None:
    nodes = names(count)
    candidates = sorted(data.draw(st.sets(st.sampled_from(nodes))))
    primaries = data.draw(st.sets(st.sampled_from(nodes)))
    chosen = victims.pick(kind, candidates, nodes, primaries, random.Random(seed))
    assert chosen == [node for node in candidates if node in chosen]
    assert chosen == victims.pick(kind, candidates, nodes, primaries, random.Random(seed))


@given(st.integers(3, 9), st.integers(0, 2**32))
def test_each_kind_has_its_size(count: int, seed: int) -> None:
    nodes = names(count)

    def size(kind: str) -> int:
        return len(victims.pick(kind, nodes, nodes, {"n2"}, random.Random(seed)))

    assert size("one") == 1
    assert 1 <= size("minority") < count / 2
    assert size("majority") == count // 2 + 1
    assert size("all") == count
    assert victims.pick("primaries", nodes, nodes, {"n2"}, random.Random(seed)) == ["n2"]


def test_any_never_strikes_a_majority_and_reaches_leaders() -> None:
    chosen = [victims.pick("any", names(5), names(5), {"n4"}, random.Random(seed)) for seed in range(100)]
    assert max(map(len, chosen)) == 2
    assert {len(one) for one in chosen} == {1, 2}
    assert {node for one in chosen for node in one} == set(names(5))


def test_any_strikes_somebody_also_while_nobody_leads() -> None:
    struck = [
        victims.pick("any", ["n1", "n2", "n3"], ["n1", "n2", "n3"], [], random.Random(seed)) for seed in range(50)
    ]

    assert all(struck)
