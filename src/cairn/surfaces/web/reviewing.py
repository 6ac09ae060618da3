"""The page on what people said of their answers, for those who look after the library."""

from starlette.requests import Request
from starlette.responses import Response

from cairn.operations.feedback import PAGE, feedback_list
from cairn.people import Role
from cairn.surfaces.http.signed_in import signed_in
from cairn.surfaces.web.rendering import page


async def show(request: Request) -> Response:
    """Show what nobody has looked at yet, or all of it; the trace where its visitor may see that."""
    session, reviewed = signed_in(request), "reviewed" in request.query_params
    held = (await feedback_list(session, reviewed=reviewed, limit=PAGE)).judged
    return page(
        request,
        "feedback.html",
        judged=held,
        reviewed=reviewed,
        traced={one.asked.trace for one in held if session.holds(Role.AUDITOR) or one.person == session.name},
    )
