"""Signing in with an identity provider: what it says of somebody, to a person of the directory.

The provider's groups are ``group:oidc/NAME`` here, so that none of its claims can mean a group that was made
here. Which of those belong to which of these is said as for any: cairn access add group:oidc/x group:y
"""

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote

from cairn import registry
from cairn.app import App
from cairn.errors import Unknown
from cairn.operations.identity import SignInFailed, begin
from cairn.people import Account, Claims
from cairn.protocols import Provider
from cairn.session import Origin

PREFIX = "group:oidc/"
WAITING = 600.0
"""Seconds in which a sign-in that was begun must be ended."""
MOST = 10_000
"""Sign-ins under way."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A sign-in under way."""

    browser: str
    """What the browser that began it holds."""
    nonce: str
    verifier: str
    redirect: str
    since: float


@dataclass(frozen=True, kw_only=True)
class SignIns:
    """The sign-ins under way with the provider that the settings name; thread-safe."""

    app: App
    _begun: OrderedDict[str, Begun] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def provider(self) -> Provider:
        """The identity provider; raises Unknown where none is set."""
        chosen = self.app.settings
        if not chosen.oidc_issuer:
            raise Unknown("There is no identity provider; see the setting oidc_issuer.")
        made: Provider = registry.load(
            "providers", f"oidc:{chosen.oidc_issuer}", client=chosen.oidc_client, secret=chosen.oidc_secret
        )
        return made

    def begin(self, redirect: str) -> tuple[str, str]:
        """Return where to send the browser, and what it must hold until it comes back to ``redirect``."""
        state, browser, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
        since = time.monotonic()
        begun = Begun(browser=browser, nonce=nonce, verifier=verifier, redirect=redirect, since=since)
        place = self.provider.begin(redirect, state, nonce, verifier)
        with self._lock:
            self._begun[state] = begun
            while len(self._begun) > MOST:
                self._begun.popitem(last=False)
        return place, browser

    def finish(self, state: str, browser: str, code: str, issuer: str | None, origin: Origin) -> str:
        """Return the secret of a new session; raises SignInFailed, Denied, Unavailable."""
        with self._lock:
            begun = self._begun.pop(state, None)
        late = begun is None or time.monotonic() - begun.since > WAITING
        if begun is None or late or not hmac.compare_digest(begun.browser, browser):
            raise SignInFailed("This sign-in was not begun here, or too long ago; begin again.")
        claims = self.provider.finish(begun.redirect, code, begun.nonce, begun.verifier, issuer)
        person = welcome(self.app, claims)
        return begin(self.app, person, origin)


def welcome(app: App, claims: Claims) -> str:
    """Return the person of the directory that the provider's claims are, with their groups as it says.

    Who was here before is known by their subject, whatever they call themselves now. Raises SignInFailed for
    who is not enrolled, is disabled, or calls themselves what somebody else is called here.
    """
    people = app.journal.people
    account = people.linked(claims.issuer, claims.subject)
    if account is None:
        account = _first(app, claims)
    if account.disabled:
        raise SignInFailed("This account may not sign in.")
    groups = _groups(claims.said, app.settings.oidc_groups_claim)
    try:
        app.grants(account.person)
    except Unknown:
        raise SignInFailed("This account may not sign in.") from None
    _put(app, f"person:{account.person}", groups)
    return account.person


def _first(app: App, claims: Claims) -> Account:
    """Bind somebody who comes for the first time to the person they are called."""
    name = claims.said.get(app.settings.oidc_name_claim)
    if not isinstance(name, str) or f"person:{name}" not in app.journal.directory.principals():
        raise SignInFailed("The directory does not know you; ask its curator to enrol you.")
    people = app.journal.people
    account = people.account(name)
    if account is None:
        account = Account(person=name)
    elif account.issuer != claims.issuer or account.subject is not None:
        # A name is no proof: whoever can choose theirs could be anybody with an account here.
        raise SignInFailed("This account signs in another way.")
    bound = replace(account, issuer=claims.issuer, subject=claims.subject)
    people.save(bound)
    return bound


def _groups(said: Mapping[str, Any], claim: str) -> set[str]:
    if claim in said.get("_claim_names", {}):
        raise SignInFailed("Your identity provider leaves out groups, as there are too many.")
    named = said.get(claim, [])
    found = [named] if isinstance(named, str) else named
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise SignInFailed(f"The identity provider's claim {claim!r} is no list of names.")
    return {PREFIX + quote(one, safe="/@+-_.") for one in found if one}


def _put(app: App, member: str, groups: set[str]) -> None:
    """Make these, of the provider's groups, the ones somebody is in; others stay as they are."""
    directory = app.journal.directory
    held = {group for group in directory.memberships().get(member, ()) if group.startswith(PREFIX)}
    if gone := held - groups:
        directory.remove([], [(member, group) for group in sorted(gone)])
    if new := groups - held:
        directory.enrol([], [(member, group) for group in sorted(new)])
