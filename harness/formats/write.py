"""Histories as files of other projects, and what such a file cannot hold."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from harness.errors import UsageError
from harness.formats.events import READS, Pair, are_pairs, known
from harness.history import TYPE_CODES, History
from harness.op import FAIL, INFO, INVOKE, NEMESIS, OK, Op

_NAME: Final = re.compile(r"[A-Za-z*+!_?<>=-][A-Za-z0-9*+!_?<>=./-]*\Z").match
_TRANSACTIONS: Final = frozenset({"txn", "read", "write"})
_TUPLE: Final = "#jepsen.independent.Tuple"
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
    """Jepsen's ``history.edn``, one map a line; keys become jepsen.independent's tuples ``[key value]``.

    The tuples have its tag where their values have keys of their own: transactions, of which a pair may be a part.
    """
    clients = history.process != NEMESIS
    keyed = history.key[clients] >= 0
    tuples = bool(keyed.all()) and bool(keyed.size)
    invoked = clients & (history.type == TYPE_CODES[INVOKE])
    pair: type[list[Any]] = (
        Pair if tuples and any(_may_be_a_transaction(f, value) for f, value, _ in _used(history, invoked)) else list
    )
    losses = []
    if keyed.any() and not tuples:
        losses.append("keys, which only some of the operations have, as anything but a field :key")
    ok = clients & (history.type == TYPE_CODES[OK])
    absent = sum(times for f, value, times in _used(history, ok) if _saw_nothing(f, value))
    if absent:
        losses.append(
            f"that {absent} reads of null saw that there was no value (there nil is unknown: --nil-reads initial)"
        )
    if history.evidence:
        losses.append("evidence about unknown outcomes")
    if are_pairs(_paired(op, pair) if tuples else op for op in history) != tuples:
        losses.append(f"whether its values are tuples of key and value (--keys {'pairs' if tuples else 'none'})")
    return Written((_edn_line(_paired(op, pair) if tuples else op) for op in history), losses)


def _used(history: History, events: NDArray[np.bool_]) -> Iterator[tuple[str, Any, int]]:
    """The different pairs of f and value among these events, and how often each occurs."""
    pairs, times = np.unique(np.stack([history.f[events], history.value[events]]), axis=1, return_counts=True)
    for f, value, count in zip(*pairs.tolist(), times.tolist(), strict=True):
        yield history.fs[f], history.values[value], count


def _may_be_a_transaction(f: str, value: Any) -> bool:
    """Of some registers, to be read or written together."""
    return f in _TRANSACTIONS and isinstance(value, list | tuple)


def _saw_nothing(f: str, value: Any) -> bool:
    return value is None if f in READS else f == "txn" and known(value) is not value


def _paired(op: Op, pair: type[list[Any]]) -> Op:
    """The same operation with its key in its value."""
    return op if op.process == NEMESIS else msgspec.structs.replace(op, key=None, value=pair([op.key, op.value]))


def _edn_line(op: Op) -> bytes:
    try:
        return _edn_fields(op)
    except RecursionError as error:
        raise UsageError(f"jepsen-edn cannot hold event {op.index}: its value is nested too deep") from error


def _edn_fields(op: Op) -> bytes:
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
        return f"{_TUPLE if type(value) is Pair else ''}[{' '.join(map(_edn, value))}]"
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
    number = _Numbers(history)
    for op in history:
        partner = int(history.partner[op.index])
        outcome = history[partner].type if partner >= 0 else INFO
        if op.process == NEMESIS:
            left_out[NEMESIS] += 1
        elif FAIL in (op.type, outcome):
            left_out[FAIL] += op.type == INVOKE
        elif op.type == INFO or (op.type == INVOKE and outcome == INFO and op.f == "get"):
            left_out[INFO] += op.type == INVOKE
        elif op.type == OK and partner < 0:
            raise UsageError(f"porcupine-kv holds only whole operations, and event {op.index} completes none")
        else:
            lines.append(_kv_line(op, number[op.process]))
            if op.type == INVOKE and outcome == INFO:
                left_out[INFO] += 1
                number.retire(op.process)
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


class _Numbers(dict[int, int]):
    """What the processes are called: there, whoever goes on has got an answer."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self._fresh = int(history.process.max(initial=-1)) + 1

    def __missing__(self, process: int) -> int:
        return process

    def retire(self, process: int) -> None:
        """It goes on under a new number, and what it has begun stays open."""
        self[process] = self._fresh
        self._fresh += 1


def _kv_line(op: Op, process: int) -> bytes:
    if op.f not in _KV:
        raise UsageError(f"porcupine-kv holds only get, put and append, and event {op.index} is a {op.f!r}")
    key, value = _kv_text(op, "key", op.key), "nil"
    if op.f != "get":
        value = _kv_text(op, "value", op.value)
    elif op.type == OK:
        value = _kv_text(op, "value", "" if op.value is None else op.value)
    return f"{{:process {process}, :type :{op.type}, :f :{op.f}, :key {key}, :value {value}}}\n".encode()


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
