"""Random transactions on a store that does one after the other, with unknown and failed outcomes, and violations."""

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from harness.history import History
from harness.op import Op


@dataclass
class Done:
    """One transaction with its instants; ``outcome`` is what the client was told."""

    process: int
    micros: list[list[Any]]
    start: float
    end: float
    outcome: str
    happened: bool = True
    written: dict[int, Any] = field(default_factory=dict)


def serial(rng: random.Random, transactions: int, *, lists: bool, clients: int = 5, keys: int = 3) -> list[Done]:
    """Each takes effect at one instant between its start and its end, or not at all."""
    free = [0.0] * clients
    names = list(range(clients))
    plan: list[tuple[float, Done]] = []
    fresh = 0
    for _ in range(transactions):
        client = min(range(clients), key=free.__getitem__)
        start = free[client] + rng.expovariate(2)
        point = start + rng.expovariate(1)
        end = point + rng.expovariate(1)
        micros: list[list[Any]] = []
        for _ in range(rng.randint(1, 4)):
            key = rng.randrange(keys)
            if rng.random() < 0.5:
                micros.append(["r", key, None])
            else:
                fresh += 1
                micros.append(["append" if lists else "w", key, fresh])
        outcome = rng.choices(("ok", "fail", "info"), (8, 1, 1))[0]
        happened = outcome == "ok" or (outcome == "info" and rng.random() < 0.5)
        plan.append((point, Done(names[client], micros, start, end, outcome, happened)))
        free[client] = end
        if outcome == "info":
            names[client] = max(names) + 1
    store: dict[int, Any] = {}
    for _, done in sorted(plan, key=lambda one: one[0]):
        if done.happened:
            run(done.micros, store)
    return [done for _, done in plan]


def run(micros: list[list[Any]], store: dict[int, Any]) -> None:
    """Do the micro-operations, and fill in what they read."""
    for micro in micros:
        f, key, value = micro
        if f == "append":
            store[key] = [*store.get(key, []), value]
        elif f == "w":
            store[key] = value
        else:
            micro[2] = deepcopy(store.get(key))


def history(plan: list[Done]) -> History:
    """The events in the order of time."""
    events: list[tuple[float, int, Op]] = []
    for number, done in enumerate(plan):
        asked = [[f, key, None if f == "r" else value] for f, key, value in done.micros]
        start = Op(0, int(done.start * 1e9), done.process, "invoke", "txn", value=asked, node="n1")
        told = done.micros if done.outcome == "ok" else asked
        ended = Op(0, int(done.end * 1e9), done.process, done.outcome, "txn", value=told, node="n1")  # type: ignore[arg-type] # as text
        events += [(done.start, 2 * number, start), (done.end, 2 * number + 1, ended)]
    return History([op for *_, op in sorted(events, key=lambda event: event[:2])])


def with_read(
    rng: random.Random, plan: list[Done], choose: Callable[[Done, list[Any]], list[Any] | None]
) -> list[Done]:
    """The plan with one read of a committed transaction replaced by what ``choose`` makes of it."""
    places = [
        (number, at)
        for number, done in enumerate(plan)
        if done.outcome == "ok"
        for at, micro in enumerate(done.micros)
        if micro[0] == "r"
    ]
    rng.shuffle(places)
    for number, at in places:
        changed = choose(plan[number], plan[number].micros[at])
        if changed is not None:
            micros = [*plan[number].micros[:at], changed, *plan[number].micros[at + 1 :]]
            return [*plan[:number], replace(plan[number], micros=micros), *plan[number + 1 :]]
    raise AssertionError("the history offers no place for this violation")
