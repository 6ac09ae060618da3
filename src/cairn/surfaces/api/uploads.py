"""Uploads: the body is the file."""

from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request
from starlette.responses import JSONResponse, Response

from cairn.operations.uploads import upload
from cairn.results import plain
from cairn.results.people import Uploaded
from cairn.surfaces.api.routes import PROBLEMS
from cairn.surfaces.http.signed_in import signed_in

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def add(api: FastAPI) -> None:
    """Add the route of uploads."""

    @api.put(
        "/uploads/{name}",
        status_code=202,
        responses=PROBLEMS | {202: {"model": Uploaded, "description": "Kept, and read soon"}},
        openapi_extra=BODY,
        tags=["documents"],
        operation_id="upload",
    )
    async def keep(
        request: Request,
        name: Annotated[str, Path(description="the file's name", max_length=200)],
        allow: Annotated[tuple[str, ...], Query(description="who may read it beside you: group:hr")] = (),
    ) -> Response:
        """Keep a file in the library; it is read and found soon after. Takes the role `curator`."""
        kept = await upload(signed_in(request), name, request.stream(), allow)
        return JSONResponse(plain(kept), 202)
