"""An operation as server-sent events: what it does while it does it, then its result; see ``TOLD``."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse

from cairn.operations import Operation
from cairn.results import plain
from cairn.session import Session
from cairn.surfaces.http.problems import note, said
from cairn.trace import watching
from cairn.types import Answer

EVENTS = "text/event-stream"
TOLD = """`stage` when a step has ended, `progress`, `evidence` as it is found, a follow-up's `question` as it
was understood, what a language model writes as `text`, and each sentence of it as a `claim` when it has been
checked; then the result (`answer` and its `citations`, or `result`) and `done`; or `problem`. When the client
goes, it is cancelled."""
SILENCE = 15.0
"""Seconds after which a comment shows that the line still stands."""
PACE = 0.2
"""Seconds between two reports of progress."""

Event = tuple[str, Any]


def stream(
    request: Request, session: Session, operation: Operation, given: Mapping[str, Any]
) -> StreamingResponse:
    """Return the events of one run."""
    return StreamingResponse(_lines(request, session, operation, given), media_type=EVENTS)


async def _lines(
    request: Request, session: Session, operation: Operation, given: Mapping[str, Any]
) -> AsyncIterator[str]:
    queue: asyncio.Queue[Event | None] = asyncio.Queue()
    task = _begin(queue, session, operation, given)
    gone = asyncio.create_task(_gone(request))
    gone.add_done_callback(lambda _: task.cancel())
    try:
        async for kind, value in _until_done(queue):
            yield _line(kind, value)
        for kind, value in _end(task, request.state.trace):
            yield _line(kind, value)
    finally:
        gone.cancel()
        task.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


def _begin(
    queue: asyncio.Queue[Event | None], session: Session, operation: Operation, given: Mapping[str, Any]
) -> asyncio.Task[Any]:
    """Run the operation, with all it tells on its way to ``queue``, from whichever thread."""
    loop = asyncio.get_running_loop()
    last = 0.0

    def put(kind: str, value: Any) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, (kind, value))

    def report(stage: str, done: int, total: int) -> None:
        nonlocal last
        if monotonic() - last >= PACE or done == total:
            last = monotonic()
            put("progress", {"stage": stage, "done": done, "total": total})

    def stage(name: str, seconds: float) -> None:
        put("stage", {"name": name, "milliseconds": round(seconds * 1000, 1)})

    listening = replace(session, report=report, tell=lambda kind, value: put(kind, plain(value)))
    with watching(stage):
        task = asyncio.create_task(_run(listening, operation, given))
    task.add_done_callback(lambda _: loop.call_soon(queue.put_nowait, None))
    return task


async def _run(session: Session, operation: Operation, given: Mapping[str, Any]) -> Any:
    return await operation.run(session, **given)


async def _until_done(queue: asyncio.Queue[Event | None]) -> AsyncIterator[Event]:
    while True:
        try:
            event = await asyncio.wait_for(queue.get(), SILENCE)
        except TimeoutError:
            yield "", None
            continue
        if event is None:
            return
        yield event


def _end(task: asyncio.Task[Any], trace: str) -> Iterator[Event]:
    """Yield what became of it."""
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        if not isinstance(error, Exception):
            raise error
        note(error, trace)
        yield "problem", json.loads(bytes(said(error, trace).body))
        return
    result = task.result()
    yield "answer" if isinstance(result, Answer) else "result", plain(result)
    if isinstance(result, Answer):
        yield "citations", plain([one for claim in result.claims for one in claim.citations])
    yield "done", {"trace": trace}


async def _gone(request: Request) -> None:
    """Wait until the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _line(kind: str, value: Any) -> str:
    if not kind:
        return ": still here\n\n"
    return f"event: {kind}\ndata: {json.dumps(value, ensure_ascii=False, allow_nan=False)}\n\n"
