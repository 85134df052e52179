"""Models that users write, with the mistakes that they make: one line each, and never a wrong verdict."""

import gc
import weakref
from collections.abc import Callable, Hashable, Iterable
from itertools import count

import pytest

from checkers.linearizability import kernel
from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.intervals import history
from checkers.linearizability.model import ILLEGAL, Model, Operation
from checkers.linearizability.models.kv import Kv
from checkers.linearizability.models.register import CasRegister
from checkers.linearizability.models.versioned_register import VersionedRegister
from checkers.verdict import Verdict


@pytest.fixture(params=[pytest.param("compiled", marks=pytest.mark.kernel), "in Python"], autouse=True)
def ladder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "in Python":
        monkeypatch.setattr(kernel, "native", None)


class Bag(Model):
    """A list as the state, compared as a multiset."""

    name = "bag"

    def init(self) -> list[int]:
        return []

    def step(self, state: list[int], op: Operation) -> object:
        if op.f == "add":
            return [*state, op.argument]
        return state if sorted(op.result) == sorted(state) else ILLEGAL

    def equal(self, one: list[int], two: list[int]) -> bool:
        return sorted(one) == sorted(two)

    def hash(self, state: list[int]) -> int:
        return hash(tuple(sorted(state)))


ADDS = [(1, "add", 1, None, 0, 3, None), (2, "add", 2, None, 1, 4, None)]


def verdict(model: Model, *rows: tuple[object, ...]) -> Verdict:
    return LinearizabilityChecker(model, seconds=20).check(history(rows))  # type: ignore[arg-type]  # short


def reason(model: Model, *rows: tuple[object, ...]) -> str:
    found = verdict(model, *(rows or (*ADDS, (3, "read", None, [1, 2], 5, 6, None))))
    assert found.validity == "unknown"
    (line,) = found.reasons
    assert "\n" not in line
    return line


def test_states_with_their_own_equality() -> None:
    assert verdict(Bag(), *ADDS, (3, "read", None, [2, 1], 5, 6, None)).validity == "valid"
    assert verdict(Bag(), *ADDS, (3, "read", None, [2], 5, 6, None)).validity == "invalid"


class Lossy(Model):
    """A write may be lost; what happens is a choice."""

    name = "lossy"
    nondeterministic = True

    def init(self) -> int:
        return 0

    def step(self, state: int, op: Operation) -> Iterable[int]:
        if op.f == "write":
            return (state, op.argument)
        return [state] if state == op.result else []


def test_a_nondeterministic_model() -> None:
    write, other = (1, "write", 1, None, 0, 1, None), (1, "write", 2, None, 2, 3, None)
    assert verdict(Lossy(), write, other, (1, "read", None, 1, 4, 5, None)).validity == "valid"
    both = [(1, "read", None, 1, 4, 5, None), (1, "read", None, 0, 6, 7, None)]
    assert verdict(Lossy(), write, other, *both).validity == "invalid", "the first read says which it was"
    assert verdict(Lossy(), write, (1, "read", None, 3, 4, 5, None)).validity == "invalid"


class Unhashable(Bag):
    equal = Model.equal
    hash = Model.hash


def test_states_that_cannot_be_hashed() -> None:
    assert "initial state: TypeError: unhashable type: 'list'" in reason(Unhashable())


class Raising(Bag):
    def step(self, state: list[int], op: Operation) -> object:
        raise RuntimeError("first line\nsecond line")


def test_a_step_that_raises() -> None:
    assert reason(Raising()).endswith("the model failed on add of 1: RuntimeError: first line")


class Leaving(Bag):
    def step(self, state: list[int], op: Operation) -> object:
        raise SystemExit(1)


def test_a_step_that_wants_to_end_the_program() -> None:
    assert reason(Leaving()).endswith("the model failed on add of 1: SystemExit: 1")


class Endless(Lossy):
    def step(self, state: int, op: Operation) -> Iterable[int]:
        return count()


def test_a_step_after_which_anything_is_possible() -> None:
    assert reason(Endless()).endswith("the model is wrong: more than 65536 states can follow add of 1")


class Interrupted(Bag):
    def step(self, state: list[int], op: Operation) -> object:
        raise KeyboardInterrupt


