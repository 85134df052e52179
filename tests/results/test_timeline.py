"""The space-time picture: data first, then positions, then the drawing."""

from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import sample_runs

from checkers.verdict import Anomaly
from harness.history import History
from results import timeline
from results.picture import picture


def anomaly(events: tuple[int, ...], **data: Any) -> Anomaly:
    return Anomaly("stale-read", "it read an older value", events, ("linearizable",), data=data)


def sample(value: object = 5) -> dict[str, Any]:
    history = History(sample_runs.stale_read(value))
    return picture(history, anomaly(sample_runs.witness(history)), history.faults())


def test_the_picture_has_witness_context_and_the_active_fault() -> None:
    data = sample()

    assert [(call["text"], call["witness"]) for call in data["calls"]] == [
        ("write 4", True),
        ("write 5", True),
        ("write 6: unknown", False),
        ("read = 5", False),
        ("read = 4", True),
    ]
    assert [fault["id"] for fault in data["faults"]] == ["partition-1"]


def test_arrows_follow_real_time_and_leave_out_what_follows() -> None:
    assert sample()["arrows"] == [(0, 1), (1, 4)]


def test_positions_keep_the_order_of_all_events() -> None:
    plan = timeline.layout(sample())
    positions = [plan.x[point] for point in sorted(plan.x)]

    assert positions == sorted(positions)
    assert len(set(positions)) == len(positions)
    assert max(positions) <= plan.right


def test_texts_of_one_lane_never_overlap() -> None:
    ops = []
    for number in range(4):
        text = "x" * 30
        ops += [
            sample_runs.event(number, 1, "invoke", "write", text, node="n1"),
            sample_runs.event(number + 0.5, 1, "ok", "write", text, node="n1"),
        ]
    data = picture(History(ops), anomaly(tuple(range(8))), [])
    plan = timeline.layout(data)
    starts = [plan.x[(call["start"], call["invoke"], 0)] for call in data["calls"]]
    width = len(data["calls"][0]["text"]) * 6.7

    assert all(later - earlier >= width for earlier, later in pairwise(starts))
    assert plan.width > timeline.WIDTH


def test_an_unknown_operation_is_an_open_bar() -> None:
    assert 'class="open"' in timeline.draw(sample(), "a stale read")


def test_the_drawing_is_xml_whatever_the_values_are() -> None:
    for value in ("<script>alert(1)</script>", "]]>", "\"'", "\u2028\x00\u202e", "x" * 9000):
        root = ET.fromstring(timeline.draw(sample(value), f"wrote {value}"))  # noqa: S314 - our own drawing
        assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_an_empty_witness_can_be_drawn() -> None:
    assert "</svg>" in timeline.draw(picture(History([]), anomaly(()), []), "nothing")


def told(*order: tuple[int, str, str], stuck: tuple[tuple[int, str], ...] = ()) -> dict[str, Any]:
    """The data of the planted witness (and of the read of 5 between) with an order, as a checker gives them."""
    history = History(sample_runs.stale_read())
    members = [
        {
            "events": [index, int(history.partner[index])],
            "process": op.process,
            "f": op.f,
            "words": op.f,
            "start": op.time,
        }
        for index, op in enumerate(history)
        if op.process in (100, 101, 102, 103) and op.type == "invoke"
    ]
    return {
        "rule": "search",
        "operations": members,
        "order": [{"operation": n, "before": before, "after": after} for n, before, after in order],
        "stuck": [{"operation": n, "why": why} for n, why in stuck],
        "window": [0, len(history) - 1],
    }


ORDER = ((0, "nothing", "4"), (1, "4", "5"), (2, "5", "5"))
STUCK = ((3, "impossible in state 5"),)


def explained(**data: Any) -> dict[str, Any]:
    history = History(sample_runs.stale_read())
    return picture(history, anomaly(sample_runs.witness(history), **data), history.faults())


