"""FIFO queues: documented examples, each rule with a witness that suffices, and its sentence."""

import random

import numpy as np
import pytest
from linearizability import collection
from linearizability.collection import Asked

from checkers.linearizability import kernel
from checkers.linearizability.decision import HOLDS, NEVER, UNDECIDED, VIOLATED
from checkers.linearizability.intervals import TimedOperation
from checkers.linearizability.model import ILLEGAL, UNKNOWN, Operation
from checkers.linearizability.models.collection import columns
from checkers.linearizability.models.queue import FifoQueue
from checkers.linearizability.twins import queue as twin
from checkers.linearizability.twins.collection import ADD, Columns

QUEUE = Asked(FifoQueue())
enqueue, dequeue, check, violation, fast = QUEUE.add, QUEUE.take, QUEUE.check, QUEUE.violation, QUEUE.fast


def test_first_in_first_out_holds() -> None:
    verdict = check(
        [
            enqueue(0, "a", 0, 1),
            enqueue(0, "b", 2, 3),
            dequeue(1, "a", 4, 5),
            dequeue(1, "b", 6, 7),
            dequeue(1, None, 8, 9),
        ]
    )
    assert verdict.validity == "valid"


def test_concurrent_enqueues_come_out_in_any_order() -> None:
    assert check(
        [enqueue(0, "a", 0, 3), enqueue(1, "b", 1, 2), dequeue(0, "b", 4, 5), dequeue(1, "a", 6, 7)]
    ).validity == ("valid")


def test_an_element_nobody_enqueued() -> None:
    anomaly = violation([enqueue(0, "a", 0.0, 1.0), dequeue(1, "b", 2.0, 3.0)])
    assert anomaly.name == "thin-air-dequeue"
    assert anomaly.sentence == (
        'p1\'s dequeue of "b" (2.000-3.000 s) returned an element that no enqueue ever tried to add'
    )


def test_an_element_whose_enqueue_had_failed() -> None:
    failed = TimedOperation(0, "enqueue", "a", None, 0.0, 1.0, None, "full: no room")
    anomaly = violation([failed, dequeue(1, "a", 2.0, 3.0)])
    assert anomaly.name == "aborted-dequeue"
    assert anomaly.sentence == (
        'p1\'s dequeue of "a" (2.000-3.000 s) returned an element although the only enqueue of it, by p0, had failed '
        'for certain at 1.000 s: "full: no room"'
    )


def test_an_element_that_came_out_twice() -> None:
    anomaly = violation([enqueue(0, "a", 0.0, 1.0), dequeue(1, "a", 2.0, 3.0), dequeue(2, "a", 4.0, 5.0)])
    assert anomaly.name == "double-dequeue"
    assert anomaly.sentence == (
        'p1\'s dequeue of "a" (2.000-3.000 s) and p2\'s dequeue of "a" (4.000-5.000 s) both returned "a", although '
        'only p0\'s enqueue of "a" (0.000-1.000 s) ever added it'
    )


def test_an_element_from_the_future() -> None:
    anomaly = violation([dequeue(1, "a", 0.0, 1.0), enqueue(0, "a", 2.0, 3.0)])
    assert anomaly.name == "future-dequeue"
    assert anomaly.sentence == (
        'p1\'s dequeue of "a" (0.000-1.000 s) was complete at 1.000 s, before the only operation that adds that '
        'element was invoked: p0\'s enqueue of "a" (2.000-3.000 s)'
    )


def test_an_element_that_overtook_another_one() -> None:
    anomaly = violation(
        [enqueue(0, "a", 0.0, 1.0), enqueue(0, "b", 2.0, 3.0), dequeue(1, "b", 4.0, 5.0), dequeue(1, "a", 6.0, 7.0)]
    )
    assert anomaly.name == "reordered"
    assert anomaly.sentence == (
        '"b" overtook "a": p0\'s enqueue of "a" (0.000-1.000 s) was complete before p0\'s enqueue of "b" '
        "(2.000-3.000 s) was invoked, but p1's dequeue of \"b\" (4.000-5.000 s) was complete before p1's dequeue of "
        '"a" (6.000-7.000 s) was invoked'
    )


def test_an_element_that_was_lost() -> None:
    anomaly = violation([enqueue(0, "a", 0.0, 1.0), enqueue(0, "b", 2.0, 3.0), dequeue(1, "b", 4.0, 5.0)])
    assert anomaly.name == "lost-element"
    assert anomaly.sentence == (
        'no dequeue returned "a" before p1\'s dequeue of "b" (4.000-5.000 s) was complete, although "a" was ahead of '
        'it: p0\'s enqueue of "a" (0.000-1.000 s) was complete at 1.000 s, before p0\'s enqueue of "b" (2.000-3.000 s) '
        "was invoked"
    )


