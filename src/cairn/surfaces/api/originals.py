"""Originals and pictures of pages: bytes, in the form that harms a browser least."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from cairn.operations.originals import WIDTHS, Viewer, original, page
from cairn.surfaces.api.routes import PROBLEMS
from cairn.surfaces.http.signed_in import signed_in

SHOWN = {"application/pdf", "image/png", "image/jpeg", "text/plain", "text/csv", "text/markdown"}
"""Types a browser is told; of all others it knows nothing but that it is bytes."""
SANDBOX = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-store"}

Id = Annotated[str, Path(description="its id, such as d12 or 12", pattern=r"^d?[0-9]{1,18}$")]
Call = Callable[[Request], Awaitable[Any]]


class Held(FileResponse):
    """A file that is given back when it has been sent, or could not be."""

    held: ExitStack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self.held:
            await super().__call__(scope, receive, send)


def add(api: FastAPI, viewer: Callable[[], Viewer]) -> None:
    """Add the routes of originals; ``viewer`` returns what shows them."""

    @api.get(
        "/documents/{id}/original",
        response_class=FileResponse,
        responses=PROBLEMS,
        tags=["documents"],
        operation_id="original",
    )
    async def show_original(request: Request, id: Id) -> Response:
        """Send the bytes a document was read from, as an attachment."""
        found = await original(signed_in(request), viewer(), id)
        media_type = found.media_type if found.media_type in SHOWN else "application/octet-stream"
        response = Held(found.path, media_type=media_type, filename=found.name, headers=SANDBOX)
        response.held = found.held
        return response

    @api.get(
        "/documents/{id}/pages/{number}",
        response_class=Response,
        responses=PROBLEMS | {200: {"content": {"image/png": {}}, "description": "The picture"}},
        tags=["documents"],
        operation_id="page",
    )
    async def show_page(
        request: Request,
        id: Id,
        number: Annotated[int, Path(ge=1, le=1_000_000, description="from 1")],
        width: Annotated[int, Query(ge=WIDTHS[0], le=WIDTHS[1], description="pixels")] = 1000,
    ) -> Response:
        """Draw one page of a document, as a PNG."""
        picture = await page(signed_in(request), viewer(), id, number, width)
        return Response(picture, media_type="image/png", headers=SANDBOX)
