"""The library's pages: sources and documents, a document with its readers, and the place that is cited."""

from collections import Counter
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from cairn.errors import Invalid
from cairn.operations.access import access_explain, access_readers
from cairn.operations.documents import document, status
from cairn.operations.listing import documents
from cairn.people import Role
from cairn.surfaces.http.signed_in import signed_in
from cairn.surfaces.web.reading import around, columns, parts, quote, read_at, row
from cairn.surfaces.web.rendering import page
from cairn.types import State

PAGE = 50
PICTURED = "application/pdf"
DRAWN = 20
"""Pages of a whole document that are shown as pictures; one with more is shown by its words."""
NARROWING = ("holding", "source", "state")


async def show(request: Request) -> Response:
    """Show the sources and the documents that one may read."""
    session = signed_in(request)
    said = {name: request.query_params.get(name, "") for name in NARROWING}
    held = await status(session)
    listed = await documents(
        session,
        said["holding"],
        source=_number(said["source"]),
        state=(said["state"],) if said["state"] else (),
        before=_number(request.query_params.get("before", "")),
        limit=PAGE,
    )
    more = urlencode({name: value for name, value in said.items() if value} | {"before": str(listed.before)})
    return page(
        request,
        "library.html",
        held=held,
        totals=sum((Counter(source.states) for source in held.sources), Counter()),
        documents=listed.documents,
        names={source.id: source.source.partition(":")[2] for source in held.sources},
        said=said,
        states=list(State),
        more=f"/library?{more}" if listed.before is not None else "",
        curates=session.holds(Role.CURATOR),
    )


async def show_document(request: Request) -> Response:
    """Show a document as it was read, with what is cited marked."""
    session = signed_in(request)
    held = await document(session, request.path_params["id"])
    said = request.query_params.get("at", "")
    at = read_at(said)
    who = request.query_params.get("who", "")
    curates = session.holds(Role.CURATOR)
    name = f"d{held.id}"
    return page(
        request,
        "document.html",
        document=held,
        parts=parts(held, at),
        at=at,
        quote=quote(held, at) if at is not None else "",
        pictures=held.media_type == PICTURED and (at is not None or (held.pages or 0) <= DRAWN),
        columns=columns,
        row=row,
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
        columns=columns,
        row=row,
    )


def _number(said: str) -> int:
    """Read a number of an address; 0 where nothing is said."""
    if said and not (said.isascii() and said.isdigit() and len(said) < 19):
        raise Invalid(f"{said!r} is no number.")
    return int(said) if said else 0
