"""The protocol's own client, on a library behind its doors, on the command, and on neither."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import uvicorn
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from tests.surfaces.conftest import House

from cairn.session import Session
from cairn.surfaces.http.server import build as build_server
from cairn.surfaces.mcp.server import build

MODES = ("legacy", "auto")
"""The handshake of 2025-11-25, and requests that stand alone."""
QUESTION = {"question": "How many invoices did the audit find missing?"}


@asynccontextmanager
async def served(session: Session) -> AsyncIterator[str]:
    """Serve a library on this machine; yields the address of its MCP."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            build_server(session.app, "127.0.0.1"),
            log_config=None,
            lifespan="on",
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def over_http(url: str, token: str, mode: str, **headers: str) -> AsyncIterator[Client]:
    shown = {"Authorization": f"Bearer {token}"} | headers
    async with (
        httpx2.AsyncClient(headers=shown, timeout=30) as sender,
        Client(streamable_http_client(url, http_client=sender), mode=mode) as client,
    ):
        yield client


def command(*arguments: str, **environment: str) -> StdioServerParameters:
    held = {name: value for name, value in os.environ.items() if name.startswith("CAIRN_")}
    return StdioServerParameters(
        command=sys.executable, args=["-m", "cairn", "mcp", *arguments], env=held | environment
    )


def numbers(house: House) -> dict[str, int]:
    return {record.uri: record.id for record in house.session.app.journal.catalogue.find()}


def text(result: Any) -> str:
    (content,) = result.content
    return str(content.text)


def in_process(session: Session, mode: str) -> Client:
    """Return a client of the protocol without a transport."""

    async def asking(_: Any) -> Session:
        return session

    return Client(build(asking), mode=mode)
