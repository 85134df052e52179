"""Linearizability of independent registers with reads, writes and compare-and-set."""

from typing import Any, ClassVar

from checkers.linearizability.checker import MEMORY, SECONDS, LinearizabilityChecker
from checkers.linearizability.models.register import CasRegister


class RegisterChecker(LinearizabilityChecker):
    """Decides, key by key, whether registers are linearizable.

    Args:
        initial: The value of every register before the first write; a read of an absent key returns None.
        seconds: Wall-clock time that the search for repeated values and failed cas may use, over all keys.
        memory: Bytes that its configurations may take at once.
        anomalies: How many keys at most are reported with a witness; the statistics count all.
    """

    name: ClassVar[str] = "register"
    summary: ClassVar[str] = "Linearizability of each register under reads, writes and compare-and-set."

    def __init__(
        self, initial: Any = None, seconds: float = SECONDS, memory: int = MEMORY, anomalies: int = 32
    ) -> None:
        super().__init__(CasRegister(initial), seconds, memory, anomalies)
