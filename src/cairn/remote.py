"""A library on a server, used like one that is here: the same operations take it in a Session's place.

    with cairn.connect("https://cairn.example.org", token) as session:
        answer = await cairn.ask(session, "What did the 2018 audit find?")

Knows the API's conventions, and nothing of how bytes get there.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from cairn import registry
from cairn.errors import (
    Busy,
    CairnError,
    Denied,
    Invalid,
    ModelFailed,
    ParseFailed,
    Storage,
    Unavailable,
    Unknown,
)
from cairn.protocols import Caller
from cairn.results import plain
from cairn.results.people import Uploaded
from cairn.results.reading import read

T = TypeVar("T")

_ERRORS: Mapping[int, type[CairnError]] = {
    400: Invalid,
    401: Denied,
    403: Denied,
    404: Unknown,
    413: Invalid,
    422: ParseFailed,
    429: Busy,
    502: ModelFailed,
    503: Unavailable,
    507: Storage,
}


@dataclass(frozen=True, kw_only=True)
class Remote:
    """Somebody using a library on a server."""

    caller: Caller

    async def call(self, operation: str, given: Mapping[str, Any], returns: Any) -> Any:
        """Run an operation there and return its result, a ``returns``; raises what it raised."""
        path = f"/v1/{operation.replace('.', '/')}"
        body = await self._bytes("POST", path, json=plain(given))
        return read(returns, json.loads(body))

    async def original(self, document: int) -> bytes:
        """Return the bytes a document was read from."""
        return await self._bytes("GET", f"/v1/documents/{document}/original")

    async def page(self, document: int, number: int, *, width: int = 1000) -> bytes:
        """Return the picture of a page, from 1, as PNG."""
        return await self._bytes("GET", f"/v1/documents/{document}/pages/{number}?width={width}")

    async def report(self, id: str, format: str) -> bytes:
        """Return a report of one's own as a file: ``markdown``, ``docx`` or ``pdf``."""
        return await self._bytes("GET", f"/v1/reports/{quote(id, safe='')}/{quote(format, safe='')}")

    async def upload(self, name: str, content: bytes, *, allow: Sequence[str] = ()) -> Uploaded:
        """Bring a file, which is read soon, for yourself and who you ``allow`` to read."""
        path = f"/v1/uploads/{quote(name, safe='')}?{urlencode({'allow': allow}, doseq=True)}"
        kept: Uploaded = read(Uploaded, json.loads(await self._bytes("PUT", path, content=content)))
        return kept

    async def _bytes(self, method: str, path: str, **sent: Any) -> bytes:
        status, body = await asyncio.to_thread(self.caller.call, method, path, **sent)
        if status >= 400:
            raise _error(status, body)
        return body

    def __enter__(self) -> "Remote":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.caller.close()


def connect(url: str, token: str) -> Remote:
    """Use the library that a server has, as whoever the token is; use it in a ``with`` block.

    Raises Unavailable where the extra ``serve`` is not installed, Invalid for an address that is none.
    """
    return Remote(caller=registry.load("clients", f"http:{url}", token=token))


def _error(status: int, body: bytes) -> CairnError:
    try:
        detail = str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        detail = "it gave no reason"
    kind = _ERRORS.get(status)
    return kind(detail) if kind is not None else CairnError(f"The server answered {status}: {detail}")
