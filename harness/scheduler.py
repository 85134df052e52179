"""The scheduler: asks a generator what to do, lets workers do it, and records every event.

The semantics are those of Jepsen's interpreter. One task decides everything; completions are taken in before the
generator is asked, so that no operation looks more concurrent than it was. After ``info`` the thread plays a new
process with a new client. Time comes from the event loop only, so the same code runs in real and in virtual time.
"""

import asyncio
import logging
import traceback
from collections.abc import Callable, Sequence

import msgspec

from harness.client import Client
from harness.cluster import Node
from harness.errors import EnvironmentFailed, HarnessError, QuorateError
from harness.generator import Generator, Pending
from harness.generator.context import Context, Threads
from harness.generator.lift import NOTHING
from harness.generator.timing import LOG, SECOND, SLEEP
from harness.history_file import HistoryWriter
from harness.op import INFO, Op
from harness.workers import CLOSE_LIMIT, ClientWorker, Inbox, Injector, Worker

LOGGER = logging.getLogger("quorate.scheduler")

BATCH = 64
"""How many operations are started before the workers get the processor: answers must not wait long to be noticed."""

POLL = SECOND // 100
"""Nanoseconds after which a pending generator is asked again though nothing happened: it may wait for a future."""

EARLY = 1_000
"""Nanoseconds that an operation may start before its time: less than any timer can tell."""

SPECIAL = frozenset((SLEEP, LOG))

set_field = msgspec.structs.force_setattr  # an op that is not recorded yet is the scheduler's own


