"""From what somebody shows at the door to a Session: passwords, cookies, tokens and links.

Here alone an identity becomes a person of the directory. No answer tells an account that is not there
from one that is disabled or a password that is wrong. Knows nothing of HTTP.
"""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from time import monotonic

from cairn import registry
from cairn.access import OWNER
from cairn.app import App
from cairn.audit import Decision, Entry
from cairn.errors import CairnError, Unknown
from cairn.people import Account, Kind, Role, Token, included
from cairn.protocols import Passwords
from cairn.session import Origin, Session
from cairn.trace import trace_id

FREE, FREE_APART = 5, 50
"""Wrong passwords before one has to wait: for a person from one address, and for either alone.

Else anybody could keep a person, or everybody in an office, from signing in.
"""
LONGEST_WAIT = 900.0
"""Seconds."""
REMEMBERED = 10_000
"""Accounts and addresses whose failures are kept at hand."""
LINK = timedelta(hours=1)
_AT_ONCE = threading.BoundedSemaphore(2)
"""Hashing takes tens of megabytes and all of a core, by intent."""


class SignInFailed(CairnError):
    """Nobody was let in; it does not say why."""


class TooOften(CairnError):
    """Too many attempts or requests; ``seconds`` says how long to wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many attempts; try again in {seconds:.0f} s.")
        self.seconds = seconds


class Throttle:
    """Makes whoever fails wait, twice as long each time; thread-safe, and forgets the oldest."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, keys: Mapping[str, int]) -> None:
        """Raise TooOften while any of ``keys``, each with its free failures, has to wait."""
        with self._lock:
            wait = max((self._wait(key, free) for key, free in keys.items()), default=0.0)
        if wait > 0:
            raise TooOften(wait)

    def failed(self, keys: Iterable[str]) -> None:
        """Count a failure."""
        with self._lock:
            for key in keys:
                count, _ = self._failures.pop(key, (0, 0.0))
                self._failures[key] = (count + 1, monotonic())
            while len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)

    def passed(self, key: str) -> None:
        """Forget the failures of one who is in."""
        with self._lock:
            self._failures.pop(key, None)

    def _wait(self, key: str, free: int) -> float:
        count, last = self._failures.get(key, (0, 0.0))
        if count < free:
            return 0.0
        return min(2.0 ** min(count - free, 20), LONGEST_WAIT) - (monotonic() - last)


@cache
def passwords() -> Passwords:
    """Return what hashes passwords; raises Unavailable where the extra is not installed."""
    made: Passwords = registry.load("passwords", "argon2")
    return made


def digest(secret: str) -> str:
    """Return what is kept of a secret, which is too long to be guessed."""
    return sha256(secret.encode()).hexdigest()


def issue(
    app: App, kind: Kind, person: str, lasting: timedelta, *, name: str = "", scopes: frozenset[Role]
) -> tuple[str, Token]:
    """Make a token; return its secret, which is kept nowhere, and what is kept."""
    secret = f"cairn_{secrets.token_urlsafe(32)}"
    now = datetime.now(UTC)
    token = Token(kind=kind, person=person, name=name, scopes=scopes, created=now, expires=now + lasting)
    return secret, replace(token, id=app.journal.people.issue(digest(secret), token))


def sign_in(app: App, throttle: Throttle, person: str, password: str, origin: Origin) -> str:
    """Check a password; return the secret of a new session.

    Raises SignInFailed, or TooOften for the account and for the address. Takes as long for a person
    nobody knows as for a wrong password.
    """
    keys = {f"both {person} {origin.address}": FREE}
    keys |= {f"person {person}": FREE_APART, f"address {origin.address}": FREE_APART}
    throttle.check(keys)
    account = app.journal.people.account(person)
    hashed = account.password if account is not None and account.password is not None else _nobody()
    with _AT_ONCE:
        right = passwords().verify(hashed, password)
    if not right or not _welcome(app, account):
        throttle.failed(keys)
        # A name that nobody has may be a password in the wrong field.
        _note(app, origin, person if account is not None else "", "denied")
        raise SignInFailed("Name or password is wrong, or the account may not sign in.")
    throttle.passed(next(iter(keys)))
    return begin(app, person, origin)


def redeem(app: App, secret: str, origin: Origin) -> str:
    """Sign in with a link, once; raises SignInFailed."""
    token = app.journal.people.redeem(digest(secret))
    if token is None or token.kind is not Kind.LINK or not token.good(datetime.now(UTC)):
        raise SignInFailed("This link was used or has expired; `cairn serve` prints another.")
    return begin(app, token.person, origin)


def begin(app: App, person: str, origin: Origin) -> str:
    """Begin a session for somebody who has proved who they are; return its secret."""
    lasting = timedelta(hours=app.settings.session_hours)
    secret, token = issue(app, Kind.SESSION, person, lasting, scopes=frozenset(Role))
    _note(app, replace(origin, credential=f"{token.kind} {token.id}"), person, "allowed")
    return secret


def link(app: App, person: str = OWNER) -> str:
    """Make a secret that signs in once."""
    return issue(app, Kind.LINK, person, LINK, scopes=frozenset(Role))[0]


def session(app: App, secret: str, kind: Kind, origin: Origin) -> Session | None:
    """Return the session of whoever shows this secret; None unless it and they still stand."""
    found = app.journal.people.bearer(digest(secret))
    if found is None:
        return None
    token, account = found
    now = datetime.now(UTC)
    if token.kind is not kind or not token.good(now):
        return None
    if token.person != OWNER and not _welcome(app, account):
        return None
    if token.used is None or now - token.used > timedelta(minutes=1):
        app.journal.people.used(token.id, now)
    return Session(
        app=app,
        name=token.person,
        roles=_roles(token, account),
        origin=replace(origin, credential=f"{token.kind} {token.id}"),
    )


def end(app: App, secret: str) -> None:
    """Sign out."""
    app.journal.people.redeem(digest(secret))


def _note(app: App, origin: Origin, person: str, decision: Decision) -> None:
    at = time.time_ns() // 1000
    entry = Entry(
        at=at, person=person, origin=str(origin), action="sign in", decision=decision, trace=trace_id()
    )
    app.journal.ledger.append(entry)


def _roles(token: Token, account: Account | None) -> frozenset[Role]:
    held = frozenset(Role) if account is None else included(account.roles)
    return held & included(token.scopes)


def _welcome(app: App, account: Account | None) -> bool:
    """Tell whether this account may be used, and its person is still in the directory."""
    if account is None or account.disabled:
        return False
    try:
        app.grants(account.person)
    except Unknown:
        return False
    return True


@cache
def _nobody() -> str:
    return passwords().hash(secrets.token_urlsafe(16))
