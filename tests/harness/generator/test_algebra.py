"""Laws of the generators, each tried on many random cases without a datastore."""

import asyncio
import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import HarnessError, UsageError
from harness.generator import (
    Context,
    Generator,
    Pending,
    any_of,
    cache,
    clients,
    concat,
    concurrency_limit,
    concurrent_keys,
    cycle,
    cycle_times,
    delay,
    each_process,
    each_thread,
    f_map,
    filter_ops,
    flip_flop,
    lift,
    limit,
    log,
    map_ops,
    mix,
    nemesis,
    on_threads,
    on_update,
    once,
    phases,
    process_limit,
    repeat,
    reserve,
    sequential_keys,
    shortest_any,
    sleep,
    stagger,
    synchronize,
    then,
    time_limit,
    trace,
    until_ok,
    validate,
)
from harness.generator.simulate import imperfect, invocations, perfect_info, simulate
from harness.op import INFO, NEMESIS, OK, Invocation, Op

SECOND = 1_000_000_000
READ = Invocation("read")
WRITE = Invocation("write", 1)

threads = st.integers(1, 40)
counts = st.integers(0, 60)
seeds = st.integers(0, 2**32)


def fs(generator: Any, **settings: Any) -> list[str]:
    return [op.f for op in invocations(simulate(generator, **settings))]


def values(generator: Any, **settings: Any) -> list[Any]:
    return [op.value for op in invocations(simulate(generator, **settings))]


def slow(nanoseconds: int) -> Callable[[Op], tuple[int, Op]]:
    return lambda op: (nanoseconds, op.ok(op.value))


def overlaps(history: list[Op], first: set[str], second: set[str]) -> bool:
    """Whether an operation of the first kind is open while one of the second kind is."""
    open_: dict[int, str] = {}
    for op in history:
        if op.type == "invoke":
            if any((op.f in first and f in second) or (op.f in second and f in first) for f in open_.values()):
                return True
            open_[op.process] = op.f
        else:
            del open_[op.process]
    return False


@given(counts, threads, seeds)
def test_limit_gives_exactly_that_many_of_an_endless_source(n: int, concurrency: int, seed: int) -> None:
    assert len(fs(limit(n, lambda: READ), complete=imperfect(random.Random(seed)), concurrency=concurrency)) == n


@given(counts, counts)
def test_limit_never_gives_more_than_there_is(n: int, there: int) -> None:
    assert values(limit(n, [Invocation("a", i) for i in range(there)])) == list(range(min(n, there)))


@given(threads, seeds, st.integers(1, 100))
def test_a_process_has_one_operation_open_and_never_returns_after_info(concurrency: int, seed: int, n: int) -> None:
    history = simulate(limit(n, repeat(READ)), imperfect(random.Random(seed)), concurrency=concurrency)
    open_: set[int] = set()
    crashed: set[int] = set()
    for op in history:
        if op.type == "invoke":
            assert op.process not in open_ | crashed
            open_.add(op.process)
        else:
            open_.remove(op.process)
            if op.type == INFO and op.process != NEMESIS:
                crashed.add(op.process)
    assert [op.time for op in history] == sorted(op.time for op in history)


@given(threads, st.integers(1, 5))
def test_turns_rotate_so_every_thread_gets_its_share(concurrency: int, rounds: int) -> None:
    history = invocations(simulate(clients(limit(concurrency * rounds, repeat(READ))), concurrency=concurrency))
    assert sorted(op.process for op in history) == sorted(list(range(concurrency)) * rounds)


def test_what_can_be_lifted() -> None:
    made = iter([READ, [WRITE, WRITE], None])
    assert fs(READ) == ["read"]
    assert fs([READ, None, [WRITE, READ], lift(WRITE)]) == ["read", "write", "read", "write"]
    assert fs(lambda: next(made, None)) == ["read", "write", "write"]
    assert values(limit(2, lambda ctx: Invocation("time", ctx.free_threads)), concurrency=1) == [[0, 1], [1]]
    assert fs(limit(3, (READ for _ in itertools.count()))) == ["read"] * 3
    assert fs(None) == []
    with pytest.raises(UsageError, match="is no generator"):
        lift("read")


def test_a_lifted_iterator_is_immutable_all_the_same() -> None:
    generator = lift(Invocation("a", i) for i in range(5))
    assert values(generator) == values(generator) == list(range(5))


