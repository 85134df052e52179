"""Locks: mutual exclusion, and fencing tokens by themselves."""

import random
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.lock import FencingChecker, LockChecker
from checkers.verdict import Verdict
from harness.history import History
from harness.op import Op


def history(*events: tuple[Any, ...]) -> History:
    """Events: process, type, f, token, and the lock where it is not the first."""
    ops = []
    for number, (process, kind, f, *rest) in enumerate(events):
        token, key = (rest[0] if rest else None), (rest[1] if len(rest) > 1 else "a")
        ops.append(Op(0, number * 10**6, process, kind, f, key, token, "n1"))
    return History(ops)


def whole(*operations: tuple[Any, ...]) -> History:
    """One operation after the other: process, f, token, type of the completion where that is not ok, lock."""
    events: list[tuple[Any, ...]] = []
    for process, f, *rest in operations:
        token, kind, key = (*rest, *(None, "ok", "a")[len(rest) :])
        events += [(process, "invoke", f, None, key), (process, kind, f, token, key)]
    return history(*events)


DOUBLE = ((0, "acquire", 1), (1, "acquire", 2), (0, "release", None))


def test_two_holders_at_once_break_mutual_exclusion_and_not_the_tokens() -> None:
    verdict = LockChecker().check(whole(*DOUBLE))
    assert (verdict.checker, verdict.validity) == ("lock", "invalid")
    assert [anomaly.name for anomaly in verdict.anomalies] == ["double-lock"]

    assert FencingChecker().check(whole(*DOUBLE)).validity == "valid"


def test_without_tokens_the_lock_is_an_owned_mutex() -> None:
    assert LockChecker().check(whole((0, "acquire", None), (0, "release", None))).validity == "valid"
    assert LockChecker().check(whole((0, "acquire", None), (1, "acquire", None))).validity == "invalid"


def test_a_token_that_does_not_grow_breaks_both() -> None:
    events = whole((0, "acquire", 5), (0, "release", None), (1, "acquire", 4))
    assert [one.name for one in LockChecker().check(events).anomalies] == ["stale-token"]

    verdict = FencingChecker().check(events)
    (anomaly,) = verdict.anomalies
    assert (anomaly.name, anomaly.key, anomaly.events) == ("stale-token", "a", (0, 1, 4, 5))
    assert anomaly.sentence == (
        "p1's acquire (n1) was given the fencing token 4 at 0.005 s, although p0's acquire (n1) had been given 5 at "
        "0.001 s: so what the lock protects cannot tell who was later"
    )
    assert verdict.models[0].standing == "violated"


def test_a_holder_that_crashed_may_have_released_or_not() -> None:
    crashed = ((0, "acquire", 1), (0, "release", None, "info"), (1, "acquire", 2))
    assert LockChecker().check(whole(*crashed)).validity == "valid"
    unsure = ((0, "acquire", None, "info"), (1, "acquire", 2))
    assert LockChecker().check(whole(*unsure)).validity == "valid"


def test_concurrent_acquires_may_be_given_tokens_in_any_order_but_no_two_the_same() -> None:
    both = [(0, "invoke", "acquire"), (1, "invoke", "acquire")]
    assert FencingChecker().check(history(*both, (0, "ok", "acquire", 7), (1, "ok", "acquire", 3))).validity == "valid"
    assert (
        FencingChecker().check(history(*both, (0, "ok", "acquire", 7), (1, "ok", "acquire", 7))).validity == "invalid"
    )


def test_the_tokens_of_two_locks_have_nothing_to_do_with_each_other() -> None:
    assert FencingChecker().check(whole((0, "acquire", 5), (1, "acquire", 4, "ok", "b"))).validity == "valid"


@pytest.mark.parametrize(
    "operations",
    [
        (),
        ((0, "acquire", None, "fail"),),
        ((0, "acquire", None),),
        ((0, "acquire", "one"),),
        ((0, "acquire", 1), (0, "steal", None)),
    ],
)
def test_what_cannot_be_decided_says_why(operations: Any) -> None:
    verdict = FencingChecker().check(whole(*operations))
    assert verdict.validity == "unknown"
    assert verdict.reasons
    assert verdict.models[0].standing == "undecided"


def ordered(granted: list[tuple[int, int, int]]) -> bool:
    """By trying all pairs: tokens differ, and grow where one acquire ended before the other began."""
    for one, other in combinations(granted, 2):
        if one[2] == other[2]:
            return False
        for (_, end, earlier), (start, _, later) in ((one, other), (other, one)):
            if end < start and earlier > later:
                return False
    return True


@given(st.integers(0, 10**9), st.integers(1, 8))
@settings(max_examples=300, deadline=None)
def test_any_tokens_are_judged_as_all_pairs_say(seed: int, count: int) -> None:
    rng = random.Random(seed)
    instants = rng.sample(range(100), 2 * count)
    spans = [sorted(instants[2 * n : 2 * n + 2]) for n in range(count)]
    tokens = [span[1] * 2 + rng.randint(-30, 5) for span in spans]
    events = sorted(
        (instant, process, kind, token if kind == "ok" else None)
        for process, (span, token) in enumerate(zip(spans, tokens, strict=True))
        for instant, kind in zip(span, ("invoke", "ok"), strict=True)
    )
    verdict = FencingChecker().check(history(*((p, kind, "acquire", token) for _, p, kind, token in events)))

    expected = ordered([(span[0], span[1], token) for span, token in zip(spans, tokens, strict=True)])
    assert verdict.validity == ("valid" if expected else "invalid")


def test_lock_is_decided_as_its_checker_is_registered() -> None:
    verdict: Verdict = LockChecker().check(History([]))
    assert (verdict.checker, verdict.validity) == ("lock", "unknown")
