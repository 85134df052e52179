"""Evidence: what became known of an operation whose completion does not say whether it happened.

A client may know something when it gives up; a workload may find out from the whole history. It turns an operation that
doubles the work of a checker into one that costs nothing (etcd's robustness tests patch their histories for that).
"""

from collections.abc import Iterable
from operator import index

import msgspec


class Contradiction(Exception):
    """Pieces of evidence that cannot all be true; the message says which."""


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Facts about one operation of unknown outcome; None is "not known".

    Args:
        persisted: Whether it happened.
        version: The version that the datastore gave it; it happened, then.
        not_before: Event index: if it took effect at all, then after that event.
        not_after: Event index: if it took effect at all, then before that event.
    """

    persisted: bool | None = None
    version: int | None = None
    not_before: int | None = None
    not_after: int | None = None


def combined(pieces: Iterable[Evidence]) -> Evidence:
    """All that several pieces say about one operation.

    Raises:
        Contradiction: They cannot all be true.
        TypeError: A version or an event index is not an integer.
    """
    persisted: set[bool] = set()
    versions: set[int] = set()
    earliest: list[int] = []
    latest: list[int] = []
    for piece in pieces:
        if piece.persisted is not None:
            persisted.add(bool(piece.persisted))
        if piece.version is not None:
            versions.add(index(piece.version))
            persisted.add(True)
        if piece.not_before is not None:
            earliest.append(index(piece.not_before))
        if piece.not_after is not None:
            latest.append(index(piece.not_after))
    if len(versions) > 1:
        raise Contradiction(f"it got version {min(versions)} and version {max(versions)}")
    if len(persisted) > 1:
        raise Contradiction("it was persisted and it was not")
    if earliest and latest and min(latest) <= max(earliest):
        raise Contradiction(f"it took effect after event {max(earliest)} and before event {min(latest)}")
    return Evidence(
        next(iter(persisted), None), next(iter(versions), None), max(earliest, default=None), min(latest, default=None)
    )
