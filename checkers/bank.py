"""Banks: money is moved between accounts, and never made or lost."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from checkers import wellformed
from checkers.checker import Checker
from checkers.findings import MOST, Findings
from checkers.linearizability.model import show
from checkers.verdict import Guarantee, Verdict
from harness.history import TYPE_CODES, Calls, History
from harness.op import OK
from harness.values import is_whole

MODELS: Final = ("snapshot-isolation", "serializable")

_RULED_OUT: Final = dict.fromkeys(("unexpected-account", "missing-account", "wrong-total", "negative-balance"), MODELS)


class BankChecker(Checker):
    """Every read of all accounts must show the accounts that were created, with the same total.

    ``create`` ``{"accounts": {name: balance}}`` comes first; ``transfer`` ``{"from", "to", "amount"}``; ``read`` null,
    ok: ``{name: balance}``. No balance may be negative, unless transfers say ``"overdraft": true``. A wrong total means
    that a read saw half of a transfer, or that one overwrote another; a read of a snapshot sees neither, and of two
    transactions that write one account under snapshot isolation only one commits (Berenson et al.: A Critique of ANSI
    SQL Isolation Levels, 1995). A read of no account at all saw an old snapshot, from before their creation.

    Args:
        anomalies: How many anomalies of one name at most are reported with a witness; the statistics count all.
    """

    name: ClassVar[str] = "bank"
    summary: ClassVar[str] = "Reads of all accounts of a bank: wrong totals, negative balances, missing accounts."
    models: ClassVar[Sequence[str]] = MODELS

    def __init__(self, anomalies: int = MOST) -> None:
        self.anomalies = anomalies

    def check(self, history: History) -> Verdict:
        """The verdict on the one bank of the history."""
        broken = wellformed.problems(history)
        if broken:
            return self._undecided(f"the history is malformed: {broken[0]}")
        bank = _Bank(history, Findings(history, _RULED_OUT, self.anomalies))
        for problem in (bank.problem, None if bank.reads else "no read returned the accounts that had been created"):
            if problem is not None:
                return self._undecided(problem)
        for event, balances in bank.reads:
            bank.judge(event, balances)
        found = bank.findings.counts
        why = next(iter(found), "")
        standing = Guarantee(MODELS[0], "violated", why) if found else Guarantee(MODELS[0], "undecided", _OPEN)
        return Verdict(
            checker=self.name,
            validity="invalid" if found else "valid",
            anomalies=bank.findings.anomalies,
            models=(standing,),
            statistics={
                "reads": len(bank.reads),
                "reads of no account": bank.empty,
                "accounts": len(bank.accounts),
                "total": bank.total,
                "lowest total": bank.lowest,
                "highest total": bank.highest,
                "anomalies": dict(found),
            },
        )

    def _undecided(self, why: str) -> Verdict:
        return Verdict(self.name, "unknown", models=(Guarantee(MODELS[0], "undecided", why),), reasons=(why,))


_OPEN: Final = "totals of money are all that was looked at"


class _Bank:
    """What the history says about the bank.

    Attributes:
        accounts: The balances that the accounts were created with.
        reads: Completion and value of each read that was invoked when they were there, and returned some.
        empty: How many such reads returned none.
        problem: Why nothing can be decided; None when something can.
    """

    def __init__(self, history: History, findings: Findings) -> None:
        self.findings = findings
        self.accounts: dict[str, int] = {}
        self.reads: list[tuple[int, Any]] = []
        self.problem: str | None = None
        self.overdraft = False
        self._collect(history, history.calls())
        self.total = self.lowest = self.highest = sum(self.accounts.values())

    def _collect(self, history: History, calls: Calls) -> None:
        created = None
        reads: list[tuple[int, int, Any]] = []
        for row in range(len(calls)):
            f, start, end = history.fs[calls.f[row]], int(calls.invoke[row]), int(calls.complete[row])
            ok = bool(calls.outcome[row] == TYPE_CODES[OK])
            if f == "create":
                self._create(calls.arguments[row], start)
                created = end if ok and created is None else created
            elif f == "transfer":
                asked = calls.arguments[row]
                self.overdraft |= isinstance(asked, dict) and bool(asked.get("overdraft"))
            elif f == "read" and ok:
                reads.append((start, end, calls.results[row]))
            elif f != "read":
                self.problem = self.problem or f"event {start} is a {f!r}: not an operation of a bank"
        if created is None:
            self.problem = self.problem or "the accounts were never created successfully, so their total is not known"
        after = [(end, value) for start, end, value in reads if created is not None and start > created]
        self.reads = [(end, value) for end, value in after if value]
        self.empty = len(after) - len(self.reads)

    def _create(self, asked: Any, event: int) -> None:
        accounts = asked.get("accounts") if isinstance(asked, dict) else None
        if not isinstance(accounts, dict) or not all(map(is_whole, accounts.values())):
            self.problem = self.problem or f"event {event} creates {show(asked)}: not accounts with whole balances"
        elif self.accounts and self.accounts != accounts:
            self.problem = self.problem or f"event {event} creates other accounts than those before"
        else:
            self.accounts = accounts

    def judge(self, event: int, balances: Any) -> None:
        """Look at one read; only the first thing that is wrong with it is reported."""
        seen = balances if isinstance(balances, dict) else {}
        did = f"{self.findings.did(event)} at {self.findings.at(event)}"
        missing = [name for name in self.accounts if not is_whole(seen.get(name))]
        unexpected = [name for name in seen if name not in self.accounts]
        if missing:
            self._report("missing-account", event, f"{did} returned no balance of {_accounts(missing)}")
            return
        if unexpected:
            self._report("unexpected-account", event, f"{did} returned {_accounts(unexpected)}, never created")
            return
        total = sum(seen.values())
        self.lowest, self.highest = min(self.lowest, total), max(self.highest, total)
        if total != self.total:
            self._report(
                "wrong-total",
                event,
                f"{did} returned balances that add up to {total} instead of {self.total}: {show(balances)}",
            )
            return
        negative = [name for name, balance in seen.items() if balance < min(0, self.accounts[name])]
        if negative and not self.overdraft:
            self._report(
                "negative-balance",
                event,
                f"{did} returned {seen[negative[0]]} on {_accounts(negative[:1])}, which no transfer may overdraw",
            )

    def _report(self, name: str, event: int, sentence: str) -> None:
        self.findings.add(name, lambda: sentence, [event])


def _accounts(names: Sequence[str]) -> str:
    return f"account{'s' if len(names) > 1 else ''} {', '.join(map(str, names))}"
