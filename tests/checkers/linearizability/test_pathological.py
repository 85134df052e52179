"""What other checkers do not finish: many unknown outcomes, many busy clients, values that repeat."""

import random
import re
from dataclasses import replace

import pytest
from linearizability import histories
from linearizability.datatypes import TYPES
from linearizability.histories import Done
from linearizability.oracle import Type

from checkers.linearizability.checker import LinearizabilityChecker
from checkers.linearizability.models.register import CasRegister
from checkers.verdict import Verdict

REGISTER, CAS_REGISTER = TYPES["register"], TYPES["cas-register"]
NOBODY = 10**9
"""A value that nobody writes."""


def simulated(
    kind: Type, operations: int, clients: int, *, unique: bool, unknown: int = 0, seed: int = 1
) -> list[Done]:
    """Clients that are never idle, and exactly so many writes of which nobody knows whether they happened."""
    rng = random.Random(seed)
    plan = histories.simulated(kind, rng, operations, clients, unknown=0.0, unique=unique, busy=0.001)
    changes = [i for i, done in enumerate(plan) if done.row.f != "read" and not done.row.failed]
    chosen = set(rng.sample(changes, unknown))
    fresh = 1 + max(done.row.process for done in plan)
    return [
        replace(done, row=replace(done.row, told=False, optional=True, process=fresh + i), end=None)
        if i in chosen
        else done
        for i, done in enumerate(plan)
    ]


def spoiled(plan: list[Done]) -> list[Done]:
    """The same, but one of the last reads shows what nobody wrote."""
    reads = [i for i, done in enumerate(plan) if done.row.f == "read" and not done.row.failed]
    place = reads[len(reads) * 9 // 10]
    wrong = replace(plan[place], row=replace(plan[place].row, result=NOBODY))
    return [*plan[:place], wrong, *plan[place + 1 :]]


def verdict(kind: Type, plan: list[Done], seconds: float = 300.0, memory: int = 1 << 30) -> Verdict:
    return LinearizabilityChecker(CasRegister(), seconds, memory).check(histories.history(kind, [plan]))


@pytest.mark.parametrize("unknown", range(0, 41, 5))
def test_operations_of_unknown_outcome_cost_nothing_where_a_read_is_wrong_whatever_they_did(unknown: int) -> None:
    plan = spoiled(simulated(CAS_REGISTER, 200, 5, unique=False, unknown=unknown))
    said = verdict(CAS_REGISTER, plan)
    assert said.validity == "invalid"
    assert f"saw {NOBODY}" in said.anomalies[0].sentence


@pytest.mark.parametrize("clients", [32, 128, 512])
@pytest.mark.parametrize("unique", [True, False])
def test_clients_that_are_always_busy(clients: int, unique: bool) -> None:
    plan = simulated(REGISTER, 1_000, clients, unique=unique)
    assert verdict(REGISTER, plan).validity == "valid"
    assert verdict(REGISTER, spoiled(plan)).validity == "invalid"


@pytest.mark.kernel  # the search in Python takes minutes
@pytest.mark.parametrize(("operations", "clients", "unknown"), [(2_000, 5, 0), (2_000, 5, 40), (2_000, 10, 40)])
def test_values_that_repeat(operations: int, clients: int, unknown: int) -> None:
    plan = simulated(CAS_REGISTER, operations, clients, unique=False, unknown=unknown)
    assert verdict(CAS_REGISTER, plan).validity == "valid"
    assert verdict(CAS_REGISTER, spoiled(plan)).validity == "invalid"


RULED_OUT = (
    r"(nothing had been ruled out|no contradiction among the acknowledged operations was found|"
    r"every order that uses at most \d+ of \d+ unknown operations was ruled out)$"
)


@pytest.mark.parametrize("unknown", [0, 12])
@pytest.mark.parametrize(
    ("seconds", "memory", "budget"),
    [(0.02, 1 << 30, r"the time budget of 0\.0\d+ s"), (300.0, 1 << 16, r"the memory budget of 0\.0625 MiB")],
)
def test_who_does_not_know_says_which_budget_ended_and_what_is_ruled_out(
    unknown: int, seconds: float, memory: int, budget: str
) -> None:
    # Distinct values, but so many failed cas that zones do not decide, at once.
    plan = simulated(CAS_REGISTER, 1_000, 512, unique=True, unknown=unknown)
    said = verdict(CAS_REGISTER, plan, seconds, memory)
    assert said.validity == "unknown"
    (reason,) = said.reasons
    assert re.fullmatch(rf"the history is undecided: {budget} was used up; {RULED_OUT}", reason), reason
