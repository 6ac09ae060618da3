"""Operations on who may sign in, and what they may do."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from cairn.audit import touched
from cairn.errors import Invalid, Unknown
from cairn.operations.declare import Say, operation
from cairn.operations.identity import passwords
from cairn.people import ROLES, Account, Role
from cairn.results.people import AccountLine, Accounts
from cairn.session import Session

SHORTEST = 12
"""Characters of a password."""

Person = Annotated[str, Say("a person of the directory", positional=True, example="amina")]
Roles = Annotated[
    Sequence[str], Say("curator, auditor or admin; reader when nothing is said", positional=True)
]
Password = Annotated[str, Say("the new password; one is made up and shown otherwise", secret=True)]


@operation("people.list", role=Role.ADMIN)
async def people_list(session: Session) -> Accounts:
    """Show who may sign in, and in which roles."""
    return await asyncio.to_thread(_listed, session)


@operation("people.add", role=Role.ADMIN, writes=True)
async def people_add(
    session: Session,
    person: Person,
    roles: Roles = (),
    *,
    password: Password = "",
    provider: Annotated[bool, Say("with the identity provider, and no password")] = False,
) -> Accounts:
    """Let a person of the directory sign in with a password, or with the identity provider."""
    touched(f"person:{person}")
    return await asyncio.to_thread(_add, session, person, _roles(roles), password, provider)


@operation("people.password", role=Role.ADMIN, writes=True)
async def people_password(session: Session, person: Person, *, password: Password = "") -> Accounts:
    """Give a person another password; whatever they are signed in with ends."""
    touched(f"person:{person}")
    return await asyncio.to_thread(_password, session, person, password)


@operation("people.roles", role=Role.ADMIN, writes=True)
async def people_roles(session: Session, person: Person, roles: Roles) -> Accounts:
    """Say what a person may do, from their next request on; what they may read is not touched."""
    touched(f"person:{person}")
    return await asyncio.to_thread(_change, session, person, roles=_roles(roles))


@operation("people.disable", role=Role.ADMIN, writes=True)
async def people_disable(
    session: Session,
    person: Person,
    *,
    enable: Annotated[bool, Say("let them sign in again")] = False,
) -> Accounts:
    """Keep a person from signing in, and end whatever they are signed in with, tokens included."""
    touched(f"person:{person}")
    return await asyncio.to_thread(_change, session, person, ends=not enable, disabled=not enable)


def _listed(session: Session, password: str = "") -> Accounts:
    return Accounts(accounts=tuple(map(_line, session.app.journal.people.accounts())), password=password)


def _line(account: Account) -> AccountLine:
    return AccountLine(
        person=account.person,
        roles=tuple(sorted(account.roles)),
        disabled=account.disabled,
        password=account.password is not None,
        issuer=account.issuer,
    )


def _add(session: Session, person: str, roles: frozenset[Role], password: str, provider: bool) -> Accounts:
    session.app.grants(person)  # raises Unknown for one nobody has enrolled
    people = session.app.journal.people
    if people.account(person) is not None:
        raise Invalid(f"{person!r} may sign in already; see: cairn people roles, cairn people password")
    if provider:
        issuer = session.app.settings.oidc_issuer
        if not issuer or password:
            raise Invalid("Say a password, or set oidc_issuer for the identity provider.")
        people.save(Account(person=person, roles=roles, issuer=issuer.rstrip("/")))
        return _listed(session)
    given, hashed = _new(password)
    people.save(Account(person=person, roles=roles, password=hashed))
    return _listed(session, "" if password else given)


def _password(session: Session, person: str, password: str) -> Accounts:
    given, hashed = _new(password)
    return replace(_change(session, person, ends=True, password=hashed), password="" if password else given)


def _change(session: Session, person: str, *, ends: bool = False, **changes: Any) -> Accounts:
    """Change somebody's account, and end whatever they are signed in with where that is to end."""
    people = session.app.journal.people
    account = people.account(person)
    if account is None:
        raise Unknown.name("account", person, [one.person for one in people.accounts()])
    people.save(replace(account, **changes))
    if ends:
        people.revoke([token.id for token in people.tokens(person)])
    return _listed(session)


def _new(password: str) -> tuple[str, str]:
    """Return the password, made up if there is none, and its hash."""
    if password and len(password) < SHORTEST:
        raise Invalid(f"The password has {len(password)} characters; take at least {SHORTEST}.")
    given = password if password else secrets.token_urlsafe(12)
    return given, passwords().hash(given)


def _roles(said: Sequence[str]) -> frozenset[Role]:
    unknown = [name for name in said if name not in ROLES]
    if unknown:
        raise Unknown.name("role", unknown[0], ROLES)
    return frozenset(Role(name) for name in said) if said else frozenset({Role.READER})
