"""What the workload convergence asks for, and when its final reads end."""

import random
from collections import Counter
from itertools import pairwise

import pytest

from harness import generator as g
from harness import registry
from harness.generator.simulate import Complete, simulate
from harness.op import INVOKE, Op
from harness.options import parse_options
from workloads.workload import Workload

NODES = ("n1", "n2", "n3")
MS = 1_000_000


def make(*options: str) -> Workload:
    cls = registry.load("workload", "convergence")
    made: Workload = cls(parse_options("convergence", cls.options, options))
    return made


def final(complete: Complete, *options: str, concurrency: int = 6) -> list[Op]:
    generator = make(*options).final_generator(random.Random(1), NODES, concurrency)
    return simulate(generator, complete, concurrency=concurrency, nodes=NODES)


def test_the_load_writes_each_value_once_to_any_key() -> None:
    generator = g.clients(make("keys=4").generator(random.Random(1), NODES, 6))
    asked = [op for op in simulate(generator, concurrency=6, nodes=NODES, most=2000) if op.type == INVOKE]
    values = [op.value for op in asked if op.f == "write"]

    assert len(set(values)) == len(values) > 500
    assert {op.key for op in asked} == {"k0", "k1", "k2", "k3"}
    assert {op.f for op in asked} == {"read", "write"}


def test_nodes_that_agree_are_read_once_each() -> None:
    history = final(lambda op: (MS, op.ok(7)), "keys=5")
    asked = Counter((op.key, op.node) for op in history if op.type == INVOKE)
    assert set(asked) == {(f"k{number}", node) for number in range(5) for node in NODES}
    assert max(asked.values()) <= 2


def test_they_are_read_until_the_last_one_agrees() -> None:
    def complete(op: Op) -> tuple[int, Op]:
        return MS, op.ok(1 if op.node == "n3" and op.time < 400 * MS else 2)

    history = final(complete, "keys=1")
    end = history[-1].time
    assert 400 * MS <= end < 450 * MS
    assert history[-1].node == "n3"


def test_they_are_read_no_longer_than_the_limit_and_in_turns() -> None:
    history = final(lambda op: (MS, op.ok(op.node)), "limit=2", "keys=3", "spacing=10")
    asked = [op for op in history if op.type == INVOKE]

    assert 1.9 < asked[-1].time / 1e9 <= 2.0
    assert all(later.time - sooner.time >= 9 * MS for sooner, later in pairwise(asked))
    per = Counter((op.key, op.node) for op in asked)
    assert len(per) == 9
    assert max(per.values()) - min(per.values()) <= 1


@pytest.mark.parametrize("concurrency", [1, 2])
def test_only_nodes_that_a_client_talks_to_are_waited_for(concurrency: int) -> None:
    history = final(lambda op: (MS, op.ok(5)), "keys=2", concurrency=concurrency)
    assert {op.node for op in history} == set(NODES[:concurrency])
    assert history[-1].time < 100 * MS


def test_a_failed_read_says_nothing() -> None:
    answers = Counter[str]()

    def complete(op: Op) -> tuple[int, Op]:
        answers[str(op.node)] += 1
        return MS, op.ok(5) if answers[str(op.node)] > 3 else op.fail("no-leader: not yet")

    history = final(complete, "keys=1")
    assert all(any(op.type == "ok" and op.node == node for op in history) for node in NODES)
