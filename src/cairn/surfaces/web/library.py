"""The library's pages: sources and documents, a document with its readers, and the place that is cited."""

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from cairn.errors import Invalid
from cairn.operations.access import access_explain, access_readers
from cairn.operations.documents import document, status
from cairn.operations.listing import documents
from cairn.people import Role
from cairn.session import Session
from cairn.surfaces.http.arguments import Text
from cairn.surfaces.http.signed_in import signed_in
from cairn.surfaces.web.asking import TYPES
from cairn.surfaces.web.posted import Number, posted
from cairn.surfaces.web.reading import around, parts, quote, read_at
from cairn.surfaces.web.rendering import page
from cairn.types import State

PAGE = 50
PICTURED = "application/pdf"
DRAWN = 20
"""Pages of a whole document that are shown as pictures; one with more is shown by its words."""


class Looking(BaseModel):
    """Which documents are looked for."""

    holding: Text = ""
    source: Number = 0
    state: Text = ""
    before: Number = 0


async def show(request: Request) -> Response:
    """Show the sources and the documents that one may read."""
    session = signed_in(request)
    held = await status(session)
    return page(
        request,
        "library.html",
        held=held,
        totals=sum((Counter(source.states) for source in held.sources), Counter()),
        names={source.id: source.source.partition(":")[2] for source in held.sources},
        states=list(State),
        **await _found(session, Looking()),
    )


async def look(request: Request) -> Response:
    """Show the documents that are looked for: a part of the page."""
    session = signed_in(request)
    return page(request, "documents.html", **await _found(session, await posted(request, Looking)))


async def _found(session: Session, said: Looking) -> dict[str, Any]:
    found = await documents(
        session,
        said.holding,
        source=said.source,
        state=(said.state,) if said.state else (),
        before=said.before,
        limit=PAGE,
    )
    older = said.model_copy(update={"before": found.before}).model_dump(exclude_defaults=True)
    return {
        "documents": found.documents,
        "narrowed": said != Looking(),
        "older": urlencode(older) if found.before is not None else "",
        "curates": session.holds(Role.CURATOR),
    }


async def show_document(request: Request) -> Response:
    """Show a document as it was read, with what is cited marked."""
    session = signed_in(request)
    held = await document(session, request.path_params["id"])
    at = read_at(request.query_params.get("at", ""))
    who = request.query_params.get("who", "")
    curates = session.holds(Role.CURATOR)
    name = f"d{held.id}"
    return page(
        request,
        "document.html",
        document=held,
        kind=dict(TYPES).get(held.media_type, held.media_type),
        parts=parts(held, at),
        at=at,
        quote=quote(held, at),
        pictures=held.media_type == PICTURED and (at is not None or (held.pages or 0) <= DRAWN),
        curates=curates,
        readers=await access_readers(session, name) if curates else None,
        who=who,
        explained=await access_explain(session, who, name) if curates and who else None,
    )


async def show_original(request: Request) -> Response:
    """Show what stands around a cited place: a part of a page, to be seen beside an answer."""
    said = request.query_params.get("at", "")
    at = read_at(said)
    if at is None:
        raise Invalid(f"{said!r} is no place; write p17 or p17.120-240.")
    held = await document(signed_in(request), request.path_params["id"])
    return page(
        request,
        "beside.html",
        document=held,
        parts=around(held, at),
        at=at,
        said=said,
        quote=quote(held, at),
        pictures=held.media_type == PICTURED,
    )
