"""People who sign in: roles, accounts and the secrets they show.

A role says what one may do; what one may read is decided by ``access`` alone, whatever the role.
Knows nothing of how a secret is made, sent or kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class Role(StrEnum):
    """What somebody may do; each of these includes reading what access allows."""

    READER = "reader"
    """Ask, search and look."""
    CURATOR = "curator"
    """Sources, forgetting, the directory, and what people said of their answers."""
    AUDITOR = "auditor"
    """Everybody's traces and the audit, neither of which holds content."""
    ADMIN = "admin"
    """All of these, people and the system; may ask as somebody else, which the audit shows."""
    OWNER = "owner"
    """Whoever holds the library's folder. No account has it."""


ROLES = frozenset(Role) - {Role.OWNER}
"""What an account may have."""

_INCLUDED = {
    Role.READER: frozenset({Role.READER}),
    Role.CURATOR: frozenset({Role.READER, Role.CURATOR}),
    Role.AUDITOR: frozenset({Role.READER, Role.AUDITOR}),
    Role.ADMIN: ROLES,
    Role.OWNER: frozenset(Role),
}


def included(roles: Iterable[Role]) -> frozenset[Role]:
    """Return these roles with all that they include."""
    return frozenset[Role]().union(*(_INCLUDED[role] for role in roles))


class Kind(StrEnum):
    """What a secret is for."""

    SESSION = "session"
    """A browser's cookie, from sign-in to sign-out."""
    API = "api"
    """A program's, with scopes."""
    LINK = "link"
    """Good for signing in once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """How a person of the directory may sign in, and what they may do."""

    person: str
    roles: frozenset[Role] = frozenset({Role.READER})
    password: str | None = None
    """Hashed; None for those who sign in elsewhere."""
    disabled: bool = False
    issuer: str | None = None
    subject: str | None = None
    """Who they are to the identity provider that ``issuer`` names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question somebody asked in a browser, and what they thought of the answer."""

    trace: str
    person: str
    behalf: str
    """With whose rights, if not their own."""
    question: str
    at: datetime
    answered: bool
    """Whether there was an answer, not an abstention."""
    helpful: bool | None = None
    """What they said of the answer; None is nothing."""
    note: str = ""
    reviewer: str = ""
    """Who has looked at what they said; empty is nobody yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What an identity provider says of somebody, proved."""

    issuer: str
    subject: str
    """Who they are there, for good."""
    said: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptReport:
    """A report that was made for somebody, so that it can be had as a file."""

    trace: str
    person: str
    behalf: str
    """With whose rights, if not their own."""
    documents: frozenset[int]
    """All that it rests on; who may not read each of these may not have it."""
    body: str
    """The report as JSON."""


class Reply(NamedTuple):
    """What a request was answered."""

    request: str
    """A digest of it."""
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A secret that was given out, without the secret."""

    id: int = 0
    kind: Kind
    person: str
    name: str = ""
    """What its holder calls it."""
    scopes: frozenset[Role]
    """It lets its holder do no more than these roles, and no more than they may themselves."""
    created: datetime
    expires: datetime
    used: datetime | None = None
    """When it was last shown, to the minute."""
    revoked: datetime | None = None

    def good(self, now: datetime) -> bool:
        """Tell whether it still stands."""
        return self.revoked is None and now < self.expires
