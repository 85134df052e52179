"""The plan of the faults: one seed fixes it, and it alternates."""

import random
from collections.abc import Sequence
from itertools import pairwise, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.generator import nemesis
from harness.generator.simulate import invocations, simulate
from nemesis.schedule import heal, plan, schedule

NAMES = ("partition", "kill", "pause")
Events = list[tuple[float, str, str]]


def events(seed: int, *, until: float, interval: float = 10.0, stable: float | None = None) -> Events:
    made = plan(NAMES, rng=random.Random(seed), interval=interval, stable_period=stable)
    return [(at, one.f, one.value["phase"]) for at, one in takewhile(lambda event: event[0] < until, made)]


def of(name: str, found: Events) -> Sequence[tuple[float, str]]:
    return [(at, phase) for at, fault, phase in found if fault == name]


@given(st.integers(0, 2**32), st.sampled_from([None, 5.0, 30.0]))
def test_events_are_in_order_and_every_fault_alternates(seed: int, stable: float | None) -> None:
    found = events(seed, until=500, stable=stable)
    assert found == events(seed, until=500, stable=stable)
    assert [at for at, _, _ in found] == sorted(at for at, _, _ in found)
    for name in NAMES:
        phases = [phase for _, phase in of(name, found)]
        assert phases == (["inject", "heal"] * len(phases))[: len(phases)]


@given(st.integers(0, 2**32))
def test_a_run_starts_in_health_and_the_time_between_events_is_near_the_interval(seed: int) -> None:
    found = events(seed, until=300)
    for name in NAMES:
        times = [at for at, _ in of(name, found)]
        assert 2.5 <= times[0] <= 12.5
        assert all(5 - 1e-9 <= later - earlier <= 15 + 1e-9 for earlier, later in pairwise(times))


def test_the_mean_is_the_interval() -> None:
    times = [at for at, _ in of("kill", events(1, until=20_000))]
    assert (times[-1] - times[0]) / (len(times) - 1) == pytest.approx(10, rel=0.02)


@given(st.integers(0, 2**32))
def test_no_fault_outlives_its_stable_period(seed: int) -> None:
    found = events(seed, until=600, interval=4, stable=20)
    for name in NAMES:
        for (start, phase), (end, _) in pairwise(of(name, found)):
            assert phase == "heal" or end <= (start // 20 + 1) * 20


def test_a_quarter_of_the_stable_periods_is_calm() -> None:
    found = events(7, until=20_000, interval=4, stable=20)
    busy = {int(at // 20) for at, _, phase in found if phase == "inject"}
    assert 1 - len(busy) / 1000 == pytest.approx(0.3, abs=0.1)


def test_as_a_generator_it_gives_the_planned_invocations_at_the_planned_times() -> None:
    made = nemesis(schedule(NAMES, rng=random.Random(3), interval=10))
    simulated = invocations(simulate(made, most=40))
    planned = events(3, until=10_000)[: len(simulated)]
    assert len(simulated) >= 20
    assert [(op.f, op.value["phase"]) for op in simulated] == [(fault, phase) for _, fault, phase in planned]
    assert all(op.time >= round(at * 1e9) for op, (at, _, _) in zip(simulated, planned, strict=True))


def test_the_end_heals_every_fault_once() -> None:
    simulated = invocations(simulate(nemesis(heal(NAMES))))
    assert [(op.f, op.value) for op in simulated] == [(name, {"phase": "heal"}) for name in NAMES]


def test_without_faults_there_is_no_plan() -> None:
    assert list(plan([], rng=random.Random(1), interval=10)) == []
    assert simulate(nemesis(schedule([], rng=random.Random(1), interval=10))) == []


def test_an_event_waits_until_the_nemesis_is_free() -> None:
    """An injection that takes 100 s delays what was due meanwhile, and nothing is left out."""
    history = simulate(
        nemesis(schedule(NAMES, rng=random.Random(3), interval=10)), lambda op: (100 * 10**9, op.ok()), most=20
    )
    made = invocations(history)
    planned = events(3, until=10_000)[: len(made)]
    assert [(op.f, op.value["phase"]) for op in made] == [(fault, phase) for _, fault, phase in planned]
    assert all(later.time - earlier.time >= 100 * 10**9 for earlier, later in pairwise(made))
