"""Operations: one event of a history.

The meaning of the types is Jepsen's. ``invoke`` starts an operation; ``ok`` says that it happened, ``fail`` that it
did not, ``info`` that nobody knows: it may have happened, may happen later, or never.
"""

from typing import Any, Final, Literal

import msgspec

from harness.evidence import Evidence

Type = Literal["invoke", "ok", "fail", "info"]

INVOKE: Final = "invoke"
OK: Final = "ok"
FAIL: Final = "fail"
INFO: Final = "info"

NEMESIS: Final = -1
"""The process number of the nemesis; clients count from 0."""

MOST_FS: Final = (1 << 15) - 1
"""How many different values of ``f`` one history may have."""

MOST_32: Final = (1 << 31) - 1
"""The largest process."""

MOST_64: Final = (1 << 63) - 1
"""The largest time and version."""


class Op(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One event: an invocation or its completion.

    Args:
        index: Position in the history, dense from 0; -1 until the scheduler has recorded the event.
        time: Nanoseconds since the start of the run, monotonic.
        process: The logical single-threaded client, or ``NEMESIS``.
        type: ``invoke``, ``ok``, ``fail`` or ``info``.
        f: What is done: ``read``, ``write``, ``cas``, ``add``, or the name of a fault.
        key: Which independent object it is done to (a string or an integer); None where there is only one.
        value: Argument of an invocation, result of a completion; anything that JSON can hold.
        node: The node that the client talks to.
        version: The version that the datastore gave what was read or written (etcd's mod revision), where it has one.
        error: Why a completion is ``fail`` or ``info``, as ``code: words``.
        evidence: What is known of an ``info`` all the same.
    """

    index: int
    time: int
    process: int
    type: Type
    f: str
    key: str | int | None = None
    value: Any = None
    node: str | None = None
    error: str | None = None
    version: int | None = None
    evidence: Evidence | None = None

    def ok(self, value: Any = None, version: int | None = None) -> "Op":
        """This invocation's completion when it happened; ``value`` is what the datastore answered."""
        return Op(-1, self.time, self.process, OK, self.f, self.key, value, self.node, None, version)

    def fail(self, error: str) -> "Op":
        """This invocation's completion when it is certain that it did not happen."""
        return Op(-1, self.time, self.process, FAIL, self.f, self.key, self.value, self.node, error)

    def info(self, error: str, evidence: Evidence | None = None) -> "Op":
        """This invocation's completion when nobody knows whether it happened, or will; or not all about that."""
        return Op(-1, self.time, self.process, INFO, self.f, self.key, self.value, self.node, error, None, evidence)


class Invocation(msgspec.Struct, frozen=True, gc=False):
    """What a generator wants done, before the scheduler has chosen when and by which process.

    Args:
        f: What to do.
        value: Its argument.
        key: Which independent object; None where there is only one.
    """

    f: str
    value: Any = None
    key: str | int | None = None