def test_an_interruption_ends_the_checking() -> None:
    with pytest.raises(KeyboardInterrupt):
        verdict(Interrupted(), *ADDS)


class Nameless(Bag):
    def __init__(self, words: Callable[[], object]) -> None:
        self.words = words

    def describe(self, op: Operation) -> str:
        return self.words()  # type: ignore[return-value]  # the mistake

    def describe_state(self, state: list[int]) -> str:
        return self.words()  # type: ignore[return-value]  # the mistake


def failing() -> object:
    raise ValueError("no words")


def leaving() -> object:
    raise SystemExit


@pytest.mark.parametrize("words", [lambda: 5, lambda: None, failing, leaving])
def test_words_that_are_none_cost_no_verdict(words: Callable[[], object]) -> None:
    found = verdict(Nameless(words), *ADDS, (3, "read", None, [2], 5, 6, None))
    assert found.validity == "invalid"
    # Either order of the two explains both.
    assert any(f"state [{both}], p3's read -> [2] (" in found.anomalies[0].sentence for both in ("1, 2", "2, 1"))


@pytest.mark.parametrize("model", [Lossy(), CasRegister(), Kv()])
def test_many_parts_for_which_there_was_no_time_are_one_line(model: Model) -> None:
    """Two equal writes, which no linear-time procedure tells apart."""
    put, value = ("put", "a") if isinstance(model, Kv) else ("write", 1)
    rows = [(who, put, value, None, 0, 1, key) for key in range(50) for who in range(100, 102)]
    rows += [(who, "get" if put == "put" else "read", None, value, 0, 1, key) for key in range(50) for who in range(2)]
    found = LinearizabilityChecker(model, seconds=0).check(history(rows))
    assert found.statistics["keys undecided"] == 50
    (line,) = found.reasons
    assert line.startswith("key 0 and 49 more are undecided: the time budget of 0 s was used up; ")


@pytest.mark.parametrize("model", [Lossy(), CasRegister(), VersionedRegister(), Kv()])
@pytest.mark.parametrize("f", ["read", "write"])
def test_where_nothing_was_observed_nothing_is_decided(model: Model, f: str) -> None:
    f = {"read": "get", "write": "put"}[f] if isinstance(model, Kv) else f
    assert "no operation was completed, so there is nothing to decide" in reason(model, (0, f, "a", None, 0, None))


class Speechless(Raising):
    def describe(self, op: Operation) -> str:
        raise RuntimeError("no words")


def test_a_description_that_raises_as_well() -> None:
    assert reason(Speechless()).endswith("the model failed on add of 1: RuntimeError: first line")


class Unpartitioned(Bag):
    def partition(self, op: Operation) -> Hashable:
        return op.argument["key"]  # type: ignore[no-any-return]  # it raises


def test_a_partition_that_raises() -> None:
    assert "the model failed to partition" in reason(Unpartitioned())


class ListParts(Bag):
    def partition(self, op: Operation) -> Hashable:
        return [op.f]  # type: ignore[return-value]  # the mistake


def test_a_partition_that_cannot_be_hashed() -> None:
    assert "unhashable type: 'list'" in reason(ListParts())


class Uninitialised(Bag):
    def init(self) -> list[int]:
        raise KeyError("x")


def test_an_initial_state_that_raises() -> None:
    assert "the model failed to give its initial state: KeyError: 'x'" in reason(Uninitialised())


class Impure(Bag):
    """Declares that add never changes the state."""

    pure = frozenset({"read", "add"})


class ImpureChoice(Lossy):
    pure = frozenset({"read", "write"})


@pytest.mark.parametrize("model", [Impure(), ImpureChoice()])
def test_a_wrong_promise_is_found_and_never_a_verdict(model: Model) -> None:
    f = "add" if model.name == "bag" else "write"
    line = reason(model, (1, f, 1, None, 0, 1, None), (1, "read", None, [] if f == "add" else 0, 2, 3, None))
    assert f"the model is wrong: {f} of 1 is among the model's pure ('{f}')" in line


def test_nothing_of_a_search_is_kept_when_it_is_over() -> None:
    model = Bag()
    gone = weakref.ref(model)
    assert verdict(model, *ADDS, (3, "read", None, [2, 1], 5, 6, None)).validity == "valid"
    del model
    gc.collect()
    assert gone() is None
