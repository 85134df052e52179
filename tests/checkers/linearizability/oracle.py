"""A brute-force decision: every order that real time allows is tried. Slow, short, obviously right.

Nothing here, and nothing in ``datatypes``, uses the checker.
"""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

from harness.history import History

FOREVER = 1 << 60


@dataclass(frozen=True, slots=True)
class Row:
    """One whole operation.

    ``begin`` and ``end`` are twice an event index, or odd: between two events. ``told`` is whether the outcome is
    known, ``failed`` whether it is a failure (that happened in a state which explains it), ``optional`` whether the
    operation may not have happened.
    """

    event: int
    begin: int
    end: int
    process: int
    f: str
    argument: Any
    result: Any
    told: bool = True
    failed: bool = False
    optional: bool = False
    version: int | None = None


class Outcome(NamedTuple):
    """What an operation may answer (``failed``: a failure), and the state afterwards."""

    result: Any
    after: Any
    failed: bool = False
    version: int | None = None


def frozen(value: Any) -> Any:
    """Hashable, and equal for equal JSON values only."""
    if isinstance(value, bool):
        return ("bool", value)
    return tuple(map(frozen, value)) if isinstance(value, list | tuple) else value


class Type:
    """A data type.

    Attributes:
        fs: Per f, how often it is drawn.
        failure: The error with which a failure is an observation.
    """

    name = ""
    fs: ClassVar[Mapping[str, int]] = {}
    failure = ""
    initial: Any = None

    def outcomes(self, state: Any, row: Row) -> Iterable[Outcome]:
        """Everything that the operation can answer in that state."""
        raise NotImplementedError

    def ask(self, rng: random.Random, f: str, state: Any, value: int) -> Any:
        """An argument, where the state is known and ``value`` is what to write."""
        del rng, f, state
        return value

    def agrees(self, row: Row, outcome: Outcome) -> bool:
        """Whether the answer is the one that was recorded."""
        return bool(frozen(row.result) == frozen(outcome.result))

    def after(self, state: Any, row: Row) -> Iterator[Any]:
        """The states in which the operation, as it was recorded, can leave the object."""
        for outcome in self.outcomes(state, row):
            if outcome.failed == row.failed and (not row.told or row.failed or self.agrees(row, outcome)):
                yield outcome.after

    def wrong(self, rng: random.Random, row: Row, pool: list[Any]) -> Row:
        """The same operation with another answer."""
        return replace(row, result=rng.choice(pool))


def linearizable(kind: Type, rows: list[Row]) -> bool:
    """Try every order that real time allows."""
    must = sum(1 << i for i, row in enumerate(rows) if not row.optional)
    # Who has to stand before whom, as masks.
    earlier = [sum(1 << j for j, other in enumerate(rows) if other.end < row.begin) & must for row in rows]
    later = [sum(1 << j for j, other in enumerate(rows) if row.end < other.begin) for row in rows]
    refuted: set[tuple[int, Any]] = set()

    def search(done: int, state: Any) -> bool:
        if done & must == must:
            return True
        if (done, state) in refuted:
            return False
        for i, row in enumerate(rows):
            if done >> i & 1 or earlier[i] & ~done or later[i] & done:
                continue
            if any(search(done | 1 << i, after) for after in kind.after(state, row)):
                return True
        refuted.add((done, state))
        return False

    return search(0, kind.initial)


def rows_of(kind: Type, history: History) -> dict[Any, list[Row]]:
    """The operations of each key that say something, in the order of their invocations."""
    found: dict[Any, list[Row]] = {}
    observed = kind.failure.split(":")[0]
    for op in history:
        if op.type != "invoke" or op.process < 0:
            continue
        partner = int(history.partner[op.index])
        done = history[partner] if partner >= 0 else None
        rows = found.setdefault(op.key, [])
        if done is None or done.type == "info":
            row = Row(op.index, 2 * op.index, FOREVER, op.process, op.f, op.value, None, told=False, optional=True)
            for piece in history.evidence.get(op.index, ()):
                row = _with(row, piece)
            if not (row.optional and row.end == -1):
                rows.append(row)
        elif done.type == "ok":
            ends = 2 * done.index
            row = Row(op.index, 2 * op.index, ends, op.process, op.f, op.value, done.value, version=done.version)
            rows.append(row)
        elif observed and (done.error or "").split(":")[0] == observed:
            rows.append(
                Row(op.index, 2 * op.index, 2 * done.index, op.process, op.f, op.value, done.value, failed=True)
            )
    return found


def _with(row: Row, piece: Any) -> Row:
    """What evidence says of an operation of unknown outcome; one that did not happen ends before everything."""
    if piece.persisted is False:
        return replace(row, end=-1)
    return replace(
        row,
        optional=row.optional and not piece.persisted and piece.version is None,
        version=row.version if piece.version is None else piece.version,
        begin=row.begin if piece.not_before is None else max(row.begin, 2 * piece.not_before + 1),
        end=row.end if piece.not_after is None else min(row.end, 2 * piece.not_after - 1),
    )


def stands_alone(kind: Type, rows: list[Row], witness: set[int]) -> bool:
    """Whether the operations invoked at these events refute, all others being only possible."""
    return not linearizable(kind, [row if row.event in witness else replace(row, optional=True) for row in rows])