class Scheduler:
    """Runs generators against clients and a nemesis; must be made inside a running event loop.

    Args:
        nodes: Client thread i talks to node i modulo their number.
        concurrency: How many client threads.
        open_client: Makes a client that is not open yet.
        writer: Where events go; flushed once per turn.
        nemesis: What does the operations of the nemesis thread.
        op_timeout: Seconds after which a client's operation is recorded as ``info``.
        observe: Called with every recorded event.
    """

    def __init__(
        self,
        *,
        nodes: Sequence[Node],
        concurrency: int,
        open_client: Callable[[], Client],
        writer: HistoryWriter,
        nemesis: Injector | None = None,
        op_timeout: float = 5.0,
        observe: Callable[[Op], None] | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = self._loop.time
        self._start = self._clock()
        self._nodes = nodes
        self._open_client = open_client
        self._nemesis = nemesis
        self._writer = writer
        self._append = writer.append
        self._writable = True
        self._observe = observe
        self._timeout = op_timeout
        self._timeout_ns = round(op_timeout * SECOND)
        self._table = Threads(concurrency, [node.name for node in nodes])
        self._ctx = Context(0, self._table.all_mask, self._table.all_mask, self._table)
        self._bits = [1 << thread for thread in range(concurrency + 1)]
        self._workers: dict[int, Worker] = {}
        self._closing: set[asyncio.Task[None]] = set()
        # The clients' operations under way in the order of their start. All have the same time-out, so this is also
        # the order of their deadlines: the first entry is what a heap of deadlines would have on top, for no cost.
        self._open: dict[int, Op] = {}
        self._injecting: Op | None = None
        self._asleep: dict[int, asyncio.TimerHandle] = {}
        self._given: list[Inbox] = []
        self._reported: list[tuple[int, Op, Op]] = []
        self._finished: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = False  # a turn is on its way
        self._stop: asyncio.Event | None = None
        self._last = -1  # when waiting ends after the stop; -1 while nobody asked to stop
        self._deadline: asyncio.TimerHandle | None = None
        self._generator: Generator = NOTHING
        self._hears = False

    async def run(self, generator: Generator, stop: asyncio.Event | None = None) -> None:
        """Run until the generator is exhausted and everything under way is completed.

        May be called again: the clock, the process numbers and the clients go on.

        Args:
            generator: What to do.
            stop: Once set, nothing more is started; what is under way may take ``op_timeout`` to complete.

        Raises:
            EnvironmentFailed: The history cannot be written.
            HarnessError: The generator failed.
        """
        self._generator = generator
        self._hears = generator.hears
        stopping = None if stop is None else asyncio.ensure_future(stop.wait())
        if stopping is not None:
            stopping.add_done_callback(self._wake)
        try:
            await self._run(stop)
        except QuorateError:
            raise
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            raise HarnessError(
                f"the generator failed: {type(error).__name__}: {error} ({where.filename}, line {where.lineno})"
            ) from error
        finally:
            if stopping is not None:
                stopping.cancel()
            self._interrupt()

    async def close(self) -> None:
        """Close all clients; takes a few seconds at most."""
        if self._deadline is not None:
            self._deadline.cancel()
        for worker in self._workers.values():
            self._closing.add(worker.abandon())
        self._workers.clear()
        if self._closing:
            await asyncio.wait(self._closing, timeout=2 * CLOSE_LIMIT)

    async def _run(self, stop: asyncio.Event | None) -> None:
        """Take turns until nothing is left to do."""
        self._stop, self._last = stop, -1
        finished = self._finished = self._loop.create_future()
        self._wake()
        try:
            await finished
        finally:
            self._finished = None
            self._set_timer(-1)

    def _turn(self) -> None:
        """One turn: completions first, then what is due, then the workers.

        It is a callback of the loop and no task, because asyncio lets no task go on inside another one: so the workers
        can be resumed right here, and those whose client answers at once have reported when the turn ends.
        """
        self._due = False
        finished = self._finished
        if finished is None or finished.done():
            return
        try:
            over, until = self._advance()
            self._wake_workers()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever awaits the run
            finished.set_exception(RuntimeError(repr(error)) if isinstance(error, StopIteration) else error)
            return
        if over:
            finished.set_result(None)
        elif until == 0 or self._reported:
            self._wake()
        else:
            self._set_timer(until)

    def _advance(self) -> tuple[bool, int]:
        """Take completions, give up what is late, start what is due, and hand the events to the kernel.

        Returns:
            Whether the run is over, and when the next turn must come in any case: 0 for at once, -1 for never.
        """
        self._take_completions()
        now = self._now()
        self._expire(now)
        if self._stop is not None and self._stop.is_set():
            self._wake_sleepers()
            self._last = now + self._timeout_ns if self._last < 0 else self._last
            exhausted, until = True, self._last
            if now >= self._last:
                self._interrupt()
        else:
            exhausted, until = self._dispatch()
        self._flush()
        return exhausted and not self._open and self._injecting is None and not self._asleep, until

    def _dispatch(self) -> tuple[bool, int]:
        """Start what is due.

        Returns:
            Whether the generator is exhausted, and when to ask it again in any case: 0 for at once, -1 for never.
        """
        ctx, table = self._ctx, self._table
        clock, start = self._clock, self._start
        for _ in range(BATCH):
            if not ctx.free:
                return False, -1
            now = ctx.time = int((clock() - start) * SECOND + 0.5)
            step = self._generator.op(ctx)
            if step is None:
                return True, -1
            if type(step) is Pending:
                self._generator = step.after
                self._hears = step.after.hears
                return False, now + POLL
            op, after = step
            if op.time - now > EARLY:
                return False, op.time
            thread = table.thread_of(op.process)
            bit = self._bits[thread]
            if not ctx.free & bit or table.processes[thread] != op.process:
                raise HarnessError(f"the generator gave an operation to process {op.process}, which is not free: {op}")
            table.turn = thread + 1
            if op.f in SPECIAL:
                self._generator, self._hears = after, after.hears
                self._special(thread, op)
                continue
            set_field(op, "time", now)
            self._record(op)
            ctx.free &= ~bit
            self._hears = after.hears
            self._generator = after.update(ctx, op) if self._hears else after
            self._start_op(thread, op)
        return False, 0

    def _start_op(self, thread: int, op: Op) -> None:
        worker = self._workers.get(thread)
        if thread == self._table.concurrency:
            self._injecting = op
            if worker is None:
                worker = self._workers[thread] = Worker(thread, self._report, self._nemesis)
        else:
            self._open[thread] = op
            if worker is None:
                node = self._nodes[thread % len(self._nodes)]
                worker = self._workers[thread] = ClientWorker(
                    thread, self._report, node, self._open_client, self._closing
                )
            if self._deadline is None:
                self._deadline = self._loop.call_at(self._when(op.time + self._timeout_ns), self._deadline_passed)
        worker.inbox.op = op
        self._given.append(worker.inbox)

    def _wake_workers(self) -> None:
        """Let those begin that were given something in this turn."""
        given, self._given = self._given, []
        for inbox in given:
            inbox.resume()

    def _special(self, thread: int, op: Op) -> None:
        """An operation of the harness itself: not recorded, and no event for the generator."""
        if op.f == LOG:
            LOGGER.info("%s", op.value)
            return
        self._ctx.free &= ~self._bits[thread]
        self._asleep[thread] = self._loop.call_later(op.value, self._woken, thread)

    def _woken(self, thread: int) -> None:
        del self._asleep[thread]
        self._ctx.free |= self._bits[thread]
        self._wake()

    def _wake_sleepers(self) -> None:
        for thread, timer in list(self._asleep.items()):
            timer.cancel()
            self._woken(thread)

    def _report(self, thread: int, op: Op, done: Op) -> None:
        """Called by a worker; the time of a completion is when it came, not when the scheduler gets to it."""
        set_field(done, "time", int((self._clock() - self._start) * SECOND + 0.5))
        self._reported.append((thread, op, done))
        self._wake()

    def _take_completions(self) -> None:
        reported, self._reported = self._reported, []
        under_way = self._open
        for thread, op, done in reported:
            if under_way.get(thread) is op:
                del under_way[thread]
            elif op is self._injecting:
                self._injecting = None
            else:
                continue  # it had timed out
            self._complete(thread, done)

    def _complete(self, thread: int, done: Op) -> None:
        """Record a completion, free its thread, retire its process if nobody knows what became of the operation."""
        self._record(done)
        ctx = self._ctx
        ctx.time = done.time
        ctx.free |= self._bits[thread]
        if self._hears:
            self._generator = self._generator.update(ctx, done)
        if done.type == INFO:
            self._table.retire(thread)

    def _expire(self, now: int) -> None:
        """Give up the operations whose deadline has passed, and set the timer for the next deadline."""
        if self._deadline is not None:
            return
        while self._open:
            thread, op = next(iter(self._open.items()))
            deadline = op.time + self._timeout_ns
            if deadline > now + EARLY:
                self._deadline = self._loop.call_at(self._when(deadline), self._deadline_passed)
                return
            self._give_up(thread, op, f"timeout: no answer in {self._timeout:g} s", now)

    def _give_up(self, thread: int, op: Op, why: str, now: int) -> None:
        """Complete an operation that has not been answered; its worker and client are dropped."""
        worker = self._workers.pop(thread)
        # What was not sent has not happened: that the client cannot connect must not cost a process.
        done = op.fail(f"no-client: not connected, {why}") if worker.opening else op.info(why)
        release = worker.abandon()
        self._closing.add(release)
        release.add_done_callback(self._closing.discard)
        if thread == self._table.concurrency:
            self._injecting = None
        else:
            del self._open[thread]
        set_field(done, "time", now)
        self._complete(thread, done)

    def _interrupt(self) -> None:
        """Complete everything that is under way, now; the generator is done with."""
        self._generator, self._hears = NOTHING, False
        self._wake_sleepers()
        if not self._writable:
            return
        self._take_completions()
        why = "interrupted: the run did not wait for the answer"
        now = self._now()
        for thread, op in list(self._open.items()):
            self._give_up(thread, op, why, now)
        if self._injecting is not None:
            self._give_up(self._table.concurrency, self._injecting, why, now)
        self._flush()

    def _record(self, op: Op) -> None:
        self._append(op)
        if self._observe is not None:
            self._observe(op)

    def _flush(self) -> None:
        try:
            self._writer.flush()
        except OSError as error:
            self._writable = False
            raise EnvironmentFailed(
                f"cannot write the history: {error.strerror or error}. Make room for it, and run again"
            ) from error

    def _now(self) -> int:
        """Nanoseconds since the start."""
        return int((self._clock() - self._start) * SECOND + 0.5)

    def _when(self, time: int) -> float:
        """The same as a time of the event loop."""
        return self._start + time / SECOND

    def _deadline_passed(self) -> None:
        self._deadline = None
        self._wake()

    def _wake(self, _: object = None) -> None:
        """Let the next turn come soon; once is enough."""
        if not self._due and self._finished is not None:
            self._due = True
            self._loop.call_soon(self._turn)

    def _set_timer(self, until: int) -> None:
        """Let the next turn come at that time of the run, unless something happens before; -1 for no time."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if until < 0 else self._loop.call_at(self._when(until), self._wake)
