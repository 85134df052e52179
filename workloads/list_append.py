"""``list-append``: transactions that append to lists and read them; a read shows what came before it, in order."""

from collections.abc import Sequence

from checkers.checker import Checker
from checkers.transactions.list_append import ListAppendChecker
from workloads.transactions import TransactionWorkload


class ListAppend(TransactionWorkload):
    """Transactions of ``["append", k, v]`` and ``["r", k, null]``; each element is appended once."""

    name = "list-append"
    summary = "Transactions that append to lists and read them; finds anomalies of isolation."
    interface = "list-append"
    write = "append"

    def checkers(self) -> Sequence[Checker]:
        """Anomalies that need no search."""
        return [ListAppendChecker()]
