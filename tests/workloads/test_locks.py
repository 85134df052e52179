"""What the workloads lock and locked-set ask for."""

import random
from collections import defaultdict
from itertools import pairwise

import pytest

from checkers.lock import FencingChecker, LockChecker
from harness import generator as g
from harness import registry
from harness.generator.simulate import Complete, simulate
from harness.history import History
from harness.op import INVOKE, Op
from harness.options import parse_options
from workloads.workload import Workload

NODES = ("n1", "n2", "n3")
MS = 1_000_000


def make(name: str, *options: str) -> Workload:
    cls = registry.load("workload", name)
    made: Workload = cls(parse_options(name, cls.options, options))
    return made


class Locks:
    """Locks that keep their promise, or answer with what a test wants."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.holder: dict[object, int] = {}
        self.token = 0

    def __call__(self, op: Op) -> tuple[int, Op]:
        answer = self.answers.get(op.f)
        if answer == "info":
            return MS, op.info("timeout: no answer")
        if answer == "fail" or (op.f == "acquire" and op.key in self.holder):
            return MS, op.fail("busy: somebody holds it")
        if op.f == "acquire":
            self.holder[op.key] = op.process
            self.token += 1
            return MS, op.ok(self.token)
        assert self.holder.pop(op.key) == op.process
        return MS, op.ok()


def run(complete: Complete, *options: str, concurrency: int = 6, most: int = 2000) -> list[Op]:
    generator = g.clients(make("lock", *options).generator(random.Random(1), NODES, concurrency))
    return simulate(generator, complete, concurrency=concurrency, nodes=NODES, most=most)


def of(history: list[Op], process: int) -> list[Op]:
    return [op for op in history if op.process == process]


def test_a_client_releases_only_what_it_holds_and_holds_it_for_about_as_long_as_asked() -> None:
    history = run(Locks(), "hold=100", "retry=10")
    released = 0
    for process in range(6):
        acquired = -1
        for op in of(history, process):
            if op.f == "acquire" and op.type == "ok":
                acquired = op.time
            elif op.f == "release" and op.type == INVOKE:
                assert 50 * MS <= op.time - acquired <= 150 * MS
                released += 1
    assert released > 50


def test_a_lock_that_is_held_is_tried_again_after_a_while() -> None:
    history = of(run(Locks(acquire="fail"), "retry=10", most=200), 0)
    asked = [op for op in history if op.type == INVOKE]
    gaps = [later.time - sooner.time for sooner, later in pairwise(asked)]
    assert {op.f for op in asked} == {"acquire"}
    assert all(6 * MS <= gap <= 16 * MS for gap in gaps)


def test_a_release_that_failed_is_tried_again() -> None:
    asked = [op.f for op in of(run(Locks(release="fail"), concurrency=1, most=40), 0) if op.type == INVOKE]
    assert asked == ["acquire"] + ["release"] * (len(asked) - 1)


@pytest.mark.parametrize("f", ["acquire", "release"])
def test_a_process_whose_answer_is_unknown_is_followed_by_one_that_holds_nothing(f: str) -> None:
    history = run(Locks(**{f: "info"}), concurrency=1, most=40)
    first = {process: of(history, process)[0].f for process in {op.process for op in history}}
    assert len(first) > 5 if f == "acquire" else len(first) > 1
    assert set(first.values()) == {"acquire"}


def test_clients_are_spread_over_the_locks() -> None:
    users = defaultdict(set)
    for op in run(Locks(), "locks=2"):
        users[op.key].add(op.process)
    assert users == {"lock0": {0, 2, 4}, "lock1": {1, 3, 5}}


def test_who_judges_is_an_option() -> None:
    (strict,), (tolerant,) = make("lock").checkers(), make("lock", "guarantee=fencing-tokens").checkers()
    assert isinstance(strict, LockChecker)
    assert isinstance(tolerant, FencingChecker)


def test_what_the_workload_does_with_sound_locks_is_valid() -> None:
    history = History(run(Locks(), "hold=20", "retry=5"))
    assert LockChecker().check(history).validity == "valid"
    assert FencingChecker().check(history).validity == "valid"


def test_elements_of_locked_sets_are_unique_and_every_set_is_read_from_every_node_in_the_end() -> None:
    workload = make("locked-set", "sets=2")
    load = g.clients(workload.generator(random.Random(1), NODES, 6))
    asked = [op for op in simulate(load, concurrency=6, nodes=NODES, most=2000) if op.type == INVOKE]
    added = [op.value for op in asked if op.f == "add"]
    assert len(set(added)) == len(added) > 500
    assert {op.key for op in asked} == {"set0", "set1"}

    final = workload.final_generator(random.Random(1), NODES, 6)
    reads = [(op.key, op.node) for op in simulate(final, concurrency=6, nodes=NODES) if op.type == INVOKE]
    assert sorted(reads) == [(key, node) for key in ("set0", "set1") for node in NODES]
