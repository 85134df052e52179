"""Jepsen's log: the lines of the namespace jepsen.util among all others.

``INFO  jepsen.util - 4  :invoke  :cas  [3 0]``: process, type, f, value and, behind that, an error, between tabs or
spaces. Newer versions write ``INFO [2023-02-01 10:00:00,000] jepsen worker 4 - jepsen.util 4 :invoke ...``.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from harness.formats import edn
from harness.formats.events import BadInput

_OURS: Final = re.compile(r"jepsen\.util(?: -|:)?[ \t]+(?=[0-9]|:?nemesis(?!\S))").search
_EVENT: Final = re.compile(
    r"(?P<process>\d++|:?nemesis)[ \t]+(?P<type>:(?:invoke|ok|fail|info))[ \t]+:(?P<f>\S++)(?P<rest>.*)", re.DOTALL
).match
_LINE: Final = re.compile(r"[^\n]+").finditer
_TIMED_OUT: Final = ":timed-out"
_REMEMBERED: Final = 1 << 16


def is_event(line: str) -> bool:
    """Whether a line of a log is an event."""
    found = _OURS(line)
    return found is not None and _EVENT(line, found.end()) is not None


def events(text: str) -> Iterator[tuple[int, Any]]:
    """The fields of each event with the offset of its process; lines of other namespaces are passed over.

    Raises:
        BadInput: At the first line of jepsen.util that is no event; what stands before it has been given.
    """
    known: dict[str, tuple[Any, Any]] = {}
    for line in _LINE(text):
        found = _OURS(line[0])
        if line.end() == len(text) and (found or not line[0].isspace()):
            raise BadInput(line.end(), "the last line does not end: cut off? If it is whole, add the end of the line")
        if found is None:
            continue
        start = line.start() + found.end()
        event = _EVENT(line[0], found.end())
        if event is None:
            raise BadInput(
                start, "a line of jepsen.util that is no event: process, :type, :f and value should stand here"
            )
        rest = event["rest"].strip()
        type_ = event["type"]
        value: Any = None
        error: Any = "timed-out"
        if rest == _TIMED_OUT and type_ != ":invoke":
            type_ = ":info"
        elif rest in known:
            value, error = known[rest]
        else:
            surely = type_ in (":invoke", ":ok")
            value, error = _value(rest, line.start() + event.start("rest"), surely=surely)
            if surely and len(known) < _REMEMBERED:
                known[rest] = value, error
        yield start, {"process": event["process"], "type": type_, "f": event["f"], "value": value, "error": error}


def _value(rest: str, offset: int, *, surely: bool) -> tuple[Any, Any]:
    """Value and error; where it did not happen ``surely``, words may stand in their place."""
    if not rest:
        return None, None
    try:
        value, end = edn.parse(rest, 0)
        return value, edn.only(rest[end:]) if rest[end:].strip() else None
    except BadInput as bad:
        if not surely:
            return None, rest
        raise BadInput(offset + bad.offset, bad.reason) from bad
