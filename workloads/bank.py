"""``bank``: transfers between accounts, and reads of all of them."""

import random
from collections.abc import Sequence

from checkers.bank import BankChecker
from checkers.checker import Checker
from harness import generator as g
from harness.generator import Generator
from harness.op import Invocation
from harness.options import Option
from workloads.final import read_every_node
from workloads.workload import Workload


class Bank(Workload):
    """The accounts are created first; after that no money is made or lost."""

    name = "bank"
    summary = "Transfers between accounts and reads of all of them; finds wrong totals and negative balances."
    interface = "bank"
    options = (
        Option("accounts", 8, "Accounts.", minimum=2),
        Option("total", 100, "Money in all accounts together, spread evenly at first.", minimum=0),
        Option("max-transfer", 5, "Largest amount of a transfer; the smallest is 1.", minimum=1),
        Option("reads", 0.5, "Share of reads, 0 to 1.", minimum=0, maximum=1),
        Option("negative-balances", False, "Whether a transfer may overdraw an account."),
    )

    def generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """The accounts, tried until they are created; then transfers and reads."""
        del nodes, concurrency
        settings = self.settings
        count, total = settings["accounts"], settings["total"]
        names = [str(number) for number in range(count)]
        accounts = {name: (total + count - 1 - place) // count for place, name in enumerate(names)}
        create = g.until_ok(g.repeat(Invocation("create", {"accounts": accounts})))
        overdraft = {"overdraft": True} if settings["negative-balances"] else {}

        def operation() -> Invocation:
            if rng.random() < settings["reads"]:
                return Invocation("read")
            payer, payee = rng.sample(names, 2)
            amount = rng.randint(1, settings["max-transfer"])
            return Invocation("transfer", {"from": payer, "to": payee, "amount": amount, **overdraft})

        return g.then(g.on_threads({0}, create), g.lift(operation))

    def final_generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """A read from every node."""
        del rng
        return read_every_node(nodes, concurrency)

    def checkers(self) -> Sequence[Checker]:
        """What every read of the accounts shows."""
        return [BankChecker()]
