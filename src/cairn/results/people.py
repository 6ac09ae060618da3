"""What operations on people, tokens and the audit return."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountLine:
    """How a person may sign in, and what they may do."""

    person: str
    roles: tuple[str, ...]
    disabled: bool
    password: bool
    """Whether they have one."""
    issuer: str | None
    """The identity provider they sign in with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accounts:
    """Who may sign in."""

    accounts: tuple[AccountLine, ...]
    password: str = ""
    """The one that was made up, shown this once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenLine:
    """A token that was given out; its secret is shown only when it is made."""

    id: int
    kind: str
    person: str
    name: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime
    used: datetime | None
    revoked: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """Tokens, newest first."""

    tokens: tuple[TokenLine, ...]
    secret: str = ""
    """Of the one that was made, shown this once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEntry:
    """One thing that was done or refused."""

    number: int
    at: datetime
    person: str
    """Who asked."""
    behalf: str
    """Whose rights they used, if not their own."""
    origin: str
    action: str
    objects: tuple[str, ...]
    decision: str
    reason: str
    trace: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditPage:
    """Entries of the audit, newest first."""

    entries: tuple[AuditEntry, ...]
    before: int | None
    """Where the next page begins; None on the last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditVerified:
    """Whether every entry of the audit is as it was written, in its place."""

    entries: int
    digest: str
    """Of the newest entry: kept elsewhere, it proves that none of these was taken away."""
    missed: tuple[str, ...]
    """What is wrong, in words; empty when all is well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question one asked, and what one said of its answer."""

    trace: str
    behalf: str
    """With whose rights, if not one's own."""
    question: str
    at: datetime
    answered: bool
    helpful: bool | None
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """What one asked, newest first."""

    questions: tuple[Question, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What somebody said of an answer they were given."""

    asked: Question
    person: str
    claims: tuple[str, ...]
    """What they were answered, as far as it is still kept and whoever looks may read what it rests on."""
    reviewer: str
    """Who has looked at it; empty is nobody yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feedback:
    """What people said of their answers, the newest questions first."""

    judged: tuple[Judged, ...]
    before: datetime | None
    """Where the next page begins; None on the last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reviewed:
    """What was said of an answer, marked as looked at; without content, as what writes return is kept."""

    trace: str
    reviewer: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """A server that was stopped."""

    address: str
    """Empty where it was this process's standard input and output."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploaded:
    """A file that was kept, and is read soon."""

    uri: str
    """What it is called in the library."""
    source: int
    bytes: int
