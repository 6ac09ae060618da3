"""What a server does by itself: keeps the index and what sources show up to date, drops what is old.

Errors are kept in `status`, where they are seen; the next look may find them mended.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

from cairn.app import App
from cairn.errors import CairnError
from cairn.operations.documents import read
from cairn.operations.uploads import uploaded
from cairn.records import SourceRecord
from cairn.session import Origin, Session
from cairn.settings import DAYS
from cairn.types import State

GLANCE = 0.5
"""Seconds between two looks for something that was uploaded."""
EXPIRES = 3_600
"""Seconds between two looks for what is old."""

log = logging.getLogger("cairn.background")


async def work(app: App) -> None:
    """Do all of it until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for task in (keep_up(app), _expire(app), _tried("written answers", app.prepare)):
            tasks.create_task(task)


async def _expire(app: App) -> None:
    while True:
        await _tried("erasing what is old", partial(expire, app))
        await asyncio.sleep(EXPIRES)


async def _tried(what: str, do: Callable[[], None]) -> None:
    """Do something in a thread; nothing else suffers from what goes wrong with it."""
    try:
        await asyncio.to_thread(do)
    except Exception as error:
        log.error("%s: %s", what, error if isinstance(error, CairnError) else type(error).__name__)


def expire(app: App) -> None:
    """Erase the traces, answers and reports whose time is over."""
    chosen, now = app.settings, datetime.now(UTC)
    app.journal.upkeep.expire(
        traces=now - timedelta(days=chosen.trace_days if chosen.trace_days else DAYS),
        turns=now - timedelta(days=chosen.conversation_days),
        answers=now - timedelta(days=chosen.answer_cache_days),
    )


async def keep_up(app: App) -> None:
    """Read what is new until cancelled; what was left undone by a stopped process comes first."""
    session = Session(app=app, origin=Origin(surface="server"))
    await asyncio.to_thread(app.catch_up)
    left = app.settings.serve_watch_seconds > 0
    everything, looked = True, monotonic()
    while True:
        for record in await asyncio.to_thread(app.journal.catalogue.sources):
            if not everything and record.spec != uploaded(app):
                continue
            try:
                if left or await asyncio.to_thread(_changed, app, record):
                    await read(session, record, prune=False)
            except CairnError:
                pass
            except Exception as error:  # a defect in one source must not leave the others unread
                log.error("source %s: %s", record.id, type(error).__name__)
        left = False
        everything = await _wait(app, looked)
        looked = monotonic() if everything else looked


def _changed(app: App, record: SourceRecord) -> bool:
    """Tell whether a source shows anything new, or has something that waits to be read."""
    catalogue = app.journal.catalogue
    if catalogue.find(source=record.id, states=[State.PENDING]):
        return True
    known = catalogue.known(record.id)
    return next(iter(app.source(record).changes(known)), None) is not None


async def _wait(app: App, looked: float) -> bool:
    """Wait until something was brought, or it is time to look at every source again; tell whether it is."""
    pause: float = app.settings.serve_watch_seconds
    while not (due := 0 < pause <= monotonic() - looked) and not app.brought.is_set():
        await asyncio.sleep(GLANCE)
        if app.beside is not None:  # who is asked there does not see to it that the index is up to date
            await _tried("the index", app.catch_up)
    app.brought.clear()
    return due
