"""What the space-time picture of a witness shows, as plain data: lanes, bars, arrows, order, states and fault bands."""

from dataclasses import asdict
from typing import Any, Final

import msgspec

from checkers.linearizability.witness import Witness
from checkers.verdict import Anomaly
from harness.history import FaultSpan, History
from results import words
from results.calls import Call, active, call_at, calls_of, invocations

CONTEXT: Final = 6
"""At most so many operations beside the witness; none beside a witness of twice as many."""

WITNESS: Final = 12
"""At most so many operations of a witness without an order are drawn; the first and the last ones."""

BANDS: Final = 6
"""At most so many faults."""


def picture(history: History, anomaly: Anomaly, spans: list[FaultSpan], context: int = CONTEXT) -> dict[str, Any]:
    """The operations of a witness, some around them on the same keys, and the faults of that time.

    Args:
        history: Of the run.
        anomaly: The witness; of ``data`` the order and what cannot come next are drawn, if it holds them.
        spans: All faults of the run.
        context: At most so many operations that are not of the witness.

    Returns:
        JSON data: ``calls`` (in order of invocation, each with ``witness``), ``arrows`` (pairs of positions in
        ``calls``: the first ended before the second began), ``order`` (steps: ``call``, the ``event`` after which it
        is drawn, the state ``before`` and ``after``), ``stuck`` (``call``, and ``why`` it cannot come next), ``error``
        (the event by which no order was left; None where that is not known), ``faults``, ``start`` and ``end`` in
        nanoseconds.
    """
    found = told(anomaly)
    if found is not None and not all(0 <= event < len(history) for event in _events(found)):
        found = None
    witness = calls_of(history, anomaly.events if found is None else _events(found))
    if found is None and len(witness) > WITNESS:
        witness = witness[: WITNESS // 2] + witness[-WITNESS // 2 :]
    chosen = {call.invoke for call in witness}
    beside = _around(history, witness, min(context, 2 * CONTEXT - len(witness)))
    calls = sorted([*witness, *beside], key=lambda call: call.invoke)
    start = min((call.start for call in witness), default=0)
    end = max((call.start if call.known_end is None else call.known_end for call in witness), default=0)
    order, stuck = ([], []) if found is None else _steps(found, calls)
    return {
        "calls": [asdict(call) | {"witness": call.invoke in chosen} for call in calls],
        "arrows": [
            (calls.index(before), calls.index(after))
            for before, after in (() if order or len(witness) > WITNESS else precedence(witness))
            if before.process != after.process
        ],
        "order": order,
        "stuck": stuck,
        "error": _error([calls[step["call"]] for step in stuck], witness),
        "faults": [band(span) for span in active(spans, start, end)[:BANDS]],
        "start": start,
        "end": end,
    }


def told(anomaly: Anomaly) -> Witness | None:
    """The data of a linearizability checker's anomaly; None for any other."""
    try:
        found = msgspec.convert(anomaly.data, Witness)
    except msgspec.ValidationError:
        return None
    events, steps = _events(found), [n.operation for n in found.order] + [n.operation for n in found.stuck]
    whole = all(one.events for one in found.operations) and len(set(events)) == len(events)
    inside = all(0 <= n < len(found.operations) for n in steps)
    return found if found.operations and whole and inside else None


def _events(found: Witness) -> tuple[int, ...]:
    return tuple(event for one in found.operations for event in one.events)


def _steps(found: Witness, calls: list[Call]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The order and what cannot come next, by positions in ``calls``.

    Each step is drawn as early as it can have been: after its invocation and after the steps before it.
    """
    position = {call.invoke: number for number, call in enumerate(calls)}
    begin = [one.events[0] for one in found.operations]
    if not set(begin) <= position.keys():
        return [], []
    order, latest = [], 0
    for step in found.order:
        latest = max(latest, begin[step.operation])
        order.append(
            {
                "call": position[begin[step.operation]],
                "event": latest,
                "before": words.visible(step.before),
                "after": words.visible(step.after),
            }
        )
    stuck = [{"call": position[begin[step.operation]], "why": words.visible(step.why)} for step in found.stuck]
    return order, stuck


def _error(stuck: list[Call], witness: list[Call]) -> int | None:
    """The completion by which no order was left: the first of those that cannot be placed, else the last of all."""
    ends = [call.complete for call in stuck if call.complete is not None and call.known_end is not None]
    if ends:
        return min(ends)
    return max(
        (call.complete for call in witness if call.complete is not None and call.known_end is not None), default=None
    )


def precedence(calls: list[Call]) -> list[tuple[Call, Call]]:
    """Which operation ended before which began, without what follows from the others (the transitive reduction)."""

    def before(a: Call, b: Call) -> bool:
        return a.complete is not None and a.known_end is not None and a.complete < b.invoke

    return [
        (a, b)
        for a in calls
        for b in calls
        if before(a, b) and not any(before(a, between) and before(between, b) for between in calls)
    ]


def band(span: FaultSpan) -> dict[str, Any]:
    """One fault as JSON data with its four instants and safe words."""
    return {
        "id": words.shorten(words.visible(span.id), 40),
        "fault": words.shorten(words.visible(span.fault), 24),
        "words": words.shorten(words.visible(span.words), 160),
        "requested": span.requested,
        "effective": span.effective,
        "healed": span.healed,
        "verified": span.verified,
        "problem": words.shorten(words.visible(span.problem), 300),
    }


def _around(history: History, witness: list[Call], limit: int) -> list[Call]:
    """Operations on the same keys while the witness lasted, the nearest to its end first; not those that failed."""
    if not witness or limit <= 0:
        return []
    chosen = {call.invoke for call in witness}
    first = min(call.invoke for call in witness)
    last = max(call.complete if call.complete is not None else call.invoke for call in witness)
    keys = dict.fromkeys(call.key for call in witness)
    near = [
        event for key in keys for event in invocations(history, key) if event not in chosen and first <= event <= last
    ]
    nearest = sorted(near, reverse=True)[: 4 * limit]
    return [call for call in (call_at(history, event) for event in nearest) if call.outcome != "fail"][:limit]
