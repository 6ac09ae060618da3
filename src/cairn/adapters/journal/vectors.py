"""Embeddings in the journal, by (passage hash, model): vectors as 16-bit floats, tokens as in packing.py."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, ColumnElement, Select, and_, delete, func, select

from cairn.adapters.journal.database import Database, select_in
from cairn.adapters.journal.family import SERVING, note
from cairn.adapters.journal.packing import packed, unpacked
from cairn.adapters.journal.prepared import Prepared
from cairn.adapters.journal.schema import documents, embedded, embeddings, passages, token_vectors
from cairn.records import Encoded, Tokens

# 16 bits change a cosine by less than 0.001 and halve the journal.
STORED = np.float16


class SqlVectors:
    """See ``cairn.protocols.Vectors``; ``model`` is the present embedder's name."""

    def __init__(self, database: Database, model: str) -> None:
        self._database = database
        self._model = model
        self._have = and_(embeddings.c.hash == passages.c.hash, embeddings.c.model == model)
        vectors = select(embeddings.c.hash, embeddings.c.vector).where(embeddings.c.model == model)
        self._of = Prepared.within(vectors, embeddings.c.hash)
        read = and_(token_vectors.c.hash == passages.c.hash, token_vectors.c.model == model)
        tokens = select(passages.c.id, token_vectors.c.tokens).join(token_vectors, read)
        self._tokens = Prepared.within(tokens, passages.c.id)

    def unembedded(self, limit: int | None = None) -> list[int]:
        query = (
            select(documents.c.id)
            .outerjoin(embedded, self._done(documents.c.id))
            .where(documents.c.state.in_(SERVING), documents.c.version > 0, embedded.c.model.is_(None))
            .order_by(documents.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def missing(self, documents_: Collection[int]) -> list[tuple[str, str]]:
        query = self._lacking(passages.c.hash, passages.c.context, passages.c.text)
        with self._database.read() as connection:
            found = select_in(connection, query, passages.c.document, documents_)
            return list({row.hash: f"{row.context}\n{row.text}" for row in found}.items())

    def store(self, hashes: Sequence[str], encoded: Encoded) -> None:
        keys = [{"hash": hash_, "model": self._model} for hash_ in hashes]
        vectors = [vector.tobytes() for vector in encoded.vectors.astype(STORED)]
        columns = (
            (embeddings.c.vector, vectors),
            (token_vectors.c.tokens, list(map(packed, encoded.tokens))),
        )
        query = select(passages.c.hash).distinct()
        with self._database.write() as connection:
            # A text may have gone, and been swept out, while it was embedded.
            there = {row.hash for row in select_in(connection, query, passages.c.hash, hashes)}
            for column, values in columns:
                rows = [
                    key | {column.name: value}
                    for key, value in zip(keys, values, strict=True)
                    if key["hash"] in there
                ]
                self._database.add_missing(connection, column.table, rows)

    def complete(self, documents_: Collection[int], *, serving: bool = True) -> None:
        lacking = self._lacking(passages.c.id).where(passages.c.document == documents.c.id)
        query = select(documents.c.id).where(~lacking.exists())
        with self._database.write() as connection:
            # Others may have been read again, or forgotten, while they were embedded.
            whole = [row.id for row in select_in(connection, query, documents.c.id, documents_)]
            rows = [{"document": document, "model": self._model} for document in whole]
            self._database.add_missing(connection, embedded, rows)
            if serving:
                note(connection, "vectors", whole)

    def models(self) -> dict[str, int]:
        count = select(embeddings.c.model, func.count()).group_by(embeddings.c.model)
        with self._database.read() as connection:
            return {model: held for model, held in connection.execute(count)}

    def drop(self) -> None:
        with self._database.write() as connection:
            for table in (embedded, embeddings, token_vectors):
                connection.execute(delete(table).where(table.c.model == self._model))

    def load(self, documents_: Collection[int]) -> tuple[dict[int, int], NDArray[np.float32]]:
        # A document's vectors are kept before the change that tells of them: until then they are not there,
        # so that what an index holds does not depend on when it looked.
        kept = (passages.c.id, passages.c.document, embeddings.c.vector)
        whole = select(*kept).join(embeddings, self._have).join(embedded, self._done(passages.c.document))
        with self._database.read() as connection:
            found = list(select_in(connection, whole, passages.c.document, documents_))
        return {row.id: row.document for row in found}, _unpacked([row.vector for row in found])

    def of(self, hashes: Sequence[str], dimensions: int) -> NDArray[np.float32]:
        with self._database.read() as connection:
            found: dict[str, bytes] = {
                hash_: vector for hash_, vector in self._of.among(connection, {*hashes})
            }
        none = bytes(STORED().itemsize * dimensions)
        return _unpacked([found.get(each, none) for each in hashes]).reshape(len(hashes), dimensions)

    def tokens(self, passages_: Sequence[int], dimensions: int) -> dict[int, Tokens]:
        with self._database.read() as connection:
            found = list(self._tokens.among(connection, passages_))
        tokens = unpacked([packed for _, packed in found], dimensions)
        return {id: held for (id, _), held in zip(found, tokens, strict=True)}

    def _done(self, document: Column[int]) -> ColumnElement[bool]:
        return and_(embedded.c.document == document, embedded.c.model == self._model)

    def _lacking(self, *columns: Column[Any]) -> Select[Any]:
        return select(*columns).outerjoin(embeddings, self._have).where(embeddings.c.hash.is_(None))


def _unpacked(found: Sequence[bytes]) -> NDArray[np.float32]:
    packed = np.frombuffer(b"".join(found), STORED)
    return packed.reshape(len(found), -1 if found else 0).astype(np.float32)
