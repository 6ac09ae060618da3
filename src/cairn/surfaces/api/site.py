"""The HTTP API under /v1, made from the operations: each is ``POST /v1/NAME`` with its parameters as JSON."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from cairn.app import App
from cairn.operations import OPERATIONS
from cairn.operations.originals import Viewer, viewing
from cairn.surfaces.api import originals, reports, sessions, uploads
from cairn.surfaces.api.idempotency import Repeats
from cairn.surfaces.api.routes import add
from cairn.surfaces.http.arguments import leave_out, wrong
from cairn.surfaces.http.problems import HANDLERS, problem

PREFIX = "/v1"
ABOUT = """Finds the evidence in an organisation's documents, and answers with citations it has checked.

Every operation is `POST /v1/NAME` with its parameters as JSON; `Authorization: Bearer TOKEN` says who asks.
An admin may ask as somebody else with the header `Cairn-As: PERSON`. Errors are `application/problem+json`.
With `Accept: text/event-stream` an operation tells its stages on its way, and ends when the client goes.
What does not exist and what you may not read are answered alike.
"""


def load(rest: str, *, app: App) -> tuple[str, FastAPI]:
    """Return where the API stands, and the API."""
    return PREFIX, build(app)


def build(app: App) -> FastAPI:
    """Return the API of one library."""
    held: list[Viewer] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with viewing(app) as viewer:
            held.append(viewer)
            yield

    api = FastAPI(
        title="Cairn",
        version=metadata.version("cairn"),
        description=ABOUT,
        servers=[{"url": PREFIX}],
        docs_url=None,  # its pages would load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        exception_handlers={**HANDLERS, RequestValidationError: _malformed},
        separate_input_output_schemas=False,
    )
    sessions.add(api, app)
    uploads.add(api)
    originals.add(api, lambda: held[-1])
    reports.add(api)
    repeats = Repeats()
    for operation in OPERATIONS:
        if operation.opens:
            add(api, operation, repeats)
    _describe(api)
    return api


async def _malformed(request: Request, error: Exception) -> Response:
    """Name the fields that are wrong, without repeating what was sent."""
    assert isinstance(error, RequestValidationError)
    return problem(422, wrong(error.errors(), within=1), request.state.trace)


def _describe(api: FastAPI) -> None:
    """Leave out of the OpenAPI what ``plain`` leaves out."""
    made = api.openapi

    def openapi() -> dict[str, Any]:
        schema = made()
        leave_out(schema["components"]["schemas"])
        return schema

    api.openapi = openapi  # type: ignore[method-assign]
