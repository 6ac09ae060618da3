"""Idempotency keys: a write that is sent again with the same key is not done again, and answered alike.

What was shown once, a secret, is not kept, and so not shown again.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cairn.errors import Busy, Invalid
from cairn.people import Role
from cairn.session import Session

HEADER = "idempotency-key"
LONGEST = 200
ONCE = ("secret", "password")
"""Fields of a result that are shown once."""


class Repeats:
    """Knows what is under way in this process; what is done, the journal knows."""

    def __init__(self) -> None:
        self._under_way: set[str] = set()

    async def once(
        self, request: Request, session: Session, role: Role, asked: Any, do: Callable[[], Awaitable[Any]]
    ) -> Response:
        """Return the JSON of what ``do`` returns, or returned the first time.

        Raises Invalid for a key that was sent with another request, Busy while the first is under way.
        """
        key = request.headers.get(HEADER)
        if key is None:
            return JSONResponse(await do())
        if not 1 <= len(key) <= LONGEST:
            raise Invalid(f"An idempotency key has 1 to {LONGEST} characters, not {len(key)}.")
        held = _digest([session.asker, key])
        wanted = _digest([request.url.path, session.name, asked])
        if held in self._under_way:
            raise Busy("The first request with this idempotency key is under way; try again when it is done.")
        self._under_way.add(held)
        try:
            return await self._kept(session, role, held, wanted, do)
        finally:
            self._under_way.discard(held)

    async def _kept(
        self, session: Session, role: Role, held: str, wanted: str, do: Callable[[], Awaitable[Any]]
    ) -> Response:
        replies = session.app.journal.replies
        found = await asyncio.to_thread(replies.find, held)
        if found is not None:
            if found.request != wanted:
                raise Invalid("This idempotency key was sent with another request; take a new one.")
            session.require(role)  # that was decided then; this is now
            return JSONResponse(json.loads(found.body), headers={"Idempotent-Replayed": "true"})
        result = await do()
        kept = {k: "" if k in ONCE else v for k, v in result.items()} if isinstance(result, dict) else result
        await asyncio.to_thread(replies.keep, held, wanted, json.dumps(kept))
        return JSONResponse(result)


def _digest(said: Any) -> str:
    return sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
