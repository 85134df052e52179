"""What the nodes logged around an instant: bounded, whatever the logs look like."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from results import words
from results.record import parse_instant

LINES: Final = 16
"""At most so many lines of each log file."""

WIDTH: Final = 320
"""At most so many characters of each line."""

READ: Final = 4 << 20
"""At most so many bytes of each file, its last ones."""

AROUND: Final = timedelta(seconds=2)
"""How far from the instant a line may be."""

_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")


def stamp(line: str) -> datetime | None:
    """The ISO 8601 instant near the beginning of a line, taken as UTC where it names no zone; None without one."""
    found = _STAMP.search(line[:120])
    if not found:
        return None
    text = re.sub(r"([.,]\d{6})\d*", r"\1", found.group()).replace(",", ".")
    try:
        return parse_instant(text).astimezone(UTC)
    except ValueError:
        return None


def around(lines: Sequence[str], instant: datetime | None) -> tuple[list[str], str]:
    """The lines nearest to an instant and, in words, which these are; the last lines where no line has an instant."""
    stamped = [(moment, number) for number, line in enumerate(lines) if (moment := stamp(line))] if instant else []
    if instant is None or not stamped:
        return list(lines[-LINES:]), "last lines"
    gap, number = min((abs(moment - instant), number) for moment, number in stamped)
    if gap > AROUND:
        begin = max(number - LINES // 2, 0)
        return list(lines[begin : begin + LINES]), f"nothing within {AROUND.seconds} s; the nearest lines"
    begin = max(min(number - LINES // 2, len(lines) - LINES), 0)
    return list(lines[begin : begin + LINES]), "around the anomaly"


def excerpts(logs: Mapping[str, Sequence[Path]], instant: datetime | None) -> list[dict[str, Any]]:
    """An excerpt of each log file of each node; a file that cannot be read says why."""
    found = []
    for node, paths in logs.items():
        for path in paths:
            try:
                with path.open("rb") as file:
                    size = file.seek(0, 2)
                    file.seek(max(size - READ, 0))
                    lines = file.read(READ).decode(errors="replace").splitlines()
            except OSError as error:
                lines, size = [f"cannot be read: {error.strerror}"], 0
            chosen, which = around(lines, instant)
            text = [words.shorten(words.visible(line.replace("\t", "    ")), WIDTH) for line in chosen]
            found.append(
                {
                    "node": words.visible(node),
                    "file": words.visible(path.name),
                    "which": which,
                    "lines": text,
                    "bytes": size,
                }
            )
    return found
