"""How the journal's rows become records, and back: the one place that knows both forms."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Row

from cairn.access import Readers
from cairn.adapters.journal.schema import documents, passages, sources
from cairn.records import Citable, DocumentRecord, PassageRecord, SourceRecord
from cairn.types import Passage, State, read_anchors, write_anchors

PASSAGE = (
    *(passages.c.id, passages.c.document, passages.c.ordinal, passages.c.kind),
    *(passages.c.text, passages.c.context, passages.c.anchors, passages.c.tokens),
)
CITABLE = (*PASSAGE, sources.c.spec, documents.c.uri, documents.c.title, documents.c.access_class)


def source(row: Row[Any]) -> SourceRecord:
    """Read a row of ``sources``."""
    return SourceRecord(row.id, row.spec, json.loads(row.options), row.error)


def document(row: Row[Any]) -> DocumentRecord:
    """Read a row of ``documents``."""
    return DocumentRecord(
        id=row.id,
        source=row.source,
        uri=row.uri,
        state=State(row.state),
        reason=row.reason,
        access_class=row.access_class,
        title=row.title,
        media_type=row.media_type,
        size=row.size,
        modified=datetime.fromtimestamp(row.modified, UTC),
        fingerprint=row.fingerprint,
        content=row.content,
        recipe=row.recipe,
        version=row.version,
        language=row.language,
        pages=row.pages,
        metadata=json.loads(row.metadata),
        parent=row.parent,
        part=row.part,
        twin=row.twin,
    )


def passage(row: Sequence[Any]) -> PassageRecord:
    """Read a row of PASSAGE: by place, as each request reads dozens."""
    id, document, ordinal, kind, text, context, anchors, tokens = row
    found = Passage(
        text=text, context=context, anchors=read_anchors(json.loads(anchors)), tokens=tokens, kind=kind
    )
    return PassageRecord(id, document, ordinal, found)


def citable(row: Sequence[Any]) -> Citable:
    """Read a row of CITABLE."""
    return Citable(passage(row[: len(PASSAGE)]), *row[len(PASSAGE) :])


def passage_values(document_id: int, ordinal: int, passage: Passage) -> dict[str, Any]:
    """Write a passage as values of its row."""
    return {
        "document": document_id,
        "ordinal": ordinal,
        "kind": passage.kind,
        "text": passage.text,
        "context": passage.context,
        "anchors": json.dumps(write_anchors(passage.anchors), separators=(",", ":")),
        "tokens": passage.tokens,
        "hash": blake2b(passage.embedded_text().encode(), digest_size=16).hexdigest(),
    }


def readers(row: Row[Any]) -> Readers:
    """Read the readers of a row that joins ``classes``."""
    return Readers.from_key(row.readers)
