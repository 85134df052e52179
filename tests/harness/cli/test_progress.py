"""What a person sees while a run goes on."""

import io

from rich.console import Console

from harness.cli.progress import Progress
from harness.op import NEMESIS, Op

SECOND = 1_000_000_000


def shown(*, live: bool, events: list[Op]) -> str:
    """What is printed for these events of a load of 60 s; of the live panel, its last state."""
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=live, color_system=None)
    progress = Progress(console, live=live)
    progress.nodes.update(n1="running", n2="paused")
    progress.phase("load", 60)
    for event in events:
        progress.event(event)
    if live:
        console.print(progress._panel())
    return out.getvalue()


def completions(seconds: int, kind: str = "ok") -> list[Op]:
    """Ten of that kind in each second."""
    return [
        Op(-1, second * SECOND + tenth * SECOND // 10, 0, kind, "read")  # type: ignore[arg-type]  # a type of op
        for second in range(seconds)
        for tenth in range(10)
    ]


def injected(at: int) -> Op:
    value = {"phase": "inject", "id": "partition-1", "words": "n1 | n2 n3", "detail": {}}
    return Op(-1, at * SECOND, NEMESIS, "ok", "partition", None, value)


def healed(at: int) -> Op:
    return Op(-1, at * SECOND, NEMESIS, "ok", "partition", None, {"phase": "heal", "ids": ["partition-1"]})


def test_plain_lines_give_phase_counts_rates_and_faults() -> None:
    lines = shown(live=False, events=[injected(0), *completions(7)]).splitlines()

    assert lines[0] == "load (60 s)"
    assert lines[1] == "  0.0 s  partition: n1 | n2 n3"
    assert lines[2].startswith(
        "  5 s  ok 51 (10/s)  fail 0 (0/s)  info 0 (0/s)  faults: partition n1 | n2 n3  nodes: n2 paused"
    )


def test_a_healed_fault_is_no_longer_active() -> None:
    text = shown(live=False, events=[injected(0), healed(1), *completions(7)[20:]])

    assert "  1.0 s  partition healed" in text
    assert "faults: none" in text


def test_a_fault_that_did_not_take_effect_is_called_so() -> None:
    failed = Op(-1, SECOND, NEMESIS, "info", "partition", None, injected(1).value, error="n1 still talks to n2")

    assert "NOT EFFECTIVE: n1 still talks to n2" in shown(live=False, events=[failed])


def test_a_fault_that_could_not_be_healed_stays_active_and_says_why() -> None:
    value = {"phase": "heal", "ids": ["partition-1"]}
    failed = Op(-1, SECOND, NEMESIS, "info", "partition", None, value, error="not-healed: n1 still has rules")
    text = shown(live=False, events=[injected(0), failed, *completions(7)[20:]])

    assert "  1.0 s  partition HEALING: not-healed: n1 still has rules" in text
    assert "faults: partition n1 | n2 n3" in text


def test_a_fault_that_was_not_injected_is_said() -> None:
    value = {"phase": "inject"}
    failed = Op(-1, SECOND, NEMESIS, "info", "kill", None, value, error="nemesis: cannot write the journal")

    assert "  1.0 s  kill not injected: nemesis: cannot write the journal" in shown(live=False, events=[failed])


def test_the_panel_shows_time_left_rates_faults_and_nodes() -> None:
    text = shown(live=True, events=[injected(0), *completions(11, "ok"), *completions(12, "info")[110:]])

    assert "48 s left" in text
    assert "partition n1 | n2 n3" in text
    assert "n1 running  n2 paused" in text


def test_markup_in_a_fault_s_words_stays_text() -> None:
    hostile = Op(-1, 0, NEMESIS, "ok", "kill", None, {"phase": "inject", "id": "kill-1", "words": "[bold]n1[/bold]"})

    assert "[bold]n1[/bold]" in shown(live=False, events=[hostile])
