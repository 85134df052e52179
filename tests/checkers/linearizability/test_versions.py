"""Registers with versions: what follows from them, and what they are called when they are wrong."""

import pytest

from checkers.linearizability import versions
from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.models.register import CasRegister, columns
from checkers.linearizability.models.versioned_register import VersionedRegister
from checkers.linearizability.operations import collect
from harness.history import History
from harness.op import Op

Event = tuple[int, str, str, object, int | None]


def history(*events: Event) -> History:
    return History(
        Op(i, i * 1_000_000_000, p, t, f, value=v, version=version, error=None if t == "ok" else "cas-mismatch: no")  # type: ignore[arg-type]  # one of the types
        for i, (p, t, f, v, version) in enumerate(events)
    )


def done(process: int, f: str, value: object, version: int | None) -> list[Event]:
    return [(process, "invoke", f, None if f == "read" else value, None), (process, "ok", f, value, version)]


def both_orders(version: int) -> History:
    """Two writes of one value at once, then reads; only the versions tell which was last."""
    return history(
        (1, "invoke", "write", 5, None),
        (2, "invoke", "write", 6, None),
        (1, "ok", "write", 5, 1),
        (2, "ok", "write", 6, 2),
        *done(3, "write", 5, 3),
        *done(3, "read", 5, version),
    )


def test_versions_prove_that_a_register_with_repeated_values_holds() -> None:
    operations = collect(both_orders(3), CasRegister())
    assert CasRegister().fast(operations).standing.tolist() == [0]


def test_versions_never_refute_a_register_without_them() -> None:
    for version in (1, 2, 9):
        assert LinearizabilityChecker(CasRegister()).check(both_orders(version)).validity == "valid"


def test_a_failed_cas_is_placed_where_another_value_was() -> None:
    events = [*done(1, "write", 5, 1), *done(1, "write", 6, 2), *done(1, "write", 5, 3)]
    refused = [(2, "invoke", "cas", [5, 9], None), (2, "fail", "cas", [5, 9], None)]
    between = history(*events[:1], refused[0], *events[1:], refused[1])
    assert CasRegister().fast(collect(between, CasRegister())).standing.tolist() == [0]
    after = history(*events, *refused)
    assert CasRegister().fast(collect(after, CasRegister())).standing.tolist() == [2]
    assert LinearizabilityChecker(CasRegister()).check(after).validity == "invalid"


@pytest.mark.parametrize(
    ("events", "name", "sentence"),
    [
        (
            [*done(1, "write", 5, 1), *done(2, "write", 6, 2), *done(3, "read", 5, 1)],
            "stale-read",
            (
                "p3's read of 5 at version 1 (4.000-5.000 s) was invoked at 4.000 s, after p2's write of 6 at "
                "version 2 "
                "(2.000-3.000 s) was complete at 3.000 s, and yet its version is older"
            ),
        ),
        (
            [*done(1, "write", 5, 2), *done(2, "write", 6, 1)],
            "version-order",
            (
                "p2's write of 6 at version 1 (2.000-3.000 s) was invoked at 2.000 s, after p1's write of 5 at "
                "version 2 "
                "(0.000-1.000 s) was complete at 1.000 s, and yet its version is older"
            ),
        ),
        (
            [*done(1, "write", 5, 1), *done(2, "write", 6, 1)],
            "duplicate-version",
            (
                "p1's write of 5 at version 1 (0.000-1.000 s) and p2's write of 6 at version 1 (2.000-3.000 s) got one "
                "version, which belongs to one write only"
            ),
        ),
        (
            [*done(1, "write", 5, 1), *done(2, "read", 6, 1), *done(2, "write", 6, 2)],
            "wrong-value",
            (
                "p2's read of 6 at version 1 (2.000-3.000 s) does not show the value that this version has "
                "according to "
                "p1's write of 5 at version 1 (0.000-1.000 s)"
            ),
        ),
        (
            [*done(1, "write", 5, 1), *done(2, "read", 5, 4)],
            "thin-air-read",
            (
                "p2's read of 5 at version 4 (2.000-3.000 s) saw 5 at version 4, but every operation that wrote "
                "this value "
                "got another version"
            ),
        ),
        (
            [*done(1, "write", 5, 1), *done(2, "read", 7, 4)],
            "thin-air-read",
            "p2's read of 7 at version 4 (2.000-3.000 s) saw 7, which no operation ever tried to write",
        ),
        (
            [*done(1, "write", 5, 1), *done(2, "cas", [6, 7], 2)],
            "lost-update",
            (
                "p2's cas of 6 to 7 at version 2 (2.000-3.000 s) succeeded, although the version before is p1's "
                "write of 5 "
                "at version 1 (0.000-1.000 s)"
            ),
        ),
        (
            [*done(1, "cas", [6, 7], 2)],
            "lost-update",
            "p1's cas of 6 to 7 at version 2 (0.000-1.000 s) succeeded, although nothing was written before",
        ),
        (
            [*done(1, "read", 5, 1), *done(2, "write", 5, 1)],
            "future-read",
            (
                "p1's read of 5 at version 1 (0.000-1.000 s) saw 5 and was complete at 1.000 s, before the write was "
                "invoked: p2's write of 5 at version 1 (2.000-3.000 s)"
            ),
        ),
    ],
)
def test_what_versions_refute_is_told(events: list[Event], name: str, sentence: str) -> None:
    verdict = LinearizabilityChecker(VersionedRegister()).check(history(*events))
    (anomaly,) = verdict.anomalies
    assert (anomaly.name, anomaly.sentence) == (name, sentence)
    assert verdict.statistics["keys searched"] == 0


