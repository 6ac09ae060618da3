"""The web pages: HTML made on the server from what operations return, with a little script of their own.

A page only reads. What writes or streams is a call of the HTTP API by the page's script, through the doors
that everything passes; so a page that stays open has no rights of its own. Knows no journal and no index.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from cairn.app import App
from cairn.surfaces.http.problems import HANDLERS, handled
from cairn.surfaces.web import (
    asking,
    asset,
    costing,
    governing,
    library,
    measuring,
    reporting,
    reviewing,
    running,
    signing,
    tracing,
)
from cairn.surfaces.web.rendering import page

PREFIX = ""
TITLES = {
    400: "That cannot be done",
    403: "You may not do this",
    404: "There is nothing here for you",
    429: "That was too often",
    500: "Something in Cairn is broken",
    502: "The language model failed",
    503: "Not just now",
}


def load(rest: str, *, app: App) -> tuple[str, Starlette]:
    """Return where the pages stand, and the pages."""
    return PREFIX, build(app)


def build(app: App) -> Starlette:
    """Return the pages of one library."""
    routes = [
        Route("/assets/{version}/{name}", asset.show),
        Route("/sign-in", signing.show),
        Route("/", asking.show),
        Route("/report", reporting.show),
        Route("/history", asking.history),
        Route("/trace/{id}", tracing.show),
        Route("/library", library.show),
        Route("/library", library.look, methods=["POST"]),
        Route("/library/{id}", library.show_document),
        Route("/library/{id}/original", library.show_original),
        Route("/access", governing.show),
        Route("/access", governing.look, methods=["POST"]),
        Route("/feedback", reviewing.show),
        Route("/measure", measuring.show),
        Route("/costs", costing.show),
        Route("/system", running.show),
    ]
    site = Starlette(routes=routes, exception_handlers=_HANDLERS)
    site.state.settings = app.settings
    return site


async def _told(request: Request, error: Exception) -> Response:
    """Answer a person who follows a link with a page, and a script or program with the problem itself."""
    problem = await handled(request, error)
    if request.headers.get("sec-fetch-dest", "document") != "document" or not _reads_html(request):
        return problem
    if problem.status_code == 401:
        return RedirectResponse(f"/sign-in?next={quote(_address(request))}", 303)
    title = TITLES.get(problem.status_code, "That did not work")
    said = json.loads(bytes(problem.body))
    told = {"title": title, "detail": said["detail"], "trace": said["trace"]}
    if said["detail"] == said["title"]:
        told["detail"] = "No page has this address."
    shown = page(request, "problem.html", problem.status_code, status=problem.status_code, **told)
    shown.headers.update({name: value for name, value in problem.headers.items() if name == "retry-after"})
    return shown


def _reads_html(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


_HANDLERS: Mapping[Any, Any] = dict.fromkeys(HANDLERS, _told)