def test_the_order_and_what_is_stuck_are_in_the_picture() -> None:
    data = explained(**told(*ORDER, stuck=STUCK))

    texts = [call["text"] for call in data["calls"]]
    assert [texts[step["call"]] for step in data["order"]] == ["write 4", "write 5", "read = 5"]
    assert [(texts[step["call"]], step["why"]) for step in data["stuck"]] == [("read = 4", "impossible in state 5")]
    assert data["arrows"] == []
    assert data["error"] == next(call["complete"] for call in data["calls"] if call["text"] == "read = 4")


def test_every_step_is_drawn_within_its_operation_and_after_the_one_before() -> None:
    """Even where the second operation was invoked first: then its step is after the invocation of the first one."""
    ops = [
        sample_runs.event(1, 1, "invoke", "write", 1),
        sample_runs.event(2, 2, "invoke", "write", 2),
        sample_runs.event(3, 1, "ok", "write", 1),
        sample_runs.event(4, 2, "ok", "write", 2),
    ]
    members = [{"events": [n, n + 2], "process": n + 1, "f": "write", "words": "write", "start": 0} for n in (0, 1)]
    steps = [{"operation": 1, "before": "nothing", "after": "2"}, {"operation": 0, "before": "2", "after": "1"}]
    data = picture(History(ops), anomaly((0, 1), rule="search", operations=members, order=steps), [])
    plan = timeline.layout(data)
    first, second = (x for point, x in sorted(plan.x.items()) if point[2])

    assert [step["call"] for step in data["order"]] == [1, 0]
    assert plan.x[(2 * sample_runs.MS, 1, 0)] < first < second < plan.x[(3 * sample_runs.MS, 2, 0)]


def test_the_drawing_has_numbered_steps_states_and_crosses() -> None:
    drawn = timeline.draw(explained(**told(*ORDER, stuck=STUCK)), "a stale read", "a")

    assert drawn.count('class="mark"') == 3
    assert drawn.count('class="change"') == 2
    assert drawn.count('class="cross"') == 1
    assert "It cannot come next: impossible in state 5" in drawn
    assert "the state was 4 and becomes 5" in drawn
    assert 'id="a-error"' in drawn


def test_states_do_not_overlap() -> None:
    states = ["nothing", "a" * 20, "b" * 20]
    data = explained(**told((0, states[0], states[1]), (1, states[1], states[2])))
    plan = timeline.layout(data)
    first, second = (x for point, x in sorted(plan.x.items()) if point[2])

    assert second - first >= 20 * 6.7


@pytest.mark.parametrize(
    "data",
    [
        {"order": 5},
        {"rule": "search", "operations": [{"events": [0, 10**9], "process": 0, "f": "", "words": "", "start": 0}]},
        {"rule": "search", "operations": [{"events": [], "process": 0, "f": "", "words": "", "start": 0}]},
        told() | {"order": [{"operation": 9, "before": "", "after": ""}]},
        told() | {"operations": told()["operations"][:1] * 2},
        told(*ORDER) | {"operations": [one | {"events": one["events"][::-1]} for one in told()["operations"]]},
    ],
    ids=["another form", "beyond the history", "no event", "no operation", "twice the same", "completion first"],
)
def test_data_that_do_not_fit_are_not_drawn(data: dict[str, Any]) -> None:
    drawn = explained(**data)

    assert drawn["order"] == drawn["stuck"] == []
    assert "</svg>" in timeline.draw(drawn, "a stale read")


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "]]>", "\"'", "\u2028\x00\u202e", "x" * 9000])
def test_states_and_reasons_are_never_markup(value: str) -> None:
    data = explained(**told((0, value, value + "1"), stuck=((3, value),)))

    root = ET.fromstring(timeline.draw(data, "a stale read"))  # noqa: S314 - our own drawing

    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_a_history_whose_clock_goes_back_can_be_drawn() -> None:
    ops = [sample_runs.event(9 - n, n // 2, "ok" if n % 2 else "invoke", "write", 1) for n in range(6)]
    members = [{"events": [n, n + 1], "process": n // 2, "f": "write", "words": "write", "start": 0} for n in (0, 2, 4)]
    order = [{"operation": n, "before": str(n), "after": str(n + 1)} for n in range(3)]

    data = picture(History(ops), anomaly((0, 1), rule="search", operations=members, order=order), [])

    assert timeline.draw(data, "backwards").count('class="mark"') == 3
