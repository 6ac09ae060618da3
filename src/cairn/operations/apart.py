"""Runs work in a thread with an event loop of its own, so that nothing it computes there holds others up."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def apart(work: Callable[[], Awaitable[T]]) -> T:
    """Return what ``work`` returns; when the caller is cancelled, so is the work, and waited for."""
    begun: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = []

    async def inside() -> T:
        task = asyncio.current_task()
        assert task is not None
        begun.append((asyncio.get_running_loop(), task))
        return await work()

    waiting = asyncio.ensure_future(asyncio.to_thread(asyncio.run, inside()))
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        for loop, task in begun:
            with suppress(RuntimeError):  # it has just ended, and its loop is closed
                loop.call_soon_threadsafe(task.cancel)
        await asyncio.wait([waiting])
        raise
