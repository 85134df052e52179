"""Doing the same to several nodes at once."""

import asyncio

import pytest

from harness.errors import NodeFailed
from harness.parallel import all_of


async def test_the_first_failure_comes_after_all_have_ended() -> None:
    ended = []

    async def work(number: int) -> int:
        for _ in range(number):
            await asyncio.sleep(0)
        ended.append(number)
        if number == 1:
            raise NodeFailed("one")
        return number

    with pytest.raises(NodeFailed, match="one"):
        await all_of(work(number) for number in (1, 2, 3))
    assert ended == [1, 2, 3]
    assert await all_of(work(number) for number in (3, 2)) == [3, 2]
