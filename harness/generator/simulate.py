"""Running a generator without a datastore: for tests of generators, a user's own included."""

import heapq
import random
from collections.abc import Callable, Sequence

import msgspec

from harness.generator.base import Pending
from harness.generator.context import Context, Threads
from harness.generator.lift import NOTHING, lift
from harness.generator.timing import LOG, SECOND, SLEEP
from harness.op import INFO, Op

LATENCY = 10
"""Nanoseconds that an operation takes in ``perfect`` and ``perfect_info``."""

Complete = Callable[[Op], tuple[int, Op]]
"""How an operation ends: after how many nanoseconds, and its completion."""


def simulate(
    generator: object,
    complete: Complete | None = None,
    *,
    concurrency: int = 2,
    nodes: Sequence[str] = ("n1", "n2"),
    most: int = 100_000,
) -> list[Op]:
    """The history that a generator makes against an imagined datastore, in virtual time.

    Args:
        generator: Anything that can be lifted.
        complete: How operations end; ``perfect`` when None.
        concurrency: How many client threads.
        nodes: Names of the nodes.
        most: How many events to stop after.

    Returns:
        Invocations and completions in order. It ends when the generator is exhausted, or pends for ever.
    """
    gen = lift(generator)
    complete = complete or perfect
    table = Threads(concurrency, nodes)
    ctx = Context(0, table.all_mask, table.all_mask, table)
    history: list[Op] = []
    under_way: list[tuple[int, int, int, Op | None]] = []
    started = 0

    def record(op: Op) -> None:
        msgspec.structs.force_setattr(op, "index", len(history))  # nobody else holds it yet
        history.append(op)

    while len(history) < most:
        step = gen.op(ctx)
        op, after = step if isinstance(step, tuple) else (None, NOTHING)
        if type(step) is Pending:
            gen = step.after
        if op is None or (under_way and under_way[0][0] <= op.time):
            if not under_way:
                break
            ctx.time, _, thread, done = heapq.heappop(under_way)
            ctx.free |= 1 << thread
            if done is not None:
                msgspec.structs.force_setattr(done, "time", ctx.time)
                record(done)
                gen = gen.update(ctx, done)
                if done.type == INFO:
                    table.retire(thread)
            continue
        ctx.time = max(ctx.time, op.time)
        thread = table.thread_of(op.process)
        table.turn = thread + 1
        gen = after
        if op.f == LOG:
            continue
        started += 1
        ctx.free &= ~(1 << thread)
        if op.f == SLEEP:
            heapq.heappush(under_way, (ctx.time + round(op.value * SECOND), started, thread, None))
            continue
        record(op)
        gen = gen.update(ctx, op)
        latency, done = complete(op)
        heapq.heappush(under_way, (ctx.time + latency, started, thread, done))
    return history


def perfect(op: Op) -> tuple[int, Op]:
    """Everything is ok after 10 ns."""
    return LATENCY, op.ok(op.value)


def perfect_info(op: Op) -> tuple[int, Op]:
    """Everything is info after 10 ns."""
    return LATENCY, op.info("simulated: nobody knows")


def imperfect(rng: random.Random) -> Complete:
    """Some operations are ok, some fail and some are info, after 1 to 100 ns."""

    def complete(op: Op) -> tuple[int, Op]:
        done = rng.choice((op.ok(op.value), op.fail("simulated: refused"), op.info("simulated: nobody knows")))
        return rng.randint(1, 100), done

    return complete


def invocations(history: Sequence[Op]) -> list[Op]:
    """Only the invocations of a history."""
    return [op for op in history if op.type == "invoke"]
