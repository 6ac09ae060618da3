"""How documents hang together in the journal: parts within others, twins with the same words.

A part has its parent's readers and goes when it goes. Of twins that also share source, media type and
readers an index stores one; when that one goes or changes, the next is noted to take its place.
"""

import time
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, update

from cairn.adapters.journal.database import select_in
from cairn.adapters.journal.prepared import chunks
from cairn.adapters.journal.schema import changes, documents
from cairn.types import State

SERVING = (State.INDEXED, State.PENDING)
"""A document about to be read again serves what was read before."""


def note(connection: Connection, kind: str, ids: Iterable[int]) -> None:
    """Append one change a document; a view reads them in this order."""
    now = time.time()
    noted = [{"kind": kind, "document": document, "at": now} for document in ids]
    if noted:
        connection.execute(changes.insert(), noted)


def children(connection: Connection, ids: Collection[int]) -> dict[int, list[Row[Any]]]:
    """Return by document the rows of the files directly within it, deleted ones too."""
    found: dict[int, list[Row[Any]]] = {each: [] for each in ids}
    for row in select_in(connection, select(documents), documents.c.parent, ids):
        found[row.parent].append(row)
    return found


def parts(connection: Connection, ids: Collection[int], *, deleted: bool = False) -> list[Row[Any]]:
    """Return the rows of all files within documents, at any depth; deleted ones only if asked for."""
    query = select(documents) if deleted else select(documents).where(documents.c.state != State.DELETED)
    found: list[Row[Any]] = []
    level = list(ids)
    while level:
        below = list(select_in(connection, query, documents.c.parent, level))
        found += below
        level = [row.id for row in below]
    return found


def rename(connection: Connection, former: Row[Any], uri: str) -> None:
    """Let the files within a document follow it to another uri; deleted ones, too, free its old one."""
    for row in parts(connection, [former.id], deleted=True):
        there = uri + row.uri.removeprefix(former.uri)
        connection.execute(update(documents).where(documents.c.id == row.id).values(uri=there))


def regrant(connection: Connection, row: Row[Any], access_class: int) -> None:
    """Give a document and all files within it other readers."""
    family = [row, *parts(connection, [row.id])]
    ids = [member.id for member in family]
    for chunk in chunks(ids):
        connection.execute(
            update(documents).where(documents.c.id.in_(chunk)).values(access_class=access_class)
        )
    # Whom an index stores may change where there are twins; elsewhere no vector need be touched.
    alone = {member.id for member in family if not _has_twin(connection, member)}
    note(connection, "readers", [one for one in ids if one in alone])
    note(connection, "content", [one for one in ids if one not in alone])
    note_heirs(connection, family, ids)


def note_heirs(connection: Connection, before: Collection[Row[Any]], ids: Collection[int]) -> None:
    """Note whom else an index may have to store or drop, now that documents changed.

    ``before`` are rows as they were, ``ids`` the documents that changed and are noted themselves.
    """
    after = select_in(connection, select(documents), documents.c.id, ids)
    keys = {_key(row) for row in (*before, *after) if row.twin is not None}
    changed, heirs = set(ids), set()
    for key, first, count in _groups(connection, keys):
        if first not in changed:
            heirs.add(first)
        elif count > 1:
            query = select(func.min(documents.c.id)).where(*_alike(key), documents.c.id > first)
            heirs.add(connection.execute(query).scalar_one())
    note(connection, "content", sorted(heirs - changed))


def stored(connection: Connection, ids: Collection[int]) -> set[int]:
    """Return those of the documents that an index stores: their twins have greater numbers."""
    query = select(documents).where(documents.c.state.in_(SERVING))
    rows = list(select_in(connection, query, documents.c.id, ids))
    keys = {_key(row) for row in rows if row.twin is not None}
    firsts = {first for _, first, _ in _groups(connection, keys)}
    return {row.id for row in rows if row.twin is None or row.id in firsts}


def _has_twin(connection: Connection, row: Row[Any]) -> bool:
    same = (documents.c.twin == row.twin) & (documents.c.id != row.id)
    return row.twin is not None and connection.execute(select(documents.c.id).where(same)).first() is not None


_KEY = (documents.c.twin, documents.c.source, documents.c.media_type, documents.c.access_class)


def _key(row: Row[Any]) -> tuple[Any, ...]:
    return (row.twin, row.source, row.media_type, row.access_class)


def _groups(
    connection: Connection, keys: Collection[tuple[Any, ...]]
) -> list[tuple[tuple[Any, ...], int, int]]:
    """Return each set of twins with its least number and its size."""
    grouped: Select[Any] = select(*_KEY, func.min(documents.c.id), func.count()).group_by(*_KEY)
    query = grouped.where(documents.c.state.in_(SERVING))
    found = select_in(connection, query, documents.c.twin, {key[0] for key in keys})
    groups = [(tuple(told), first, count) for *told, first, count in map(tuple, found)]
    return [group for group in groups if group[0] in keys]


def _alike(key: tuple[Any, ...]) -> list[Any]:
    same = [column == value for column, value in zip(_KEY, key, strict=True)]
    return [*same, documents.c.state.in_(SERVING)]
