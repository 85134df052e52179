"""Which of Cassandra's errors prove that a write did not happen, and which leave it open.

A read has no effect, so a read that got no answer is always ``fail``. For everything that writes, the first rule of
``RULES`` that fits decides; the last one fits everything and says ``info``. The errors are those of the native
protocol (native_protocol_v5.spec, section 9) and of the driver.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from cassandra import ConsistencyLevel, Unavailable, WriteFailure, WriteTimeout, WriteType
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionBusy, ConnectionException, ConnectionShutdown
from cassandra.pool import NoConnectionsAvailable
from cassandra.protocol import ErrorMessage

Outcome = Literal["fail", "info"]

Request = Literal["read", "write", "conditional", "counter", "logged", "unlogged"]
"""What was asked for: plain, by a lightweight transaction, of a counter, or by a batch of several partitions."""

CAS_UNKNOWN: Final = 0x1700
"""CAS_WRITE_UNKNOWN, which the driver has no class for."""

NOT_SENT: Final = (ConnectionException, ConnectionShutdown, ConnectionBusy, NoConnectionsAvailable)
"""Why a request was sent to nobody, as ``NoHostAvailable`` holds it; outside of it, a connection that broke."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    Args:
        error: The error, as ``kind_of`` names it; empty for any.
        detail: What distinguishes errors of one name; empty for any.
        request: The kind of request; empty for any.
        outcome: ``fail`` when the request certainly had no effect, ``info`` otherwise.
        name: Short name, the first word of the operation's error.
        why: The reason, in words.
    """

    error: str
    detail: str
    request: Request | Literal[""]
    outcome: Outcome
    name: str
    why: str

    def fits(self, error: str, detail: str, request: Request) -> bool:
        """Whether the rule is about this error of this request."""
        return self.error in ("", error) and self.detail in ("", detail) and self.request in ("", request)


_TOO_FEW: Final = "too few replicas are seen alive, before anything is sent"

RULES: Final = (
    Rule(
        "NoHostAvailable",
        "not sent",
        "",
        "fail",
        "not-connected",
        "no connection took it, and the driver asks no other node",
    ),
    Rule(
        "Unavailable",
        "SERIAL",
        "conditional",
        "fail",
        "unavailable",
        "too few replicas for Paxos, seen before anything is proposed",
    ),
    Rule("Unavailable", "LOCAL_SERIAL", "conditional", "fail", "unavailable", "the same in one data centre"),
    Rule(
        "Unavailable",
        "",
        "conditional",
        "info",
        "commit-unavailable",
        "Paxos has accepted it, and too few replicas are seen alive to commit it as `write-cl` asks",
    ),
    Rule(
        "Unavailable",
        "",
        "unlogged",
        "info",
        "batch-unavailable",
        "partitions are written one after the other, so the first may have been",
    ),
    Rule("Unavailable", "", "", "fail", "unavailable", _TOO_FEW),
    Rule("WriteTimeout", "CAS", "", "info", "cas-timeout", "proposed, perhaps accepted: a later round may complete it"),
    Rule(
        "WriteTimeout",
        "BATCH_LOG",
        "",
        "info",
        "batchlog-timeout",
        "a node may hold the batch in its log, and replay it",
    ),
    Rule("WriteTimeout", "", "", "info", "write-timeout", "too few replicas answered in time; any may have written it"),
    Rule("WriteFailure", "", "", "info", "write-failure", "replicas refused it; others may have written it"),
    Rule("CasWriteUnknown", "", "", "info", "cas-unknown", "accepted by some replicas: a later round may complete it"),
    Rule("ReadTimeout", "", "", "info", "read-timeout", "the read inside the write; an earlier round may go on"),
    Rule("ReadFailure", "", "", "info", "read-failure", "the read inside the write; an earlier round may go on"),
    Rule("OperationTimedOut", "", "", "info", "client-timeout", "no answer in time"),
    Rule("ConnectionShutdown", "", "", "info", "connection-lost", "the connection broke while it was under way"),
    Rule("ConnectionException", "", "", "info", "connection-lost", "the connection broke while it was under way"),
    Rule("OverloadedErrorMessage", "", "", "info", "overloaded", "some of its replicas may have been sent it before"),
    Rule("InvalidRequest", "", "", "fail", "invalid-request", "checked before it is executed"),
    Rule("SyntaxException", "", "", "fail", "invalid-request", "checked before it is executed"),
    Rule("Unauthorized", "", "", "fail", "unauthorized", "checked before it is executed"),
    Rule("", "", "", "info", "cassandra-error", "nothing is known about it"),
)


class Failed(Exception):
    """A request that got no answer to go on with.

    Args:
        outcome: Of the operation.
        text: Why, in one line.
    """

    def __init__(self, outcome: Outcome, text: str) -> None:
        super().__init__(text)
        self.outcome = outcome


def failed(error: BaseException, request: Request) -> Failed:
    """What an error of a request of that kind means."""
    kind, detail = kind_of(error)
    rule = rule_for(kind, detail, request)
    text = f"{rule.name}: {kind}{f' ({detail})' if detail else ''} {' '.join(str(error).split())}".rstrip()
    return Failed("fail" if request == "read" else rule.outcome, text)


def rule_for(kind: str, detail: str, request: Request) -> Rule:
    """The first rule that fits."""
    return next(rule for rule in RULES if rule.fits(kind, detail, request))


def kind_of(error: BaseException) -> tuple[str, str]:
    """The name of an error, and what distinguishes errors of that name: its consistency level, or the type of write."""
    if isinstance(error, NoHostAvailable):
        return "NoHostAvailable", _why_nobody(error.errors)
    if isinstance(error, ErrorMessage) and error.code == CAS_UNKNOWN:
        return "CasWriteUnknown", ""
    kind = type(error).__name__
    if isinstance(error, Unavailable):
        return kind, str(ConsistencyLevel.value_to_name.get(error.consistency, error.consistency))
    if isinstance(error, WriteTimeout | WriteFailure):
        return kind, str(WriteType.value_to_name.get(error.write_type, error.write_type))
    return kind, ""


def _why_nobody(errors: Any) -> str:
    """``not sent`` when that is what all of them mean."""
    strange = sorted({type(error).__name__ for error in errors.values() if type(error) not in NOT_SENT})
    return ", ".join(strange) if strange else "not sent"
