"""The space-time picture: data first, then positions, then the drawing."""

from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

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


def test_the_faults_of_a_run_have_a_lane_per_kind() -> None:
    faults = sample()["faults"]

    drawn = timeline.draw_faults(faults, 20.0, "faults", [9_000_000_000])

    assert drawn.count('class="who"') == 1
    assert 'class="moment"' in drawn
