"""The generator of transactions: Elle's parameters."""

import random
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

import pytest

from harness import generator as g
from harness import registry
from harness.errors import UsageError
from harness.generator.simulate import simulate
from harness.op import INVOKE, Op
from harness.options import parse_options
from workloads.workload import Workload

NODES = ("n1", "n2", "n3")
NAMES = ("list-append", "rw-register")


def make(name: str, *options: str) -> Workload:
    cls = registry.load("workload", name)
    made: Workload = cls(parse_options(name, cls.options, options))
    return made


def events(name: str, *options: str, concurrency: int = 6, seed: int = 1, most: int = 4000) -> list[Op]:
    generator = g.clients(make(name, *options).generator(random.Random(seed), NODES, concurrency))
    return simulate(generator, concurrency=concurrency, nodes=NODES, most=most)


def asked(history: list[Op]) -> list[list[list[Any]]]:
    return [op.value for op in history if op.type == INVOKE]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("concurrency", [1, 1000])
def test_it_goes_on_at_any_concurrency(name: str, concurrency: int) -> None:
    history = events(name, concurrency=concurrency)
    assert len(history) == 4000
    assert {op.process for op in history} == set(range(concurrency))


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_operations_again_and_another_seed_others(name: str) -> None:
    assert events(name, seed=5) == events(name, seed=5)
    assert events(name, seed=5) != events(name, seed=6)


@pytest.mark.parametrize(("name", "write"), [("list-append", "append"), ("rw-register", "w")])
def test_a_key_is_written_with_1_2_3_and_left_after_the_most(name: str, write: str) -> None:
    written = defaultdict(list)
    for micros in asked(events(name, "max-writes-per-key=16")):
        for f, key, value in micros:
            assert f in ("r", write)
            assert (value is None) is (f == "r")
            if f == write:
                written[key].append(value)
    assert all(values == list(range(1, len(values) + 1)) for values in written.values())
    assert max(map(len, written.values())) == 16
    assert set(written) == set(range(len(written)))


def test_as_many_keys_as_asked_for_are_in_use_and_each_is_twice_as_likely_as_the_one_before() -> None:
    counts = Counter(
        key for micros in asked(events("rw-register", "max-writes-per-key=100000")) for _, key, _ in micros
    )
    assert set(counts) == set(range(10))
    assert all(1.6 < counts[key + 1] / counts[key] < 2.5 for key in range(5, 9))


def test_uniform_keys_are_three_unless_said_and_all_alike() -> None:
    for option, keys in ((), 3), (("key-count=7",), 7):
        made = events("rw-register", "key-dist=uniform", "max-writes-per-key=100000", *option)
        counts = Counter(key for micros in asked(made) for _, key, _ in micros)
        assert set(counts) == set(range(keys))
        assert max(counts.values()) < 1.3 * min(counts.values())


def test_the_length_of_a_transaction_is_within_its_bounds() -> None:
    lengths = Counter(map(len, asked(events("list-append", "min-txn-length=2", "max-txn-length=5"))))
    assert set(lengths) == {2, 3, 4, 5}
    assert set(map(len, asked(events("list-append")))) == {1, 2, 3, 4}


def test_bounds_that_exclude_each_other_are_a_usage_error() -> None:
    with pytest.raises(UsageError, match="min-txn-length=5 is more than max-txn-length=4"):
        make("rw-register", "min-txn-length=5")


@pytest.mark.parametrize("name", NAMES)
def test_the_final_reads_are_of_every_key_from_every_node(name: str) -> None:
    workload = make(name, "max-writes-per-key=8")
    load = g.clients(workload.generator(random.Random(1), NODES, 6))
    final = workload.final_generator(random.Random(1), NODES, 6)
    keys = {key for micros in asked(simulate(load, concurrency=6, nodes=NODES, most=4000)) for _, key, _ in micros}
    assert len(keys) > 100

    read = defaultdict(list)
    for op in simulate(final, concurrency=6, nodes=NODES):
        if op.type == INVOKE:
            assert len(op.value) <= 8
            read[op.node] += [key for _, key, _ in op.value]
    assert set(read) == set(NODES)
    assert all(set(seen) >= keys and all(a < b for a, b in pairwise(seen)) for seen in read.values())


def test_without_a_load_there_is_nothing_to_read_in_the_end() -> None:
    assert simulate(make("list-append").final_generator(random.Random(1), NODES, 6), concurrency=6, nodes=NODES) == []
