"""How a worker is given its operations."""

import asyncio

import pytest

from harness.op import INVOKE, Op
from harness.workers import Inbox

FIRST = Op(0, 0, 0, INVOKE, "read")
SECOND = Op(1, 0, 0, INVOKE, "write")


async def settle() -> None:
    """Let everything that is ready run."""
    for _ in range(3):
        await asyncio.sleep(0)


def waiting(inbox: Inbox) -> "asyncio.Task[list[Op]]":
    async def take_two() -> list[Op]:
        return [await inbox, await inbox]

    return asyncio.get_running_loop().create_task(take_two())


async def test_an_inbox_hands_over_one_op_after_the_other() -> None:
    inbox = Inbox(asyncio.get_running_loop())
    inbox.op = FIRST  # before the task waits
    task = waiting(inbox)
    await settle()
    assert inbox.op is None
    inbox.op = SECOND
    asyncio.get_running_loop().call_soon(inbox.resume)
    assert await task == [FIRST, SECOND]


async def test_a_task_that_is_resumed_with_nothing_waits_on() -> None:
    inbox = Inbox(asyncio.get_running_loop())
    task = waiting(inbox)
    inbox.resume()  # it does not wait yet
    await settle()
    asyncio.get_running_loop().call_soon(inbox.resume)
    await settle()
    assert not task.done()
    inbox.op = FIRST
    asyncio.get_running_loop().call_soon(inbox.resume)
    await settle()
    inbox.op = SECOND
    asyncio.get_running_loop().call_soon(inbox.resume)
    assert await task == [FIRST, SECOND]


async def test_a_waiting_task_can_be_cancelled_and_resumed_all_the_same() -> None:
    inbox = Inbox(asyncio.get_running_loop())
    task = waiting(inbox)
    await settle()
    task.cancel()
    inbox.op = FIRST
    asyncio.get_running_loop().call_soon(inbox.resume)
    with pytest.raises(asyncio.CancelledError):
        await task
    inbox.resume()
    assert task.cancelled()
