"""Priority queues: documented examples, each rule with a witness that suffices, and its sentence."""

import random
from typing import Any

import numpy as np
import pytest
from linearizability.collection import Asked, random_columns

from checkers.linearizability import kernel
from checkers.linearizability.decision import HOLDS, UNDECIDED, VIOLATED
from checkers.linearizability.intervals import TimedOperation
from checkers.linearizability.model import UNKNOWN, Operation
from checkers.linearizability.models.priority_queue import PriorityQueue
from checkers.linearizability.twins import priority_queue as twin

QUEUE = Asked(PriorityQueue())
insert, poll, check, violation, fast = QUEUE.add, QUEUE.take, QUEUE.check, QUEUE.violation, QUEUE.fast


def test_the_largest_first_holds() -> None:
    sorted_out = [insert(0, 1, 0, 1), insert(0, 2, 2, 3), poll(1, 2, 4, 5), poll(1, 1, 6, 7), poll(1, None, 8, 9)]
    assert check(sorted_out).validity == "valid"


def test_of_equal_priority_any_may_come_first() -> None:
    inserts = [insert(0, [1, "a"], 0, 1), insert(0, [1, "b"], 2, 3)]
    assert check([*inserts, poll(1, [1, "a"], 4, 5), poll(1, [1, "b"], 6, 7)]).validity == "valid"
    assert check([*inserts, poll(1, [1, "b"], 4, 5), poll(1, [1, "a"], 6, 7)]).validity == "valid"


def test_priorities_are_compared_exactly() -> None:
    large = 2**53
    inserts = [insert(0, large, 0, 1), insert(0, large + 1, 2, 3), insert(0, 0.5, 4, 5)]
    assert check([*inserts, poll(1, large + 1, 6, 7), poll(1, large, 8, 9)]).validity == "valid"
    assert check([*inserts, poll(1, large, 6, 7)]).validity == "invalid"


def test_something_of_a_higher_priority_was_inside_all_the_time() -> None:
    anomaly = violation([insert(0, 1, 0.0, 1.0), insert(0, 2, 2.0, 3.0), poll(1, 1, 4.0, 5.0), poll(1, 2, 6.0, 7.0)])
    assert anomaly.name == "reordered"
    assert anomaly.sentence == (
        "p1's poll of 1 (4.000-5.000 s) returned 1 although 2 was inside all that time: p0's insert of 2 "
        "(2.000-3.000 s) was complete, and not taken before p1's poll of 2 (6.000-7.000 s)"
    )


def test_one_of_several_of_a_higher_priority_was_always_inside() -> None:
    operations = [
        insert(0, 1, 0.0, 1.0),
        insert(0, 3, 2.0, 3.0),
        poll(1, 1, 4.0, 9.0),
        insert(0, 2, 5.0, 6.0),
        poll(2, 3, 7.0, 8.0),
        poll(2, 2, 10.0, 11.0),
    ]
    anomaly = violation(operations)
    assert "at every instant of it something of a higher priority was inside" in anomaly.sentence
    earlier = [*operations[:4], poll(2, 3, 4.5, 8.0), operations[5]]
    assert check(earlier).validity == "valid"


def test_what_has_to_wait_for_something_else_keeps_nothing_waiting_longer() -> None:
    # 2 may be polled from 6 on, but has to wait until 3 is; so has 1, and then all three are polled at once.
    operations = [
        insert(0, 1, 0.0, 1.0),
        insert(0, 2, 2.0, 3.0),
        insert(0, 3, 4.0, 5.0),
        poll(1, 2, 6.0, 12.0),
        poll(2, 1, 7.0, 11.0),
        poll(3, 3, 9.0, 10.0),
    ]
    assert check(operations).validity == "valid"


def test_empty_although_something_was_inside() -> None:
    assert violation([insert(0, 1, 0, 1), poll(1, None, 2, 3)]).name == "false-empty-poll"


def test_unknown_inserts_and_polls() -> None:
    passed = [insert(0, 1, 0, 1), insert(0, 2, 2, 3), poll(1, 1, 6, 7)]
    assert fast([insert(0, 1, 0, None), poll(1, None, 2, 3)]) == HOLDS
    assert fast([*passed, poll(2, None, 4, None)]) == UNDECIDED
    assert check([*passed, poll(2, None, 4, None)]).validity == "valid"
    assert fast([*passed, poll(2, None, 8, None)]) == VIOLATED


@pytest.mark.parametrize("value", ["a", None, True, [1, 2, 3], ["a", 1], {}])
def test_what_is_no_element_is_named(value: Any) -> None:
    verdict = check([insert(0, value, 0, 1), insert(0, 1, 2, 3)])
    assert verdict.validity == "unknown"
    assert "is no element of a priority queue: write a number, or [priority, id]" in verdict.reasons[0]


def test_the_model_step_by_step() -> None:
    model = PriorityQueue()
    state = model.init()
    assert model.step(state, Operation("poll")) == [state]
    assert model.step(state, Operation("poll", result=1)) == []
    for value in (1, [2, "a"], [2, "b"]):
        (state,) = model.step(state, Operation("insert", value))
    assert model.step(state, Operation("poll")) == []
    assert model.step(state, Operation("poll", result=1)) == []
    assert [len(after) for after in model.step(state, Operation("poll", result=[2, "b"]))] == [2]
    assert len(model.step(state, Operation("poll", result=UNKNOWN))) == len(["a", "b"])


@pytest.mark.kernel
def test_the_kernel_says_what_its_twin_says() -> None:
    rng, seen = random.Random(5), set()
    for _ in range(300):
        encoded = random_columns(rng, rng.randint(1, 5), rng.randint(1, 60), wild=1)
        rank = np.array([rng.randrange(12) for _ in range(encoded.values)], dtype=np.int32)
        one, two = kernel.priority_queue(encoded, rank), twin.decide(encoded, rank)
        assert one.standing.tolist() == two.standing.tolist()
        assert one.conflicts == two.conflicts
        seen |= {conflict.rule for conflict in one.conflicts.values()}
    assert {"order", "empty"} <= seen


@pytest.mark.kernel
@pytest.mark.parametrize("rank", [[], [0, -1]])
def test_the_kernel_refuses_ranks_that_are_none(rank: list[int]) -> None:
    encoded = random_columns(random.Random(1), 1, 2, wild=1)
    with pytest.raises(ValueError, match="rank"):
        kernel.priority_queue(encoded, np.array(rank, dtype=np.int32))


def test_every_order_that_is_refuted_needs_each_of_its_elements() -> None:
    QUEUE.every_order_needs_each_of_its_elements(random_queue)


def random_queue(rng: random.Random) -> list[TimedOperation]:
    """A short history of a queue that sometimes gives what is not the largest."""
    operations, inside, now = [], [], 0.0
    for process in range(10):
        start, end = now, now + rng.random() * 3
        now += 1.0
        if process < 3 or (rng.random() < 0.5 and process < 8):
            inside.append(rng.randrange(5) * 10 + process)
            operations.append(insert(process, inside[-1], start, end))
        elif inside:
            taken = rng.choice([max(inside), inside[0]])
            inside.remove(taken)
            operations.append(poll(process, taken, start, end))
    return operations
