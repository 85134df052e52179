"""A witness as data: its operations, the order as far as there is one, and what cannot come next.

This is ``Anomaly.data``: bounded, whatever the history holds, so that a report can draw it and a program can read it.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from checkers.linearizability.explain import Narrator

MOST: Final = 40
"""At most so many operations."""

STUCK_MOST: Final = 12
"""At most so many of them are shown as impossible to place."""

CORE_MOST: Final = 12
"""So many of the smallest conflict are there, even where the order has more steps than there is room for."""

WORDS: Final = 120
"""At most so many characters of each text."""


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """One operation of a witness.

    Args:
        events: Index of the invocation, and of the completion where there is one.
        process: Who did it.
        f: What was done.
        words: The same with values, as the model tells it.
        start: When it was invoked, nanoseconds since the start of the run.
        end: When it was complete; None where its outcome is unknown.
        node: Where.
        optional: Nobody knows whether it happened at all.
    """

    events: tuple[int, ...]
    process: int
    f: str
    words: str
    start: int
    end: int | None = None
    node: str | None = None
    optional: bool = False


class Placed(msgspec.Struct, frozen=True):
    """A step of the longest order that explains the beginning: position in ``operations``, and the state around it."""

    operation: int
    before: str
    after: str


class Unplaced(msgspec.Struct, frozen=True):
    """An operation that cannot be the next step: position in ``operations``, and why not."""

    operation: int
    why: str


class Witness(msgspec.Struct, frozen=True, omit_defaults=True):
    """All of it.

    Args:
        rule: Which rule was broken.
        operations: In the order of their invocations.
        order: The steps that explain as much as can be explained; none where the operations contradict each other
            whatever was done before.
        stuck: Why the order ends there.
        window: The first and the last event index of the operations.
        left_out: How many more operations there are: of a conflict, and of an order its first steps.
    """

    rule: str
    operations: tuple[Member, ...] = ()
    order: tuple[Placed, ...] = ()
    stuck: tuple[Unplaced, ...] = ()
    window: tuple[int, int] = (0, 0)
    left_out: int = 0


def cut(text: str) -> str:
    """At most ``WORDS`` characters."""
    return text if len(text) <= WORDS else f"{text[: WORDS - 3]}..."


def witness(
    tell: "Narrator",
    rule: str,
    rows: Iterable[int],
    order: Sequence[tuple[int, str, str]] = (),
    stuck: Sequence[tuple[int, str]] = (),
    *,
    earlier: Sequence[int] = (),
) -> dict[str, Any]:
    """The data of an anomaly.

    Args:
        tell: Of the operations.
        rule: Which rule was broken.
        rows: Of the operations, the most telling first.
        order: Rows of some of them with the state before and after each, in words; the first steps are left out where
            there are too many.
        stuck: Rows of others, and why these cannot come next.
        earlier: Rows of the steps before those of ``order``.
    """
    rows, stuck = list(rows), stuck[:STUCK_MOST]
    core = set(rows[:CORE_MOST]).union(row for row, _ in stuck)
    last: list[tuple[int, str, str]] = []
    for step in reversed(order):
        if len(core | {step[0]}) > MOST:
            break
        core.add(step[0])
        last.insert(0, step)
    every = dict.fromkeys([*sorted(core), *rows, *(row for row, _, _ in order), *earlier])
    chosen = sorted(list(every)[:MOST], key=tell.events)
    place = {row: position for position, row in enumerate(chosen)}
    events = [event for row in chosen for event in tell.events(row)]
    found = Witness(
        rule=cut(rule),
        operations=tuple(_member(tell, row) for row in chosen),
        order=tuple(Placed(place[row], cut(before), cut(after)) for row, before, after in last),
        stuck=tuple(Unplaced(place[row], cut(why)) for row, why in stuck),
        window=(min(events, default=0), max(events, default=0)),
        left_out=len(every) - len(chosen),
    )
    data: dict[str, Any] = msgspec.to_builtins(found)
    return data


def _member(tell: "Narrator", row: int) -> Member:
    events = tell.events(row)
    op = tell.history[events[0]]
    unknown = bool(tell.operations.unanswered[row])
    return Member(
        events=tuple(events),
        process=op.process,
        f=cut(op.f),
        words=cut(tell.words(row)),
        start=op.time,
        end=None if unknown else int(tell.history.time[events[-1]]),
        node=None if op.node is None else cut(op.node),
        optional=bool(tell.operations.optional[row]),
    )
