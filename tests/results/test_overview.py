"""The faults of a run, drawn."""

import sample_runs

from checkers.verdict import Anomaly
from harness.history import History
from results import overview
from results.picture import picture


def test_the_faults_of_a_run_have_a_lane_per_kind() -> None:
    history = History(sample_runs.stale_read())
    anomaly = Anomaly("stale-read", "it read an older value", sample_runs.witness(history), ("linearizable",), data={})
    faults = picture(history, anomaly, history.faults())["faults"]

    drawn = overview.draw(faults, 20.0, "faults", [9_000_000_000])

    assert drawn.count('class="who"') == 1
    assert 'class="moment"' in drawn
