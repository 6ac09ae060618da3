"""The page where one asks, and the one that lists what was asked.

The answers come to the page's script, from the API, with the rights its visitor has at that moment. What is
asked stands behind the ``#`` of the address, which no browser sends and so nothing on the way can log.
"""

from starlette.requests import Request
from starlette.responses import Response

from cairn.operations.access import access_list
from cairn.operations.documents import status
from cairn.operations.history import history_list
from cairn.operations.questions import EXTRACTS
from cairn.people import Role
from cairn.surfaces.http.signed_in import signed_in
from cairn.surfaces.web.rendering import page

RECENT = 6
TYPES = (
    ("application/pdf", "PDF"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "PowerPoint"),
    ("message/rfc822", "Mail"),
    ("text/html", "Web page"),
    ("text", "Text of any kind"),
)


async def show(request: Request) -> Response:
    """Show an empty field, and what the script shows the questions of the address with."""
    session = signed_in(request)
    held = await status(session)
    recent = (await history_list(session, limit=RECENT * 4)).questions
    people = (await access_list(session)).people if session.holds(Role.ADMIN) else ()
    return page(
        request,
        "ask.html",
        sources=held.sources if len(held.sources) > 1 else (),
        holds=any(sum(source.states.values()) for source in held.sources),
        curates=session.holds(Role.CURATOR),
        recent=list({(one.question, one.behalf): one for one in recent}.values())[:RECENT],
        people=people,
        may_as=session.holds(Role.ADMIN),
        models=tuple(session.app.chats),
        extracts=EXTRACTS,
        types=TYPES,
    )


async def history(request: Request) -> Response:
    """List what one asked."""
    held = await history_list(signed_in(request), limit=200)
    return page(request, "history.html", questions=held.questions)
