"""One operation as one route: its parameters as a JSON body, its result as JSON or as a stream of events."""

import asyncio
import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any, get_type_hints

from fastapi import FastAPI, Request
from pydantic import BaseModel, TypeAdapter
from starlette.responses import JSONResponse, Response

from cairn.operations import Operation
from cairn.results import plain
from cairn.session import Session
from cairn.surfaces.api.idempotency import HEADER, Repeats
from cairn.surfaces.api.streams import EVENTS, TOLD, stream
from cairn.surfaces.http.arguments import arguments, model
from cairn.surfaces.http.signed_in import signed_in


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    trace: str
    """The id under which it is traced; also the header X-Request-Id."""


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem",
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    }
}

ANYTHING = TypeAdapter[Any](Any)
STREAMED = {EVENTS: {"schema": {"type": "string", "description": TOLD}}}
REPEATED = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "description": "sent again with the same key within a day, it is not done again",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }
    ]
}


class Result(JSONResponse):
    """An operation's result; pydantic writes it in a fifth of the time."""

    def render(self, content: Any) -> bytes:
        return ANYTHING.dump_json(content)


def add(api: FastAPI, operation: Operation, repeats: Repeats) -> None:
    """Add the route of an operation."""
    hints = get_type_hints(operation.run)
    body = model(operation)
    said = inspect.getdoc(operation.run) or ""

    async def route(request: Request, body: Any) -> Response:
        session = signed_in(request)
        given = arguments(body)
        if EVENTS in request.headers.get("accept", ""):
            return stream(request, session, operation, given)
        if operation.writes:
            asked = body.model_dump(mode="json")
            do = partial(answer, session, operation, given)
            return await repeats.once(request, session, operation.role, asked, do)
        return Result(await answer(session, operation, given))

    route.__annotations__["body"] = body
    api.add_api_route(
        f"/{operation.name.replace('.', '/')}",
        route,
        methods=["POST"],
        name=operation.name,
        operation_id=operation.name,
        summary=said.partition("\n")[0].rstrip("."),
        description=f"{said}\n\nTakes the role `{operation.role}`.",
        tags=[operation.name.partition(".")[0]],
        openapi_extra=REPEATED if operation.writes else None,
        responses=PROBLEMS | {200: {"model": hints["return"], "description": "Done", "content": STREAMED}},
    )


async def answer(session: Session, operation: Operation, given: Mapping[str, Any]) -> Any:
    """Run an operation and return its result for JSON; raises TimeoutError when that takes too long."""
    async with asyncio.timeout(None if operation.long else session.app.settings.request_seconds):
        result = await operation.run(session, **given)
    return plain(result)
