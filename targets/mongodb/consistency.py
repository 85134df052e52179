"""What the options mean to the driver, and which of them cannot go together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import (
    Nearest,
    Primary,
    PrimaryPreferred,
    Secondary,
    SecondaryPreferred,
)
from pymongo.write_concern import WriteConcern

from harness.errors import UsageError
from harness.options import Option

MAJORITY: Final = "majority"
PRIMARY: Final = "primary"
LINEARIZABLE: Final = "linearizable"

NODE_TAG: Final = "node"
"""The tag by which a member of the replica set is known by the name of its node."""

ReadPreference = Primary | PrimaryPreferred | Secondary | SecondaryPreferred | Nearest

ELSEWHERE: Final[Mapping[str, Callable[..., ReadPreference]]] = {
    "primaryPreferred": PrimaryPreferred,
    "secondary": Secondary,
    "secondaryPreferred": SecondaryPreferred,
    "nearest": Nearest,
}
"""The read preferences that may ask another member than the primary."""

IN_TRANSACTIONS: Final = {"available": "local", LINEARIZABLE: "snapshot"}
"""Read concerns that a transaction cannot have, and the ones next to them that it can."""

OPTIONS: Final = (
    Option("w", MAJORITY, "Write concern: 0, 1, another number of members, or majority."),
    Option(
        "j",
        "default",
        "Whether a write waits for the journal; default: with w=majority it does, otherwise not.",
        choices=("default", "true", "false"),
    ),
    Option(
        "read-concern",
        LINEARIZABLE,
        "Which state a read may see; in transactions, linearizable means snapshot, and available means local.",
        choices=("local", "available", MAJORITY, LINEARIZABLE, "snapshot"),
    ),
    Option("read-preference", PRIMARY, "Which members a read may ask.", choices=(PRIMARY, *ELSEWHERE)),
    Option("causal-session", False, "Give each client one causally consistent session."),
    Option("retryable-writes", True, "Let the driver send a write again, under the same number."),
    Option("retryable-reads", True, "Let the driver send a read again."),
    Option("discovery", True, "Find the other members, as drivers do; false: talk to the client's own node alone."),
)


@dataclass(frozen=True, slots=True)
class Consistency:
    """How clients read and write.

    Args:
        write_concern: Of every write, and of every transaction.
        read_concern: Of every read outside transactions.
        transaction_read_concern: Of every transaction.
        read_preference: Its mode, one of the option's choices.
        causal: Whether a client has one causally consistent session.
        retryable_writes: Whether the driver sends writes again.
        retryable_reads: Whether the driver sends reads again.
        discovery: Whether a client knows other members than its node.
    """

    write_concern: WriteConcern
    read_concern: ReadConcern
    transaction_read_concern: ReadConcern
    read_preference: str
    causal: bool
    retryable_writes: bool
    retryable_reads: bool
    discovery: bool

    def preference(self, node: str) -> ReadPreference:
        """The read preference of a client at ``node``: that node where the mode allows it, else any that it allows."""
        if self.read_preference == PRIMARY:
            return Primary()
        return ELSEWHERE[self.read_preference](tag_sets=[{NODE_TAG: node}, {}])


def of(settings: Mapping[str, Any]) -> Consistency:
    """What ``settings``, a value for each of ``OPTIONS``, mean.

    Raises:
        UsageError: They contradict each other; the message says which and why.
    """
    write, journal, read = settings["w"], settings["j"], settings["read-concern"]
    if write != MAJORITY:
        if not write.isdecimal():
            raise UsageError(f"option w is {write!r}, but it takes 0, 1, another number of members, or majority")
        write = str(int(write))
    if write == "0" and journal == "true":
        raise UsageError("w=0 waits for nothing, so it cannot wait for the journal: leave out j=true, or use w=1")
    if write == "0" and settings["causal-session"]:
        raise UsageError("a session takes no unacknowledged writes: use w=1 or more with causal-session=true")
    if read == LINEARIZABLE and settings["read-preference"] != PRIMARY:
        raise UsageError(
            f"only the primary answers linearizable reads: use read-preference={PRIMARY}, or another read-concern"
        )
    if read == "available" and settings["causal-session"]:
        raise UsageError("a causal session cannot read with read-concern=available: use local, majority or snapshot")
    if read == LINEARIZABLE and settings["causal-session"]:
        raise UsageError("a causal session cannot read with read-concern=linearizable: use majority")
    return Consistency(
        write_concern=WriteConcern(
            w=int(write) if write.isdecimal() else write, j={"true": True, "false": False}.get(journal)
        ),
        read_concern=ReadConcern(read),
        transaction_read_concern=ReadConcern(IN_TRANSACTIONS.get(read, read)),
        read_preference=settings["read-preference"],
        causal=settings["causal-session"],
        retryable_writes=settings["retryable-writes"],
        retryable_reads=settings["retryable-reads"],
        discovery=settings["discovery"],
    )
