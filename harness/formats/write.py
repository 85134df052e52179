"""Histories as files of other projects, and what such a file cannot hold."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np

from harness.errors import UsageError
from harness.formats.events import READS, are_pairs
from harness.history import TYPE_CODES, History
from harness.op import FAIL, INFO, INVOKE, NEMESIS, OK, Op
from harness.values import NULL

_NAME: Final = re.compile(r"[A-Za-z*+!_?<>=-][A-Za-z0-9*+!_?<>=./-]*\Z").match
_KV: Final = frozenset({"get", "put", "append"})
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f]*\Z').match


@dataclass(frozen=True, slots=True)
class Written:
    """A file for another program.

    Args:
        lines: Its lines, each with its end.
        losses: What the format cannot hold and the history has, in words.
    """

    lines: Iterable[bytes]
    losses: list[str] = field(default_factory=list)


def quorate(history: History) -> Written:
    """JSON lines, as quorate itself records them."""
    return Written(msgspec.json.encode(op) + b"\n" for op in history)


def jepsen_edn(history: History) -> Written:
    """Jepsen's ``history.edn``, one map a line; keys become jepsen.independent's tuples ``[key value]``."""
    clients = history.process != NEMESIS
    keyed = history.key[clients] >= 0
    tuples = bool(keyed.all()) and bool(keyed.size)
    losses = []
    if keyed.any() and not tuples:
        losses.append("keys, which only some of the operations have, as anything but a field :key")
    nothing = (history.type == TYPE_CODES[OK]) & (history.value == NULL)
    reads = np.array([f in READS for f in history.fs], dtype=np.bool_)
    absent = int((nothing & clients & (reads[history.f] if len(reads) else False)).sum())
    if absent:
        losses.append(
            f"that {absent} reads of null saw that there was no value (there nil is unknown: --nil-reads initial)"
        )
    if history.evidence:
        losses.append("evidence about unknown outcomes")
    if are_pairs(_paired(op) if tuples else op for op in history) != tuples:
        losses.append(f"whether its values are tuples of key and value (--keys {'pairs' if tuples else 'none'})")
    return Written((_edn_line(_paired(op) if tuples else op) for op in history), losses)


def _paired(op: Op) -> Op:
    """The same operation with its key in its value."""
    return op if op.process == NEMESIS else msgspec.structs.replace(op, key=None, value=[op.key, op.value])


def _edn_line(op: Op) -> bytes:
    process = ":nemesis" if op.process == NEMESIS else str(op.process)
    fields = [
        (":index", str(op.index)),
        (":time", str(op.time)),
        (":type", f":{op.type}"),
        (":process", process),
        (":f", f":{op.f}" if _NAME(op.f) else _edn(op.f)),
        (":value", _edn(op.value)),
    ]
    fields += [
        (name, _edn(extra))
        for name, extra in (
            (":key", op.key),
            (":node", op.node),
            (":error", op.error),
            (":version", op.version),
        )
        if extra is not None
    ]
    return f"{{{', '.join(f'{name} {text}' for name, text in fields)}}}\n".encode()


def _edn(value: Any) -> str:
    """A JSON value as EDN."""
    if value is None:
        return "nil"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return f"[{' '.join(map(_edn, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_edn(key)} {_edn(member)}' for key, member in value.items())}}}"
    return msgspec.json.encode(value).decode()


def porcupine_kv(history: History) -> Written:
    """The kv text of Porcupine's tests: get, put and append of strings under string keys, invoked or ok.

    Raises:
        UsageError: An operation is no such one.
    """
    left_out = {FAIL: 0, INFO: 0, NEMESIS: 0}
    lines = []
    for op in history:
        outcome = history[int(history.partner[op.index])].type if history.partner[op.index] >= 0 else INFO
        if op.process == NEMESIS:
            left_out[NEMESIS] += 1
        elif FAIL in (op.type, outcome):
            left_out[FAIL] += op.type == INVOKE
        elif op.type == INFO or (op.type == INVOKE and outcome == INFO and op.f == "get"):
            left_out[INFO] += op.type == INVOKE
        else:
            left_out[INFO] += outcome == INFO
            lines.append(_kv_line(op))
    losses = ["times, nodes and versions"]
    losses += [
        f"{count} {what}"
        for count, what in (
            (left_out[FAIL], "operations that failed (left out)"),
            (left_out[INFO], "unknown outcomes (left open, gets left out)"),
            (left_out[NEMESIS], "events of the nemesis (left out)"),
        )
        if count
    ]
    return Written(lines, losses)


def _kv_line(op: Op) -> bytes:
    if op.f not in _KV:
        raise UsageError(f"porcupine-kv holds only get, put and append, and event {op.index} is a {op.f!r}")
    key, value = _kv_text(op, "key", op.key), "nil"
    if op.f != "get":
        value = _kv_text(op, "value", op.value)
    elif op.type == OK:
        value = _kv_text(op, "value", "" if op.value is None else op.value)
    return f"{{:process {op.process}, :type :{op.type}, :f :{op.f}, :key {key}, :value {value}}}\n".encode()


def _kv_text(op: Op, what: str, value: Any) -> str:
    if not isinstance(value, str) or not _PLAIN(value):
        shown = msgspec.json.encode(value).decode()
        raise UsageError(
            f"porcupine-kv holds only strings without quotes, backslashes and line ends, and the {what} of event "
            f"{op.index} is {shown if len(shown) <= 60 else f'{shown[:57]}...'}"  # noqa: PLR2004 - what fits in a line
        )
    return f'"{value}"'


WRITERS: Final[dict[str, Callable[[History], Written]]] = {
    "quorate": quorate,
    "jepsen-edn": jepsen_edn,
    "porcupine-kv": porcupine_kv,
}
"""By the name of the format."""
