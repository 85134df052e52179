"""The wall clock of a simulated machine."""

import asyncio

import pytest

from harness.simulated.clock import SimulatedClock
from harness.simulated.loop import SECOND, VirtualLoop, run


def clock(offset: int = 0, rate: float = 1.0) -> SimulatedClock:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return SimulatedClock(loop, offset, rate)


def test_a_clock_keeps_its_offset_and_runs_at_its_rate() -> None:
    async def main() -> tuple[int, int, int]:
        true, ahead, fast = clock(), clock(5 * SECOND), clock(0, 1.5)
        await asyncio.sleep(2)
        return true.now(), ahead.now(), fast.now()

    assert run(main()) == (2 * SECOND, 7 * SECOND, 3 * SECOND)


def test_a_step_counts_from_virtual_time_and_may_go_backwards() -> None:
    async def main() -> tuple[int, int]:
        one = clock(10 * SECOND, 2.0)
        await asyncio.sleep(3)
        one.set(-SECOND)
        stepped = one.now()
        await asyncio.sleep(4)
        return stepped, one.offset

    assert run(main()) == (2 * SECOND, -SECOND)


def test_a_clock_that_stands_still_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="rate 0"):
            clock(rate=0)

    run(main())
