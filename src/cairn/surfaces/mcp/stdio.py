"""MCP over standard input and output: a library for an assistant that starts this process."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp.server.stdio import stdio_server

from cairn.access import OWNER
from cairn.app import unreported
from cairn.errors import Unknown
from cairn.operations import identity
from cairn.operations.identity import SignInFailed
from cairn.people import Kind
from cairn.session import Origin, Session
from cairn.surfaces.mcp.server import build
from cairn.trace import request

TOKEN = "CAIRN_TOKEN"


def load(rest: str) -> Callable[[Session], Awaitable[None]]:
    """Return what serves an assistant; it has no options."""
    return serve


async def serve(session: Session) -> None:
    """Answer until standard input ends; raises SignInFailed when whoever is to be asked for may not."""
    token = os.environ.get(TOKEN)

    async def asking(_: ServerRequestContext | None = None) -> Session:
        return await asyncio.to_thread(_stands, replace(session, report=unreported), token)

    await asking()
    server = build(asking)
    server.middleware.append(_traced)
    # The thread that waits for a line cannot be interrupted; a process that is killed loses nothing.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def _stands(session: Session, token: str | None) -> Session:
    """Return whoever asks, as they stand now."""
    if token is None:
        return _enrolled(session)
    found = identity.session(session.app, token, Kind.API, Origin(surface="mcp"))
    if found is None:
        raise SignInFailed(
            f"The token in {TOKEN} is not good, or no longer; make one: cairn tokens create NAME"
        )
    return found.acting_as(session.name) if session.name != OWNER else found


def _enrolled(session: Session) -> Session:
    try:
        session.app.grants(session.name)
    except Unknown:
        # Who else is enrolled is not for an assistant to know.
        raise SignInFailed(f"{session.name!r} is not in the directory, or no longer.") from None
    return session


async def _traced(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    with request():
        return await call_next(ctx)
