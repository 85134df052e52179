"""Readers of recorded histories of other projects; for tests only."""

import re
from pathlib import Path
from typing import Any

from harness.history import History
from harness.op import INFO, Op

_LOG = re.compile(r"jepsen\.util - (\d+)\s+:(\w+)\s+:(\w+)\s+(.*?)\s*$")
_EDN = re.compile(r"\{([^{}]*)\}")
_FIELD = re.compile(r":([\w-]+) (\[[^\]]*\]|\"[^\"]*\"|[^\s,}]+)")


def _number(text: str) -> Any:
    if text == "nil":
        return None
    if text.startswith("["):
        return [_number(part) for part in text[1:-1].split()]
    if text.startswith(('"', ":")):
        return text.strip('":')
    return int(text)


class _Builder:
    def __init__(self) -> None:
        self.ops: list[Op] = []

    def record(self, process: int, kind: str, f: str, value: Any, *, error: str | None = None) -> None:
        self.ops.append(Op(len(self.ops), len(self.ops), process, kind, f, None, value, None, error))  # type: ignore[arg-type]  # the file says what it is


def etcd_log(path: Path) -> History:
    """Jepsen's log of etcd: a failed cas has seen another value; what timed out is unknown."""
    builder = _Builder()
    for line in path.read_text().splitlines():
        found = _LOG.search(line)
        if not found:
            continue
        process, kind, f, value = int(found[1]), found[2], found[3], found[4]
        if value == ":timed-out":
            builder.record(process, INFO, f, None, error="timeout: no answer")
        elif kind == "fail" and f == "cas":
            builder.record(process, kind, f, _number(value), error="cas-mismatch: was not equal")
        else:
            builder.record(process, kind, f, _number(value))
    return History(builder.ops)


def knossos_edn(path: Path) -> History:
    """A history of Knossos: a read of nil is unknown, what failed did not happen; the nemesis is left out."""
    builder = _Builder()
    for found in _EDN.finditer(path.read_text()):
        fields = dict(_FIELD.findall(found[1]))
        if not fields.get("process", ":nemesis").isdigit():
            continue
        kind, f = fields["type"].lstrip(":"), fields["f"].lstrip(":")
        value = _number(fields.get("value", "nil"))
        if f == "read" and kind == "ok" and value is None:
            kind = INFO
        builder.record(int(fields["process"]), kind, f, value)
    return History(builder.ops)


def mutex_edn(path: Path) -> History:
    """A mutex as a register: acquire is a cas from free to held, release one from held to free."""
    builder = _Builder()
    for op in knossos_edn(path):
        value = ["free", "held"] if op.f == "acquire" else ["held", "free"]
        builder.record(op.process, op.type, "cas", value)
    return History(builder.ops)
