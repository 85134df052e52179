"""The session guarantees: each by an example, against an oracle that tries everything, and on a single copy."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.session import GUARANTEES, VIOLATIONS, SessionChecker
from checkers.verdict import Verdict
from harness.history import History
from harness.op import Op

RYW, MR, MW, WFR = GUARANTEES


def history(*steps: tuple[Any, ...]) -> History:
    """One operation after the other: process, f, key (of a move: the node), value, and type where that is not ok."""
    ops = []
    node: dict[int, str] = {}
    for number, (process, f, key, *rest) in enumerate(steps):
        value, kind = (rest[0] if rest else None), (rest[1] if len(rest) > 1 else "ok")
        asked = None if f == "read" else key if f == "move" else value
        name = None if f == "move" else key
        start = Op(0, 2 * number * 10**6, process, "invoke", f, name, asked, node.get(process, "n1"))
        if f == "move" and kind == "ok":
            node[process] = key
        told = asked if f == "move" else value
        ops += [start, Op(0, start.time + 10**6, process, kind, f, name, told, node.get(process, "n1"))]
    return History(ops)


def check(*steps: tuple[Any, ...], guarantees: Any = GUARANTEES) -> Verdict:
    return SessionChecker(guarantees).check(history(*steps))


def standing(verdict: Verdict) -> dict[str, str]:
    return {model.name: model.standing for model in verdict.models}


def test_an_own_write_that_is_missing() -> None:
    verdict = check((0, "write", "x", 1), (0, "write", "x", 2), (0, "move", "n2"), (0, "read", "x", 1))

    (anomaly,) = verdict.anomalies
    assert anomaly.name == "own-write-missing"
    assert anomaly.models[0] == RYW
    assert anomaly.events == (2, 3, 6, 7)
    assert anomaly.sentence == (
        'p0\'s read (n2) at 0.007 s returned 1 of key "x", although it had written 2 at 0.002 s'
    )


@pytest.mark.parametrize("kind", ["fail", "info"])
def test_an_own_write_that_was_not_acknowledged_may_be_missing(kind: str) -> None:
    assert not check((0, "write", "x", 1, kind), (1, "read", "x", None), (0, "read", "x", None)).anomalies


def test_another_session_need_not_see_a_write() -> None:
    assert not check((0, "write", "x", 1), (1, "read", "x", None)).anomalies


def test_a_read_that_goes_back() -> None:
    verdict = check(
        (0, "write", "x", 1), (0, "write", "x", 2), (1, "read", "x", 2), (1, "move", "n2"), (1, "read", "x", 1)
    )
    (anomaly,) = verdict.anomalies
    assert (anomaly.name, anomaly.models[0], anomaly.events) == ("non-monotonic-read", MR, (4, 5, 8, 9))


def test_a_read_of_an_unknown_write_counts_for_monotonic_reads() -> None:
    assert check((0, "write", "x", 1, "info"), (1, "read", "x", 1), (1, "read", "x", None)).anomalies


def test_another_session_may_be_behind() -> None:
    assert not check((0, "write", "x", 1), (1, "read", "x", 1), (2, "read", "x", None)).anomalies


WRITES = ((0, "write", "x", 1), (0, "write", "y", 1))


def test_a_later_write_that_is_there_without_an_earlier_one() -> None:
    verdict = check(*WRITES, (1, "read", "y", 1), (1, "read", "x", None), (1, "read", "y", 1))

    (anomaly,) = verdict.anomalies
    assert (anomaly.name, anomaly.models[0], anomaly.key) == ("non-monotonic-write", MW, "x")
    assert anomaly.events == tuple(range(10))
    assert anomaly.sentence == (
        'p1\'s read (n1) at 0.007 s returned null of key "x", while the same node showed 1 of key "y" before and after '
        'that; p0 had written 1 of key "x" before it wrote that'
    )


@pytest.mark.parametrize(
    "steps",
    [
        ((1, "read", "x", None), (1, "read", "y", 1), (1, "read", "x", 1)),
        ((1, "read", "y", 1), (1, "read", "x", None)),
        ((1, "read", "x", None), (1, "read", "y", 1)),
        ((1, "read", "y", 1), (1, "move", "n2"), (1, "read", "x", None), (1, "move", "n1"), (1, "read", "y", 1)),
        ((1, "read", "y", 1), (2, "read", "x", None), (1, "read", "y", 1)),
        ((1, "read", "y", None), (1, "read", "x", None), (1, "read", "y", 1)),
    ],
)
def test_what_may_have_been_seen_at_another_time_or_node_is_no_proof(steps: tuple[Any, ...]) -> None:
    assert not {one.name for one in check(*WRITES, *steps).anomalies} & {"non-monotonic-write"}


def test_a_move_that_failed_is_none() -> None:
    moved = (1, "move", "n2", None, "fail")
    assert check(*WRITES, (1, "read", "y", 1), moved, (1, "read", "x", None), (1, "read", "y", 1)).anomalies


def test_the_earlier_write_must_have_been_acknowledged() -> None:
    unsure = ((0, "write", "x", 1, "fail"), (0, "write", "y", 1))
    assert not check(*unsure, (1, "read", "y", 1), (1, "read", "x", None), (1, "read", "y", 1)).anomalies


def test_a_write_that_is_there_without_what_its_session_had_read() -> None:
    verdict = check(
        (0, "write", "x", 1),
        (1, "read", "x", 1),
        (1, "write", "y", 1),
        (2, "read", "y", 1),
        (2, "read", "x", None),
        (2, "read", "y", 1),
    )
    (anomaly,) = verdict.anomalies
    assert (anomaly.name, anomaly.models[0]) == ("write-without-its-reads", WFR)
    assert anomaly.events == (2, 3, 4, 5, 6, 7, 8, 9, 10, 11)


def test_what_its_session_read_only_afterwards_need_not_be_there() -> None:
    assert not check(
        (0, "write", "x", 1),
        (1, "write", "y", 1),
        (1, "read", "x", 1),
        (2, "read", "y", 1),
        (2, "read", "x", None),
        (2, "read", "y", 1),
    ).anomalies


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        (((0, "read", "x", 5),), "thin-air-read"),
        (((0, "write", "x", 1), (1, "read", "x", "one")), "thin-air-read"),
        (((0, "write", "x", 1, "fail"), (1, "read", "x", 1)), "aborted-read"),
        (((1, "read", "x", 1), (0, "write", "x", 1)), "future-read"),
    ],
)
def test_a_value_that_nobody_may_have_read_is_a_violation_whatever_was_asked(steps: Any, name: str) -> None:
    verdict = check(*steps, guarantees=())
    assert (verdict.validity, [one.name for one in verdict.anomalies]) == ("invalid", [name])


def test_only_the_guarantees_that_were_asked_for_count_and_all_are_reported() -> None:
    steps = ((0, "write", "x", 1), (0, "read", "x", None), (0, "read", "x", 1), (0, "read", "x", 1))

    assert check(*steps, guarantees=(RYW,)).validity == "invalid"
    other = check(*steps, guarantees=(MR,))
    assert (other.validity, other.anomalies) == ("valid", ())
    assert standing(other)[RYW] == "violated"
    assert any("which was not asked for" in reason for reason in other.reasons)


def test_a_guarantee_that_no_read_could_have_shown_is_undecided() -> None:
    verdict = check((0, "write", "x", 1), (0, "read", "x", 1))

    assert standing(verdict) == {RYW: "holds", MR: "undecided", MW: "undecided", WFR: "undecided"}
    assert verdict.validity == "unknown"
    assert check((0, "write", "x", 1), (0, "read", "x", 1), guarantees=(RYW,)).validity == "valid"


@pytest.mark.parametrize(
    "steps",
    [
        ((0, "write", "x", 1), (1, "write", "x", 2)),
        ((0, "write", "x", 2), (0, "write", "x", 1)),
        ((0, "write", "x", "one"),),
        ((0, "add", "x", 1),),
    ],
)
def test_a_history_without_known_versions_is_undecided(steps: Any) -> None:
    verdict = check(*steps)
    assert verdict.validity == "unknown"
    assert set(standing(verdict).values()) == {"undecided"}


def oracle(steps: list[tuple[Any, ...]]) -> dict[str, int]:
    """How many pairs or triples of reads show each violation, by trying all of them."""
    counts = dict.fromkeys(GUARANTEES, 0)
    acked = [(at, p, key, value) for at, (p, f, key, value, kind) in enumerate(steps) if f == "write" and kind == "ok"]
    reads = []
    visit: dict[int, int] = {}
    for at, (p, f, key, value, kind) in enumerate(steps):
        visit[p] = visit.get(p, 0) + (f == "move" and kind == "ok")
        if f == "read" and kind == "ok":
            reads.append((at, p, visit[p], key, value or 0))
    for at, p, _, key, value in reads:
        counts[RYW] += any(w < at and q == p and k == key and v > value for w, q, k, v in acked)
        counts[MR] += any(b < at and q == p and k == key and v > value for b, q, _, k, v in reads)
    for at, p, stay, key, value in reads:
        for after, q, other, around, version in reads:
            if not (q == p and other == stay and after > at and around != key and version):
                continue
            before = [one for one in reads if one[1] == p and one[2] == stay and one[3] == around and one[0] < after]
            if not before or before[-1][4] != version or before[-1][0] > at:
                continue
            writer, when = next(
                (r, w) for w, (r, f, k, v, _) in enumerate(steps) if (f, k, v) == ("write", around, version)
            )
            counts[MW] += any(w < when and r == writer and k == key and v > value for w, r, k, v in acked)
            counts[WFR] += any(w < when and r == writer and k == key and v > value for w, r, _, k, v in reads)
    return counts


@given(st.integers(0, 10**9), st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_any_history_is_judged_as_the_oracle_judges_it(seed: int, count: int) -> None:
    rng = random.Random(seed)
    written: dict[str, int] = {}
    steps: list[tuple[Any, ...]] = []
    for _ in range(count):
        p = rng.randrange(3)
        f = rng.choices(("read", "write", "move"), (6, 3, 1))[0]
        if f == "move":
            steps.append((p, "move", f"n{rng.randint(1, 2)}", None, rng.choice(("ok", "ok", "fail"))))
        elif f == "write":
            key = f"{p}.{rng.randrange(2)}"
            written[key] = written.get(key, 0) + 1
            steps.append((p, "write", key, written[key], "ok"))
        else:
            key = f"{rng.randrange(3)}.{rng.randrange(2)}"
            steps.append((p, "read", key, rng.randint(0, written.get(key, 0)) or None, "ok"))
    violated = check(*steps).statistics["violated"]

    assert violated == oracle(steps)


@pytest.mark.parametrize("seed", range(40))
def test_a_single_copy_keeps_all_four(seed: int) -> None:
    """Operations of many sessions on one copy, with writes that failed and writes of unknown outcome."""
    rng = random.Random(seed)
    store: dict[str, int] = {}
    written: dict[str, int] = {}
    steps: list[tuple[Any, ...]] = []
    names = [0, 1, 2, 3]
    for _ in range(600):
        place = rng.randrange(4)
        p = names[place]
        f = rng.choices(("look", "write", "move"), (6, 3, 1))[0]
        if f == "move":
            steps.append((p, "move", f"n{rng.randint(1, 3)}"))
        elif f == "write":
            key = f"{p}.{rng.randrange(2)}"
            written[key] = written.get(key, 0) + 1
            kind = rng.choices(("ok", "fail", "info"), (8, 1, 1))[0]
            if kind == "ok" or (kind == "info" and rng.random() < 0.5):
                store[key] = written[key]
            steps.append((p, "write", key, written[key], kind))
            if kind == "info":
                names[place] = max(names) + 1
        else:
            other = rng.choice(names)
            around, between = f"{other}.0", f"{rng.choice((other, rng.choice(names)))}.1"
            steps += [(p, "read", key, store.get(key)) for key in (around, between, around)]
    verdict = check(*steps)

    assert not verdict.anomalies, verdict.anomalies[0].sentence
    assert verdict.validity == "valid"
    assert set(standing(verdict).values()) == {"holds"}


def test_each_violation_has_its_own_name() -> None:
    assert len(set(VIOLATIONS.values())) == len(GUARANTEES)


def test_the_verdict_does_not_depend_on_how_many_witnesses_are_kept_and_reasons_are_bounded() -> None:
    wrong = history((0, "write", "x", 1), (0, "read", "x", None))
    assert SessionChecker(anomalies=0).check(wrong).validity == "invalid"
    reasons = check(*[(n, "add", "x", 1) for n in range(100)]).reasons
    assert (len(reasons), reasons[-1]) == (9, "92 more of this kind")


def at_nodes(*nodes: str) -> History:
    """One session writes x and then y; another one reads y, x, and y again, at these nodes, and does not find x."""
    ops = list(history(*WRITES, (1, "read", "y", 1), (1, "read", "x", None), (1, "read", "y", 1)))
    for number, node in enumerate(nodes):
        ops[5 + 2 * number] = msgspec.structs.replace(ops[5 + 2 * number], node=node)
    return History(ops)


def test_reads_that_a_driver_sent_to_several_nodes_do_not_show_what_one_node_has() -> None:
    assert SessionChecker().check(at_nodes("n2", "n2", "n2")).anomalies
    assert not SessionChecker().check(at_nodes("n2", "n1", "n2")).anomalies
    assert not SessionChecker().check(at_nodes("n1", "n2", "n1")).anomalies


def test_a_move_of_unknown_outcome_may_have_happened() -> None:
    moved = (1, "move", "n2", None, "info")
    assert not check(*WRITES, (1, "read", "y", 1), moved, (1, "read", "x", None), (1, "read", "y", 1)).anomalies


def test_a_session_that_goes_on_after_a_write_of_unknown_outcome_may_see_that_one_arrive_late() -> None:
    verdict = check((0, "write", "x", 1, "info"), (0, "write", "x", 2), (0, "read", "x", 2), (0, "read", "x", 1))

    assert verdict.validity == "unknown"
    assert "although the outcome of its last write is unknown" in verdict.reasons[0]
