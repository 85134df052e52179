"""Transactions as a history recorded them: lists of micro-operations ``[f, key, value]``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from checkers.linearizability.model import show
from harness.history import NEVER, TYPE_CODES, Calls, History
from harness.op import FAIL, OK
from harness.values import PLAIN, token

READ: Final = "r"

_SHOWN: Final = 6
"""How many elements of a list a sentence shows."""

Micro = tuple[str, Any, Any]
"""``f``, key and value; the value of a read is what it returned."""


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """One transaction.

    Args:
        invoke: Event index.
        complete: Event index of its completion; ``NEVER`` where the outcome is unknown.
        committed: It certainly happened.
        failed: It certainly did not.
        micros: What it did, in order: of a transaction that did not commit, what was asked.
    """

    invoke: int
    complete: int
    committed: bool
    failed: bool
    micros: tuple[Micro, ...]

    @property
    def event(self) -> int:
        """The event that shows most of it."""
        return self.invoke if self.complete == NEVER else self.complete


class Strange(Exception):
    """An operation that is no transaction; the message says why."""


class Reader:
    """Reads the transactions of a history.

    Args:
        history: Where they are.
        write: The ``f`` of a micro-operation that writes: ``append`` or ``w``.

    Attributes:
        problems: What could not be understood, in words.
        keys: Per stand-in of a key, the key.
    """

    def __init__(self, history: History, write: str) -> None:
        self.problems: list[str] = []
        self.keys: dict[Any, Any] = {}
        self._history = history
        self._write = write

    def transactions(self) -> Iterator[Transaction]:
        """One after the other, in the order of their invocations."""
        calls = self._history.calls()
        for row in range(len(calls)):
            try:
                yield self._transaction(calls, row)
            except Strange as strange:
                self.problems.append(f"event {int(calls.invoke[row])} is no transaction that can be judged: {strange}")

    def _transaction(self, calls: Calls, row: int) -> Transaction:
        f = self._history.fs[calls.f[row]]
        if f != "txn":
            raise Strange(f"its f is {f!r}, not 'txn'")
        asked = self._micros(calls.arguments[row])
        committed = bool(calls.outcome[row] == TYPE_CODES[OK])
        micros = asked
        if committed:
            micros = self._micros(calls.results[row])
            if not _answers(micros, asked):
                raise Strange("its completion does not repeat the micro-operations of its invocation")
        return Transaction(
            int(calls.invoke[row]),
            int(calls.complete[row]),
            committed,
            bool(calls.outcome[row] == TYPE_CODES[FAIL]),
            micros,
        )

    def _micros(self, value: Any) -> tuple[Micro, ...]:
        if not isinstance(value, list | tuple):
            raise Strange(f"its value {show(value)} is not a list of micro-operations")
        return tuple(map(self._micro, value))

    def _micro(self, value: Any) -> Micro:
        if not isinstance(value, list | tuple) or len(value) != 3:  # noqa: PLR2004 - f, key, value
            raise Strange(f"{show(value)} is not [f, key, value]")
        f, key, argument = value
        if f not in (READ, self._write):
            raise Strange(f"{show(value)} is neither {READ!r} nor {self._write!r}")
        name = token(key)
        self.keys.setdefault(name, key)
        if f != READ and argument is None:
            raise Strange(f"{show(value)} writes null")
        return f, name, argument


def _answers(told: Sequence[Micro], asked: Sequence[Micro]) -> bool:
    """Whether a completion repeats its invocation; reads of which nothing is known may be left out."""
    left = iter(told)
    answer = next(left, None)
    for micro in asked:
        if answer is not None and _intent(answer) == _intent(micro):
            answer = next(left, None)
        elif micro[0] != READ:
            return False
    return answer is None


def _intent(micro: Micro) -> tuple[Any, ...]:
    """What a micro-operation asks for."""
    f, key, value = micro
    return (f, key) if f == READ else (f, key, token(value))


def report_key(keys: Mapping[Any, Any], name: Any) -> str | int | None:
    """The key as an anomaly names it."""
    key = keys[name]
    return key if isinstance(key, str | int) else show(key)


def names(values: Any) -> list[Any]:
    """The stand-ins of the elements of a list; the list itself where they are their own."""
    if set(map(type, values)) <= PLAIN:
        return values if type(values) is list else list(values)
    return list(map(token, values))


def word(name: Any) -> str:
    """A value of which only the stand-in is at hand."""
    return name[1].decode() if isinstance(name, tuple) and isinstance(name[1], bytes) else show(name)


def words(elements: Sequence[Any], at: int | None = None) -> str:
    """A list; of a long one the end, or what stands around position ``at``."""
    start = max(0, len(elements) - _SHOWN if at is None else at - _SHOWN // 2)
    end = start + _SHOWN
    shown = [*["..."] * (start > 0), *map(word, elements[start:end]), *["..."] * (end < len(elements))]
    return f"[{', '.join(shown)}]"
