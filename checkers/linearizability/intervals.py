"""Histories of whole operations: who did what from when to when, as Porcupine takes them."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from harness.history import History
from harness.op import FAIL, INFO, INVOKE, OK, Op, Type

_NANOSECONDS: Final = 1_000_000_000
_LONGEST: Final = 9e18
_MOST_PROCESSES: Final = 1 << 30


class TimedOperation(NamedTuple):
    """One operation of a client, and the closed interval in which it happened; a plain tuple of the same does as well.

    Args:
        process: Which client, counted from 0.
        f: What was done: ``read``, ``write``, ``put``.
        argument: What it was asked.
        result: What it answered.
        start: When it was invoked, on a clock that all clients share: nanoseconds when all instants of a history are
            integers, else seconds.
        end: When it was complete, not before ``start``; None where nobody knows whether it happened, or will.
        key: Which independent object; None where there is only one.
        error: Why it failed, as ``code: words``: it did not happen. None where it did not fail.
    """

    process: int
    f: str
    argument: Any
    result: Any
    start: float
    end: float | None
    key: str | int | None = None
    error: str | None = None


_FEWEST: Final = len(TimedOperation._fields) - len(TimedOperation._field_defaults)


def history(operations: Iterable[Sequence[Any]], *, one_at_a_time: bool = False) -> History:
    """The history of whole operations in any order.

    Equal instants are concurrent: an operation that ends when another one starts may come after it. Operations of one
    process that overlap are told apart by further process numbers.

    Args:
        operations: They, as ``TimedOperation`` or tuples of the same.
        one_at_a_time: It matters who does what (``Model.per_process``), so no operations of one process may overlap.

    Raises:
        ValueError: One is no such tuple, or ends before it starts; or operations of one process overlap although they
            must not.
    """
    whole = [_operation(number, fields) for number, fields in enumerate(operations)]
    # At one instant, what is invoked comes before what is complete.
    points = [(op.start, 0, number) for number, op in enumerate(whole)]
    points += [(op.end, 1, number) for number, op in enumerate(whole) if op.end is not None]
    points.sort()
    lanes = _Lanes(whole, one_at_a_time)
    first = points[0][0] if points else 0
    unit = _NANOSECONDS if any(isinstance(instant, float) for instant, _, _ in points) else 1
    if points and (points[-1][0] - first) * unit > _LONGEST:
        raise ValueError(f"the operations take from {first!r} to {points[-1][0]!r}: that is more than 292 years")
    events = []
    for instant, completes, number in points:
        op, process = whole[number], lanes.process(number, bool(completes))
        time = round((instant - first) * unit)
        if not completes:
            events.append(Op(-1, time, process, INVOKE, op.f, op.key, op.argument))
        if completes or op.end is None:
            type_: Type = FAIL if op.error is not None else INFO if op.end is None else OK
            events.append(Op(-1, time, process, type_, op.f, op.key, op.result, error=op.error))
    return History(events)


def _operation(number: int, fields: Sequence[Any]) -> TimedOperation:
    if not isinstance(fields, tuple) or not _FEWEST <= len(fields) <= len(TimedOperation._fields):
        raise ValueError(f"operation {number} is {_short(fields)}: {_WANTED}")
    op = TimedOperation(*fields)
    if not (_counts(op.process) and 0 <= op.process < _MOST_PROCESSES and isinstance(op.f, str)):
        raise ValueError(f"operation {number} is {_short(fields)}: {_WANTED}, with a process from 0 on and a name as f")
    if op.key is not None and (not isinstance(op.key, str | int) or isinstance(op.key, bool)):
        raise ValueError(f"operation {number} is {_short(fields)}, whose key is neither a string nor an integer")
    if not _is_instant(op.start) or not (op.end is None or (_is_instant(op.end) and op.start <= op.end)):
        raise ValueError(
            f"operation {number} is {_short(fields)}: its end, {op.end!r}, is no instant at or after its start, "
            f"{op.start!r}"
        )
    return op


_WANTED: Final = "write (process, f, argument, result, start, end), or a TimedOperation"


def _counts(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_instant(value: object) -> bool:
    """Infinity and NaN are none."""
    return _counts(value) or (isinstance(value, float) and value - value == 0)


def _short(fields: object) -> str:
    text = repr(tuple(fields) if isinstance(fields, tuple) else fields)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - what fits in a line


class _Lanes:
    """Process numbers under which every process does one thing at a time."""

    def __init__(self, whole: Sequence[TimedOperation], one_at_a_time: bool) -> None:
        self._whole = whole
        self._one_at_a_time = one_at_a_time
        self._fresh = max((op.process for op in whole), default=-1) + 1
        self._spare: dict[int, list[int]] = {}
        self._lane: dict[int, int] = {}

    def process(self, number: int, completes: bool) -> int:
        """The process of an event of operation ``number``; asked in the order of the events."""
        op = self._whole[number]
        if completes:
            lane = self._lane[number]
            self._spare[op.process].append(lane)
            return lane
        spare = self._spare.setdefault(op.process, [op.process])
        if not spare:
            if self._one_at_a_time:
                raise ValueError(
                    f"operation {number} of process {op.process} starts at {op.start!r}, before an earlier one is "
                    f"complete; this model asks who did what, so let a process do one thing at a time"
                )
            spare.append(self._fresh)
            self._fresh += 1
        lane = spare.pop()
        if op.end is None:
            # Its completion follows at once, and says that nobody knows.
            spare.append(lane)
        else:
            self._lane[number] = lane
        return lane
