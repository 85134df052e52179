"""Which of MongoDB's errors prove that a write did not happen, and which leave it open.

The driver may send one write more than once, and raises one error for all of it. So the outcome is decided by what it
sent: an operation did not happen when nothing was sent, or when every answer is an error that proves it. A transaction
happens through its ``commitTransaction`` alone, so only that counts there. A read has no effect: without an answer it
is always ``fail``. The codes are those of the server (src/mongo/base/error_codes.yml).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pymongo.errors import PyMongoError

Outcome = Literal["fail", "info"]
Where = Literal["nothing sent", "no answer", "error", "write concern", "no error"]

LONGEST: Final = 200
"""Characters of the driver's words that an operation's error quotes: some of them list the whole topology."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    Args:
        where: What came of the attempt: an ``error`` instead of a result, a ``write concern`` error beside the result,
            ``no answer``; ``nothing sent`` when there was no attempt.
        code: The server's code; None for any.
        says: Its name.
        outcome: ``fail`` when the attempt certainly had no effect, ``info`` otherwise.
        name: Short name, the first word of the operation's error.
        why: The reason, in words.
    """

    where: Where
    code: int | None
    says: str
    outcome: Outcome
    name: str
    why: str


_REFUSED: Final = "refused before it is executed"
_ABORTED: Final = "the transaction is aborted, and its commit was not taken"
_MALFORMED: Final = "refused by the server's reading of the request"
_STOPPED: Final = "the member gave up leading, or ended, while the request was under way"

NOTHING_SENT: Final = Rule(
    "nothing sent", None, "", "fail", "not-sent", "there was no member to send it to, or no connection"
)

RULES: Final = (
    NOTHING_SENT,
    Rule(
        "no answer", None, "", "info", "no-answer", "the connection broke, or time was up, after it may have been sent"
    ),
    Rule("error", 10107, "NotWritablePrimary", "fail", "not-primary", _REFUSED),
    Rule("error", 13435, "NotPrimaryNoSecondaryOk", "fail", "not-primary", _REFUSED),
    Rule("error", 13436, "NotPrimaryOrSecondary", "fail", "recovering", _REFUSED),
    Rule("error", 11000, "DuplicateKey", "fail", "duplicate-key", "another document has the key, so none was written"),
    Rule("error", 112, "WriteConflict", "fail", "write-conflict", "rolled back, and with it the transaction around it"),
    Rule("error", 251, "NoSuchTransaction", "fail", "aborted", _ABORTED),
    Rule("error", 290, "TransactionExceededLifetimeLimitSeconds", "fail", "aborted", _ABORTED),
    Rule("error", 24, "LockTimeout", "fail", "lock-timeout", "no lock in time, so nothing was begun"),
    Rule("error", 246, "SnapshotUnavailable", "fail", "no-snapshot", "the state to read is not there (yet)"),
    Rule("error", 239, "SnapshotTooOld", "fail", "no-snapshot", "the state to read is not there any more"),
    Rule("error", 2, "BadValue", "fail", "refused", _MALFORMED),
    Rule("error", 9, "FailedToParse", "fail", "refused", _MALFORMED),
    Rule("error", 14, "TypeMismatch", "fail", "refused", _MALFORMED),
    Rule("error", 72, "InvalidOptions", "fail", "refused", _MALFORMED),
    Rule("error", 189, "PrimarySteppedDown", "info", "stepped-down", _STOPPED),
    Rule("error", 11602, "InterruptedDueToReplStateChange", "info", "stepped-down", _STOPPED),
    Rule("error", 11600, "InterruptedAtShutdown", "info", "shut-down", _STOPPED),
    Rule("error", 91, "ShutdownInProgress", "info", "shut-down", _STOPPED),
    Rule("error", 50, "MaxTimeMSExpired", "info", "deadline", "given up by the server, perhaps after it was executed"),
    Rule("write concern", 64, "WriteConcernFailed", "info", "write-concern", "executed, not acknowledged in time"),
    Rule(
        "write concern",
        100,
        "UnsatisfiableWriteConcern",
        "info",
        "write-concern",
        "executed; so many members there are not",
    ),
    Rule(
        "write concern", None, "", "info", "write-concern", "executed, not acknowledged as asked: it may be rolled back"
    ),
    Rule("error", None, "", "info", "server-error", "nothing is known about it"),
    Rule("no error", None, "", "info", "answered", "the server did it, and the driver could not say so"),
)


@dataclass(slots=True)
class Attempt:
    """A command that was sent.

    Attributes:
        command: Its name.
        in_transaction: It was a part of a transaction, which only ``commitTransaction`` brings about.
        member: Address of the one that it was sent to.
        answer: What the server answered; None without an answer.
    """

    command: str
    in_transaction: bool
    member: str
    answer: Mapping[str, Any] | None = None

    @property
    def decides(self) -> bool:
        """Whether it could have had an effect by itself."""
        return not self.in_transaction or self.command == "commitTransaction"


def rule_for(answer: Mapping[str, Any] | None) -> Rule:
    """The first rule that fits what the server answered to one attempt; None for no answer."""
    where, code = _read(answer)
    return next(rule for rule in RULES if rule.where == where and rule.code in (None, code))


def did_not_happen(attempts: Sequence[Attempt]) -> bool:
    """Whether an operation that ended with an error, and for which all of this was sent, certainly had no effect."""
    return all(rule_for(attempt.answer).outcome == "fail" for attempt in attempts if attempt.decides)


def words(error: PyMongoError, attempts: Sequence[Attempt]) -> str:
    """The error of an operation, as ``name: what the driver says``."""
    rule = rule_for(attempts[-1].answer) if attempts else NOTHING_SENT
    if rule.where == "no error" and not attempts[-1].decides:
        rule = NOTHING_SENT  # the next command of the transaction was not
    text = " ".join(str(error).split())
    return f"{rule.name}: {type(error).__name__} {text[:LONGEST]}".rstrip()


def _read(answer: Mapping[str, Any] | None) -> tuple[Where, int | None]:
    """Where an answer has its error, and the code of that."""
    if answer is None:
        return "no answer", None
    if not answer.get("ok"):
        return "error", answer.get("code")
    if problems := answer.get("writeErrors"):
        return "error", problems[0].get("code")
    if problem := answer.get("writeConcernError"):
        return "write concern", problem.get("code")
    return "no error", None
