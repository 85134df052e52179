"""What the built-in workloads generate, run against an imagined datastore in virtual time."""

import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from harness import generator as g
from harness import registry
from harness.generator import Generator
from harness.generator.simulate import simulate
from harness.op import INVOKE, OK, Op
from harness.options import parse_options
from workloads.workload import Workload

NODES = ("n1", "n2", "n3")
NAMES = ("register", "set", "counter")


def make(name: str, *options: str) -> Workload:
    cls = registry.load("workload", name)
    made: Workload = cls(parse_options(name, cls.options, options))
    return made


def load(name: str, *options: str, concurrency: int = 6, seed: int = 1) -> Generator:
    return g.clients(make(name, *options).generator(random.Random(seed), NODES, concurrency))


def events(generator: Generator, concurrency: int = 6, most: int = 4000) -> list[Op]:
    return simulate(generator, concurrency=concurrency, nodes=NODES, most=most)


def invocations(history: list[Op]) -> list[Op]:
    return [op for op in history if op.type == INVOKE]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("concurrency", [1, 2, 1000])
def test_it_goes_on_at_any_concurrency(name: str, concurrency: int) -> None:
    history = events(load(name, concurrency=concurrency), concurrency)
    assert len(history) == 4000
    assert {op.process for op in history} == set(range(concurrency))


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_operations_again_and_another_seed_others(name: str) -> None:
    assert events(load(name, seed=5)) == events(load(name, seed=5))
    assert events(load(name, seed=5)) != events(load(name, seed=6))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("share", "functions"), [("0", False), ("1", True)])
def test_reads_can_be_left_out_or_be_all(name: str, share: str, functions: bool) -> None:
    seen = {op.f for op in invocations(events(load(name, f"reads={share}")))}
    assert (seen == {"read"}) is functions
    assert ("read" in seen) is functions


def new_value(op: Op) -> Any:
    return op.value[1] if op.f == "cas" else op.value


@pytest.mark.parametrize(("name", "kinds"), [("register", {"write", "cas"}), ("set", {"add"})])
def test_values_are_unique_over_all_keys(name: str, kinds: set[str]) -> None:
    written = [new_value(op) for op in invocations(events(load(name))) if op.f in kinds]
    assert len(written) > 100
    assert len(set(written)) == len(written)


def test_register_rotates_keys_after_a_bounded_number_of_operations() -> None:
    asked = invocations(events(load("register", "ops-per-key=20", "threads-per-key=3")))
    per_key = Counter(op.key for op in asked)
    assert max(per_key.values()) == 20
    assert len(per_key) >= len(asked) // 20
    workers = {key: {op.process for op in asked if op.key == key} for key in per_key}
    assert max(map(len, workers.values())) <= 3


def test_register_works_on_a_key_with_all_threads_when_there_are_fewer_than_asked_for() -> None:
    asked = invocations(events(load("register", "ops-per-key=50", concurrency=2), concurrency=2))
    assert {op.process for op in asked if op.key == "k0"} == {0, 1}


def test_a_cas_expects_the_value_that_was_seen_last_on_its_key() -> None:
    history = events(load("register", "reads=0.3", "cas=0.5", concurrency=1), concurrency=1)
    latest: dict[str | int | None, Any] = {}
    expected = []
    for op in history:
        if op.type == INVOKE and op.f == "cas":
            expected.append((op.value[0], latest.get(op.key)))
        if op.type == OK and op.value is not None:
            latest[op.key] = new_value(op)
    assert len(expected) > 100
    assert all(said == seen for said, seen in expected)


def test_counter_adds_one() -> None:
    asked = invocations(events(load("counter")))
    assert {op.value for op in asked if op.f == "add"} == {1}


@pytest.mark.parametrize("name", NAMES)
def test_final_reads_reach_every_node_once(name: str) -> None:
    final = make(name).final_generator(random.Random(1), NODES, 6)
    assert final is not None
    history = events(final)
    assert sorted((op.f, op.node) for op in invocations(history)) == [("read", node) for node in NODES]


@pytest.mark.parametrize("name", NAMES)
def test_final_reads_are_tried_until_ok_and_are_spaced(name: str) -> None:
    """The third node refuses four times."""
    refusals = Counter[str]()

    def complete(op: Op) -> tuple[int, Op]:
        refusals[str(op.node)] += 1
        refused = op.node == "n3" and refusals["n3"] <= 4
        return 1_000_000, op.fail("no-leader: not yet") if refused else op.ok([])

    final = make(name).final_generator(random.Random(1), NODES, 6)
    history = simulate(final, complete, concurrency=6, nodes=NODES, most=1000)
    asked = [op for op in invocations(history) if op.node == "n3"]
    assert [op.type for op in history if op.node == "n3" and op.type != INVOKE] == ["fail"] * 4 + ["ok"]
    assert all(later.time - sooner.time >= 100_000_000 for sooner, later in pairwise(asked))


@pytest.mark.parametrize("name", NAMES)
def test_final_reads_give_up_on_a_node_that_never_answers(name: str) -> None:
    final = make(name).final_generator(random.Random(1), NODES, 6)
    history = simulate(
        final, lambda op: (1_000_000, op.fail("down: for good")), concurrency=6, nodes=NODES, most=10_000
    )
    assert 2 < len(invocations(history)) / len(NODES) < 100
