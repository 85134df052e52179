"""What evidence about unknown outcomes does to the operations: fewer are optional, and their intervals are shorter."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.evidence import Contradiction, Evidence, combined
from harness.history import NEVER, TYPE_CODES, Calls, History
from harness.op import INFO, MOST_64

if TYPE_CHECKING:
    from checkers.linearizability.operations import Operations


def applied(operations: "Operations", history: History, calls: Calls, part: NDArray[np.int32]) -> "Operations":
    """The operations as they are with the evidence of the history.

    One that did not happen is left out; one that did is not optional any more. Where an instant is put between two
    events, all instants become ranks.

    Args:
        operations: Without evidence.
        history: Where they came from.
        calls: Its operations.
        part: Of each of ``calls``.
    """
    facts, unusable = {}, dict(operations.unusable)
    for event, pieces in history.evidence.items():
        row = int(np.searchsorted(calls.invoke, event))
        try:
            facts[row] = _facts(row, event, pieces, calls, len(history))
        except Contradiction as problem:
            invoked = row < len(calls) and calls.invoke[row] == event
            for one in (int(part[row]),) if invoked else range(operations.parts):
                unusable.setdefault(one, f"the evidence about event {event} cannot be true: {problem}")
    kept = np.ones(len(operations), dtype=np.bool_)
    optional, version = operations.optional.copy(), operations.version.copy()
    begin, end = 2 * operations.call.astype(np.int64), 2 * operations.ret.astype(np.int64)
    for row, fact in facts.items():
        position = int(np.searchsorted(operations.row, row))
        if position == len(operations) or operations.row[position] != row:
            continue
        kept[position] = fact.persisted is not False
        optional[position] = fact.persisted is None
        if fact.version is not None:
            version[position] = fact.version
        if fact.not_before is not None:
            begin[position] = max(int(begin[position]), 2 * fact.not_before + 1)
        if fact.not_after is not None:
            end[position] = 2 * fact.not_after - 1
    call, ret = _instants(begin, end)
    order = np.argsort(call, kind="stable")
    changed = replace(operations, call=call, ret=ret, optional=optional, version=version, unusable=unusable)
    return changed.select(order[kept[order]])


def _facts(row: int, event: int, pieces: tuple[Evidence, ...], calls: Calls, events: int) -> Evidence:
    """What is known of one operation.

    Raises:
        Contradiction: It contradicts itself or the history.
    """
    if row >= len(calls) or calls.invoke[row] != event:
        raise Contradiction("no operation was invoked there")
    if calls.outcome[row] != TYPE_CODES[INFO]:
        raise Contradiction("the outcome of that operation is known")
    try:
        facts = combined(pieces)
    except TypeError as error:
        raise Contradiction(f"{error}") from error
    if facts.version is not None and not 0 <= facts.version <= MOST_64:
        raise Contradiction(f"{facts.version} is no version")
    for bound in (facts.not_before, facts.not_after):
        if bound is not None and not 0 <= bound < events:
            raise Contradiction(f"the history has no event {bound}")
    if facts.not_after is not None and facts.not_after <= event:
        raise Contradiction(f"it was not invoked before event {facts.not_after}")
    return facts


def _instants(begin: NDArray[np.int64], end: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """``call`` and ``ret`` from a doubled scale, on which the odd instants are between two events.

    Of instants between the same two events, those that bound an operation from below come first: then neither of two
    operations is held to precede the other.
    """
    finite = np.flatnonzero(end < 2 * NEVER)
    if not (begin & 1).any() and not (end & 1).any():
        return (begin // 2).astype(np.int32), (end // 2).astype(np.int32)
    instants = np.concatenate([begin, end[finite]])
    is_end = np.arange(len(instants)) >= len(begin)
    rank = np.empty(len(instants), dtype=np.int32)
    rank[np.lexsort((is_end, instants))] = np.arange(len(instants), dtype=np.int32)
    ret = np.full(len(end), NEVER, dtype=np.int32)
    ret[finite] = rank[len(begin) :]
    return rank[: len(begin)], ret
