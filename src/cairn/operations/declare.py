"""What it takes to declare an operation, and the one place where each is run: role, trace and audit."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial, wraps
from inspect import signature
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar, cast, get_type_hints

from cairn.access import OWNER
from cairn.audit import Decision, Entry, noting, objects
from cairn.errors import CairnError, Denied, Invalid, Unknown
from cairn.people import Role
from cairn.remote import Remote
from cairn.session import LOCAL, Session
from cairn.trace import SILENT, recording, span, trace_id

P = ParamSpec("P")
R = TypeVar("R")
Run = Callable[Concatenate[Session, P], Awaitable[R]]
Offered = Callable[Concatenate[Session | Remote, P], Awaitable[R]]
"""An operation as it is called: on a library that is here, or on a server's."""


@dataclass(frozen=True)
class Say:
    """How a person says a parameter; a ``positional`` one needs no name."""

    help: str
    positional: bool = False
    short: str | None = None
    secret: bool = False
    """Never typed on a command line: ``-`` asks for it."""
    example: str = ""


class Operation(NamedTuple):
    """One thing Cairn does."""

    name: str
    """With a dot where it belongs to a group: ``access.explain``."""
    run: Callable[..., Awaitable[Any]]
    role: Role = Role.READER
    """What it takes to run it."""
    writes: bool = False
    """Whether it changes anything."""
    opens: bool = True
    """Whether it needs the library open; one that does not is for this machine's command line alone."""
    long: bool = False
    """Whether it may take longer than a request is given; what writes may, as it is never left half-way."""


DECLARED: dict[str, Operation] = {}


def operation(
    name: str,
    *,
    role: Role = Role.READER,
    writes: bool = False,
    opens: bool = True,
    audited: bool = True,
    listed: bool = True,
    long: bool = False,
    apart: Callable[[Session], bool] | None = None,
) -> Callable[[Run[P, R]], Offered[P, R]]:
    """Declare an operation under ``name``; every call of it is one trace and in the audit.

    One that is not ``listed`` is run by a surface that has a form of its own for it. One that is not
    ``audited`` leaves an entry only when it is denied: pages ask for it all the time. One that may
    run ``apart`` from this process does so beside a server's own, if that has such processes.
    """

    def declare(run: Run[P, R]) -> Offered[P, R]:
        @wraps(run)
        async def traced(session: Session | Remote, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if isinstance(session, Remote):
                result = await session.call(name, _given(run, *args, **kwargs), get_type_hints(run)["return"])
            elif apart is not None and session.app.beside is not None and apart(session):
                here = partial(alone, session, *args, **kwargs)
                result = await session.app.beside.run(name, session, _given(run, *args, **kwargs), here)
            else:
                result = await alone(session, *args, **kwargs)
            return cast(R, result)

        async def alone(session: Session, *args: P.args, **kwargs: P.kwargs) -> R:
            with recording(session.app.sink.tracer if opens else SILENT), span(name, person=session.name):
                if not opens:
                    session.require(role)
                    return await run(session, *args, **kwargs)
                async with _audited(session, name, role, begins=writes, always=audited or writes):
                    return await run(session, *args, **kwargs)

        if listed:
            DECLARED[name] = Operation(name, traced, role, writes, opens, long or writes)
        return traced

    return declare


_signature = cache(signature)


def _given(run: Run[P, R], *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
    """Return arguments by name, without the session."""
    _, *given = _signature(run).bind(None, *args, **kwargs).arguments.items()
    return dict(given)


@asynccontextmanager
async def _audited(
    session: Session, action: str, role: Role, *, begins: bool, always: bool
) -> AsyncIterator[None]:
    """Require the role, and write what came of it into the audit before anything leaves."""
    with noting() as ids:
        try:
            session.require(role)
            if begins:
                await _write(session, action, ids, "begun")
            yield
        except BaseException as error:
            decision, reason = _outcome(error)
            if always or decision == "denied":
                await asyncio.shield(_write(session, action, ids, decision, reason))
            raise
        if always:
            await _write(session, action, ids, "allowed")


def _outcome(error: BaseException) -> tuple[Decision, str]:
    """Name what happened; only a denial's message is sure to quote nothing."""
    match error:
        case Denied():
            return "denied", str(error)
        case Unknown():
            return "not found", ""
        case Invalid():
            return "refused", type(error).__name__
        case asyncio.CancelledError():
            return "cancelled", ""
    return "failed", type(error).__name__


async def _write(session: Session, action: str, ids: list[str], decision: Decision, reason: str = "") -> None:
    entry = Entry(
        at=time.time_ns() // 1000,
        person=session.asker,
        behalf=session.name if session.name != session.asker else "",
        origin=str(session.origin),
        action=action,
        objects=objects(ids),
        decision=decision,
        reason=reason,
        trace=trace_id(),
    )
    try:
        await asyncio.to_thread(session.app.journal.ledger.append, entry)
    except CairnError:
        # Whoever holds the folder holds the audit as well; a full disk must not take the answer with it.
        if session.asker != OWNER or session.origin != LOCAL:
            raise
