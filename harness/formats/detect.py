"""Which format a file has, from how it begins."""

import re
from typing import Final

import msgspec

from harness.formats import log
from harness.op import Op

HEAD: Final = 1 << 16
"""Bytes that are looked at."""

_BLANK: Final = re.compile(r"(?>[\s,]+|;[^\n]*+)*+").match
_JSON_ARRAY: Final = re.compile(r'\[\s*(?:\{\s*["}]|\]|"|-?[0-9.]+\s*,|$)').match
_JSON_OBJECT: Final = re.compile(r'\{\s*(?:"|\Z)').match
_KV: Final = re.compile(r"\{[^{}]*:f\s+:(?:get|put|append|delete)\b[^{}]*\}").match
_KEYED: Final = re.compile(r":key\s").search


def detect(head: bytes) -> str | None:
    """The name of the format of a file that begins with these bytes; None for no known one.

    Args:
        head: The first ``HEAD`` bytes of the file.
    """
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    blank = _BLANK(text)
    start = blank.end() if blank else 0
    rest = text[start:]
    if not rest:
        return "quorate"
    if _JSON_OBJECT(rest):
        return _objects(rest)
    if _JSON_ARRAY(rest):
        return "jepsen-json"
    if any(map(log.is_event, text.splitlines())):
        return "jepsen-log"
    return _edn(rest) if rest[0] in "[({#" else None


def _edn(text: str) -> str:
    """Whose EDN this is."""
    if text[0] in "[(":
        return "knossos-edn"
    first = _KV(text)
    return "porcupine-kv" if first and _KEYED(first[0]) else "jepsen-edn"


def _objects(text: str) -> str:
    """Whose JSON lines these are."""
    line, end, _ = text.partition("\n")
    try:
        first = msgspec.json.decode(line, type=Op)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        # Nobody else begins a line so: it is one of quorate's own that was cut off or damaged.
        if text.startswith('{"index":0,"time":'):
            return "quorate"
    else:
        if end and first.index == 0:
            return "quorate"
    return "jepsen-json" if re.search(r'"type"\s*:\s*":', line) else "jsonl"
