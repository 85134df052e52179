"""The end of a run as lines for a terminal: verdict, property, witness, paths, and how to run it again."""

import textwrap
from pathlib import Path
from typing import Final

from checkers.verdict import RunVerdict
from results import words
from results.record import RunRecord
from results.report.build import headline
from results.store import RunFolder

REASONS: Final = 4
"""At most so many reasons."""

_INDENT: Final = "         "


def verdict_lines(folder: RunFolder, verdict: RunVerdict, record: RunRecord, *, width: int = 100) -> list[str]:
    """What the terminal says when a run has been judged.

    Args:
        folder: Of the run; its paths are named.
        verdict: On it.
        record: Of the run.
        width: Of the terminal in characters; paths and the command are never broken, so that they can be copied.
    """
    lines = conclusion(verdict, width)
    if record.ended == "interrupted":
        lines += _wrapped("ended", words.visible(record.ended), width)
    return [
        *lines,
        _line("report", str(folder.report)),
        _line("history", str(folder.history)),
        _line("repeat", words.visible(record.command)),
    ]


def history_lines(path: Path, verdict: RunVerdict, *, width: int = 100) -> list[str]:
    """What the terminal says of a history that no run record stands beside."""
    return [*conclusion(verdict, width), _line("history", str(path))]


def history_line(path: Path, verdict: RunVerdict) -> str:
    """What the terminal says of one of many: verdict, path, and the first anomaly or reason."""
    first = next(iter(verdict.anomalies), None)
    said = "" if first is None else f"{first.name}: {first.sentence}"
    if first is None and verdict.validity == "unknown":
        said = next(iter(verdict.reasons), "")
    return _line(verdict.validity, f"{path}{'  ' if said else ''}{words.visible(' '.join(said.split()))}")


def conclusion(verdict: RunVerdict, width: int = 100) -> list[str]:
    """The verdict, the violated property, the witness in words, and the reasons."""
    lines = _wrapped(verdict.validity, headline(verdict), width)
    anomalies = verdict.anomalies
    if anomalies:
        lines += _wrapped("witness", words.visible(anomalies[0].sentence), width)
    if len(anomalies) > 1:
        lines.append(_line("", f"and {len(anomalies) - 1} more in the report"))
    reasons = list(
        dict.fromkeys(
            verdict.reasons or tuple(r for v in verdict.verdicts if v.validity == "unknown" for r in v.reasons)
        )
    )
    for number, reason in enumerate(reasons[:REASONS]):
        label = ("why" if verdict.validity == "unknown" else "note") if number == 0 else ""
        lines += _wrapped(label, words.visible(reason), width)
    if len(reasons) > REASONS:
        lines.append(_line("", f"and {len(reasons) - REASONS} more in verdict.json"))
    return lines


def _line(label: str, text: str) -> str:
    return f"{label:<{len(_INDENT)}}{text}"


def _wrapped(label: str, text: str, width: int) -> list[str]:
    room = max(width - len(_INDENT), 30)
    parts = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
    return [_line(label if number == 0 else "", part) for number, part in enumerate(parts)]
