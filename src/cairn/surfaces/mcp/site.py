"""MCP over HTTP, at /mcp: each message stands alone, with the token it shows.

No session is kept from one message to the next: there is none to steal, and a revoked right holds at once.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from mcp.server import ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cairn.app import App
from cairn.errors import Denied
from cairn.session import Session
from cairn.surfaces.http.problems import HANDLERS, NotSignedIn
from cairn.surfaces.http.signed_in import signed_in, visitor
from cairn.surfaces.mcp.server import build

PREFIX = "/mcp"


def load(rest: str, *, app: App) -> tuple[str, Starlette]:
    """Return where the protocol is spoken, and what speaks it."""
    server = build(_asking)
    held: list[StreamableHTTPSessionManager] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        manager = StreamableHTTPSessionManager(server, stateless=True)  # each is run once
        async with manager.run():
            held.append(manager)
            yield
            held.remove(manager)

    # POST alone: nothing is sent but in answer, and there is no session to be ended.
    own = urlsplit(app.settings.serve_url).netloc
    route = Route(PREFIX, _Gate(lambda: held[-1].handle_request, own), methods=["POST"])
    return PREFIX, Starlette(routes=[route], lifespan=lifespan, exception_handlers=HANDLERS)


class _Gate:
    """Lets in who is signed in, and no other site's page, even one that holds a token."""

    def __init__(self, inner: Callable[[], ASGIApp], own: str) -> None:
        self._inner = inner
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if visitor(request) is None:
            raise NotSignedIn()
        origin = request.headers.get("origin")
        own = {request.headers["host"], self._own} - {""}
        if origin is not None and urlsplit(origin).netloc not in own:
            raise Denied("Another site's pages cannot ask here; ask from a program, or this server's pages.")
        await self._inner()(scope, receive, send)


async def _asking(context: ServerRequestContext) -> Session:
    assert isinstance(context.request, Request)
    return signed_in(context.request)
