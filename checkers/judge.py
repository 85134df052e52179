"""The verdict on a run: every checker's, combined."""

import time
from collections.abc import Sequence

import msgspec

from checkers.checker import Checker
from checkers.verdict import Guarantee, RunVerdict, Verdict, worst
from harness.history import History

STRENGTH = (
    "linearizable",
    "sequential",
    "causal",
    "pram",
    "eventually-consistent",
)
"""Consistency models of single objects, the strongest first."""


def judge(history: History, checkers: Sequence[Checker]) -> RunVerdict:
    """Ask every checker, time it, and combine: invalid > unknown > valid.

    Of a damaged history the readable part is judged: a violation in it is one of the whole, its absence proves nothing.

    Args:
        history: What was recorded.
        checkers: Who judges; a checker that crashes counts as ``unknown``, with the crash as the reason.
    """
    verdicts = tuple(_ask(checker, history) for checker in checkers)
    reasons = [
        f"{verdict.checker}: {reason}"
        for verdict in verdicts
        if verdict.validity == "unknown"
        for reason in verdict.reasons or ("it gave no reason",)
    ]
    if not verdicts:
        reasons.append("no checker was asked")
    validities = [verdict.validity for verdict in verdicts]
    whole = history.damage is None
    if history.damage is not None:
        line, why = history.damage.line, history.damage.reason
        reasons.append(f"the history is damaged at line {line} ({why}); only what stands before it was checked")
        validities.append("unknown")
    return RunVerdict(
        validity=worst(validities),
        verdicts=verdicts,
        strongest=strongest([model for verdict in verdicts for model in verdict.models]) if whole else None,
        reasons=tuple(reasons),
    )


def _ask(checker: Checker, history: History) -> Verdict:
    start = time.perf_counter()
    try:
        verdict = checker.check(history)
    except (Exception, SystemExit) as crash:  # noqa: BLE001 - one checker's bug must not cost the others' verdicts
        text = str(crash).splitlines()
        reason = f"the checker crashed: {type(crash).__name__}{': ' + text[0] if text else ''}; this is a bug of it"
        verdict = Verdict(checker=checker.name, validity="unknown", reasons=(reason,))
    return msgspec.structs.replace(verdict, seconds=round(time.perf_counter() - start, 6))


def strongest(models: Sequence[Guarantee]) -> str | None:
    """The strongest model that some checker proved and that none denied or left open; None where there is none.

    Of models that ``STRENGTH`` does not know none is stronger than another: all of them, where there is nothing else.
    """
    standings: dict[str, set[str]] = {}
    for model in models:
        standings.setdefault(model.name, set()).add(model.standing)
    holding = [name for name, found in standings.items() if found == {"holds"}]
    rank = {name: place for place, name in enumerate(STRENGTH)}
    known = [name for name in holding if name in rank]
    return min(known, key=rank.__getitem__) if known else ", ".join(holding) or None
