"""The tables that requests write: people, tokens, the audit, jobs, traces and calls of language models.

One schema for both dialects. Knows nothing of what the rows are used for.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    inspect,
    text,
)

from cairn.adapters.journal.schema import Id, Schema, texts
from cairn.chat import Origin, Spent, Usage

metadata = MetaData()

USAGE = tuple(one.name for one in fields(Usage))
ORIGINS = get_args(Origin)


def _whose() -> Iterator[Column[Any]]:
    """Yield the columns of what somebody asked: its trace, who asked, and with whose rights."""
    yield Column("trace", Text, primary_key=True)
    yield Column("person", Text, nullable=False, index=True)
    yield from texts("behalf")


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
    *texts("name", "scopes"),
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
    *texts("behalf", "origin", "action", "objects", "decision", "reason"),
    Column("trace", Text, nullable=False, index=True),
    Column("digest", Text, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    *_whose(),
    *texts("question"),
    Column("at", Float, nullable=False),
    Column("answered", Boolean, nullable=False),
    Column("helpful", Boolean),
    Column("note", Text, nullable=False),
    Column("reviewer", Text, nullable=False, server_default=""),
)

turns = Table(
    "turns",
    metadata,
    *_whose(),
    *texts("asked", "question", "rests", "claims", "documents", "follows", "thread"),
    Column("at", Float, nullable=False, index=True),
)

answers = Table(
    "answers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("scope", Text, nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    *texts("claims", "withdrawn"),
    Column("confidence", Float, nullable=False),
    *texts("writer", "trace"),
    Column("person", Text, nullable=False, index=True),
    Column("head", BigInteger, nullable=False),
    Column("documents", Text, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("at", Float, nullable=False, index=True),
)

replies = Table(
    "replies",
    metadata,
    Column("key", Text, primary_key=True),
    *texts("request", "body"),
    Column("at", Float, nullable=False, index=True),
)

reports = Table(
    "reports",
    metadata,
    *_whose(),
    *texts("documents", "body"),
    Column("at", Float, nullable=False, index=True),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    *texts("kind", "state", "detail"),
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
    Column("start", BigInteger, nullable=False, index=True),
    Column("end", BigInteger, nullable=False),
    Column("attributes", Text, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("trace", Text, nullable=False, index=True),
    Column("at", Float, nullable=False, index=True),
    *texts("day", "asker", "model", "purpose", "version", "outcome", "reason"),
    Column("attempt", BigInteger, nullable=False),
    Column("thread", Text, nullable=False),
    Column("estimated", Boolean, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in (*USAGE, *ORIGINS)),
    Column("cost", Float),
    Column("first", Float),
    Column("seconds", Float, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("cited", Float),
    Index("calls_of", "asker", "day", "trace", "cost"),
    Index("calls_dear", "day", "trace", "cost"),
)

spending = Table(
    "spending",
    metadata,
    *(
        Column(name, Text, primary_key=True)
        for name in ("asker", "day", "model", "purpose", "outcome", "again")
    ),
    *(Column(one.name, Float if one.type is float else BigInteger, nullable=False) for one in fields(Spent)),
)
"""Sums over ``calls``, kept with them: budgets are asked before every call, and sums at every look."""


def _m001_initial(connection: Connection) -> None:
    metadata.create_all(connection)
    for statement in _GUARDS[connection.dialect.name]:
        connection.execute(text(statement))


def _m002_questions(connection: Connection) -> None:
    questions.create(connection, checkfirst=True)


def _m003_calls(connection: Connection) -> None:
    for table in (calls, spending):
        table.create(connection, checkfirst=True)


def _m004_conversations(connection: Connection) -> None:
    for table in (turns, answers):
        table.create(connection, checkfirst=True)


def _m005_reports(connection: Connection) -> None:
    reports.create(connection, checkfirst=True)


def _m006_reviewer(connection: Connection) -> None:
    """What was said of an answer is looked at by somebody."""
    if "reviewer" not in {column["name"] for column in inspect(connection).get_columns("questions")}:
        connection.execute(text("ALTER TABLE questions ADD COLUMN reviewer TEXT NOT NULL DEFAULT ''"))


def _m007_old_ones(connection: Connection) -> None:
    """Old traces are found by their time; reports name their documents as turns and answers do.

    How often an answer was given is counted by the process, not with the answer.
    """
    if "hits" in {column["name"] for column in inspect(connection).get_columns(answers.name)}:
        connection.execute(text("ALTER TABLE answers DROP COLUMN hits"))
    for index in spans.indexes:
        index.create(connection, checkfirst=True)
    plain = "replace(trim(documents, '[]'), ',', '')"
    connection.execute(text(f"UPDATE reports SET documents = {plain} WHERE documents LIKE '[%'"))


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

STEPS = (
    _m001_initial,
    _m002_questions,
    _m003_calls,
    _m004_conversations,
    _m005_reports,
    _m006_reviewer,
    _m007_old_ones,
)
SERVING = Schema("service", 0x6361_6973, STEPS)
"""Never edit a step that has been released; add another."""
