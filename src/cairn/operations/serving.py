"""Operations that serve a library: to others, and to an assistant."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from typing import Annotated

from cairn import registry
from cairn.app import App
from cairn.errors import Denied
from cairn.operations import identity
from cairn.operations.beside import Processes
from cairn.operations.declare import Say, operation
from cairn.people import Role
from cairn.results.people import Served
from cairn.session import Session

PATIENCE = 60.0
"""Seconds one writer in a server waits for another."""
MOST = 4
"""Processes beside the server's, where nobody has said how many."""
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def alone(app: App, host: str) -> bool:
    """Tell whether nobody but this machine can come: then its owner may sign in."""
    return host in LOOPBACK and not app.settings.serve_url


@operation("serve", role=Role.OWNER, opens=False)
async def serve(
    session: Session,
    *,
    host: Annotated[str, Say("the address to listen on")] = "127.0.0.1",
    port: Annotated[int, Say("the port to listen on")] = 8484,
) -> Served:
    """Serve the library: HTTP API, pages and the work in the background, until ctrl-C.

    On this machine alone, it prints a link by which its owner signs in once. It listens elsewhere only when
    somebody can sign in: see `cairn people add`, or the setting oidc_issuer.
    """
    async with _beside(session.app) as beside:
        with closing(replace(session.app, patience=PATIENCE, beside=beside)) as app:
            app.wire()
            app.wire_chats()
            return await _serve(app, host, port)


@asynccontextmanager
async def _beside(app: App) -> AsyncIterator[Processes | None]:
    """Hold what answers questions beside the server, as many processes as its settings say."""
    chosen = app.settings.serve_processes
    size = min(app.cores, MOST) if chosen < 0 else chosen
    if not size:
        yield None
        return
    processes = Processes(app.process("answer", "cairn.operations.beside"), app.settings, size)
    try:
        yield processes
    finally:
        await processes.close()


async def _serve(app: App, host: str, port: int) -> Served:
    somebody = any(not one.disabled for one in app.journal.people.accounts())
    if host not in LOOPBACK and not (somebody or app.settings.oidc_issuer):
        raise Denied(f"Nobody could sign in on {host}; let somebody: cairn people add PERSON admin")
    server = registry.load("servers", "http")
    here = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    address = app.settings.serve_url.rstrip("/") if app.settings.serve_url else here

    def welcome() -> None:
        print(f"Cairn serves {app.home} on {address}", flush=True)
        if alone(app, host):
            link = f"{address}/v1/session/link/{identity.link(app)}"
            print(f"Sign in as its owner, once, within the hour: {link}", flush=True)

    await server(app, host, port, welcome)
    return Served(address=address)


@operation("mcp", opens=False)
async def mcp(session: Session) -> Served:
    """Serve the library to an assistant that starts this command, by MCP over standard input and output.

    It may read what whoever the token in `CAIRN_TOKEN` is may read at that moment; without one, what you may.
    """
    session.app.wire()
    await registry.load("assistants", "mcp")(session)
    return Served(address="")