async def test_a_future_is_pending_until_it_is_done() -> None:
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    assert fs(future) == []
    future.set_result([READ, WRITE])
    assert fs(future) == ["read", "write"]


@given(threads, seeds, st.integers(1, 20), st.integers(1, 20))
def test_phases_never_overlap(concurrency: int, seed: int, first: int, second: int) -> None:
    generator = phases(limit(first, repeat(READ)), limit(second, repeat(WRITE)))
    history = simulate(generator, imperfect(random.Random(seed)), concurrency=concurrency)
    assert [op.f for op in invocations(history)] == ["read"] * first + ["write"] * second
    assert not overlaps(history, {"read"}, {"write"})


def test_concat_does_not_wait_but_then_does() -> None:
    one, other = limit(1, repeat(READ)), limit(1, repeat(WRITE))
    assert overlaps(simulate(concat(one, other), slow(50)), {"read"}, {"write"})
    assert not overlaps(simulate(then(one, other), slow(50)), {"read"}, {"write"})
    assert not overlaps(simulate(one.then(other), slow(50)), {"read"}, {"write"})
    assert fs(synchronize(READ)) == ["read"]


@given(seeds, st.floats(0.001, 1.0))
def test_staggers_mean_rate(seed: int, gap: float) -> None:
    history = invocations(simulate(limit(400, stagger(gap, repeat(READ), rng=random.Random(seed)))))
    mean = (history[-1].time - history[0].time) / 399 / SECOND
    # The mean of 399 gaps, uniform on 0..2 gap, deviates by gap/sqrt(3*399); seven of those are beyond any doubt.
    assert abs(mean - gap) < 7 * gap / (3 * 399) ** 0.5


