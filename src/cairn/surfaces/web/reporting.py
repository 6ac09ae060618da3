"""The page that a report is written on.

The script asks for it, with its visitor's rights; the question stands behind the ``#``, as where one asks.
"""

from starlette.requests import Request
from starlette.responses import Response

from cairn.operations.access import access_list
from cairn.operations.documents import status
from cairn.operations.questions import EXTRACTS
from cairn.people import Role
from cairn.surfaces.http.signed_in import signed_in
from cairn.surfaces.web.asking import TYPES
from cairn.surfaces.web.rendering import page

FORMATS = (("pdf", "PDF"), ("docx", "Word"), ("markdown", "Markdown"))


async def show(request: Request) -> Response:
    """Show an empty field, and what the script writes the report of the address into."""
    session = signed_in(request)
    held = await status(session)
    may_as = session.holds(Role.ADMIN)
    return page(
        request,
        "report.html",
        sources=held.sources if len(held.sources) > 1 else (),
        people=(await access_list(session)).people if may_as else (),
        may_as=may_as,
        models=tuple(session.app.chats),
        extracts=EXTRACTS,
        types=TYPES,
        formats=FORMATS,
    )
