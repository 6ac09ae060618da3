"""The page where one signs in."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cairn.surfaces.http.signed_in import visitor
from cairn.surfaces.web.rendering import page


async def show(request: Request) -> Response:
    """Ask who it is, unless that is known; then go on to where they wanted to be."""
    wanted = request.query_params.get("next", "/")
    place = wanted if _is_here(wanted) else "/"
    if visitor(request) is not None:
        return RedirectResponse(place, 303)
    issuer = request.app.state.settings.oidc_issuer
    return page(request, "sign-in.html", next=place, provider=urlsplit(issuer).hostname)


def _is_here(place: str) -> bool:
    """Tell whether a place is on this server: nobody is sent elsewhere by a link to the sign-in."""
    return place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()
