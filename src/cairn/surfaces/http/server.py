"""The server: the sites behind the doors, listening on one address, with the work in the background."""

import asyncio
import errno
import resource
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from cairn import registry
from cairn.app import App
from cairn.errors import Busy, Unavailable
from cairn.operations.background import work
from cairn.operations.beside import leave_alone, share_memory
from cairn.operations.serving import LOOPBACK, alone
from cairn.surfaces.http.doors import Doors
from cairn.surfaces.http.problems import HANDLERS
from cairn.surfaces.http.state import Metrics, routes

UPLOADS = "/v1/uploads/"
IDLE_SECONDS = 75
"""An idle connection is kept for longer than proxies do, or they send a request while it is being closed."""
Server = Callable[[App, str, int, Callable[[], None]], Awaitable[None]]


def build(app: App, host: str) -> ASGIApp:
    """Return all sites behind the doors; the last one has the root."""
    loaded = (registry.load("sites", name, app=app) for name in registry.known("sites"))
    sites: dict[str, Starlette] = dict(loaded)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for site in sites.values():
                await stack.enter_async_context(site.router.lifespan_context(site))
            working = asyncio.create_task(work(app))
            yield
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    metrics = Metrics(app)
    places = [_place(prefix, sites[prefix]) for prefix in sorted(sites, reverse=True)]
    root = Starlette(
        routes=[*routes(app, metrics), *places],
        lifespan=lifespan,
        exception_handlers=HANDLERS,
    )
    public = urlsplit(app.settings.serve_url).hostname
    names = {*LOOPBACK, "[::1]", *([host] if host else []), *([public] if public is not None else [])}
    return Doors(root, app, names, metrics, uploads=UPLOADS, owner=alone(app, host))


def _place(prefix: str, site: Starlette) -> Route | Mount:
    # A mount does not answer for its own prefix, which is all that some sites have.
    own = any(isinstance(route, Route) and route.path == prefix for route in site.routes)
    return Route(prefix, site) if own else Mount(prefix, site)


def load(rest: str) -> Server:
    """Return what serves a library; it has no options."""
    return serve


async def serve(app: App, host: str, port: int, welcome: Callable[[], None]) -> None:
    """Answer on this address until stopped, with a ``welcome`` first; raises Busy when the port is taken."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each connection is one, idle ones too
    share_memory()
    listening = _bind(host, port)
    welcome()
    config = uvicorn.Config(
        build(app, host),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(app.settings.serve_url),
        reset_contextvars=True,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=5,
        lifespan="on",
    )
    with listening:
        await _Server(config).serve([listening])


class _Server(uvicorn.Server):
    """Ends in good order on ctrl-C and SIGTERM, and leaves what comes after to whoever called it."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        leave_alone()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said to be TCP, or asyncio does not set TCP_NODELAY, and each answer waits 40 ms for its second half.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise Busy(
                f"Something else listens on {host}:{port}; stop it, or: cairn serve --port N"
            ) from None
        raise Unavailable(f"{host}:{port} cannot be listened on: {error.strerror}.") from error
    return listening
