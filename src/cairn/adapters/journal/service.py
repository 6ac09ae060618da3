"""The tables that requests write: people, tokens, the audit, jobs and traces.

One schema for both dialects. Knows nothing of what the rows are used for.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from cairn.adapters.journal.schema import Id, Schema

metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("person", Text, primary_key=True),
    Column("roles", Text, nullable=False),
    Column("password", Text),
    Column("disabled", Boolean, nullable=False),
    Column("issuer", Text),
    Column("subject", Text, index=True),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("used", Float),
    Column("revoked", Float),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("person", Text, nullable=False, index=True),
    Column("behalf", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("objects", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("trace", Text, nullable=False, index=True),
    Column("digest", Text, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    Column("trace", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("behalf", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("answered", Boolean, nullable=False),
    Column("helpful", Boolean),
    Column("note", Text, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("trace", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("behalf", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("rests", Text, nullable=False),
    Column("claims", Text, nullable=False),
    Column("documents", Text, nullable=False),
    Column("follows", Text, nullable=False),
    Column("at", Float, nullable=False, index=True),
)

answers = Table(
    "answers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("scope", Text, nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("claims", Text, nullable=False),
    Column("withdrawn", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("writer", Text, nullable=False),
    Column("trace", Text, nullable=False),
    Column("person", Text, nullable=False, index=True),
    Column("head", BigInteger, nullable=False),
    Column("documents", Text, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("at", Float, nullable=False, index=True),
    Column("hits", Integer, nullable=False),
)

replies = Table(
    "replies",
    metadata,
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Float, nullable=False, index=True),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("started", Float, nullable=False),
    Column("ended", Float),
)

spans = Table(
    "spans",
    metadata,
    Column("span", Text, primary_key=True),
    Column("trace", Text, nullable=False, index=True),
    Column("parent", Text),
    Column("name", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("attributes", Text, nullable=False),
)


def _m001_initial(connection: Connection) -> None:
    metadata.create_all(connection)
    for statement in _GUARDS[connection.dialect.name]:
        connection.execute(text(statement))


def _m002_questions(connection: Connection) -> None:
    questions.create(connection, checkfirst=True)


def _m003_conversations(connection: Connection) -> None:
    for table in (turns, answers):
        table.create(connection, checkfirst=True)


_GUARDS = {
    "sqlite": tuple(
        f"CREATE TRIGGER IF NOT EXISTS audit_no_{verb} BEFORE {verb} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
        for verb in ("update", "delete")
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$",
        "CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    ),
}
"""What keeps the audit append-only for whoever does not take this away first; the seals show who did."""

SERVING = Schema("service", 0x6361_6973, (_m001_initial, _m002_questions, _m003_conversations))
"""Never edit a step that has been released; add another."""