def test_empty_although_something_was_inside() -> None:
    anomaly = violation([enqueue(0, "a", 0.0, 1.0), dequeue(1, None, 2.0, 3.0), dequeue(1, "a", 4.0, 5.0)])
    assert anomaly.name == "false-empty-dequeue"
    assert anomaly.sentence == (
        "p1's dequeue, which found nothing, (2.000-3.000 s) although \"a\" was inside all that time: p0's enqueue of "
        '"a" (0.000-1.000 s) was complete, and not taken before p1\'s dequeue of "a" (4.000-5.000 s)'
    )


def test_empty_although_one_of_several_was_always_inside() -> None:
    # Neither element is inside all the time, but when a can be taken first, b is there already.
    operations = [
        enqueue(0, "a", 0.0, 1.0),
        dequeue(1, None, 2.0, 9.0),
        enqueue(0, "b", 3.0, 4.0),
        dequeue(2, "a", 5.0, 6.0),
        dequeue(3, "b", 10.0, 11.0),
    ]
    anomaly = violation(operations)
    assert anomaly.name == "false-empty-dequeue"
    assert "at every instant of it at least one of 2 elements was inside" in anomaly.sentence
    earlier = [*operations[:3], dequeue(2, "a", 3.5, 6.0), operations[4]]
    assert check(earlier).validity == "valid"


def test_of_a_chain_only_the_elements_that_are_needed_are_told() -> None:
    noise = [enqueue(5, f"x{i}", 0.1 * i + 1.01, 0.1 * i + 1.02) for i in range(20)]
    noise += [dequeue(6, f"x{i}", 0.1 * i + 4.03, 0.1 * i + 4.04) for i in range(20)]
    anomaly = violation([enqueue(0, "a", 0.0, 1.0), dequeue(1, None, 2.0, 3.0), dequeue(1, "a", 4.0, 4.02), *noise])
    assert len(anomaly.events) == len([(2, 3), (0, 1), (4, 5)]) * 2


def test_an_unknown_enqueue_counts_only_when_its_element_was_dequeued() -> None:
    assert check([enqueue(0, "a", 0, None), dequeue(1, None, 2, 3)]).validity == "valid"
    assert check([enqueue(0, "a", 0, None), dequeue(1, None, 2, 3), dequeue(1, "a", 4, 5)]).validity == "valid"
    assert check([enqueue(0, "a", 0, None), dequeue(1, "a", 2, 3), dequeue(1, "a", 4, 5)]).validity == "invalid"


def test_an_unknown_dequeue_may_have_taken_what_is_missing() -> None:
    missing = [enqueue(0, "a", 0, 1), enqueue(0, "b", 2, 3), dequeue(1, "b", 6, 7)]
    assert fast(missing) == VIOLATED
    assert fast([*missing, dequeue(2, None, 4, None)]) == HOLDS
    assert fast([*missing, dequeue(2, None, 8, None)]) == VIOLATED
    assert fast([*missing, enqueue(0, "c", 8, 9), dequeue(1, None, 10, 11), dequeue(2, None, 4, None)]) != HOLDS


def test_an_unknown_dequeue_took_one_element_only() -> None:
    missing = [enqueue(0, "a", 0, 1), enqueue(0, "b", 2, 3), enqueue(0, "c", 4, 5), dequeue(1, "c", 8, 9)]
    assert fast([*missing, dequeue(2, None, 6, None)]) == UNDECIDED
    assert fast([*missing, dequeue(2, None, 6, None), dequeue(3, None, 7, None)]) == HOLDS


def test_values_enqueued_twice_are_left_to_the_search_unless_another_one_refutes() -> None:
    twice = [enqueue(0, "a", 0, 1), enqueue(0, "a", 2, 3), dequeue(1, "a", 4, 5), dequeue(1, "a", 6, 7)]
    assert fast(twice) == UNDECIDED
    assert check(twice).validity == "valid"
    assert not QUEUE.legal(QUEUE.collect([*twice, dequeue(1, "a", 8, 9)]))
    assert fast([*twice, dequeue(1, "b", 8, 9)]) == VIOLATED


def test_keys_are_queues_of_their_own_even_with_the_same_values() -> None:
    good = [enqueue(0, "a", 0, 1, "x"), dequeue(0, "a", 2, 3, "x")]
    bad = [enqueue(1, "a", 0, 1, "y"), dequeue(1, None, 2, 3, "y")]
    anomaly = violation([*good, *bad])
    assert anomaly.key == "y"
    assert check([*good, enqueue(1, "a", 0, 1, "y")]).validity == "valid"


