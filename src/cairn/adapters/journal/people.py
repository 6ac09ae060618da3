"""Accounts and tokens in the journal; of a secret, only its digest comes here."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam, delete, select, update

from cairn.adapters.journal.database import Database
from cairn.adapters.journal.prepared import Prepared, chunks
from cairn.adapters.journal.service import accounts, tokens
from cairn.people import Account, Kind, Role, Token

KEPT_SECONDS = 90 * 86_400
"""An expired token is listed for so long."""

_BEARER = Prepared(
    select(*tokens.c, *accounts.c)
    .outerjoin(accounts, accounts.c.person == tokens.c.person)
    .where(tokens.c.digest == bindparam("digest"))
)
_Held = Mapping[str, Any] | RowMapping


class SqlPeople:
    """See ``cairn.protocols.People``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accounts(self) -> list[Account]:
        with self._database.read() as connection:
            found = connection.execute(select(accounts).order_by(accounts.c.person))
            return list(map(_account, found.mappings()))

    def account(self, person: str) -> Account | None:
        return self._one(accounts.c.person == person)

    def linked(self, issuer: str, subject: str) -> Account | None:
        return self._one((accounts.c.issuer == issuer) & (accounts.c.subject == subject))

    def _one(self, condition: Any) -> Account | None:
        with self._database.read() as connection:
            row = connection.execute(select(accounts).where(condition)).mappings().first()
            return None if row is None else _account(row)

    def save(self, account: Account) -> None:
        values = asdict(account) | {"roles": _written(account.roles)}
        with self._database.write() as connection:
            insert = self._database.insert(accounts).values(values)
            connection.execute(insert.on_conflict_do_update(index_elements=["person"], set_=values))
        self._database.settle()

    def issue(self, digest: str, token: Token) -> int:
        values = {
            "digest": digest,
            "kind": token.kind,
            "person": token.person,
            "name": token.name,
            "scopes": _written(token.scopes),
            "created": token.created.timestamp(),
            "expires": token.expires.timestamp(),
        }
        with self._database.write() as connection:
            connection.execute(delete(tokens).where(tokens.c.expires < time.time() - KEPT_SECONDS))
            return int(connection.execute(tokens.insert().values(values).returning(tokens.c.id)).scalar_one())

    def bearer(self, digest: str) -> tuple[Token, Account | None] | None:
        with self._database.read() as connection:
            found = _BEARER.rows(connection, digest=digest)
        if not found:
            return None
        shown = dict(zip(tokens.c.keys(), found[0], strict=False))
        held = dict(zip(accounts.c.keys(), found[0][len(shown) :], strict=True))
        return _token(shown), None if held["person"] is None else _account(held)

    def redeem(self, digest: str) -> Token | None:
        standing = (tokens.c.digest == digest) & tokens.c.revoked.is_(None)
        spent = update(tokens).where(standing).values(revoked=time.time()).returning(tokens)
        with self._database.write() as connection:
            row = connection.execute(spent).mappings().first()
        self._database.settle()
        return None if row is None else _token({**row, "revoked": None})

    def tokens(self, person: str | None = None) -> list[Token]:
        query = select(tokens).order_by(tokens.c.id.desc())
        if person is not None:
            query = query.where(tokens.c.person == person)
        with self._database.read() as connection:
            return list(map(_token, connection.execute(query).mappings()))

    def used(self, token: int, at: datetime) -> None:
        with self._database.write() as connection:
            shown = update(tokens).where(tokens.c.id == token)
            connection.execute(shown.values(used=at.timestamp()))

    def revoke(self, ids: Collection[int]) -> None:
        with self._database.write() as connection:
            for chunk in chunks(ids):
                standing = tokens.c.id.in_(chunk) & tokens.c.revoked.is_(None)
                connection.execute(update(tokens).where(standing).values(revoked=time.time()))
        self._database.settle()


def _written(roles: Iterable[Role]) -> str:
    return " ".join(sorted(roles))


def _roles(written: str) -> frozenset[Role]:
    return frozenset(Role(name) for name in written.split())


def _account(held: _Held) -> Account:
    return Account(**{**held, "roles": _roles(held["roles"]), "disabled": bool(held["disabled"])})


def _token(held: _Held) -> Token:
    moments = {
        name: None if held[name] is None else datetime.fromtimestamp(held[name], UTC)
        for name in ("created", "expires", "used", "revoked")
    }
    told = {"kind": Kind(held["kind"]), "scopes": _roles(held["scopes"])}
    return Token(**{name: value for name, value in held.items() if name != "digest"} | moments | told)
