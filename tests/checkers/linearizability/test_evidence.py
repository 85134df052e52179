"""What evidence does to the operations, and what it decides."""

from typing import Any

import pytest

from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.model import UNKNOWN
from checkers.linearizability.models.register import CasRegister
from checkers.linearizability.operations import Operations, collect
from harness.evidence import Evidence
from harness.history import NEVER, History
from harness.op import Op, Type

MODEL = CasRegister()


def op(process: int, kind: Type, f: str, value: Any = None, **more: Any) -> Op:
    return Op(-1, 0, process, kind, f, value=value, **more)


def crashed_write() -> History:
    """0: a write of 1 begins; 1-2: a write of 2; 3: the first is given up; 4-5: a read of 2."""
    return History(
        [
            op(0, "invoke", "write", 1),
            op(1, "invoke", "write", 2),
            op(1, "ok", "write", 2),
            op(0, "info", "write", 1, error="timeout: 5 s"),
            op(2, "invoke", "read"),
            op(2, "ok", "read", 2),
        ]
    )


def rows(operations: Operations) -> list[tuple[Any, int, int, bool]]:
    """What is done, with its interval."""
    found = []
    for i in range(len(operations)):
        done = operations.operation(i, MODEL)
        end = int(operations.ret[i])
        found.append((done.argument or done.result, int(operations.call[i]), end, bool(operations.optional[i])))
    return found


def collected(*found: Evidence, event: int = 0) -> Operations:
    return collect(crashed_write().with_evidence((event, piece) for piece in found), MODEL)


def test_without_evidence_instants_are_events() -> None:
    assert rows(collected()) == [(1, 0, NEVER, True), (2, 1, 2, False), (2, 4, 5, False)]


def test_what_did_not_happen_is_left_out() -> None:
    assert rows(collected(Evidence(persisted=False))) == [(2, 1, 2, False), (2, 4, 5, False)]


def test_what_happened_is_not_optional_and_never_returned() -> None:
    operations = collected(Evidence(persisted=True))

    assert rows(operations)[0] == (1, 0, NEVER, False)
    assert operations.unanswered.tolist() == [True, False, False]
    assert operations.operation(0, MODEL).result is UNKNOWN


def test_a_version_is_kept_and_says_that_it_happened() -> None:
    operations = collected(Evidence(version=17))

    assert operations.version.tolist() == [17, -1, -1]
    assert not operations.optional.any()


def test_not_after_an_event_is_before_it_and_instants_become_ranks() -> None:
    assert rows(collected(Evidence(not_after=2))) == [(1, 0, 2, True), (2, 1, 3, False), (2, 4, 5, False)]


def test_not_before_an_event_is_after_it_and_rows_stay_in_the_order_of_their_calls() -> None:
    operations = collected(Evidence(persisted=True, not_before=2))

    assert rows(operations) == [(2, 0, 1, False), (1, 2, NEVER, False), (2, 3, 4, False)]
    assert operations.row.tolist() == [1, 0, 2]


def test_bounds_between_the_same_events_do_not_order() -> None:
    """One write took effect before event 5 and another after event 4: either may be first."""
    begun = [*map(crashed_write().__getitem__, range(4)), op(3, "invoke", "write", 3), op(4, "invoke", "read")]
    found = [(0, Evidence(not_after=5)), (4, Evidence(not_before=4))]

    operations = collect(History(begun).with_evidence(found), MODEL)

    assert rows(operations) == [(1, 0, 4, True), (2, 1, 2, False), (3, 3, NEVER, True)]


