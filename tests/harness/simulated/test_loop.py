"""The virtual-time loop keeps asyncio's promises, never waits, and says so when it cannot go on."""

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from harness.simulated.loop import SECOND, NotInSimulation, SimulationStuck, VirtualLoop, run


def loop() -> VirtualLoop:
    running = asyncio.get_running_loop()
    assert isinstance(running, VirtualLoop)
    return running


def test_result_is_returned_and_a_century_is_not_waited_for() -> None:
    async def main() -> float:
        await asyncio.sleep(100 * 365 * 86_400)
        return asyncio.get_running_loop().time()

    assert run(main()) == 100 * 365 * 86_400


def test_timers_fire_in_order_of_time_then_of_request() -> None:
    fired: list[tuple[float, str]] = []

    def fire(name: str) -> None:
        fired.append((loop().time(), name))

    async def main() -> None:
        for name, delay in (("c", 0.2), ("a", 0.1), ("d", 0.2), ("b", 0.1)):
            loop().call_later(delay, fire, name)
        await asyncio.sleep(1)

    run(main())
    assert fired == [(0.1, "a"), (0.1, "b"), (0.2, "c"), (0.2, "d")]


def test_ready_callbacks_run_first_in_first_out_before_any_timer() -> None:
    order: list[str] = []

    def first() -> None:
        order.append("first")
        loop().call_soon(order.append, "third")

    async def main() -> None:
        loop().call_after(0, order.append, "timer")
        loop().call_soon(first)
        loop().call_soon(order.append, "second")
        await asyncio.sleep(1)

    run(main())
    assert order == ["first", "second", "third", "timer"]


def test_a_cancelled_timer_neither_fires_nor_moves_time() -> None:
    async def main() -> int:
        late = loop().call_later(50, pytest.fail)
        loop().call_later(1, late.cancel)
        await asyncio.sleep(2)
        return loop().now

    assert run(main()) == 2 * SECOND


@pytest.mark.parametrize("when", [0.1, 1 / 3, 1e-10, 12345.678901234567, 1e9 / 7])
def test_nobody_wakes_before_the_instant_asked_for(when: float) -> None:
    async def main() -> float:
        woken: asyncio.Future[float] = loop().create_future()
        loop().call_at(when, lambda: woken.set_result(loop().time()))
        return await woken

    woken = run(main())
    assert when <= woken <= when + 2e-9 + when * 1e-15


def test_whole_nanoseconds_survive_the_way_through_float_seconds() -> None:
    async def main() -> list[int]:
        seen: list[int] = []
        for nanosecond in (1, 123_456_789, 3_600 * SECOND + 1, 86_400 * SECOND + 7):
            reached: asyncio.Future[int] = loop().create_future()
            loop().call_at(nanosecond / SECOND, reached.set_result, nanosecond)
            await reached
            seen.append(loop().now)
        return seen

    assert run(main()) == [1, 123_456_789, 3_600 * SECOND + 1, 86_400 * SECOND + 7]


def test_asking_for_the_past_fires_now() -> None:
    async def main() -> int:
        await asyncio.sleep(5)
        reached: asyncio.Future[int] = loop().create_future()
        loop().call_at(1, lambda: reached.set_result(loop().now))
        return await reached

    assert run(main()) == 5 * SECOND


def test_timeout_gather_event_and_task_group_work() -> None:
    async def main() -> tuple[list[float], str]:
        event = asyncio.Event()

        async def waiter(delay: float) -> float:
            await event.wait()
            await asyncio.sleep(delay)
            return loop().time()

        async with asyncio.TaskGroup() as group:
            gathered = group.create_task(waiter(0.5))
            loop().call_later(2, event.set)
            both = await asyncio.gather(waiter(0.25), waiter(0.75))
        outcome = "in time"
        try:
            async with asyncio.timeout(3):
                await asyncio.sleep(60)
        except TimeoutError:
            outcome = f"timed out at {loop().time()}"
        return [gathered.result(), *both], outcome

    assert run(main()) == ([2.5, 2.25, 2.75], "timed out at 5.75")


def test_a_deadlock_is_an_error_that_says_so() -> None:
    async def main() -> None:
        await asyncio.sleep(1.5)
        await asyncio.Event().wait()

    with pytest.raises(SimulationStuck, match=r"deadlocked at 1\.500000 s.*waits for an event that nobody sets"):
        run(main())


def test_a_loop_without_waiting_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.simulated.loop._MOST_CALLBACKS_AT_ONE_INSTANT", 1000)

    async def main() -> None:
        stop = False
        while not stop:  # noqa: ASYNC110 - spinning is what is tested
            await asyncio.sleep(0)

    with pytest.raises(SimulationStuck, match="time stands still"):
        run(main())


def test_the_error_of_main_surfaces() -> None:
    async def main() -> None:
        await asyncio.sleep(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main())


@pytest.mark.parametrize("way", ["call_soon", "call_later", "call_after"])
def test_the_error_of_a_callback_ends_the_run(way: str) -> None:
    def fail(_: object = None) -> None:
        raise LookupError(way)

    async def main() -> None:
        match way:
            case "call_soon":
                loop().call_soon(fail)
            case "call_later":
                loop().call_later(1, fail)
            case _:
                loop().call_after(1, fail, None)
        await asyncio.sleep(1_000)

    with pytest.raises(LookupError, match=way):
        run(main())


def test_the_error_of_a_task_that_nobody_awaits_surfaces() -> None:
    async def broken() -> None:
        raise LookupError

    async def main() -> None:
        task = asyncio.create_task(broken())
        await asyncio.sleep(1)
        del task

    with pytest.raises(LookupError):
        run(main())


def test_threads_are_refused() -> None:
    async def blocking() -> None:
        await asyncio.to_thread(time.sleep, 0)

    with pytest.raises(NotInSimulation, match=r"sleep.* cannot run in a thread"):
        run(blocking())

    async def foreign() -> list[BaseException]:
        errors: list[BaseException] = []
        running = loop()

        def call() -> None:
            try:
                running.call_soon_threadsafe(errors.clear)
            except NotInSimulation as error:
                errors.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        return errors

    assert "must not use threads" in str(run(foreign())[0])


def test_a_signal_handler_may_call_in() -> None:
    async def main() -> bool:
        stop = asyncio.Event()
        loop().call_soon_threadsafe(stop.set)
        return await stop.wait()

    assert run(main())


def test_tasks_left_over_are_cancelled_at_the_end() -> None:
    seen: list[str] = []

    async def left() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("cancelled")

    async def main() -> None:
        seen.append("started")
        background.append(asyncio.create_task(left()))
        await asyncio.sleep(1)

    background: list[asyncio.Task[None]] = []
    run(main())
    assert seen == ["started", "cancelled"]


PROGRAM = """
import asyncio, random
from harness.simulated.loop import run

async def worker(rng, name, lines):
    for _ in range(50):
        await asyncio.sleep(rng.choice((0, 0.001, 0.002)))
        lines.append(f"{asyncio.get_running_loop().time():.9f} {name}")

async def main():
    lines = []
    rng = random.Random(4)
    await asyncio.gather(*(worker(rng, name, lines) for name in "abcdefgh"))
    print(hash(tuple(lines)) and "\\n".join(lines))

run(main())
"""


def test_hash_randomisation_has_no_influence_on_order() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM], check=True, capture_output=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert outputs.pop().count(b"\n") == 400
