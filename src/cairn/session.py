"""Somebody using a library: who asks, with whose rights, in which roles, from where.

Knows nothing of how they proved who they are.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from cairn.access import OWNER
from cairn.app import App, unreported
from cairn.errors import Denied, Storage, Unavailable
from cairn.flows.ingest.views import Report
from cairn.flows.keeping import swap
from cairn.flows.keeping.locking import locked_file
from cairn.grants import Grants
from cairn.people import Role, included


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a request came from."""

    surface: str
    """``local`` is a program on this machine; ``web``, ``http`` and ``mcp`` come to a server."""
    address: str = ""
    credential: str = ""
    """What was shown: ``session 3``, ``api 7``."""

    def __str__(self) -> str:
        return " ".join(part for part in (self.surface, self.address, self.credential) if part)


LOCAL = Origin(surface="local")


def untold(kind: str, result: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """Somebody using a library; the first argument of every operation."""

    app: App
    name: str = OWNER
    """Whose rights to read are used."""
    report: Report = unreported
    """Told of progress."""
    tell: Callable[[str, object], None] = untold
    """Told of results that are there before the whole is: ``evidence``."""
    actor: str = ""
    """Who asks, if not the same."""
    roles: frozenset[Role] | None = None
    """What they may do; None is everything for the owner, and reading for everybody else."""
    origin: Origin = LOCAL

    @property
    def grants(self) -> Grants:
        """What they may read, looked up anew for every request."""
        return self.app.grants(self.name)

    @property
    def asker(self) -> str:
        """Who answers for what is done."""
        return self.actor if self.actor else self.name

    def holds(self, role: Role) -> bool:
        """Tell whether they may do what this role may."""
        if self.roles is not None:
            return role in included(self.roles)
        return self.name == OWNER or role is Role.READER

    def require(self, role: Role) -> None:
        """Raise Denied unless they have this role."""
        if not self.holds(role):
            raise Denied(f"This takes the role {role}, which {self.name} has not; ask an admin for it.")

    def acting_as(self, name: str) -> "Session":
        """Return what a person would see, to ask what they would be told; the audit names both.

        Raises Denied unless an admin asks, Unknown for a person nobody has enrolled.
        """
        self.require(Role.ADMIN)
        if name == OWNER:
            self.require(Role.OWNER)
        self.app.grants(name)
        return replace(self, name=name, actor=self.asker, roles=frozenset({Role.READER}))

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.app.close()


def home_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the library is: ``$CAIRN_HOME``, else ``.cairn`` in the present folder."""
    return Path(environment.get("CAIRN_HOME", ".cairn")).absolute()


def open_library(
    home: Path | str | None = None, *, as_: str = OWNER, create: bool = True, wire: bool = True
) -> Session:
    """Open the library at ``home`` and be ``as_`` in it; use it in a ``with`` block.

    Raises Unavailable when there is none and ``create`` is not set, Unknown for a person nobody
    has enrolled. Without ``wire`` nothing is opened before it is needed, not even to look who ``as_`` is.
    """
    place = home_folder() if home is None else Path(home).absolute()
    if not create and not place.is_dir():
        raise Unavailable(f"There is no library at {place}; make one with: cairn ingest FOLDER")
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Storage(f"The library's folder {place} cannot be made: {error.strerror}") from error
    if swap.interrupted(place):
        with locked_file(place / swap.LOCK):
            swap.finish(place)
    session = Session(app=App(home=place), name=as_, actor=OWNER)
    if wire:
        try:
            session.app.wire()
            session.app.grants(as_)
        except BaseException:
            session.app.close()
            raise
    return session