@pytest.mark.parametrize(
    ("event", "piece", "problem"),
    [
        (0, Evidence(persisted=False, version=3), "it was persisted and it was not"),
        (0, Evidence(not_before=3, not_after=2), "it took effect after event 3 and before event 2"),
        (0, Evidence(not_after=0), "it was not invoked before event 0"),
        (0, Evidence(not_before=6), "the history has no event 6"),
        (0, Evidence(not_before=-1), "the history has no event -1"),
        (0, Evidence(version=-4), "-4 is no version"),
        (0, Evidence(version=1 << 80), "is no version"),
        (0, Evidence(version="x"), "'str' object"),  # type: ignore[arg-type]  # that is what is tested
        (1, Evidence(persisted=True), "the outcome of that operation is known"),
        (3, Evidence(persisted=True), "no operation was invoked there"),
        (99, Evidence(persisted=True), "no operation was invoked there"),
        (-1, Evidence(persisted=True), "no operation was invoked there"),
    ],
)
def test_evidence_that_cannot_be_true_leaves_the_part_undecided(event: int, piece: Evidence, problem: str) -> None:
    history = crashed_write().with_evidence([(event, piece)])

    verdict = LinearizabilityChecker(MODEL).check(history)

    assert verdict.validity == "unknown"
    assert problem in verdict.reasons[0]
    assert f"the evidence about event {event} cannot be true" in verdict.reasons[0]
    assert "\n" not in verdict.reasons[0]


def test_other_keys_are_decided_all_the_same() -> None:
    stale = [
        op(5, "invoke", "write", 7, key="y"),
        op(5, "ok", "write", 7, key="y"),
        op(5, "invoke", "read", key="y"),
        op(5, "ok", "read", key="y"),
    ]
    history = History([*crashed_write(), *stale]).with_evidence([(0, Evidence(persisted=True, not_after=0))])

    verdict = LinearizabilityChecker(MODEL).check(history)

    assert verdict.validity == "invalid"
    assert [anomaly.key for anomaly in verdict.anomalies] == ["y"]
    assert verdict.statistics["keys undecided"] == 1


def detours(ways: int, seen: int) -> History:
    """Each of some crashed pairs of cas leads from 0 to 1, once; that often, and more, 1 is read after a write of 0."""
    crashed = [cas for way in range(ways) for cas in ([0, way + 2], [way + 2, 1])]
    ops = [op(100 + number, "invoke", "cas", cas) for number, cas in enumerate(crashed)]
    for _ in range(seen):
        ops += [op(0, "invoke", "write", 0), op(0, "ok", "write", 0), op(0, "invoke", "read"), op(0, "ok", "read", 1)]
    return History(ops)


def test_what_no_budget_decides_is_decided_when_it_is_known_what_did_not_happen() -> None:
    """Without evidence every choice of pairs that were used by now has to be remembered: too many."""
    history = detours(ways=26, seen=27)
    lost = [(event, Evidence(persisted=False)) for event in range(8, 52)]
    checker = LinearizabilityChecker(MODEL, seconds=20, memory=1 << 22)

    without, with_it = checker.check(history), checker.check(history.with_evidence(lost))

    assert without.validity == "unknown"
    assert "budget" in without.reasons[0]
    assert with_it.validity == "invalid"


def test_bounds_make_a_valid_history_easy() -> None:
    """Each pair took effect between a write of 0 and the read of 1 after it."""
    ways = 26
    history = detours(ways, seen=ways)
    bounds = [
        (2 * way + half, Evidence(persisted=True, not_before=2 * ways + 4 * way + 1, not_after=2 * ways + 4 * way + 2))
        for way in range(ways)
        for half in (0, 1)
    ]

    verdict = LinearizabilityChecker(MODEL, seconds=20, memory=1 << 22).check(history.with_evidence(bounds))

    assert verdict.validity == "valid"


def test_a_read_of_what_did_not_happen_is_an_aborted_read() -> None:
    history = History([*crashed_write(), op(4, "invoke", "read"), op(4, "ok", "read", 1)])

    (found,) = LinearizabilityChecker(MODEL).check(history.with_evidence([(0, Evidence(persisted=False))])).anomalies

    assert found.name == "aborted-read"
    assert found.sentence.endswith("although the only attempt to write it, by p0, did not happen, by evidence")
