"""``session``: clients that keep a session, write keys of their own, read everybody's, and move between nodes."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from checkers.checker import Checker
from checkers.session import GUARANTEES, SessionChecker
from harness import generator as g
from harness.errors import unknown_name
from harness.generator import Context, Generator, Pending
from harness.op import Invocation, Op
from harness.options import Option
from workloads.workload import Workload

PREDECESSORS: Final = 0.2
"""Share of looks at a session that is over, where there is one."""

FINAL_PROBES: Final = 4
"""Looks at other sessions, at each node, in the end."""


class Session(Generator, frozen=True):
    """What one session does: writes, moves, and looks at keys of its own and of others.

    Args:
        rng: Source of chance.
        nodes: Where it may move.
        keys: How many keys it writes, by turns.
        writes: Share of writes.
        moves: Share of moves.
        final: Read everything at every node once, and end.
        written: How often it has written.
        plan: What it does next.
        begun: The final plan has been made.
    """

    rng: random.Random
    nodes: tuple[str, ...]
    keys: int
    writes: float = 0.0
    moves: float = 0.0
    final: bool = False
    written: int = 0
    plan: tuple[Invocation, ...] = ()
    begun: bool = False

    def op(self, ctx: Context) -> tuple[Op, Generator] | Pending | None:
        """The next step of the plan; a new plan when that is done."""
        if not ctx.free:
            return Pending(self)
        plan, written = self.plan, self.written
        if not plan:
            if self.begun:
                return None
            plan, written = self._draw(ctx)
        op = ctx.op(plan[0])
        if op is None:
            return Pending(self)
        rest = plan[1:]
        after = Session(self.rng, self.nodes, self.keys, self.writes, self.moves, self.final, written, rest, self.final)
        return op, after

    def _draw(self, ctx: Context) -> tuple[tuple[Invocation, ...], int]:
        """A plan, and how often the session has written when it is done."""
        process = ctx.process_of(ctx.next_free())
        if self.final:
            return self._everything(ctx, process), self.written
        chance = self.rng.random()
        if chance < self.writes:
            value, place = divmod(self.written, self.keys)
            return (Invocation("write", value + 1, key_of(process, place)),), self.written + 1
        if chance < self.writes + self.moves:
            return (Invocation("move", self.rng.choice(self.nodes)),), self.written
        if chance < self.writes + self.moves + (1 - self.writes - self.moves) / 3:
            return (Invocation("read", key=key_of(process, self.rng.randrange(self.keys))),), self.written
        return self._look(ctx), self.written

    def _look(self, ctx: Context) -> tuple[Invocation, ...]:
        """A read of one key between two reads of another: of the same session, or of two."""
        other = self._somebody(ctx)
        places = self.rng.sample(range(self.keys), 2)
        first = key_of(other, places[0])
        second = key_of(other if self.rng.random() < 0.5 else self._somebody(ctx), places[1])  # noqa: PLR2004 - half
        around = Invocation("read", key=first)
        return (around, Invocation("read", key=second), around)

    def _somebody(self, ctx: Context) -> int:
        """A session that goes on, or sometimes the one before it on the same thread."""
        table = ctx.table
        process = table.processes[self.rng.randrange(table.concurrency)]
        over = process >= table.concurrency and self.rng.random() < PREDECESSORS
        return process - table.concurrency if over else process

    def _everything(self, ctx: Context, process: int) -> tuple[Invocation, ...]:
        """At every node: its own keys and those of the session before it, each between two reads of another; others."""
        plan: list[Invocation] = []
        before = process - ctx.table.concurrency
        for node in self.nodes:
            plan.append(Invocation("move", node))
            for one in (process, before) if before >= 0 else (process,):
                plan += [Invocation("read", key=key_of(one, place)) for place in range(self.keys)] * 2
            for _ in range(FINAL_PROBES):
                plan += self._look(ctx)
        return tuple(plan)


def key_of(process: int, place: int) -> str:
    """Name of one of a session's keys."""
    return f"s{process}.{place}"


class SessionWorkload(Workload):
    """Every key is written by one session, with 1, 2, 3, ...: so of two versions it is known which is older.

    Raises:
        UsageError: There is no guarantee of that name.
    """

    name = "session"
    summary = "Sessions that write, read and move between nodes; decides the four session guarantees."
    interface = "session"
    options = (
        Option("keys-per-session", 2, "Keys that one session writes.", unit="keys", minimum=2),
        Option("writes", 0.3, "Share of writes, 0 to 1.", minimum=0, maximum=1),
        Option("moves", 0.1, "Share of moves to another node, 0 to 1.", minimum=0, maximum=1),
        Option("guarantees", "all", "Which count for the verdict: all, or names separated by commas."),
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        asked = self.settings["guarantees"]
        self._guarantees = GUARANTEES if asked == "all" else tuple(name.strip() for name in asked.split(","))
        for name in self._guarantees:
            if name not in GUARANTEES:
                raise unknown_name("session guarantee", name, GUARANTEES)

    def generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """A session for each process."""
        del concurrency
        settings = self.settings
        return g.each_process(
            Session(rng, tuple(nodes), settings["keys-per-session"], settings["writes"], settings["moves"])
        )

    def final_generator(self, rng: random.Random, nodes: Sequence[str], concurrency: int) -> Generator:
        """Each session that is left looks at everything from every node."""
        del concurrency
        final = Session(rng, tuple(nodes), self.settings["keys-per-session"], final=True)
        return g.clients(g.each_thread(final))

    def checkers(self) -> Sequence[Checker]:
        """The four guarantees."""
        return [SessionChecker(self._guarantees)]
