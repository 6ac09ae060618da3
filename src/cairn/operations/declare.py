"""What it takes to declare an operation: a name, and how a person says each parameter."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from cairn.app import Session
from cairn.trace import SILENT, recording, span

P = ParamSpec("P")
R = TypeVar("R")
Run = Callable[Concatenate[Session, P], Awaitable[R]]


@dataclass(frozen=True)
class Say:
    """How a person says a parameter; a ``positional`` one needs no name."""

    help: str
    positional: bool = False
    short: str | None = None


class Operation(NamedTuple):
    """One thing Cairn does."""

    name: str
    """With a dot where it belongs to a group: ``access.explain``."""
    run: Callable[..., Awaitable[Any]]
    opens: bool = True
    """Whether it needs the library open; one that does not mend it must work where it cannot be opened."""


DECLARED: dict[str, Operation] = {}


def operation(name: str, *, opens: bool = True) -> Callable[[Run[P, R]], Run[P, R]]:
    """Declare an operation under ``name``; every call of it is one trace if it ``opens`` the library."""

    def declare(run: Run[P, R]) -> Run[P, R]:
        @wraps(run)
        async def traced(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> R:
            with recording(session.app.tracer if opens else SILENT), span(name, person=session.name):
                return await run(session, *args, **kwargs)

        DECLARED[name] = Operation(name, traced, opens)
        return traced

    return declare
