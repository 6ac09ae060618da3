"""The operation that lists documents."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from cairn.errors import Invalid, Unknown
from cairn.operations.declare import Say, operation
from cairn.records import DocumentRecord
from cairn.results import DocumentLine, Documents
from cairn.session import Session
from cairn.types import State

MOST = 1000
"""Documents of one page, at most."""


@operation("documents")
async def documents(
    session: Session,
    holding: Annotated[str, Say("only with this in their title or path", positional=True)] = "",
    *,
    source: Annotated[int, Say("only of this source, by its number in `status`")] = 0,
    state: Annotated[Sequence[str], Say("only in this state; by default all but deleted")] = (),
    before: Annotated[int, Say("only with an id below this")] = 0,
    limit: Annotated[int, Say("so many documents at most")] = 50,
) -> Documents:
    """List the documents you may read, those that were shown last first."""
    if not 1 <= limit <= MOST:
        raise Invalid(f"limit is {limit}; ask for 1 to {MOST:,} documents.")
    unknown = set(state) - set(State)
    if unknown:
        raise Unknown.name("state", min(unknown), State)
    states = {State(one) for one in state} if state else set(State) - {State.DELETED}
    return await asyncio.to_thread(_listed, session, holding, source, states, before, limit)


def _listed(
    session: Session, holding: str, source: int, states: set[State], before: int, limit: int
) -> Documents:
    grants = session.grants
    found = session.app.journal.catalogue.page(
        limit,
        before=before if before else None,
        classes=grants.classes,
        source=source if source else None,
        states=states,
        holding=holding,
    )
    lines = tuple(_line(record) for record in found if grants.readable(record.access_class))
    return Documents(documents=lines, before=found[-1].id if len(found) == limit else None)


def _line(record: DocumentRecord) -> DocumentLine:
    return DocumentLine(
        id=record.id,
        uri=record.uri,
        title=record.title,
        source=record.source,
        state=record.state,
        reason=record.reason,
        media_type=record.media_type,
        size=record.size,
        modified=record.modified,
    )
