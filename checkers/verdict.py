"""Verdicts: what a checker concludes, with its evidence.

``invalid`` is proven by anomalies, each with its witness operations. ``unknown`` always says why. Combining several:
invalid > unknown > valid.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

Validity = Literal["valid", "invalid", "unknown"]
Standing = Literal["holds", "violated", "undecided"]

_WEIGHT: dict[Validity, int] = {"valid": 0, "unknown": 1, "invalid": 2}


class Anomaly(msgspec.Struct, frozen=True, omit_defaults=True):
    """A proven violation.

    Args:
        name: The field's term: ``stale-read``, ``lost-update``, ``thin-air-read``.
        sentence: What happened, in words that a reader of the report understands without the code.
        events: History indices of the witness: the invocation and completion of each operation, ascending.
        models: The consistency models that this rules out.
        key: The independent object, where there is one.
        data: Whatever else the report may draw (zones, states, expected and found values); JSON.
    """

    name: str
    sentence: str
    events: tuple[int, ...]
    models: tuple[str, ...]
    key: str | int | None = None
    data: dict[str, Any] = {}


STANDING: Final[Mapping[Validity, Standing]] = {"invalid": "violated", "unknown": "undecided", "valid": "holds"}
"""Where a model stands of which a verdict says everything."""


class Guarantee(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the history stands with one consistency model; ``why`` names the anomaly or the reason for "undecided"."""

    name: str
    standing: Standing
    why: str = ""


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """The conclusion of one checker.

    Args:
        checker: Its name.
        validity: ``valid``, ``invalid`` or ``unknown``.
        anomalies: The proofs of ``invalid``, most telling first; bounded in number, ``statistics`` has the count.
        models: Consistency models decided on.
        reasons: Why it is ``unknown``; for the other two, remarks worth a line on the first screen.
        statistics: Counts and durations; JSON.
        seconds: How long the check took.
    """

    checker: str
    validity: Validity
    anomalies: tuple[Anomaly, ...] = ()
    models: tuple[Guarantee, ...] = ()
    reasons: tuple[str, ...] = ()
    statistics: dict[str, Any] = {}
    seconds: float = 0.0


class RunVerdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """The conclusion of a whole run: every checker's verdict, combined. This is ``verdict.json``."""

    validity: Validity
    verdicts: tuple[Verdict, ...]
    strongest: str | None = None
    reasons: tuple[str, ...] = ()

    @property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """Of all checkers, in their order."""
        return tuple(anomaly for verdict in self.verdicts for anomaly in verdict.anomalies)


def worst(validities: Sequence[Validity]) -> Validity:
    """The combination of several: invalid > unknown > valid; of nothing at all, unknown."""
    return max(validities, key=_WEIGHT.__getitem__, default="unknown")