def test_an_unknown_write_has_the_version_at_which_its_value_was_read() -> None:
    lost: list[Event] = [(1, "invoke", "write", 5, None), *done(2, "read", 5, 4)]
    assert LinearizabilityChecker(VersionedRegister()).check(history(*lost)).validity == "valid"
    (anomaly,) = LinearizabilityChecker(VersionedRegister()).check(history(*lost, *done(2, "read", None, 0))).anomalies
    assert anomaly.name == "stale-read"
    assert anomaly.events == (1, 2, 3, 4)


def test_the_initial_value_has_version_0_or_none() -> None:
    model = VersionedRegister()
    for version in (None, 0):
        first = history(*done(1, "read", None, version), *done(1, "write", 5, 0), *done(1, "read", 5, 0))
        operations = collect(first, model)
        encoded, _ = columns(operations, None)
        assert versions.decide(encoded, operations.version).standing.tolist() == [0]
    assert LinearizabilityChecker(model).check(history(*done(1, "read", None, 3))).validity == "invalid"


def test_without_versions_the_ladder_decides() -> None:
    model = VersionedRegister()
    twice = [*done(1, "write", 5, None), *done(1, "write", 6, None), *done(1, "write", 5, 3)]
    assert LinearizabilityChecker(model).check(history(*twice, *done(2, "read", 5, 3))).validity == "valid"
    assert LinearizabilityChecker(model).check(history(*twice, *done(2, "read", 6, 2))).validity == "invalid"


def test_a_cas_that_is_no_pair_is_said_as_such() -> None:
    verdict = LinearizabilityChecker(VersionedRegister()).check(history(*done(1, "cas", 6, 2)))
    assert verdict.reasons == ("the history is undecided: a cas of 6 is not of the form [old, new]",)


def test_the_ladder_knows_the_versions() -> None:
    lost: list[Event] = [(1, "invoke", "write", 5, None), (2, "invoke", "write", 5, None)]
    seen = [*done(3, "read", 5, 4), *done(3, "read", 5, 2)]
    assert LinearizabilityChecker(VersionedRegister()).check(history(*lost, *seen)).validity == "invalid"
    assert LinearizabilityChecker(VersionedRegister()).check(history(*lost, *seen[2:], *seen[:2])).validity == "valid"


def test_a_read_without_an_answer_says_nothing() -> None:
    silent: list[Event] = [(1, "invoke", "read", None, None), *done(2, "write", 5, 1), *done(2, "write", 5, None)]
    assert LinearizabilityChecker(VersionedRegister()).check(history(*silent)).validity == "valid"
