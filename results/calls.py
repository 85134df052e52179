"""Operations as pairs of their two events, and what counts them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.history import TYPE_CODES, FaultSpan, History
from harness.op import INFO, INVOKE, NEMESIS
from results import words


@dataclass(frozen=True, slots=True)
class Call:
    """One operation of a client: invocation and completion together.

    Args:
        invoke: Event index of the invocation.
        complete: Event index of the completion; None where there is none.
        process: Logical client.
        node: The node that it talked to.
        f: What was done.
        key: The independent object.
        text: The operation in its shortest form.
        outcome: ``ok``, ``fail`` or ``info``.
        start: Nanoseconds since the start of the run.
        end: The same; None where there is no completion.
        error: Why it failed, or is unknown.
        version: The version that the datastore gave.
    """

    invoke: int
    complete: int | None
    process: int
    node: str
    f: str
    key: str | int | None
    text: str
    outcome: str
    start: int
    end: int | None
    error: str
    version: int | None

    @property
    def known_end(self) -> int | None:
        """When it had certainly taken effect or failed; None for ``info``, which may take effect at any later time."""
        return None if self.outcome == INFO else self.end


def call_at(history: History, event: int) -> Call:
    """The operation to which an event belongs, given by either of its two events."""
    partner = int(history.partner[event])
    first = event if history.type[event] == TYPE_CODES[INVOKE] or partner < 0 else partner
    last = int(history.partner[first])
    invocation = history[first]
    completion = history[last] if last >= 0 else None
    outcome = INFO if completion is None else completion.type
    result: Any = None if completion is None else completion.value
    error = "no completion was recorded" if completion is None else completion.error or ""
    return Call(
        invoke=first,
        complete=None if completion is None else last,
        process=invocation.process,
        node=words.visible(invocation.node or ""),
        f=invocation.f,
        key=invocation.key,
        text=words.call_text(invocation.f, invocation.value, result, outcome),
        outcome=outcome,
        start=invocation.time,
        end=None if completion is None else completion.time,
        error=words.visible(error),
        version=None if completion is None else completion.version,
    )


def calls_of(history: History, events: tuple[int, ...]) -> list[Call]:
    """The client operations of some events, each once, by invocation; indices beyond the history are left out."""
    calls = {}
    for event in events:
        if 0 <= event < len(history) and history.process[event] != NEMESIS:
            call = call_at(history, event)
            calls[call.invoke] = call
    return [calls[index] for index in sorted(calls)]


def sentence(call: Call) -> str:
    """What one operation did, in words: who, where, what, when."""
    who = f"process {call.process}" + (f" on {call.node}" if call.node else "")
    begin = words.instant(call.start)
    if call.outcome == INFO:
        return f"{who}: {call.text}; invoked at {begin}, it may take effect at any time after ({call.error})"
    took = "" if call.end is None else f", took {words.duration(call.end - call.start)}"
    return f"{who}: {call.text}; invoked at {begin}{took}" + (f" ({call.error})" if call.error else "")


def invocations(history: History, key: str | int | None) -> list[int]:
    """Event indices of all invocations by clients on that key."""
    code = -1 if key is None else history.keys.index(key) if key in history.keys else -2
    chosen = (history.key == code) & (history.type == TYPE_CODES[INVOKE]) & (history.process != NEMESIS)
    return [int(index) for index in np.flatnonzero(chosen)]


def counts(history: History) -> dict[str, dict[str, int]]:
    """Per ``f``, how many operations ended ``ok``, ``fail`` and ``info``; those without a completion are ``info``."""
    rows: dict[str, dict[str, int]] = {}
    invoke = np.flatnonzero((history.type == TYPE_CODES[INVOKE]) & (history.process != NEMESIS))
    partner = history.partner[invoke]
    outcome = np.where(partner >= 0, history.type[partner], TYPE_CODES[INFO])
    for code, name in enumerate(history.fs):
        of_this = outcome[history.f[invoke] == code]
        if len(of_this):
            rows[name] = {kind: int(np.count_nonzero(of_this == TYPE_CODES[kind])) for kind in ("ok", "fail", "info")}
    return rows


def totals(rows: dict[str, dict[str, int]]) -> dict[str, int]:
    """The sums of ``counts`` over all ``f``."""
    return {kind: sum(row[kind] for row in rows.values()) for kind in ("ok", "fail", "info")}


def active(spans: list[FaultSpan], start: int, end: int) -> list[FaultSpan]:
    """The faults that were wanted at some moment between two instants."""
    return [span for span in spans if span.requested <= end and (span.healed is None or span.healed >= start)]


def injected(spans: list[FaultSpan]) -> str:
    """The faults of a run in words: ``3 partition and 2 kill, each verified to be effective and healed``."""
    if not spans:
        return "no fault was injected"
    kinds = dict.fromkeys(span.fault for span in spans)
    listed = words.enumeration([f"{sum(s.fault == kind for s in spans)} x {words.visible(kind)}" for kind in kinds])
    flaws = []
    ineffective = sum(span.effective is None for span in spans)
    unhealed = sum(span.verified is None for span in spans)
    if ineffective:
        flaws.append(f"{ineffective} never seen to be effective")
    if unhealed:
        flaws.append(f"{unhealed} not seen to be healed")
    return f"{listed}; " + (
        " and ".join(flaws) if flaws else "each verified to be effective, and verified to be healed"
    )
