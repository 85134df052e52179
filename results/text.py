"""The end of a run as lines for a terminal: verdict, property, witness, paths, and how to run it again."""

import textwrap
from pathlib import Path
from typing import Final

from checkers.verdict import Anomaly, RunVerdict
from results import words
from results.picture import told
from results.record import RunRecord
from results.report.build import headline
from results.store import RunFolder

REASONS: Final = 4
"""At most so many reasons."""

ROWS: Final = 12
"""At most so many operations of the first witness."""

_COLUMN: Final = 64
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


def history_lines(path: Path, verdict: RunVerdict, read_as: str = "", *, width: int = 100) -> list[str]:
    """What the terminal says of a history that no run record stands beside.

    Args:
        path: Of the file.
        verdict: On it.
        read_as: How a file of another project was understood.
        width: Of the terminal in characters.
    """
    lines = [*conclusion(verdict, width, stored=False), _line("history", str(path))]
    return [*lines, _line("read as", read_as)] if read_as else lines


def history_line(path: Path, verdict: RunVerdict) -> str:
    """What the terminal says of one of many: verdict, path, and the first anomaly or reason."""
    first = next(iter(verdict.anomalies), None)
    said = "" if first is None else f"{first.name}: {first.sentence}"
    if first is None and verdict.validity == "unknown":
        said = next(iter(verdict.reasons), "")
    return _line(verdict.validity, f"{path}{'  ' if said else ''}{words.visible(' '.join(said.split()))}")


def conclusion(verdict: RunVerdict, width: int = 100, *, stored: bool = True) -> list[str]:
    """The verdict, the violated property, the witness in words, and the reasons.

    Args:
        verdict: What was concluded.
        width: Of the terminal in characters.
        stored: There are a report and a verdict.json, which say more.
    """
    lines = _wrapped(verdict.validity, headline(verdict), width)
    anomalies = verdict.anomalies
    if anomalies:
        lines += _wrapped("witness", words.visible(anomalies[0].sentence), width)
        lines += [_line("", row) for row in witness_table(anomalies[0], width - len(_INDENT), stored=stored)]
    if len(anomalies) > 1:
        lines.append(_line("", f"and {len(anomalies) - 1} more{' in the report' if stored else ''}"))
    reasons = list(dict.fromkeys(verdict.reasons or tuple(r for v in verdict.verdicts for r in v.reasons)))
    for number, reason in enumerate(reasons[:REASONS]):
        label = ("why" if verdict.validity == "unknown" else "note") if number == 0 else ""
        lines += _wrapped(label, words.visible(reason), width)
    if len(reasons) > REASONS:
        lines.append(_line("", f"and {len(reasons) - REASONS} more{' in verdict.json' if stored else ''}"))
    if any(one.statistics.get("kernel") == "NumPy" for one in verdict.verdicts):
        lines += _wrapped("kernel", "NumPy, for the compiled one is not there: `quorate doctor` says why", width)
    return lines


def witness_table(anomaly: Anomaly, width: int, *, stored: bool = True) -> list[str]:
    """The operations of a witness, one a line: the last steps of its order, then what cannot come next, then others.

    Args:
        anomaly: Of a linearizability checker; of any other there is no table.
        width: Characters of a line, at least 60 are used.
        stored: There are a report and a verdict.json, which say more.
    """
    found = told(anomaly)
    if found is None:
        return []
    steps = [(f"{number}.", step.operation, f"state {step.after}") for number, step in enumerate(found.order, 1)]
    stuck = [("x", step.operation, step.why) for step in found.stuck]
    placed = {place for _, place, _ in [*steps, *stuck]}
    others = [("", place, "") for place in range(len(found.operations)) if place not in placed]
    room = max(ROWS - len(stuck), 0)
    rows: list[tuple[str, ...]] = [("", "process", "node", "invoked", "complete", "operation", "")]
    for mark, place, note in [*steps[max(len(steps) - room, 0) :], *stuck[:ROWS], *others[: max(room - len(steps), 0)]]:
        one = found.operations[place]
        end = "unknown" if one.end is None else words.instant(one.end)
        texts = (mark, f"p{one.process}", one.node or "", words.instant(one.start), end, one.words, note)
        rows.append(tuple(words.shorten(words.visible(text), _COLUMN) for text in texts))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    used = [number for number in range(len(widths)) if widths[number]]
    lines = ["  ".join(row[number].ljust(widths[number]) for number in used).rstrip() for row in rows]
    left_out = len(found.operations) + found.left_out - (len(rows) - 1)
    if left_out:
        where = ", in verdict.json and the report" if stored else ""
        lines.append(f"and {words.count(left_out, 'more operation')}{where}")
    return [words.shorten(line, max(width, 60)) for line in lines]


def _line(label: str, text: str) -> str:
    return f"{label:<{len(_INDENT)}}{text}"


def _wrapped(label: str, text: str, width: int) -> list[str]:
    room = max(width - len(_INDENT), 30)
    parts = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
    return [_line(label if number == 0 else "", part) for number, part in enumerate(parts)]