def test_staggers_rate_is_not_lowered_by_slow_answers_but_a_stall_is_not_made_up_for() -> None:
    rng = random.Random(1)
    steady = invocations(simulate(limit(100, stagger(0.01, repeat(READ), rng=rng)), slow(SECOND // 50), concurrency=20))
    assert steady[-1].time / SECOND == pytest.approx(0.99, rel=0.2)
    stalled = invocations(
        simulate(clients(limit(30, stagger(0.01, repeat(READ), rng=rng))), slow(SECOND), concurrency=1)
    )
    assert [round(op.time / SECOND) for op in stalled] == list(range(30))


@given(st.integers(2, 50), st.floats(0.001, 2))
def test_delay_is_exact(n: int, gap: float) -> None:
    history = invocations(simulate(limit(n, delay(gap, repeat(READ)))))
    assert [op.time for op in history] == [round(gap * SECOND) * i for i in range(n)]


@given(st.floats(0.01, 10), st.floats(0.001, 1))
def test_time_limit_counts_from_the_first_operation(length: float, gap: float) -> None:
    history = invocations(simulate([sleep(100), time_limit(length, delay(gap, repeat(READ)))], most=40_000))
    first = history[0].time
    assert all(op.time < first + round(length * SECOND) for op in history)
    assert history[-1].time >= first + (length - 2 * gap) * SECOND


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 8), seeds)
def test_reserve_keeps_to_its_ranges(a: int, b: int, rest: int, seed: int) -> None:
    generator = clients(
        limit(200, reserve((a, repeat(Invocation("a"))), (b, repeat(Invocation("b"))), default=repeat(Invocation("c"))))
    )
    concurrency = a + b + rest
    history = invocations(simulate(generator, imperfect(random.Random(seed)), concurrency=concurrency))
    ranges = {"a": range(a), "b": range(a, a + b), "c": range(a + b, concurrency)}
    assert all(op.process % concurrency in ranges[op.f] for op in history)
    assert {op.f for op in history} == ({"a", "b", "c"} if rest else {"a", "b"})


@given(threads, st.integers(1, 6))
def test_each_thread_has_its_own(concurrency: int, n: int) -> None:
    history = invocations(
        simulate(each_thread([Invocation("a", i) for i in range(n)]), perfect_info, concurrency=concurrency)
    )
    per_thread: dict[int, list[int]] = {}
    for op in history:
        per_thread.setdefault(-1 if op.process == NEMESIS else op.process % concurrency, []).append(op.value)
    assert per_thread == {thread: list(range(n)) for thread in range(-1, concurrency)}


def test_each_process_begins_afresh_after_info() -> None:
    history = invocations(
        simulate(limit(6, clients(each_process([Invocation("a", i) for i in range(5)]))), perfect_info, concurrency=2)
    )
    assert [op.value for op in history] == [0] * 6
    assert len({op.process for op in history}) == 6


@given(seeds, threads)
def test_until_ok_ends_with_the_first_ok(seed: int, concurrency: int) -> None:
    history = simulate(until_ok(repeat(READ)), imperfect(random.Random(seed)), concurrency=concurrency)
    first_ok = next(i for i, op in enumerate(history) if op.type == OK)
    assert all(op.type != "invoke" for op in history[first_ok:])


def test_flip_flop_alternates_and_ends_with_either() -> None:
    assert fs(flip_flop([READ, READ], repeat(WRITE))) == ["read", "write", "read", "write"]


@given(seeds, st.integers(1, 4))
def test_mix_gives_all_of_each(seed: int, sources: int) -> None:
    parts = [[Invocation(f"s{s}", i) for i in range(10)] for s in range(sources)]
    history = invocations(simulate(mix(*parts, rng=random.Random(seed))))
    for s in range(sources):
        assert [op.value for op in history if op.f == f"s{s}"] == list(range(10))


def test_mix_follows_its_weights_and_is_not_held_up_by_one_that_pends() -> None:
    history = fs(limit(3000, mix(repeat(READ), repeat(WRITE), rng=random.Random(3), weights=[9, 1])))
    assert 0.07 < history.count("write") / 3000 < 0.13
    stuck = on_threads([0], repeat(WRITE))
    assert "read" in fs(limit(10, mix(stuck, repeat(READ), rng=random.Random(2))), complete=slow(1000))
    assert fs(mix(rng=random.Random(1))) == []
    with pytest.raises(UsageError, match="as many weights"):
        mix(READ, rng=random.Random(1), weights=[1, 2])


def test_any_of_takes_the_soonest_and_shortest_any_ends_first() -> None:
    late, soon = on_threads([0], [sleep(1), WRITE]), on_threads([1], delay(0.4, [READ, READ]))
    assert fs(any_of(late, soon)) == ["read", "read", "write"]
    assert fs(shortest_any(delay(0.1, [READ] * 3), repeat(delay(5, [WRITE])))).count("read") <= 3


def test_clients_and_nemesis() -> None:
    history = invocations(simulate(clients([READ] * 5, [Invocation("kill")] * 3), concurrency=3))
    assert all((op.f == "kill") == (op.process == NEMESIS) for op in history)
    assert len(history) == 8
    assert [op.process for op in invocations(simulate(nemesis([WRITE, WRITE])))] == [NEMESIS, NEMESIS]
    assert {op.process for op in invocations(simulate(on_threads([1], limit(4, repeat(READ))), concurrency=3))} == {1}


def test_the_nemesis_is_not_starved_by_busy_clients() -> None:
    generator = limit(1000, clients(repeat(READ), repeat(WRITE)))
    history = fs(generator, concurrency=10)
    assert history.count("write") == pytest.approx(1000 / 11, rel=0.1)


def test_repeat_and_cycle() -> None:
    assert values(repeat([Invocation("a", 1), Invocation("a", 2)], 3)) == [1, 1, 1]
    assert values(cycle([Invocation("a", 1), Invocation("a", 2)], 2)) == [1, 2, 1, 2]
    assert fs(limit(5, cycle([READ, WRITE]))) == ["read", "write", "read", "write", "read"]
    assert fs(cycle(None)) == []
    assert fs(once(repeat(READ))) == ["read"]
    with pytest.raises(UsageError, match="not negative"):
        repeat(READ, -1)


@given(st.integers(1, 6), st.integers(6, 20))
def test_process_limit_bounds_the_crashed(concurrency: int, most: int) -> None:
    history = invocations(
        simulate(clients(process_limit(most, repeat(READ))), perfect_info, concurrency=concurrency, most=2000)
    )
    assert most - concurrency < len({op.process for op in history}) <= most


@given(st.integers(1, 5), threads)
def test_concurrency_limit(most: int, concurrency: int) -> None:
    open_ = widest = 0
    for op in simulate(concurrency_limit(most, limit(60, repeat(READ))), slow(100), concurrency=concurrency):
        open_ += 1 if op.type == "invoke" else -1
        widest = max(widest, open_)
    assert widest == min(most, concurrency + 1)


def test_cycle_times_keeps_the_state_of_each() -> None:
    def counting(name: str) -> Generator:
        return delay(1, (Invocation(name, i) for i in itertools.count()))

    history = invocations(simulate(time_limit(20, cycle_times((5, counting("a")), (2, counting("b")))), most=60))
    assert all((op.f == "a") == (op.time / SECOND % 7 < 5) for op in history)
    for f in "ab":
        assert [op.value for op in history if op.f == f] == list(range(sum(op.f == f for op in history)))
    assert {op.f for op in history} == {"a", "b"}
    with pytest.raises(UsageError, match="more than 0"):
        cycle_times((0, READ))


def test_cache_makes_an_operation_once_per_period() -> None:
    numbers = itertools.count()
    generator = clients(limit(6, cache(2.5, lambda: Invocation("costly", next(numbers)))))
    assert values(generator, complete=slow(SECOND), concurrency=1) == [0, 0, 0, 1, 1, 1]


def test_transformations() -> None:
    renamed = f_map({"read": "get"}, [READ, WRITE])
    assert fs(renamed) == ["get", "write"]
    assert fs(filter_ops(lambda op: op.f == "write", [READ, WRITE, READ])) == ["write"]
    assert fs(map_ops(lambda op, ctx: op if ctx.time >= 0 else None, READ)) == ["read"]
    assert fs(trace("t", [READ, WRITE])) == ["read", "write"]
    assert fs([log("hello"), READ]) == ["read"]


def test_on_update_replaces_what_comes_next() -> None:
    def handle(generator: Generator, ctx: Context, event: Op) -> Generator:
        del ctx
        return lift(WRITE) if event.type == OK else generator

    assert fs(on_update(handle, limit(50, repeat(READ))), concurrency=1) == ["read", "read", "write"]


def test_validate_names_what_is_wrong() -> None:
    class Broken(Generator, frozen=True):
        def op(self, ctx: Context) -> tuple[Op, Generator] | Pending | None:
            return Op(-1, ctx.time, 77, "invoke", "read"), self

    with pytest.raises(HarnessError, match="process 77 is not free"):
        simulate(validate(Broken()))


@given(st.integers(1, 4), st.integers(1, 30), st.integers(1, 9), seeds, st.integers(1, 30))
def test_concurrent_keys(size: int, keys: int, per_key: int, seed: int, concurrency: int) -> None:
    generator = clients(concurrent_keys(size, range(keys), lambda key: limit(per_key, repeat(Invocation("w", key)))))
    history = simulate(generator, imperfect(random.Random(seed)), concurrency=concurrency)
    done: dict[int, int] = {}
    groups: dict[Any, set[int]] = {}
    for op in invocations(history):
        assert op.key == op.value
        done[op.value] = done.get(op.value, 0) + 1
        groups.setdefault(op.key, set()).add(op.process % concurrency // size)
    assert done == dict.fromkeys(range(keys), per_key)
    assert all(len(group) == 1 for group in groups.values())


def test_concurrent_keys_hear_only_of_their_own_key() -> None:
    generator = clients(concurrent_keys(2, "abc", lambda _: until_ok(repeat(READ))))
    history = simulate(generator, concurrency=4)
    assert {op.key for op in history} == {"a", "b", "c"}
    assert sum(op.type == "invoke" for op in history) <= 6


def test_reserve_inside_a_group_counts_the_threads_of_the_group() -> None:
    generator = clients(
        concurrent_keys(3, range(4), lambda _: limit(30, reserve((1, repeat(WRITE)), default=repeat(READ))))
    )
    history = invocations(simulate(generator, concurrency=6))
    assert all((op.f == "write") == (op.process % 3 == 0) for op in history)


def test_sequential_keys() -> None:
    history = invocations(simulate(sequential_keys("ab", lambda _: [READ, WRITE])))
    assert [(op.key, op.f) for op in history] == [("a", "read"), ("a", "write"), ("b", "read"), ("b", "write")]


@given(seeds)
def test_the_same_seed_gives_the_same_history(seed: int) -> None:
    def history() -> list[Op]:
        rng = random.Random(seed)
        load = concurrent_keys(2, itertools.count(), lambda _: limit(7, mix(repeat(READ), repeat(WRITE), rng=rng)))
        generator = time_limit(1, clients(stagger(0.01, load, rng=rng), delay(0.1, cycle([WRITE, READ]))))
        return simulate(generator, imperfect(random.Random(seed)), concurrency=5)

    assert history() == history()
