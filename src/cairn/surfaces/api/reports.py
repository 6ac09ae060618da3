"""A report that was made, as a file."""

from typing import Annotated

from fastapi import FastAPI, Path, Request
from starlette.responses import Response

from cairn.operations.reports import export
from cairn.surfaces.api.originals import SANDBOX
from cairn.surfaces.api.routes import PROBLEMS
from cairn.surfaces.http.signed_in import signed_in


def add(api: FastAPI) -> None:
    """Add the route."""

    @api.get(
        "/reports/{id}/{format}",
        response_class=Response,
        responses=PROBLEMS,
        tags=["report"],
        operation_id="export",
    )
    async def show(
        request: Request,
        id: Annotated[str, Path(description="the trace id that came with it", pattern="^[0-9a-f]{32}$")],
        format: Annotated[str, Path(description="markdown, docx or pdf", pattern="^[a-z-]{1,40}$")],
    ) -> Response:
        """Send a report of your own, while you may read all that it rests on."""
        session = signed_in(request)
        public = session.app.settings.serve_url
        found = await export(
            session, id, format, public if public else str(request.base_url).removesuffix("/v1/")
        )
        named = {"Content-Disposition": f'attachment; filename="{found.name}"'}
        return Response(found.content, media_type=found.media_type, headers=SANDBOX | named)
