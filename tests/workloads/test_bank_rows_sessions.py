"""What the workloads bank, write-isolation and session ask for."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise

import pytest

from harness import generator as g
from harness import registry
from harness.errors import UsageError
from harness.generator.simulate import perfect, simulate
from harness.op import INVOKE, Invocation, Op
from harness.options import parse_options
from workloads.workload import Workload

NODES = ("n1", "n2", "n3")
NAMES = ("bank", "write-isolation", "batch", "session")
Complete = Callable[[Op], tuple[int, Op]]


def make(name: str, *options: str) -> Workload:
    cls = registry.load("workload", name)
    made: Workload = cls(parse_options(name, cls.options, options))
    return made


def events(
    name: str, *options: str, concurrency: int = 6, seed: int = 1, most: int = 4000, complete: Complete = perfect
) -> list[Op]:
    generator = g.clients(make(name, *options).generator(random.Random(seed), NODES, concurrency))
    return simulate(generator, complete, concurrency=concurrency, nodes=NODES, most=most)


def asked(history: list[Op]) -> list[Op]:
    return [op for op in history if op.type == INVOKE]


def crashing(rng: random.Random) -> Complete:
    """One in ten operations has an unknown outcome."""
    return lambda op: (1000, op.info("crash: by the test") if rng.random() < 0.1 else op.ok(op.value))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("concurrency", [1, 2, 500])
def test_it_goes_on_at_any_concurrency(name: str, concurrency: int) -> None:
    history = events(name, concurrency=concurrency)
    assert len(history) == 4000
    assert {op.process for op in history} == set(range(concurrency))


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_operations_again_and_another_seed_others(name: str) -> None:
    assert events(name, seed=5) == events(name, seed=5)
    assert events(name, seed=5) != events(name, seed=6)


@pytest.mark.parametrize("options", [(), ("accounts=3", "total=100"), ("accounts=5", "total=3")])
def test_the_accounts_of_a_bank_are_created_first_with_the_whole_total(options: tuple[str, ...]) -> None:
    workload = make("bank", *options)
    first, *rest = asked(events("bank", *options))
    accounts = first.value["accounts"]

    assert first.f == "create"
    assert sum(accounts.values()) == workload.settings["total"]
    assert max(accounts.values()) - min(accounts.values()) <= 1
    assert list(accounts) == [str(number) for number in range(workload.settings["accounts"])]
    assert "create" not in {op.f for op in rest}


def test_the_accounts_are_tried_until_they_are_created() -> None:
    tries = Counter[str]()

    def complete(op: Op) -> tuple[int, Op]:
        tries[op.f] += 1
        return 1000, op.ok() if op.f != "create" or tries["create"] > 4 else op.info("timeout: no answer")

    history = events("bank", complete=complete, most=100)
    assert tries["create"] == 5
    assert [op.f for op in history[:10]] == ["create"] * 10


def test_a_transfer_is_between_two_accounts_and_not_too_large() -> None:
    transfers = [op.value for op in asked(events("bank", "max-transfer=7")) if op.f == "transfer"]

    assert {one["amount"] for one in transfers} == set(range(1, 8))
    assert all(one["from"] != one["to"] and "overdraft" not in one for one in transfers)
    overdrawing = asked(events("bank", "negative-balances=true"))
    assert all(op.value["overdraft"] is True for op in overdrawing if op.f == "transfer")


def test_the_two_cells_of_a_row_grow_in_opposite_directions() -> None:
    writes = [op.value for op in asked(events("write-isolation")) if op.f == "write"]
    assert all(a == -b for a, b in writes)
    assert len({a for a, _ in writes}) == len(writes) > 500


def test_a_batch_writes_what_a_row_would_hold() -> None:
    for events_of_both in zip(events("batch"), events("write-isolation"), strict=True):
        assert events_of_both[0] == events_of_both[1]
    assert registry.load("workload", "batch").interface == "batch"


def test_rows_are_left_after_a_bounded_number_of_operations() -> None:
    per_row = Counter(op.key for op in asked(events("write-isolation", "ops-per-key=20")))
    assert max(per_row.values()) == 20


@pytest.mark.parametrize("concurrency", [1, 7])
def test_a_key_of_a_session_is_written_by_that_process_alone_with_growing_values(concurrency: int) -> None:
    history = events("session", concurrency=concurrency, complete=crashing(random.Random(7)))
    written = defaultdict(list)
    for op in asked(history):
        if op.f == "write":
            written[op.key].append(op)

    assert len({op.process for op in history}) > concurrency
    for key, ops in written.items():
        assert len({op.process for op in ops}) == 1
        assert str(key).startswith(f"s{ops[0].process}.")
        assert [op.value for op in ops] == list(range(1, len(ops) + 1))


def test_sessions_move_and_look_at_one_key_between_two_reads_of_another() -> None:
    history = asked(events("session", concurrency=3))
    moved = {op.value for op in history if op.f == "move"}
    assert moved == set(NODES)
    looks = 0
    for process in range(3):
        reads = [op.key if op.f == "read" else None for op in history if op.process == process]
        looks += sum(a == c != b and None not in (a, b) for (a, b), (_, c) in pairwise(pairwise(reads)))
    assert looks > 100


@pytest.mark.parametrize("name", ["writes", "moves"])
def test_shares_may_be_none_or_all(name: str) -> None:
    f = name.removesuffix("s")
    others = [f"{one}=0" for one in ("writes", "moves") if one != name]
    assert {op.f for op in asked(events("session", f"{name}=1", *others))} == {f}
    assert f not in {op.f for op in asked(events("session", f"{name}=0", *others))}


def test_in_the_end_each_session_visits_every_node_and_reads_its_own_keys_there() -> None:
    final = make("session").final_generator(random.Random(1), NODES, 4)
    history = asked(simulate(final, concurrency=4, nodes=NODES))
    for process in range(4):
        mine = [op for op in history if op.process == process]
        assert [op.value for op in mine if op.f == "move"] == list(NODES)
        for place in range(2):
            assert sum(op.key == f"s{process}.{place}" for op in mine) >= 2 * len(NODES)
    assert {op.f for op in history} == {"move", "read"}


def test_a_guarantee_that_does_not_exist_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="monotonic-reads"):
        make("session", "guarantees=monotonic-raeds")
    (checker,) = make("session", "guarantees=monotonic-reads, read-your-writes").checkers()
    assert checker.guarantees == ("monotonic-reads", "read-your-writes")  # type: ignore[attr-defined] # its own


def test_in_the_end_the_session_that_crashed_before_is_looked_at_too() -> None:
    """One client, whose first operation has an unknown outcome."""
    final = make("session").final_generator(random.Random(1), NODES, 1)
    crashed = g.once(g.repeat(Invocation("write", 1, "s0.0")))
    outcomes = iter(["info"])

    def complete(op: Op) -> tuple[int, Op]:
        return 1000, op.info("crash: by the test") if next(outcomes, None) else op.ok(op.value)

    history = asked(simulate(g.then(crashed, final), complete, concurrency=1, nodes=NODES))
    keys = [op.key for op in history if op.process == 1 and op.f == "read"]
    assert [keys.count(f"s{process}.{place}") >= 2 * len(NODES) for process in (0, 1) for place in (0, 1)] == [True] * 4
