"""What the checkers of transactions share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from checkers import wellformed
from checkers.checker import Checker
from checkers.findings import MOST, Findings, bounded
from checkers.transactions.collect import Reader, Transaction, report_key
from checkers.transactions.isolation import MODELS, OPEN, RULED_OUT, standings
from checkers.verdict import Guarantee, Validity, Verdict
from harness.history import History


class Inspection(ABC):
    """One look at one history: its transactions, what reads them back, and what was found.

    Args:
        history: What is judged.
        transactions: In the order of their invocations.
        keys: Per stand-in of a key, the key.
        most: How many anomalies of one name are kept with a witness.

    Attributes:
        findings: The anomalies.
        reads: How many reads of committed transactions were looked at.
        remarks: What was left out, and why.
    """

    def __init__(
        self, history: History, transactions: Sequence[Transaction], keys: dict[Any, Any], most: int = MOST
    ) -> None:
        self.findings = Findings(history, RULED_OUT, most)
        self.reads = 0
        self.remarks: list[str] = []
        self._history = history
        self.transactions = transactions
        self.keys = keys

    @abstractmethod
    def inspect(self) -> None:
        """Look for everything."""

    def key(self, name: Any) -> str | int | None:
        """The key behind a stand-in."""
        return report_key(self.keys, name)

    def txn(self, transaction: Transaction) -> str:
        """``p3's txn (n2) of 12.405 s``."""
        return f"{self.findings.did(transaction.event)} of {self.findings.at(transaction.event)}"


class TransactionChecker(Checker):
    """Anomalies that a transaction shows by itself or with one other; cycles of dependencies are not looked for.

    Args:
        anomalies: How many anomalies of one name at most are reported with a witness; the statistics count all.
    """

    models: ClassVar[Sequence[str]] = MODELS
    write: ClassVar[str]
    """The ``f`` of a micro-operation that writes."""

    inspection: ClassVar[type[Inspection]]

    checked: ClassVar[str]
    """What is looked for, in words."""

    def __init__(self, anomalies: int = MOST) -> None:
        self.anomalies = anomalies

    def check(self, history: History) -> Verdict:
        """The verdict on all transactions of the history."""
        broken = wellformed.problems(history)
        if broken:
            return self._undecided([f"the history is malformed: {problem}" for problem in broken])
        reader = Reader(history, self.write)
        transactions = list(reader.transactions())
        if reader.problems:
            more = len(reader.problems) - 1
            return self._undecided([reader.problems[0] + (f"; nor are {more} more" if more else "")])
        inspection = self.inspection(history, transactions, reader.keys, self.anomalies)
        inspection.inspect()
        return self._verdict(inspection)

    def _verdict(self, inspection: Inspection) -> Verdict:
        findings, transactions = inspection.findings, inspection.transactions
        reasons = list(inspection.remarks)
        validity: Validity = "valid"
        if findings.counts:
            validity = "invalid"
        elif not inspection.reads:
            validity = "unknown"
            reasons.append("no committed transaction read anything, so nothing is known")
        elif inspection.remarks:
            validity = "unknown"
        else:
            reasons.append(f"looked for: {self.checked}; {OPEN}")
        return Verdict(
            checker=self.name,
            validity=validity,
            anomalies=findings.anomalies,
            models=standings(findings.counts),
            reasons=bounded(reasons),
            statistics={
                "transactions": len(transactions),
                "committed": sum(one.committed for one in transactions),
                "failed": sum(one.failed for one in transactions),
                "reads of committed": inspection.reads,
                "keys": len(inspection.keys),
                "anomalies": dict(findings.counts),
            },
        )

    def _undecided(self, reasons: list[str]) -> Verdict:
        models = tuple(Guarantee(model, "undecided", reasons[0]) for model in MODELS)
        return Verdict(self.name, "unknown", models=models, reasons=tuple(reasons))
