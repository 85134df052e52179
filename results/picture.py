"""What the space-time picture of a witness shows, as plain data: lanes, bars, arrows and fault bands."""

from dataclasses import asdict
from typing import Any, Final

from harness.history import FaultSpan, History
from results import words
from results.calls import Call, active, call_at, calls_of, invocations

CONTEXT: Final = 6
"""At most so many operations beside the witness."""

WITNESS: Final = 12
"""At most so many operations of a witness are drawn; the first and the last ones."""

BANDS: Final = 6
"""At most so many faults."""


def picture(
    history: History, events: tuple[int, ...], spans: list[FaultSpan], context: int = CONTEXT
) -> dict[str, Any]:
    """The operations of a witness, some around them on the same keys, and the faults of that time.

    Args:
        history: Of the run.
        events: The witness.
        spans: All faults of the run.
        context: At most so many operations that are not of the witness.

    Returns:
        JSON data: ``calls`` (in order of invocation, each with ``witness``), ``arrows`` (pairs of positions in
        ``calls``: the first ended before the second began), ``faults``, ``start`` and ``end`` in nanoseconds.
    """
    witness = calls_of(history, events)
    if len(witness) > WITNESS:
        witness = witness[: WITNESS // 2] + witness[-WITNESS // 2 :]
    chosen = {call.invoke for call in witness}
    calls = sorted([*witness, *_around(history, witness, context)], key=lambda call: call.invoke)
    start = min((call.start for call in witness), default=0)
    end = max((call.start if call.known_end is None else call.known_end for call in witness), default=0)
    return {
        "calls": [asdict(call) | {"witness": call.invoke in chosen} for call in calls],
        "arrows": [
            (calls.index(before), calls.index(after))
            for before, after in precedence(witness)
            if before.process != after.process
        ],
        "faults": [band(span) for span in active(spans, start, end)[:BANDS]],
        "start": start,
        "end": end,
    }


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
