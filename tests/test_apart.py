"""Work in a thread of its own, given up by whoever waits for it."""

import asyncio
import time

import pytest

from cairn.operations.apart import apart


async def given_up(seconds: float) -> bool:
    """Give up on work of so many seconds after .2; return whether it came to its end."""
    ended: list[bool] = []

    async def work() -> None:
        await asyncio.sleep(seconds)
        ended.append(True)

    waiting = asyncio.create_task(apart(work))
    await asyncio.sleep(0.05)
    time.sleep(0.15)  # held up, so that it is not told in between that the work has ended
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    return bool(ended)


def test_work_that_is_given_up_ends() -> None:
    assert not asyncio.run(given_up(60.0))


def test_work_may_end_just_as_it_is_given_up() -> None:
    assert asyncio.run(given_up(0.1))
