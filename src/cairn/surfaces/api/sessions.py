"""Signing in and out, and who one is: a browser's session, kept in a cookie that no script can read."""

import asyncio
from typing import Annotated

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response

from cairn.app import App
from cairn.operations import identity
from cairn.people import Role
from cairn.session import Origin
from cairn.surfaces.api.routes import PROBLEMS
from cairn.surfaces.http.doors import COOKIE, cookie
from cairn.surfaces.http.signed_in import signed_in


class SignIn(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(extra="forbid")
    person: Annotated[str, Field(max_length=500)]
    password: Annotated[str, Field(max_length=1000)]


class Visitor(BaseModel):
    """Who is signed in."""

    person: str
    roles: list[str]


def add(api: FastAPI, app: App) -> None:
    """Add the routes of signing in."""
    throttle = identity.Throttle()

    @api.post("/session", response_model=Visitor, responses=PROBLEMS, tags=["session"])
    async def begin(request: Request, body: SignIn) -> Response:
        """Sign in with a password; sets a session's cookie."""
        secret = await asyncio.to_thread(
            identity.sign_in, app, throttle, body.person, body.password, _origin(request)
        )
        return keep(app, JSONResponse({"person": body.person}), secret)

    @api.get("/session", response_model=Visitor, responses=PROBLEMS, tags=["session"])
    async def show(request: Request) -> Visitor:
        """Say who is signed in."""
        session = signed_in(request)
        return Visitor(person=session.name, roles=[role for role in Role if session.holds(role)])

    @api.delete("/session", status_code=204, responses=PROBLEMS, tags=["session"])
    async def end(request: Request) -> Response:
        """Sign out."""
        secret = cookie(Headers(scope=request.scope))
        if secret is not None:
            await asyncio.to_thread(identity.end, app, secret)
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, path="/")
        return response

    @api.get("/session/link/{secret}", include_in_schema=False)
    async def redeem(request: Request, secret: str) -> Response:
        """Sign in with a link that is good once."""
        begun = await asyncio.to_thread(identity.redeem, app, secret, _origin(request))
        return keep(app, RedirectResponse("/", 303), begun)


def keep(app: App, response: Response, secret: str) -> Response:
    """Have the browser keep a session."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(app.settings.session_hours) * 3600,
        path="/",
        secure=app.settings.serve_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


def _origin(request: Request) -> Origin:
    return Origin(surface="http", address=request.client.host if request.client is not None else "")
