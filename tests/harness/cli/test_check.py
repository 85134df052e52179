"""``quorate check`` on files that are not what they should be."""

import json
from pathlib import Path

import pytest

from harness.cli.main import Exit, run

GOOD = """\
{"index":0,"time":1,"process":0,"type":"invoke","f":"write","value":5}
{"index":1,"time":2,"process":0,"type":"ok","f":"write","value":5}
"""
BAD = (
    GOOD
    + """\
{"index":2,"time":3,"process":0,"type":"invoke","f":"read"}
{"index":3,"time":4,"process":0,"type":"ok","f":"read","value":6}
"""
)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (GOOD[:-1], "damaged at line 2"),
        (GOOD + "\n\n", "damaged at line 3"),
        ("\ufeff" + GOOD, "damaged at line 1"),
        ('{"index":0,"time":1,"pro', "damaged at line 1"),
    ],
)
def test_a_damaged_history_without_a_run_is_unknown_and_says_where(
    content: str, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(content)

    assert run(["check", str(path)]) == Exit.UNKNOWN

    assert line in " ".join(capsys.readouterr().out.split())


def test_a_violation_before_the_damage_is_a_violation(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(BAD + "garbage\n")

    assert run(["check", str(path)]) == Exit.INVALID


def test_one_file_that_cannot_be_read_does_not_keep_the_others_from_being_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, gone = tmp_path / "good.jsonl", tmp_path / "bad.jsonl", tmp_path / "gone.jsonl"
    good.write_text(GOOD)
    bad.write_text(BAD)

    assert run(["check", "--format", "jsonl", str(good), str(gone), str(bad)]) == Exit.USAGE

    said = capsys.readouterr()
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["file"] for row in rows] == [str(good), str(gone), str(bad)]
    assert [row["verdict"] for row in rows] == ["valid", "unknown", "invalid"]
    assert "there is no run at" in rows[1]["reasons"][0]
    assert all(row.keys() == rows[0].keys() for row in rows)
    assert said.err.count("\n") == 1
