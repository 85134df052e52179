"""Whether a history is one: every process has one operation open at a time, every completion an invocation."""

import numpy as np

from harness.history import TYPE_CODES, History
from harness.op import INVOKE, NEMESIS


def problems(history: History) -> list[str]:
    """What is wrong with the clients' events, at most one sentence for each sort; empty for a well-formed history."""
    client = history.process != NEMESIS
    invoked = client & (history.type == TYPE_CODES[INVOKE])
    completed = client & ~invoked
    found = []
    orphans = np.flatnonzero(completed & (history.partner < 0))
    if len(orphans):
        found.append(f"{len(orphans)} completions have no invocation, the first is event {orphans[0]}")
    latest = _last_event_of_process(history)
    twice = np.flatnonzero(invoked & (history.partner < 0) & (latest > np.arange(len(history))))
    if len(twice):
        found.append(
            f"{len(twice)} operations were still open when their process went on, the first is event {twice[0]}"
        )
    ends = np.flatnonzero(completed & (history.partner >= 0))
    starts = history.partner[ends]
    strange = ends[(history.f[ends] != history.f[starts]) | (history.key[ends] != history.key[starts])]
    if len(strange):
        found.append(
            f"{len(strange)} completions name another f or key than their invocation, the first is event {strange[0]}"
        )
    return found


def _last_event_of_process(history: History) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if not len(history):
        return np.zeros(0, dtype=np.int64)
    _, code = np.unique(history.process, return_inverse=True)
    last = np.zeros(int(code.max()) + 1, dtype=np.int64)
    last[code] = np.arange(len(history))
    return last[code]
