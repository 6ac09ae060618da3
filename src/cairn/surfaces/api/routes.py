"""One operation as one route: its parameters as a JSON body, its result as JSON or as a stream of events."""

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from fastapi import FastAPI, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model
from starlette.responses import JSONResponse, Response

from cairn.operations import Operation, Say
from cairn.results import plain
from cairn.session import Session
from cairn.surfaces.api.idempotency import HEADER, Repeats
from cairn.surfaces.api.streams import EVENTS, stream
from cairn.surfaces.http.signed_in import signed_in


def _text(said: str) -> str:
    """Refuse what no database can hold: halves of characters, and NUL."""
    if "\0" in said or any("\ud800" <= char <= "\udfff" for char in said):
        raise ValueError("is not text")
    return said


Text = Annotated[str, AfterValidator(_text)]


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


def add(api: FastAPI, operation: Operation, repeats: Repeats) -> None:
    """Add the route of an operation."""
    hints = get_type_hints(operation.run, include_extras=True)
    body = _body(operation, hints)
    said = inspect.getdoc(operation.run) or ""

    async def route(request: Request, body: Any) -> Response:
        session = signed_in(request)
        given = _arguments(body)
        if EVENTS in request.headers.get("accept", ""):
            return stream(request, session, operation, given)
        if operation.writes:
            asked = body.model_dump(mode="json")
            do = partial(answer, session, operation, given)
            return await repeats.once(request, session, operation.role, asked, do)
        return JSONResponse(await answer(session, operation, given))

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
        responses=PROBLEMS | {200: {"model": hints["return"], "description": "Done"}},
    )


async def answer(session: Session, operation: Operation, given: Mapping[str, Any]) -> Any:
    """Run an operation and return its result for JSON; raises TimeoutError when that takes too long."""
    # What writes is never given up half-way.
    async with asyncio.timeout(None if operation.writes else session.app.settings.request_seconds):
        result = await operation.run(session, **given)
    return plain(result)


def _body(operation: Operation, hints: Mapping[str, Any]) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(operation.run).parameters.values())[1:]:
        hint = hints[parameter.name]
        said = next(extra for extra in get_args(hint) if isinstance(extra, Say))
        kind = get_args(hint)[0]
        default = ... if parameter.default is parameter.empty else parameter.default
        if get_origin(kind) is Sequence:
            kind, default = list[Text], [*default] if default is not ... else ...
        elif kind is str:
            kind = Text
        fields[parameter.name] = (
            kind,
            Field(default, description=said.help, examples=[said.example] if said.example else None),
        )
    name = "".join(word.capitalize() for word in operation.name.split("."))
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)


def _arguments(body: BaseModel) -> dict[str, Any]:
    given = {name: getattr(body, name) for name in type(body).model_fields}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
