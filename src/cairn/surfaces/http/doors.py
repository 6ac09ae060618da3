"""What every request passes, whichever site it is for: host, origin, identity, rate, size, headers, trace.

Pure ASGI, so that streams and websockets pass as they come. Knows nothing of what is behind.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from functools import partial
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from cairn.access import OWNER
from cairn.app import App
from cairn.errors import CairnError, Denied, Invalid
from cairn.operations import identity
from cairn.people import Kind
from cairn.session import Origin, Session
from cairn.surfaces.http.limits import STALLED, Rate, bounded
from cairn.surfaces.http.problems import NotSignedIn, said
from cairn.surfaces.http.state import Metrics
from cairn.trace import request

COOKIE = "cairn_session"
SAFE = {"GET", "HEAD", "OPTIONS"}
BODY = 1_000_000
"""Bytes of a body that is no upload."""
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Sent where a site has not said otherwise."""
log = logging.getLogger("cairn.http")


class Broken(Exception):
    """An answer that was begun cannot be ended; all it says is its trace."""


class Doors:
    """Wraps a site; leaves a Session, or None, in the state of each request."""

    def __init__(
        self, site: ASGIApp, app: App, hosts: Collection[str], metrics: Metrics, *, uploads: str, owner: bool
    ) -> None:
        self._site = site
        self._app = app
        self._hosts = frozenset(hosts)
        self._metrics = metrics
        self._uploads = uploads
        self._owner = owner
        self._rate = Rate(app.settings.requests_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer with a problem."""
        if scope["type"] == "lifespan":
            await self._site(scope, receive, send)
            return
        scope.setdefault("state", {})
        with request() as trace:
            passing = _Passing(send, trace)
            with self._metrics.counting(scope, lambda: passing.status):
                await self._pass(scope, receive, passing, trace)

    async def _pass(self, scope: Scope, receive: Receive, passing: _Passing, trace: str) -> None:
        try:
            again = partial(self._identify, scope, Headers(scope=scope))
            scope["state"] |= {"trace": trace, "again": again, "session": await self._admit(scope)}
            await self._site(scope, bounded(receive, self._most(scope)), passing)
        except Exception as error:
            await self._refuse(scope, error, trace, passing)

    async def _admit(self, scope: Scope) -> Session | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(host) not in self._hosts:
            raise Invalid(f"This server does not answer to the name {_name(host)!r}; set serve_url to it.")
        bearer = _bearer(headers)
        if bearer is None and (scope["type"] == "websocket" or scope["method"] not in SAFE):
            own = {host, urlsplit(self._app.settings.serve_url).netloc} - {""}
            _same_origin(headers, own, shown=cookie(headers) is not None)
        session = await self._identify(scope, headers)
        address = _address(scope)
        self._rate.take(session.origin.credential if session is not None else address)
        return session

    async def _identify(self, scope: Scope, headers: Headers) -> Session | None:
        """Return the session of what is shown; None when nothing is. Raises NotSignedIn for a bad token."""
        bearer = _bearer(headers)
        address = _address(scope)
        if bearer is not None:
            surface = "mcp" if scope["path"].startswith("/mcp") else "http"
            found = await self._known(bearer, Kind.API, Origin(surface=surface, address=address))
            if found is None:
                self._rate.take(address)
                raise NotSignedIn()
            return found
        secret = cookie(headers)
        if secret is None:
            return None
        return await self._known(secret, Kind.SESSION, Origin(surface="web", address=address))

    async def _known(self, secret: str, kind: Kind, origin: Origin) -> Session | None:
        """Return the session of a secret; the owner's opens nothing where others than this machine come."""
        found = await asyncio.to_thread(identity.session, self._app, secret, kind, origin)
        return found if found is None or found.name != OWNER or self._owner else None

    def _most(self, scope: Scope) -> int:
        if scope["path"].startswith(self._uploads):
            return int(self._app.settings.upload_mb) * 1_000_000
        return BODY

    async def _refuse(self, scope: Scope, error: Exception, trace: str, passing: _Passing) -> None:
        if isinstance(error, ClientDisconnect | WebSocketDisconnect):
            return
        if not isinstance(error, CairnError | TimeoutError):
            # Where it was, not what was said: a message may quote what only some may read.
            log.error("trace %s: %s at %s", trace, type(error).__name__, _place(error))
        if passing.ended:
            return
        if passing.begun:
            raise Broken(trace) from None  # too late for a problem: the connection ends
        if scope["type"] == "websocket":
            await passing({"type": "websocket.close", "code": 1008})
            return
        await said(error, trace)(scope, _nothing, passing)


class _Passing:
    """Sends with the headers every answer has, and knows whether an answer has begun."""

    def __init__(self, send: Send, trace: str) -> None:
        self._send = send
        self._trace = trace
        self.begun = False
        self.ended = False
        self.status = 101

    async def __call__(self, message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.accept"):
            self.begun = True
            self.status = message.get("status", 101)
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-Id"] = self._trace
        async with asyncio.timeout(STALLED):
            await self._send(message)
        self.ended = message["type"] == "http.response.body" and not message.get("more_body", False)


def cookie(headers: Headers) -> str | None:
    """Return the secret in a session's cookie."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found is not None else None


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _bearer(headers: Headers) -> str | None:
    kind, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def _same_origin(headers: Headers, own: Collection[str], *, shown: bool) -> None:
    """Raise Denied for a write that another site's page makes in somebody's name.

    Every browser says where a page that writes is from; a program shows a token instead. Only where no
    cookie was ``shown`` may nothing be said.
    """
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site")
    told = urlsplit(origin).netloc in own if origin is not None else not shown
    if site not in (None, "same-origin") or not told:
        raise Denied("A write needs a token, or to come from a page of this server.")


def _name(host: str) -> str:
    """Return a host's name without its port."""
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client is not None else ""


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "nowhere"
