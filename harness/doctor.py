"""What ``quorate doctor`` lists: one check of this machine each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """Whether this machine offers one thing.

    Args:
        name: What was looked at, as ``kind: thing``; ``docker: ...`` is needed by every Docker cluster.
        ok: Whether it is there.
        detail: What was found, or why not and what to do.
    """

    name: str
    ok: bool
    detail: str
