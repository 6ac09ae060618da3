"""The page on how the system is: sizes, freshness, what waits, what failed, settings."""

from starlette.requests import Request
from starlette.responses import Response

from cairn.operations.documents import status
from cairn.operations.measuring import settings
from cairn.operations.system import system
from cairn.surfaces.http.signed_in import signed_in
from cairn.surfaces.web.rendering import page


async def show(request: Request) -> Response:
    """Show the system as it is now."""
    session = signed_in(request)
    return page(
        request,
        "system.html",
        system=await system(session),
        problems=[
            (source.source, one) for source in (await status(session)).sources for one in source.problems
        ],
        settings=await settings(session),
    )
