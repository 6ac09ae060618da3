"""Errors over HTTP: one problem (RFC 9457) for each kind, with nothing in it that the asker may not know."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cairn.errors import (
    Busy,
    CairnError,
    Denied,
    Invalid,
    ModelFailed,
    OverBudget,
    ParseFailed,
    Storage,
    Unavailable,
    Unknown,
    place,
)
from cairn.operations.identity import SignInFailed, TooOften

STATUS: Mapping[type[Exception], int] = {
    SignInFailed: 401,
    Denied: 403,
    Unknown: 404,
    Invalid: 400,
    ParseFailed: 422,
    TooOften: 429,
    OverBudget: 429,
    ModelFailed: 502,
    TimeoutError: 503,
    Busy: 503,
    Unavailable: 503,
    Storage: 507,
}
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="cairn"'}
SAID: Mapping[type[Exception], str] = {
    TimeoutError: "It took too long and was given up; try again, or ask for less."
}

log = logging.getLogger("cairn.http")


class NotSignedIn(SignInFailed):
    """Whoever asks has not said who they are, or no longer may."""

    def __init__(self) -> None:
        super().__init__("Sign in, or show a token that is good: Authorization: Bearer TOKEN.")


def problem(status: int, detail: str, trace: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an answer that says what went wrong, and under which id it is traced."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "trace": trace,
    }
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def line(error: Exception) -> str:
    """Return what is said of an error, in one line; of a defect nothing but that it is one."""
    if isinstance(error, CairnError):
        return str(error)
    return SAID.get(type(error), "A defect in Cairn; its log names it by this trace.")


def said(error: Exception, trace: str) -> JSONResponse:
    """Return the problem that an error is."""
    for kind, status in STATUS.items():
        if isinstance(error, kind):
            return problem(status, line(error), trace, _headers(error, status))
    return problem(400 if isinstance(error, CairnError) else 500, line(error), trace)


def note(error: Exception, trace: str) -> None:
    """Log a defect: where it was, not what was said, which may quote what only some may read."""
    if not isinstance(error, CairnError | TimeoutError):
        log.error("trace %s: %s at %s", trace, type(error).__name__, place(error))


async def handled(request: Request, error: Exception) -> Response:
    """Answer with the problem that an error is; what every site handles its errors by."""
    trace = request.state.trace
    if isinstance(error, HTTPException):
        return problem(error.status_code, error.detail, trace, error.headers)
    return said(error, trace)


HANDLERS: Mapping[Any, Any] = dict.fromkeys((HTTPException, Exception, *STATUS), handled)


def _headers(error: Exception, status: int) -> dict[str, str]:
    if isinstance(error, TooOften):
        return {"Retry-After": str(ceil(error.seconds))}
    if isinstance(error, ModelFailed) and error.after is not None:
        return {"Retry-After": str(ceil(error.after))}
    if status == 503:
        return {"Retry-After": "5"}
    return CHALLENGE if status == 401 else {}
