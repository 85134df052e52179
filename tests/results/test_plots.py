"""Rate and latency: the numbers, and the drawing."""

from xml.etree import ElementTree as ET

import numpy as np
import sample_runs

from harness.history import History
from results import plots
from results.picture import band


def test_rates_count_every_completion() -> None:
    series = plots.series(History(sample_runs.background(900, 9.0)))
    width = series.edges[1] - series.edges[0]

    assert round(sum(float(rate.sum() * width) for rate in series.rates.values())) == 900


def test_the_number_of_points_is_bounded_and_outliers_stay() -> None:
    ops = sorted(sample_runs.background(9000, 9.0, clients=8), key=lambda op: op.time)
    slow = [sample_runs.event(9000, 90, "invoke", "read"), sample_runs.event(9800, 90, "ok", "read")]
    _, latency = plots.series(History([*ops, *slow])).latencies["read"]["ok"]

    assert len(latency) < 2000
    assert np.isclose(latency.max(), 0.8)


def test_the_drawing_is_xml_with_the_pages_colours() -> None:
    history = History(sample_runs.stale_read())
    svg = plots.draw(plots.series(history), [band(span) for span in history.faults()], [9_000_000_000])

    ET.fromstring(svg)  # noqa: S314 - our own drawing
    assert "var(--ok)" in svg
    assert "#0" not in svg.replace('href="#', "").replace("url(#", "")


def test_hostile_names_of_operations_are_text() -> None:
    name = "<script>$x_1$\u202e\x00"
    ops = [sample_runs.event(1, 0, "invoke", name), sample_runs.event(2, 0, "ok", name)]

    svg = plots.draw(plots.series(History(ops)), [], [])

    assert "<script" not in svg
    assert "&lt;script&gt;$x_1$\\u202e\\x00" in svg


def test_an_empty_history_can_be_drawn() -> None:
    assert "</svg>" in plots.draw(plots.series(History([])), [], [])
