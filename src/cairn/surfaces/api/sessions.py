"""Signing in and out, and who one is: a browser's session, kept in a cookie that no script can read."""

import asyncio
from typing import Annotated

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response

from cairn.app import App
from cairn.operations import identity
from cairn.operations.provider import WAITING, SignIns
from cairn.people import Role
from cairn.session import Origin
from cairn.surfaces.api.routes import PROBLEMS, Text
from cairn.surfaces.http.doors import COOKIE, cookie
from cairn.surfaces.http.signed_in import signed_in

COMING = "cairn_coming"
"""The cookie of a browser that is at the identity provider."""
BACK = "/session/oidc/callback"


class SignIn(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(extra="forbid")
    person: Annotated[Text, Field(max_length=500)]
    password: Annotated[Text, Field(max_length=1000)]


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

    _add_provider(api, app)


def _add_provider(api: FastAPI, app: App) -> None:
    sign_ins = SignIns(app=app)

    @api.get("/session/oidc", include_in_schema=False)
    async def leave(request: Request) -> Response:
        """Send the browser to the identity provider."""
        base = app.settings.serve_url.rstrip("/") if app.settings.serve_url else str(request.base_url)
        redirect = f"{base.rstrip('/').removesuffix('/v1')}/v1{BACK}"
        place, browser = await asyncio.to_thread(sign_ins.begin, redirect)
        response = RedirectResponse(place, 303)
        _set(app, response, COMING, browser, int(WAITING), f"/v1{BACK}")
        return response

    @api.get(BACK, include_in_schema=False)
    async def come_back(
        request: Request, state: str, code: str = "", iss: str | None = None, error: str = ""
    ) -> Response:
        """Take the browser back from the identity provider."""
        if error or not code:
            raise identity.SignInFailed("The identity provider let nobody in.")
        held = request.cookies.get(COMING, "")
        secret = await asyncio.to_thread(sign_ins.finish, state, held, code, iss, _origin(request))
        response = keep(app, RedirectResponse("/", 303), secret)
        response.delete_cookie(COMING, path=f"/v1{BACK}")
        return response


def keep(app: App, response: Response, secret: str) -> Response:
    """Have the browser keep a session."""
    _set(app, response, COOKIE, secret, int(app.settings.session_hours) * 3600, "/")
    return response


def _set(app: App, response: Response, name: str, value: str, seconds: int, path: str) -> None:
    secure = app.settings.serve_url.startswith("https:")
    response.set_cookie(name, value, max_age=seconds, path=path, secure=secure, httponly=True, samesite="lax")


def _origin(request: Request) -> Origin:
    return Origin(surface="web", address=request.client.host if request.client is not None else "")
