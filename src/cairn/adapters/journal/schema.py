"""The journal's tables, and the list of steps by which an older journal becomes a newer one.

One schema for both dialects. Knows nothing of what the rows are used for.
"""

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    exists,
    inspect,
    select,
    text,
)

from cairn.errors import Storage


class Schema(NamedTuple):
    """Tables that are brought up together, by a list of steps."""

    key: str
    """Under which ``meta`` holds how many steps were done."""
    lock: int
    """Key of PostgreSQL's advisory lock that orders its writers, and so its numbers, by commit."""
    steps: tuple[Callable[[Connection], None], ...]

    def up_to_date(self, connection: Connection) -> bool:
        """Tell whether there is nothing to migrate."""
        return inspect(connection).has_table(meta.name) and self._done(connection) == len(self.steps)

    def _done(self, connection: Connection) -> int:
        row = connection.execute(meta.select().where(meta.c.key == self.key)).first()
        return 0 if row is None else int(row.value)

    def migrate(self, connection: Connection) -> None:
        """Bring the tables to the newest schema, within the caller's transaction.

        Raises Storage when they were written by a newer Cairn.
        """
        meta.create(connection, checkfirst=True)
        done = self._done(connection)
        if done > len(self.steps):
            raise Storage(
                f"This library was written by a newer Cairn ({self.key} {done}, this one knows "
                f"{len(self.steps)}); upgrade Cairn to open it."
            )
        if done == len(self.steps):
            return
        for step in self.steps[done:]:
            step(connection)
        connection.execute(meta.delete().where(meta.c.key == self.key))
        connection.execute(meta.insert().values(key=self.key, value=str(len(self.steps))))


metadata = MetaData()

# SQLite makes an alias of its row id only of a column declared INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")


def texts(*names: str) -> Iterator[Column[str]]:
    """Yield columns of text that is always there."""
    return (Column(name, Text, nullable=False) for name in names)


meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

sources = Table(
    "sources",
    metadata,
    Column("id", Id, primary_key=True),
    Column("spec", Text, nullable=False, unique=True),
    Column("options", Text, nullable=False),
    Column("error", Text),
)

classes = Table(
    "classes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("readers", Text, nullable=False, unique=True),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", ForeignKey("sources.id"), nullable=False),
    *texts("uri", "state"),
    Column("reason", Text),
    Column("access_class", ForeignKey("classes.id"), nullable=False),
    *texts("title", "media_type"),
    Column("size", BigInteger, nullable=False),
    Column("modified", Float, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("content", Text),
    Column("recipe", Text),
    Column("version", Integer, nullable=False),
    Column("language", Text),
    Column("pages", Integer),
    Column("metadata", Text, nullable=False),
    Column("parent", Id, index=True),
    Column("part", Text),
    Column("twin", Text, index=True),
    Column("thread", Text, index=True),
    UniqueConstraint("source", "uri"),
    Index("documents_state", "state", "id"),
    sqlite_autoincrement=True,
)

versions = Table(
    "versions",
    metadata,
    Column("document", ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    *texts("content", "recipe"),
    Column("at", Float, nullable=False),
)

passages = Table(
    "passages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("document", ForeignKey("documents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("ordinal", Integer, nullable=False),
    *texts("kind", "text", "context", "anchors"),
    Column("tokens", Integer, nullable=False),
    Column("hash", Text, nullable=False, index=True),
    sqlite_autoincrement=True,
)

embeddings = Table(
    "embeddings",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

token_vectors = Table(
    "token_vectors",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("tokens", LargeBinary, nullable=False),
)
"""Apart from the vectors, which are read by the thousand and are a fifth as large."""

embedded = Table(
    "embedded",
    metadata,
    Column("document", ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("model", Text, primary_key=True),
)

loose = Table("loose", metadata, Column("hash", Text, primary_key=True))
"""Hashes of texts that a passage had and lost, until it is looked up whether another has them."""

changes = Table(
    "changes",
    metadata,
    Column("seq", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("document", BigInteger, nullable=False),
    Column("at", Float, nullable=False),
    sqlite_autoincrement=True,
)

principals = Table("principals", metadata, Column("name", Text, primary_key=True))

memberships = Table(
    "memberships",
    metadata,
    Column("member", ForeignKey("principals.name", ondelete="CASCADE"), primary_key=True),
    Column("group", ForeignKey("principals.name", ondelete="CASCADE"), primary_key=True),
)


allowed = Table(
    "allowed",
    metadata,
    Column("name", Text, primary_key=True),
    Column("class", ForeignKey("classes.id", ondelete="CASCADE"), primary_key=True),
)


def _m001_initial(connection: Connection) -> None:
    metadata.create_all(connection)


def _m002_parts(connection: Connection) -> None:
    """Files within files, twins, threads; anchors name their places. Everything is read again once."""
    held = {column["name"] for column in inspect(connection).get_columns("documents")}
    for name in ("parent", "part", "twin", "thread"):
        if name not in held:  # a new journal has them from the first step
            column = documents.c[name]
            kind = column.type.compile(connection.dialect)
            connection.execute(text(f"ALTER TABLE documents ADD COLUMN {name} {kind}"))
    for index in documents.indexes:
        index.create(connection, checkfirst=True)
    names = ("page", "boxes", "lines", "chars", "heading")
    for row in connection.execute(select(passages.c.id, passages.c.anchors)).all():
        told = [
            [start, end, kind, {name: value for name, value in zip(names, places, strict=True) if value}]
            for start, end, kind, *places in json.loads(row.anchors)
        ]
        this = passages.update().where(passages.c.id == row.id)
        connection.execute(this.values(anchors=json.dumps(told, separators=(",", ":"))))


def _m003_models(connection: Connection) -> None:
    """Documents may have the vectors of several models."""
    embedded.create(connection, checkfirst=True)
    if "embedded" in {column["name"] for column in inspect(connection).get_columns("documents")}:
        held = "INSERT INTO embedded SELECT id, embedded FROM documents WHERE embedded IS NOT NULL"
        connection.execute(text(held))
        connection.execute(text("ALTER TABLE documents DROP COLUMN embedded"))


def _m004_service(connection: Connection) -> None:
    """Traces and jobs have moved into a file of their own, where they begin anew."""
    if connection.dialect.name == "sqlite":
        for name in ("spans", "jobs"):
            connection.execute(text(f"DROP TABLE IF EXISTS {name}"))


def _m005_allowed(connection: Connection) -> None:
    """Whom a class allows, by name."""
    allowed.create(connection, checkfirst=True)
    for number, readers in connection.execute(select(classes.c.id, classes.c.readers)).all():
        rows = [{"name": name, "class": number} for name in json.loads(readers)[0]]
        if rows:
            connection.execute(allowed.insert(), rows)


def _m006_loose(connection: Connection) -> None:
    """Vectors whose texts are gone are found by what was dropped; until now all were looked at."""
    loose.create(connection, checkfirst=True)
    standing = exists().where(passages.c.hash == embeddings.c.hash)
    connection.execute(embeddings.delete().where(~standing))


def _m007_tokens(connection: Connection) -> None:
    """Beside its vector a text's tokens are kept."""
    token_vectors.create(connection, checkfirst=True)


STEPS = (_m001_initial, _m002_parts, _m003_models, _m004_service, _m005_allowed, _m006_loose, _m007_tokens)
LIBRARY = Schema("schema", 0x6361_6972, STEPS)
"""Never edit a step that has been released; add another."""
