"""Excerpts of node logs around an instant."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from results.report import logs

AT = datetime(2026, 3, 1, 10, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"info","ts":"2026-03-01T10:00:30.000Z","msg":"x"}',
        "2026-03-01 10:00:30,000 INFO x",
        "2026-03-01T11:00:30.000000000+01:00 x",
        "2026-03-01T11:00:30+0100 x",
    ],
)
def test_usual_stamps_are_read(line: str) -> None:
    assert logs.stamp(line) == AT


def test_what_is_no_stamp_is_none() -> None:
    assert logs.stamp("ready to serve") is None
    assert logs.stamp("2026-99-99T10:00:30Z") is None


def test_the_lines_around_the_instant_are_chosen() -> None:
    lines = [f"2026-03-01T10:{minute:02d}:{second:02d}Z x" for minute in range(3) for second in range(60)]

    chosen, which = logs.around(lines, AT)

    assert which == "around the anomaly"
    assert len(chosen) == logs.LINES
    assert "2026-03-01T10:00:30Z x" in chosen


def test_without_stamps_it_is_the_tail() -> None:
    lines = [f"line {number}" for number in range(100)]

    assert logs.around(lines, AT) == (lines[-logs.LINES :], "last lines")


def test_far_away_lines_say_so() -> None:
    chosen, which = logs.around(["2026-03-01T09:00:00Z x"], AT)

    assert chosen == ["2026-03-01T09:00:00Z x"]
    assert which.startswith("nothing within 2 s")


def test_bytes_that_are_no_text_are_spelt_out_and_lines_bounded(tmp_path: Path) -> None:
    path = tmp_path / "node.log"
    path.write_bytes(b"\xff\x00" + b"y" * 9000)

    (excerpt,) = logs.excerpts({"n1": [path]}, None)

    assert "\\x00" in excerpt["lines"][0]
    assert len(excerpt["lines"][0]) == logs.WIDTH


def test_a_file_that_vanished_says_why(tmp_path: Path) -> None:
    (excerpt,) = logs.excerpts({"n1": [tmp_path / "none.log"]}, None)

    assert "No such file" in excerpt["lines"][0]