def test_null_is_no_element() -> None:
    verdict = check([enqueue(0, None, 0, 1), dequeue(0, None, 2, 3)])
    assert verdict.validity == "unknown"
    (reason,) = verdict.reasons
    assert reason == (
        "the history is undecided: null stands for a dequeue that found nothing, so the enqueue of null cannot be "
        "followed"
    )


def test_the_model_step_by_step() -> None:
    model = FifoQueue()
    state = model.init()
    assert model.step(state, Operation("dequeue")) == state
    assert model.step(state, Operation("dequeue", result=UNKNOWN)) == state
    for value in ("a", "b"):
        state = model.step(state, Operation("enqueue", value))
    assert state == ("a", "b")
    assert model.step(state, Operation("dequeue")) is ILLEGAL
    assert model.step(state, Operation("dequeue", result="b")) is ILLEGAL
    assert model.step(state, Operation("dequeue", result="a")) == ("b",)
    assert model.step(state, Operation("dequeue", result=UNKNOWN)) == ("b",)


def random_columns(rng: random.Random, parts: int, operations: int) -> Columns:
    """Any columns at all: mostly nonsense, with instants that are far apart."""
    instants = rng.sample(range(20 * operations), 2 * operations)
    pairs = sorted(sorted(instants[2 * i : 2 * i + 2]) for i in range(operations))
    call, ret = np.array(pairs, dtype=np.int32).T.reshape(2, -1)
    f = np.array([rng.choice([ADD, ADD, 1, 1, 2, 3]) for _ in pairs], dtype=np.int8)
    part = np.array([rng.randrange(parts) for _ in pairs], dtype=np.int32)
    value = np.array([rng.randrange(4) * parts for _ in pairs], dtype=np.int32) + part
    optional = np.array([rng.random() < 0.2 for _ in pairs]) & (f == ADD)
    ret = np.where((optional | (f == 3)) & (np.arange(operations) % 2 == 0), NEVER, ret).astype(np.int32)
    value[f > 1] = -1
    return Columns(call, ret, optional, f, part, value, parts, 4 * parts)


@pytest.mark.kernel
def test_the_kernel_says_what_its_twin_says() -> None:
    rng, seen = random.Random(5), set()
    for turn in range(600):
        parts, operations = rng.randint(1, 9), rng.randint(1, 60)
        # Nonsense has every conflict of one element, but hardly ever two elements that are out of line.
        sound = collection.random_columns(rng, parts, operations, wild=0.5)
        encoded = sound if turn % 2 else random_columns(rng, parts, operations)
        one, two = kernel.queue(encoded), twin.decide(encoded)
        assert one.standing.tolist() == two.standing.tolist()
        assert one.conflicts == two.conflicts
        seen |= {conflict.rule for conflict in one.conflicts.values()}
    assert seen == {"thin-air", "double", "future", "empty", "lost", "reordered"}


@pytest.mark.kernel
@pytest.mark.parametrize(("column", "value"), [("part", 1), ("part", -1), ("value", 4), ("value", -1), ("f", 4)])
def test_the_kernel_refuses_what_is_out_of_range(column: str, value: int) -> None:
    encoded = random_columns(random.Random(1), 1, 3)
    encoded.f[:] = ADD
    encoded.value[:] = 0
    getattr(encoded, column)[1] = value
    with pytest.raises(ValueError, match="out of range"):
        kernel.queue(encoded)


def test_every_witness_is_refuted_by_itself() -> None:
    rng, kinds = random.Random(7), set()
    while len(kinds) < 6:
        operations = QUEUE.collect(random_queue(rng))
        conflict = QUEUE.model.fast(operations).conflicts.get(0)
        if conflict is None:
            continue
        kinds.add(conflict.rule)
        alone = operations.select(np.array(sorted(conflict.rows)))
        assert twin.decide(columns(alone, "enqueue")).standing[0] == VIOLATED
        assert not QUEUE.legal(alone)


def random_queue(rng: random.Random) -> list[TimedOperation]:
    """A short history of a queue that sometimes answers at random."""
    operations, inside, now = [], [], 0.0
    for value in range(8):
        start, end = now, now + rng.random() * 3
        now += 1.0
        if rng.random() < 0.5:
            inside.append(value)
            operations.append(enqueue(value, value, start, end))
        elif rng.random() < 0.7:
            operations.append(dequeue(value, inside.pop(0) if inside else None, start, end))
        else:
            operations.append(dequeue(value, rng.choice([None, *range(8)]), start, end))
    return operations
