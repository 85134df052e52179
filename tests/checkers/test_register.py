"""The register checker against a brute-force oracle, injected violations, and anything that JSON can hold."""

import os
import random
from collections.abc import Callable

import numpy as np
import pytest
import simulate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import Row, linearizable, random_history, rows_of

from checkers.register import RegisterChecker
from checkers.verdict import Anomaly
from harness.history import History
from harness.op import Op

HISTORIES = int(os.environ.get("QUORATE_ORACLE_HISTORIES", "20000"))
"""QUORATE_ORACLE_HISTORIES=200000 for the full proof."""


def stands_alone(history: History, anomaly: Anomaly) -> bool:
    """Whether the witness refutes by itself, every other write being only possible."""
    alone: list[Row] = []
    for row in rows_of(history):
        if row[0] in anomaly.events:
            alone.append(row)
        elif row[2] in ("write", "cas"):
            alone.append((row[0], None, row[2], row[3]))
    return not linearizable(alone)


@pytest.mark.parametrize(("unique", "mismatches"), [(True, False), (True, True), (False, False), (False, True)])
def test_agrees_with_brute_force_and_every_witness_stands_alone(unique: bool, mismatches: bool) -> None:
    checker = RegisterChecker()
    verdicts = {"valid": 0, "invalid": 0}
    for seed in range(HISTORIES // 4):
        rng = random.Random(f"{unique}-{mismatches}-{seed}")
        operations, clients = rng.randint(1, 9), rng.randint(1, 5)
        history = random_history(rng, operations=operations, clients=clients, unique=unique, mismatches=mismatches)
        rows = rows_of(history)
        verdict = checker.check(history)
        if all(end is None for _, end, *_ in rows):
            assert verdict.validity == "unknown", "nothing was observed"
            continue
        assert verdict.validity == ("valid" if linearizable(rows) else "invalid"), seed
        verdicts[verdict.validity] += 1
        for anomaly in verdict.anomalies:
            assert stands_alone(history, anomaly), (seed, anomaly)
            if (
                anomaly.data["rule"] in ("zones", "thin-air", "future", "chain")
                and "is shown by" not in anomaly.sentence
            ):
                assert len(anomaly.events) <= 8, "a witness of the zones has at most four operations"
    assert min(verdicts.values()) > HISTORIES // 20


@pytest.mark.parametrize("operations", [100, 1000, 10_000])
@pytest.mark.parametrize("keys", [1, 7])
def test_a_linearizable_object_is_valid(operations: int, keys: int) -> None:
    for seed in range(3 if operations > 1000 else 30):
        plan = simulate.valid(random.Random(seed), operations, keys=keys)
        verdict = RegisterChecker().check(simulate.history(plan))
        assert (verdict.validity, verdict.anomalies) == ("valid", ())


@pytest.mark.parametrize(
    ("inject", "names"),
    [
        (simulate.stale_read, {"stale-read", "lost-write"}),
        (simulate.future_read, {"future-read"}),
        (simulate.thin_air, {"thin-air-read"}),
        (simulate.double_cas, {"lost-update"}),
        (simulate.lost_write, {"lost-write"}),
    ],
)
@pytest.mark.parametrize("operations", [100, 1000, 10_000])
def test_an_injected_violation_is_caught_and_named(
    inject: Callable[[random.Random, list[simulate.Done]], list[simulate.Done]], names: set[str], operations: int
) -> None:
    for seed in range(2 if operations > 1000 else 20):
        rng = random.Random(seed)
        plan = inject(rng, simulate.valid(rng, operations, crash=0.0))
        verdict = RegisterChecker().check(simulate.history(plan))
        assert verdict.validity == "invalid"
        assert verdict.anomalies[0].name in names, verdict.anomalies[0].sentence
        assert len(verdict.anomalies[0].events) <= 8


def ops(*events: tuple[int, str, str, object], **more: str) -> History:
    return History(
        Op(i, i * 1_000_000_000, p, t, f, value=v, node=f"n{p}", error=more.get(f"e{i}"))  # type: ignore[arg-type]  # short
        for i, (p, t, f, v) in enumerate(events)
    )


def test_the_sentence_quotes_processes_nodes_values_and_times() -> None:
    history = ops(
        (1, "invoke", "write", 17),
        (1, "ok", "write", 17),
        (2, "invoke", "write", 21),
        (2, "ok", "write", 21),
        (3, "invoke", "read", None),
        (3, "ok", "read", 17),
    )
    (anomaly,) = RegisterChecker().check(history).anomalies
    assert anomaly.name == "stale-read"
    assert anomaly.events == (0, 1, 2, 3, 4, 5)
    assert anomaly.sentence == (
        "p3's read of 17 (n3, 4.000-5.000 s) came back to 17, although p2's write of 21 (n2, 2.000-3.000 s) was "
        "complete at 3.000 s, before that was invoked; 17 was older than 21: p1's write of 17 (n1, 0.000-1.000 s) was "
        "complete at 1.000 s, before p2's write of 21 (n2, 2.000-3.000 s) was invoked"
    )


def test_the_cas_between_two_values_are_told() -> None:
    history = ops(
        (1, "invoke", "write", 1),
        (1, "ok", "write", 1),
        (2, "invoke", "cas", [1, 2]),
        (2, "ok", "cas", [1, 2]),
        (3, "invoke", "write", 3),
        (3, "ok", "write", 3),
        (2, "invoke", "read", None),
        (2, "ok", "read", 2),
        (3, "invoke", "read", None),
        (3, "ok", "read", 3),
    )
    (anomaly,) = RegisterChecker().check(history).anomalies
    assert anomaly.name == "stale-read"
    assert anomaly.events == (0, 1, 4, 5, 6, 7, 8, 9)
    assert anomaly.sentence.endswith(
        "3 was older than 1: p3's write of 3 (n3, 4.000-5.000 s) was complete at 5.000 s, before p2's read of 2 (n2, "
        "6.000-7.000 s) was invoked, and cas alone led from 1 to 2: p2's cas of 1 to 2 (n2, 2.000-3.000 s)"
    )


def test_a_value_that_cas_made_of_the_initial_one_is_no_initial_value() -> None:
    history = ops(
        (1, "invoke", "cas", [None, 1]),
        (2, "invoke", "write", 2),
        (2, "ok", "write", 2),
        (3, "invoke", "read", None),
        (3, "ok", "read", 1),
        (2, "invoke", "read", None),
        (2, "ok", "read", 2),
        (4, "invoke", "read", None),
        (4, "ok", "read", 1),
    )
    (anomaly,) = RegisterChecker().check(history).anomalies
    assert anomaly.sentence.split("; ")[1] == (
        "1 was older: nothing (the initial value) was in place before anything was written, and cas alone led from "
        "nothing (the initial value) to 1: p1's cas of null to 1 (n1, invoked at 0.000 s, outcome unknown)"
    )


def test_of_many_cas_between_two_values_a_few_are_told() -> None:
    events: list[tuple[int, str, str, object]] = [(1, t, "write", 1) for t in ("invoke", "ok")]
    for value in range(1, 300):
        events += [(1, t, "cas", [value, value + 1]) for t in ("invoke", "ok")]
        if value == 150:
            events += [(2, t, "write", 1000) for t in ("invoke", "ok")]
    events += [(2, t, "read", v) for t, v in (("invoke", None), ("ok", 1000))]
    (anomaly,) = RegisterChecker().check(ops(*events)).anomalies
    assert "and cas alone led from 1 to 299: p1's cas of 1 to 2 (" in anomaly.sentence
    assert anomaly.sentence.endswith(" and 292 more")


def test_a_client_that_retries_a_cas_after_a_timeout_is_caught() -> None:
    history = ops(
        (1, "invoke", "write", 1),
        (1, "ok", "write", 1),
        (1, "invoke", "cas", [1, 2]),
        (1, "fail", "cas", [1, 2]),
        (2, "invoke", "read", None),
        (2, "ok", "read", 2),
        e3="cas-mismatch: the retry found 2",
    )
    verdict = RegisterChecker().check(history)
    assert verdict.validity == "invalid"
    assert verdict.anomalies[0].name == "aborted-read"


def test_two_acknowledged_cas_from_one_value_are_a_lost_update() -> None:
    history = ops(
        (1, "invoke", "write", 1),
        (2, "invoke", "cas", [1, 2]),
        (3, "invoke", "cas", [1, 3]),
        (1, "ok", "write", 1),
        (2, "ok", "cas", [1, 2]),
        (3, "ok", "cas", [1, 3]),
    )
    assert RegisterChecker().check(history).anomalies[0].name == "lost-update"


def test_an_exhausted_budget_is_unknown_and_says_which() -> None:
    events: list[tuple[int, str, str, object]] = []
    events += [(p, "invoke", "write", p % 5) for p in range(40)]
    events += [(p, "ok", "write", p % 5) for p in range(40)]
    events += [(50 + r, t, "read", v) for r in range(6) for t, v in (("invoke", None), ("ok", r % 5))]
    verdict = RegisterChecker(memory=1000 * 256).check(ops(*events))
    assert verdict.validity == "unknown"
    assert "memory budget of 0.2441 MiB" in verdict.reasons[0]
    assert verdict.models[0].standing == "undecided"


def test_keys_are_independent_and_anomalies_bounded() -> None:
    events = []
    for key in range(50):
        for t, v in (("invoke", None), ("ok", 7)):
            events.append(Op(len(events), len(events), 1, t, "read", key=key, value=v))  # type: ignore[arg-type]  # short
    verdict = RegisterChecker(anomalies=5).check(History(events))
    assert len(verdict.anomalies) == 5
    assert verdict.statistics["keys violated"] == 50


def test_true_is_not_one_and_lists_are_values() -> None:
    assert (
        RegisterChecker()
        .check(
            ops(
                (1, "invoke", "write", True),
                (1, "ok", "write", True),
                (1, "invoke", "read", None),
                (1, "ok", "read", 1),
            )
        )
        .validity
        == "invalid"
    )
    value = {"a": [1, 2]}
    assert (
        RegisterChecker()
        .check(
            ops(
                (1, "invoke", "write", value),
                (1, "ok", "write", value),
                (1, "invoke", "read", None),
                (1, "ok", "read", value),
            )
        )
        .validity
        == "valid"
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=1), inner, max_size=2),
    max_leaves=4,
)
EVENTS = st.lists(
    st.tuples(
        st.integers(-1, 3),
        st.sampled_from(["invoke", "ok", "fail", "info"]),
        st.sampled_from(["read", "write", "cas", "add", "partition"]),
        st.sampled_from([None, 1, "k"]),
        JSON,
        st.sampled_from([None, "cas-mismatch: x", "timeout: y"]),
    ),
    max_size=25,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVENTS)
def test_never_raises_and_never_calls_a_malformed_history_valid(
    events: list[tuple[int, str, str, object, object, object]],
) -> None:
    history = History(
        Op(i, i, p, t, f, key=k, value=v, error=e)  # type: ignore[arg-type]  # drawn from what the types allow
        for i, (p, t, f, k, v, e) in enumerate(events)
    )
    verdict = RegisterChecker().check(history)
    orphan = (history.process >= 0) & (history.type != 0) & (history.partner < 0)
    if np.any(orphan):
        assert verdict.validity == "unknown"
    assert verdict.validity != "unknown" or verdict.reasons


def test_whole_numbers_within_a_list_are_equal_however_they_are_written() -> None:
    """A datastore that answers 1.0 where 1 was written has lost nothing; also not deep within a document."""
    written, read = {"a": [1, -0.0, 1e2, "1.0"]}, {"a": [1.0, 0, 100, "1.0"]}
    history = History(
        [
            Op(0, 0, 0, "invoke", "write", value=written),
            Op(1, 1, 0, "ok", "write", value=written),
            Op(2, 2, 0, "invoke", "read"),
            Op(3, 3, 0, "ok", "read", value=read),
        ]
    )
    assert RegisterChecker().check(history).validity == "valid"
