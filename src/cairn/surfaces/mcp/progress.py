"""Tells a client each stage of an operation as it ends, where the client asked to be told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from mcp.server import ServerRequestContext

from cairn.trace import watching


@asynccontextmanager
async def progress(context: ServerRequestContext) -> AsyncIterator[None]:
    """Tell the stages of what is done inside, all of them before what comes after."""
    if context.meta is None or "progress_token" not in context.meta:
        yield
        return
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def ended(stage: str, seconds: float) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, stage)

    telling = asyncio.create_task(_tell(context, queue))
    try:
        with watching(ended):
            yield
        loop.call_soon_threadsafe(queue.put_nowait, None)
        await telling
    finally:
        telling.cancel()


async def _tell(context: ServerRequestContext, queue: asyncio.Queue[str | None]) -> None:
    for number in count(1):
        stage = await queue.get()
        if stage is None:
            return
        await context.session.report_progress(number, message=stage)
