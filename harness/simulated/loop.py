"""A virtual-time event loop: asyncio code runs as fast as it can, and time jumps to the next timer.

Nothing here waits, polls or starts a thread, so that the only sources of order are the program itself and the loop's
rule: what is ready runs first in, first out; when nothing is ready, the timer with the smallest (time, sequence) fires,
and the clock is set to its time. The same program therefore does the same things at the same virtual instants, always.

The clock is an integer of nanoseconds. ``time()`` shows it in seconds, rounded to the nearest float; ``call_at`` takes
the first nanosecond at which ``time()`` is not below what was asked for, so that code which waits for an instant never
wakes before it.
"""

import asyncio
import threading
from asyncio import Handle, TimerHandle
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context, copy_context
from heapq import heappop, heappush
from typing import Any, Final, Never, TypeVar, TypeVarTuple

from harness.errors import HarnessError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

SECOND: Final = 1_000_000_000
"""Nanoseconds."""

_MOST_CALLBACKS_AT_ONE_INSTANT: Final = 10_000_000


class SimulationStuck(HarnessError):
    """Virtual time cannot go on: everything waits for something that nothing will bring."""


class NotInSimulation(HarnessError):
    """Something was asked of the virtual-time loop that needs real time, threads or the operating system."""


_Ready = tuple[Handle, Context, Callable[..., object], tuple[Any, ...]]
"""A callback of asyncio's: the handle that may cancel it, and what to run in which context."""


class VirtualLoop(asyncio.BaseEventLoop):
    """An asyncio event loop on virtual time; use ``run``.

    An exception in a callback ends the run and is raised from it: in a simulation it is a bug, never weather.

    Attributes:
        now: Nanoseconds since the start of the loop; read it, never set it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.unhandled: list[BaseException] = []
        self._sequence = 0
        self._halted = False
        self._soon: deque[_Ready] = deque()
        self._timers: list[tuple[int, int, _Ready | None, Callable[[Any], object] | None, Any]] = []
        self._thread = threading.get_ident()
        self.set_exception_handler(_remember)

    def time(self) -> float:
        """The virtual time in seconds since the start of the loop."""
        return self.now / SECOND

    def call_soon(self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None) -> Handle:
        """Run ``callback`` at this instant, after what is already ready."""
        if context is None:
            context = copy_context()
        handle = Handle(callback, args, self, context)
        self._soon.append((handle, context, callback, args))
        return handle

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> TimerHandle:
        """Run ``callback`` when ``delay`` virtual seconds have passed."""
        return self.call_at(self.now / SECOND + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> TimerHandle:
        """Run ``callback`` at the virtual time ``when`` (seconds); now, when that has passed."""
        if context is None:
            context = copy_context()
        handle = TimerHandle(when, callback, args, self, context)
        instant = round(when * SECOND)
        if instant / SECOND < when:
            instant += 1
        self._sequence += 1
        ready = (handle, context, callback, args)
        heappush(self._timers, (max(instant, self.now), self._sequence, ready, None, None))
        return handle

    def call_after(self, delay: int, callback: Callable[[Any], object], argument: Any) -> None:
        """Run ``callback(argument)`` after ``delay`` >= 0 nanoseconds; it cannot be cancelled and has no context.

        This is what messages of the simulated network travel by: several times cheaper than ``call_later``.
        """
        self._sequence += 1
        heappush(self._timers, (self.now + delay, self._sequence, None, callback, argument))

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> Handle:
        """Like ``call_soon``, for signal handlers, which run in the loop's own thread.

        Raises:
            NotInSimulation: Another thread called: its timing would not repeat.
        """
        if threading.get_ident() != self._thread:
            raise NotInSimulation("a thread called into the virtual-time loop: a simulation must not use threads")
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> Never:
        """Refused.

        Raises:
            NotInSimulation: Always: the timing of a thread would not repeat.
        """
        del executor, args
        name = getattr(func, "__qualname__", repr(func))
        raise NotInSimulation(f"{name} cannot run in a thread on the virtual-time loop: await a coroutine instead")

    def stop(self) -> None:
        """Return from ``run_forever`` after the callback that runs now."""
        self._halted = True
        super().stop()

    def _run_once(self) -> None:
        """All of the run: ``run_forever`` calls this until ``stop`` was called, and once is enough.

        Raises:
            SimulationStuck: Nothing is ready and no timer is left, or time does not advance any more.
        """
        timers, soon = self._timers, self._soon
        try:
            while not self._halted:
                if soon:
                    self._drain(soon)
                    continue
                if not timers:
                    raise SimulationStuck(
                        f"the simulation is deadlocked at {self.now / SECOND:.6f} s: the main coroutine is not "
                        "done, but nothing is ready to run and no timer is left. Something waits for an event that "
                        "nobody sets"
                    )
                when, _, ready, callback, argument = heappop(timers)
                if callback is not None:
                    self.now = when
                    callback(argument)
                elif ready is not None and not ready[0].cancelled():
                    self.now = when
                    soon.append(ready)
        finally:
            self._halted = False

    def _drain(self, soon: deque[_Ready]) -> None:
        """Run what is ready at this instant, and what that makes ready."""
        for _ in range(_MOST_CALLBACKS_AT_ONE_INSTANT):
            handle, context, callback, arguments = soon.popleft()
            if not handle.cancelled():
                context.run(callback, *arguments)
            if not soon or self._halted:
                return
        raise SimulationStuck(
            f"virtual time stands still at {self.now / SECOND:.6f} s: {_MOST_CALLBACKS_AT_ONE_INSTANT} callbacks ran "
            "and made more ready. Something loops without waiting (for example on asyncio.sleep(0))"
        )


def _remember(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep what nobody handled (the error of a task that nobody awaited) for the end of the run."""
    if isinstance(loop, VirtualLoop):
        error = context.get("exception")
        loop.unhandled.append(error if error is not None else RuntimeError(str(context.get("message"))))


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end on a new virtual-time loop and return what it returns.

    Raises:
        SimulationStuck: Everything waits for something that nothing will bring.
        Exception: Whatever ``main`` raises, or a callback, or a task that nobody awaited.
    """
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        result = runner.run(main)
        loop = runner.get_loop()
    if isinstance(loop, VirtualLoop) and loop.unhandled:
        raise loop.unhandled[0]
    return result
