"""What every test gets: an environment of its own, and no network beyond this machine."""

import asyncio
import os
import shutil
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.models.server import ModelServer, serving
from tests.reading import reading_here

import cairn
from cairn.session import Session

T = TypeVar("T")
ROOT = Path(__file__).parents[1]
MEMORY = Path("/dev/shm")
ROOM = 4_000_000_000


def pytest_configure() -> None:
    """Let tests write into memory where there is room: nothing of theirs has to outlast them."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leave nothing of the caller's settings, and refuse connections that leave this machine."""
    for name in list(os.environ):
        theirs = name.startswith(("OPENAI_", "ANTHROPIC_", "OLLAMA_"))
        if theirs or (name.startswith("CAIRN_") and name not in ("CAIRN_DATA", "CAIRN_TEST_POSTGRESQL")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "library"))
    monkeypatch.setenv("CAIRN_EMBEDDER", "hash")
    monkeypatch.setenv("CAIRN_WORKERS", "1")
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"tests do not connect to {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)


@pytest.fixture
def run() -> Callable[[Awaitable[T]], T]:
    """Return what waits for an operation."""

    def wait(operation: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await operation

        return asyncio.run(awaited())

    return wait


@pytest.fixture
def here() -> Iterator[None]:
    """Have documents read in this process: for tests of what comes after that."""
    with reading_here():
        yield


@pytest.fixture
def session() -> Iterator[Session]:
    """Hold an empty library, as its owner."""
    with cairn.open() as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder to ingest."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """Hold a scripted model server, and let every provider's address lead to it."""
    with serving() as server:
        for provider in ("OPENAI", "ANTHROPIC", "OLLAMA"):
            path = "" if provider == "ANTHROPIC" else "/v1"
            monkeypatch.setenv(f"{provider}_BASE_URL", server.url + path)
            monkeypatch.setenv(f"{provider}_API_KEY", f"key-of-{provider.lower()}")
        yield server


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the public data sets; the test is skipped where they are not."""
    path = Path(os.environ.get("CAIRN_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no public data sets at {path}")
    return path
