"""Stacks: documented examples, each rule with a witness that suffices, and its sentence."""

import random

import pytest
from linearizability.collection import Asked, random_columns

from checkers.linearizability import kernel
from checkers.linearizability.decision import HOLDS, UNDECIDED, VIOLATED
from checkers.linearizability.intervals import TimedOperation
from checkers.linearizability.model import ILLEGAL, UNKNOWN, Operation
from checkers.linearizability.models.stack import Stack
from checkers.linearizability.twins import stack as twin

STACK = Asked(Stack())
push, pop, check, violation, fast = STACK.add, STACK.take, STACK.check, STACK.violation, STACK.fast


def test_last_in_first_out_holds() -> None:
    nested = [push(0, "a", 0, 1), push(0, "b", 2, 3), pop(1, "b", 4, 5), pop(1, "a", 6, 7), pop(1, None, 8, 9)]
    assert check(nested).validity == "valid"


def test_concurrent_pushes_come_out_in_any_order() -> None:
    assert check([push(0, "a", 0, 3), push(1, "b", 1, 2), pop(0, "a", 4, 5), pop(1, "b", 6, 7)]).validity == "valid"


def test_an_element_popped_from_below_another_one() -> None:
    anomaly = violation([push(0, "a", 0.0, 1.0), push(0, "b", 2.0, 3.0), pop(1, "a", 4.0, 5.0), pop(1, "b", 6.0, 7.0)])
    assert anomaly.name == "reordered"
    assert anomaly.sentence == (
        'p1\'s pop of "a" (4.000-5.000 s) returned "a" while "b" was on top of it: p0\'s push of "a" (0.000-1.000 s) '
        'was complete before p0\'s push of "b" (2.000-3.000 s) was invoked; that was complete, and not undone before '
        'p1\'s pop of "b" (6.000-7.000 s)'
    )


def test_an_element_popped_from_below_one_that_stayed() -> None:
    anomaly = violation([push(0, "a", 0.0, 1.0), push(0, "b", 2.0, 3.0), pop(1, "a", 4.0, 5.0)])
    assert anomaly.sentence.endswith("that was complete, and no pop ever returned it")


def test_three_elements_none_of_which_can_be_at_the_bottom() -> None:
    # Each pair of them has a legal order.
    operations = [
        push(0, "a", 0.0, 1.0),
        push(1, "b", 2.0, 4.0),
        push(2, "c", 3.0, 5.0),
        pop(0, "a", 6.0, 9.0),
        pop(1, "b", 7.0, 8.0),
        pop(2, "c", 10.0, 11.0),
    ]
    anomaly = violation(operations)
    assert anomaly.name == "reordered"
    for value in "ab":
        others = [op for op in operations if value not in (op.argument, op.result)]
        assert (check(others).validity == "valid") == (value == "a" or fast(others) == HOLDS)


def test_empty_although_something_was_inside() -> None:
    anomaly = violation([push(0, "a", 0.0, 1.0), pop(1, None, 2.0, 3.0)])
    assert anomaly.name == "false-empty-pop"
    assert anomaly.sentence == (
        'p1\'s pop, which found nothing, (2.000-3.000 s) although "a" was inside all that time: p0\'s push of "a" '
        "(0.000-1.000 s) was complete, and no pop ever returned it"
    )


def test_unknown_pushes_and_pops() -> None:
    below = [push(0, "a", 0, 1), push(0, "b", 2, 3), pop(1, "a", 6, 7)]
    assert fast([push(0, "a", 0, None), pop(1, None, 2, 3)]) == HOLDS
    assert fast([*below, pop(2, None, 4, None)]) == UNDECIDED
    assert check([*below, pop(2, None, 4, None)]).validity == "valid"
    assert fast([*below, pop(2, None, 8, None)]) == VIOLATED


def test_values_pushed_twice_are_left_to_the_search() -> None:
    assert fast([push(0, "a", 0, 1), push(0, "a", 2, 3), pop(1, "a", 4, 5)]) == UNDECIDED


def test_the_model_step_by_step() -> None:
    model = Stack()
    state = model.init()
    assert model.step(state, Operation("pop")) == state
    for value in ("a", "b"):
        state = model.step(state, Operation("push", value))
    assert model.step(state, Operation("pop")) is ILLEGAL
    assert model.step(state, Operation("pop", result="a")) is ILLEGAL
    assert model.step(state, Operation("pop", result="b")) == ("a",)
    assert model.step(state, Operation("pop", result=UNKNOWN)) == ("a",)


@pytest.mark.kernel
def test_the_kernel_says_what_its_twin_says() -> None:
    rng, seen = random.Random(5), set()
    for _ in range(300):
        encoded = random_columns(rng, rng.randint(1, 5), rng.randint(1, 60), wild=0.1)
        one, two = kernel.stack(encoded), twin.decide(encoded)
        assert one.standing.tolist() == two.standing.tolist()
        assert one.conflicts == two.conflicts
        seen |= {conflict.rule for conflict in one.conflicts.values()}
    assert {"order", "empty"} <= seen


def test_every_order_that_is_refuted_needs_each_of_its_elements() -> None:
    STACK.every_order_needs_each_of_its_elements(random_stack)


def random_stack(rng: random.Random) -> list[TimedOperation]:
    """A short history of a stack that sometimes gives what is below."""
    operations, inside, now = [], [], 0.0
    for value in range(10):
        start, end = now, now + rng.random() * 3
        now += 1.0
        if value < 3 or (rng.random() < 0.5 and value < 8):
            inside.append(value)
            operations.append(push(value, value, start, end))
        elif inside:
            operations.append(pop(value, inside.pop(rng.choice([0, -1])), start, end))
    return operations
