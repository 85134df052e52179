"""Which of etcd's errors prove that a write did not happen, and which leave it open.

A read has no effect, so a read that got no answer is always ``fail``. For everything that writes, the first rule of
``RULES`` that fits decides; the last one fits everything and says ``info``. The texts are those of etcd's rpctypes
(api/v3rpc/rpctypes/error.go), the codes those of gRPC (doc/statuscodes.md).
"""

from dataclasses import dataclass
from typing import Final, Literal

from grpc import StatusCode

Outcome = Literal["fail", "info"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    Args:
        code: gRPC status code; None for any.
        details: How the details begin; empty for any.
        outcome: ``fail`` when the request certainly had no effect, ``info`` otherwise.
        name: Short name, the first word of the operation's error.
        why: The reason, in words.
    """

    code: StatusCode | None
    details: str
    outcome: Outcome
    name: str
    why: str

    def fits(self, code: StatusCode, details: str) -> bool:
        """Whether the rule is about this error."""
        return self.code in (None, code) and details.startswith(self.details)


_UNAVAILABLE: Final = StatusCode.UNAVAILABLE
_EXHAUSTED: Final = StatusCode.RESOURCE_EXHAUSTED

RULES: Final = (
    Rule(
        _UNAVAILABLE,
        "failed to connect to all addresses",
        "fail",
        "not-connected",
        "there was no connection, and the client never sends again by itself",
    ),
    Rule(_UNAVAILABLE, "etcdserver: no leader", "fail", "no-leader", "refused before it is proposed"),
    Rule(_UNAVAILABLE, "etcdserver: not capable", "fail", "not-capable", "refused while the member starts"),
    Rule(
        _UNAVAILABLE,
        "etcdserver: leader changed",
        "info",
        "leader-changed",
        "the proposal may have reached the old leader or the new one",
    ),
    Rule(
        _UNAVAILABLE,
        "etcdserver: request timed out",
        "info",
        "server-timeout",
        "proposed, and not committed in time: it may be committed later",
    ),
    Rule(
        _UNAVAILABLE,
        "etcdserver: server stopped",
        "info",
        "server-stopped",
        "the member stopped while the proposal was under way",
    ),
    Rule(_UNAVAILABLE, "", "info", "unavailable", "the connection broke after the request may have been sent"),
    Rule(StatusCode.DEADLINE_EXCEEDED, "", "info", "deadline", "no answer in time"),
    Rule(StatusCode.CANCELLED, "", "info", "cancelled", "given up while it was under way"),
    Rule(_EXHAUSTED, "etcdserver: too many requests", "fail", "too-many-requests", "refused before it is proposed"),
    Rule(
        _EXHAUSTED,
        "etcdserver: mvcc: database space exceeded",
        "fail",
        "no-space",
        "refused before it is proposed, or by every member when it is applied",
    ),
    Rule(StatusCode.INVALID_ARGUMENT, "etcdserver: ", "fail", "invalid-argument", "checked before it is proposed"),
    Rule(StatusCode.PERMISSION_DENIED, "etcdserver: ", "fail", "permission-denied", "refused by every member"),
    Rule(StatusCode.UNAUTHENTICATED, "etcdserver: ", "fail", "unauthenticated", "refused before it is proposed"),
    Rule(None, "", "info", "grpc-error", "nothing is known about it"),
)


def rule_for(code: StatusCode, details: str) -> Rule:
    """The first rule that fits."""
    return next(rule for rule in RULES if rule.fits(code, details))


def words(code: StatusCode, details: str) -> str:
    """The error of an operation, as ``name: CODE details``."""
    return f"{rule_for(code, details).name}: {code.name} {' '.join(details.split())}".rstrip()
