"""What signing in and the audit ask of adapters."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from cairn.audit import Entry, Sealed
from cairn.people import Account, Asked, Claims, KeptReport, Reply, Token


class People(Protocol):
    """Accounts and tokens; of a secret, only a digest is ever kept."""

    def accounts(self) -> list[Account]: ...

    def account(self, person: str) -> Account | None: ...

    def linked(self, issuer: str, subject: str) -> Account | None:
        """Return the account of somebody that an identity provider knows."""
        ...

    def save(self, account: Account) -> None:
        """Add or replace a person's account."""
        ...

    def issue(self, digest: str, token: Token) -> int:
        """Keep a new token under its secret's digest; return its id."""
        ...

    def bearer(self, digest: str) -> tuple[Token, Account | None] | None:
        """Return the token of this digest with its person's account, whether it is still good or not."""
        ...

    def redeem(self, digest: str) -> Token | None:
        """Revoke the token and return it as it was; None for whoever comes second."""
        ...

    def tokens(self, person: str | None = None) -> list[Token]:
        """Return a person's tokens, or everybody's, newest first."""
        ...

    def used(self, token: int, at: datetime) -> None: ...

    def revoke(self, tokens: Collection[int]) -> None:
        """End tokens, from the next request on."""
        ...


class Ledger(Protocol):
    """The audit: append-only, each entry sealed with the one before."""

    def append(self, entry: Entry) -> Sealed: ...

    def after(self, number: int, limit: int) -> list[Sealed]:
        """Return at most ``limit`` entries after this number, oldest first."""
        ...

    def latest(
        self, limit: int, *, before: int | None = None, where: Mapping[str, str] | None = None
    ) -> list[Sealed]:
        """Return at most ``limit`` entries before a number, newest first.

        ``where`` narrows by equality of ``person``, ``action``, ``decision`` or ``trace``.
        """
        ...


class Questions(Protocol):
    """What people asked, each person's own but for what they said of an answer; answers are not kept here."""

    def keep(self, asked: Asked) -> None: ...

    def of(self, person: str, limit: int, before: datetime | None = None) -> list[Asked]:
        """Return at most ``limit`` of a person's questions, newest first."""
        ...

    def judge(self, trace: str, person: str, helpful: bool | None, note: str) -> Asked | None:
        """Note what they thought of the answer; return the question, None where it is not theirs."""
        ...

    def judged(self, limit: int, before: datetime | None = None, *, reviewed: bool = False) -> list[Asked]:
        """Return at most ``limit`` questions whose answer was judged, newest first.

        Of those that somebody has looked at since only where ``reviewed`` is set.
        """
        ...

    def review(self, trace: str, reviewer: str) -> bool:
        """Note who looked at what was said of an answer; tell whether anything was."""
        ...

    def forget(self, person: str, trace: str | None = None) -> int:
        """Erase one question of a person's, or all; return how many that were."""
        ...


class Reports(Protocol):
    """Reports that were made, for a week; what they rest on is asked for again when one is wanted."""

    def keep(self, report: KeptReport) -> None: ...

    def find(self, trace: str, person: str, behalf: str) -> KeptReport | None:
        """Return somebody's own report, made with these rights."""
        ...

    def forget(self, person: str, trace: str | None = None) -> int:
        """Erase a person's report, or all of theirs; return how many that were."""
        ...

    def erase(self, documents: Collection[int]) -> None:
        """Erase every report that rests on any of these."""
        ...


class Replies(Protocol):
    """What writes were answered, for a day, by a digest of their idempotency keys."""

    def find(self, key: str) -> Reply | None: ...

    def keep(self, key: str, request: str, body: str) -> None: ...


class Provider(Protocol):
    """An identity provider; thread-safe. Raises Unavailable where it does not answer."""

    issuer: str

    def begin(self, redirect: str, state: str, nonce: str, verifier: str) -> str:
        """Return where a browser signs in, and is sent to ``redirect`` from."""
        ...

    def finish(self, redirect: str, code: str, nonce: str, verifier: str, issuer: str | None) -> Claims:
        """Return who came back with ``code``; raises Denied for what cannot be proved."""
        ...


class Caller(Protocol):
    """A way to a server; thread-safe."""

    def call(
        self, method: str, path: str, *, json: object = None, content: bytes | None = None
    ) -> tuple[int, bytes]:
        """Return the status and the body of the answer; raises Unavailable where there is none."""
        ...

    def close(self) -> None: ...


class Beside(Protocol):
    """Other processes of this library, which run operations that change nothing."""

    async def run(
        self, operation: str, session: Any, given: Mapping[str, Any], here: Callable[[], Awaitable[Any]]
    ) -> Any:
        """Run an operation in one of them, with a Session's rights, or ``here``; raises what it raises."""
        ...


class Passwords(Protocol):
    """Hashes passwords slowly, as it must be; thread-safe."""

    def hash(self, password: str) -> str: ...

    def verify(self, hashed: str, password: str) -> bool: ...
