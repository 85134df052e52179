"""``rw-register``: transactions that write and read registers; a read shows whose write it saw."""

from collections.abc import Sequence

from checkers.checker import Checker
from checkers.transactions.rw_register import RwRegisterChecker
from workloads.transactions import TransactionWorkload


class RwRegister(TransactionWorkload):
    """Transactions of ``["w", k, v]`` and ``["r", k, null]``; each value of a key is written once."""

    name = "rw-register"
    summary = "Transactions that write and read registers; finds anomalies of isolation."
    interface = "rw-register"
    write = "w"

    def checkers(self) -> Sequence[Checker]:
        """Anomalies that need no search."""
        return [RwRegisterChecker()]
