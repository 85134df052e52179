"""Histories of whole operations."""

import random

import pytest

from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.intervals import TimedOperation, history
from checkers.linearizability.models.register import Register
from checkers.wellformed import problems
from harness.history import NEVER


def validity(*operations: tuple[object, ...]) -> str:
    return LinearizabilityChecker(Register()).check(history(operations)).validity


def test_the_order_is_that_of_the_instants() -> None:
    read, write = (1, "read", None, 7, 20, 30), (0, "write", 7, None, 0, 10)
    assert validity(read, write) == "valid"
    assert validity((1, "read", None, 7, 0, 9), (0, "write", 7, None, 10, 20)) == "invalid"


def test_equal_instants_are_concurrent() -> None:
    assert validity((0, "read", None, 7, 0, 10), (1, "write", 7, None, 10, 20)) == "valid"
    assert validity((0, "read", None, 7, 0, 10), (0, "write", 7, None, 10, 20)) == "valid"
    assert validity((0, "read", None, 7, 5, 5), (1, "write", 7, None, 5, 5)) == "valid"


def test_without_an_end_nobody_knows() -> None:
    lost = (0, "write", 7, None, 0, None)
    assert validity(lost, (0, "read", None, None, 10, 20)) == "valid"
    assert validity(lost, (0, "read", None, 7, 10, 20), (1, "read", None, 7, 10, 20)) == "valid"
    assert history([lost]).calls().complete.tolist() == [NEVER]


def test_a_failure_did_not_happen() -> None:
    failed = TimedOperation(0, "write", 7, None, 0, 10, error="refused: no leader")
    assert validity(failed, (0, "read", None, 7, 20, 30)) == "invalid"
    assert validity(failed, (0, "read", None, None, 20, 30)) == "valid"


def test_keys_are_apart() -> None:
    assert validity((0, "write", 1, None, 0, 1, "a"), (0, "read", None, None, 2, 3, "b")) == "valid"
    assert validity((0, "write", 1, None, 0, 1, "a"), (0, "read", None, None, 2, 3, "a")) == "invalid"


def test_seconds_become_nanoseconds() -> None:
    assert history([(0, "read", None, None, 1.5, 2)]).time.tolist() == [0, 500_000_000]
    assert history([(0, "read", None, None, 1500, 2000)]).time.tolist() == [0, 500]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_overlaps_the_history_is_well_formed(seed: int) -> None:
    rng = random.Random(seed)
    operations = []
    for _ in range(30):
        start = rng.randrange(40)
        end = None if rng.random() < 0.2 else start + rng.randrange(10)
        operations.append((rng.randrange(3), "read", None, None, start, end))
    made = history(operations)
    assert problems(made) == []
    assert len(made.calls()) == len(operations)
    assert (made.partner >= 0).all()


def test_a_process_keeps_its_number_where_nothing_overlaps() -> None:
    one = [(4, "lock", None, None, 0, 1), (4, "unlock", None, None, 2, None), (4, "lock", None, None, 3, 4)]
    assert set(history(one, one_at_a_time=True).process.tolist()) == {4}


def test_where_it_matters_who_did_it_a_process_does_one_thing_at_a_time() -> None:
    with pytest.raises(ValueError, match="operation 1 of process 4 starts at 1"):
        history([(4, "lock", None, None, 0, 1), (4, "unlock", None, None, 1, 2)], one_at_a_time=True)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ((0, "read"), "write \\(process, f, argument, result, start, end\\)"),
        ("read", "operation 0 is 'read'"),
        ((-1, "read", None, None, 0, 1), "a process from 0 on"),
        ((True, "read", None, None, 0, 1), "a process from 0 on"),
        ((0, 3, None, None, 0, 1), "a name as f"),
        ((0, "read", None, None, 5, 4), "its end, 4, is no instant at or after its start, 5"),
        ((0, "read", None, None, 0, float("inf")), "no instant"),
        ((0, "read", None, None, None, 1), "no instant"),
        ((0, "read", None, None, 0, 10**19), "292 years"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(wrong: tuple[object, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words) as raised:
        history([wrong])
    assert "\n" not in str(raised.value)
