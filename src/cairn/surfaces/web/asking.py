"""The page where one asks, and the one that lists what was asked.

The answers come to the page's script, from the API, with the rights its visitor has at that moment.
"""

from starlette.requests import Request
from starlette.responses import Response

from cairn.operations.access import access_list
from cairn.operations.documents import status
from cairn.operations.history import history_list
from cairn.people import Role
from cairn.surfaces.http.signed_in import signed_in
from cairn.surfaces.web.rendering import page

RECENT = 6
NARROWING = ("source", "type", "after", "before", "as")
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
    """Show the questions of the address, to be asked by the script, or an empty field."""
    session = signed_in(request)
    questions = [said for said in request.query_params.getlist("q") if said.strip()]
    held = await status(session)
    recent = () if questions else (await history_list(session, limit=RECENT * 4)).questions
    people = (await access_list(session)).people if session.holds(Role.ADMIN) else ()
    chosen = {name: request.query_params.get(name, "") for name in NARROWING}
    return page(
        request,
        "ask.html",
        questions=questions,
        sources=held.sources if len(held.sources) > 1 else (),
        holds=any(sum(source.states.values()) for source in held.sources),
        curates=session.holds(Role.CURATOR),
        recent=list({(one.question, one.behalf): one for one in recent}.values())[:RECENT],
        people=people,
        may_as=session.holds(Role.ADMIN),
        chosen=chosen,
        narrowed=any(chosen.values()),
        types=TYPES,
    )


async def history(request: Request) -> Response:
    """List what one asked."""
    held = await history_list(signed_in(request), limit=200)
    return page(request, "history.html", questions=held.questions)
