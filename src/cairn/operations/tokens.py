"""Operations on the tokens by which programs are let in."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from cairn.access import OWNER
from cairn.audit import touched
from cairn.errors import Denied, Invalid, Unknown
from cairn.operations import identity
from cairn.operations.declare import Say, operation
from cairn.people import Kind, Role, Token
from cairn.results.people import TokenLine, Tokens
from cairn.session import Session

MOST_DAYS = 365


@operation("tokens.create", writes=True)
async def tokens_create(
    session: Session,
    name: Annotated[str, Say("what it is for", positional=True, example="notebook")],
    *,
    person: Annotated[str, Say("whose it is, if not yours; takes an admin")] = "",
    scopes: Annotated[Sequence[str], Say("it may do more than read: curator, auditor, admin")] = (),
    days: Annotated[int, Say("until it expires")] = 90,
) -> Tokens:
    """Make a token for a program, which shows it as `Authorization: Bearer TOKEN`."""
    if session.origin.credential.startswith(Kind.API):
        raise Denied("A token makes no tokens; sign in to make one.")
    if not name.strip() or not 1 <= days <= MOST_DAYS:
        raise Invalid(f"A token needs a name, and 1 to {MOST_DAYS} days to live, not {days}.")
    whose = await asyncio.to_thread(_whose, session, person if person else session.name)
    wanted = frozenset({Role.READER, *_known(scopes)})
    lasting = timedelta(days=days)
    secret, token = await asyncio.to_thread(
        identity.issue, session.app, Kind.API, whose, lasting, name=name.strip(), scopes=wanted
    )
    touched(f"person:{whose}", f"token:{token.id}")
    return Tokens(tokens=(_line(token),), secret=secret)


@operation("tokens.list")
async def tokens_list(
    session: Session,
    *,
    everyone: Annotated[bool, Say("everybody's, which takes an admin")] = False,
) -> Tokens:
    """Show your tokens and browser sessions that still stand."""
    if everyone:
        session.require(Role.ADMIN)
    held = await asyncio.to_thread(session.app.journal.people.tokens, None if everyone else session.name)
    now = datetime.now(UTC)
    return Tokens(tokens=tuple(_line(token) for token in held if token.good(now)))


@operation("tokens.revoke", writes=True)
async def tokens_revoke(
    session: Session, id: Annotated[int, Say("its number in `tokens list`", positional=True)]
) -> Tokens:
    """End a token, from the next request on."""
    people = session.app.journal.people
    whose = None if session.holds(Role.ADMIN) else session.name
    held = await asyncio.to_thread(people.tokens, whose)
    found = [token for token in held if token.id == id]
    if not found:
        raise Unknown(f"No token {id} of {session.name}'s; see: cairn tokens list")
    touched(f"token:{id}")
    await asyncio.to_thread(people.revoke, [id])
    return Tokens(tokens=tuple(map(_line, found)))


def _whose(session: Session, person: str) -> str:
    """Return the person if a token of theirs may be made."""
    if person != session.name:
        session.require(Role.OWNER if person == OWNER else Role.ADMIN)
    if person != OWNER and session.app.journal.people.account(person) is None:
        raise Unknown(f"{person!r} may not sign in; let them: cairn people add {person}")
    return person


def _known(scopes: Sequence[str]) -> list[Role]:
    for scope in scopes:
        if scope not in set(Role):
            raise Unknown.name("scope", scope, Role)
    return [Role(scope) for scope in scopes]


def _line(token: Token) -> TokenLine:
    return TokenLine(
        id=token.id,
        kind=token.kind,
        person=token.person,
        name=token.name,
        scopes=tuple(sorted(token.scopes)),
        created=token.created,
        expires=token.expires,
        used=token.used,
        revoked=token.revoked,
    )
