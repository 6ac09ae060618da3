"""The operation that lists documents."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Annotated

from cairn.errors import Invalid, Unknown
from cairn.operations.declare import Say, operation
from cairn.records import DocumentRecord, Wanted
from cairn.results import DocumentLine, Documents
from cairn.session import Session
from cairn.types import State

MOST = 1000
"""Documents of one page, at most."""

Before = Annotated[int, Say("only with an id below this")]
Limit = Annotated[int, Say("so many documents at most")]


@operation("documents")
async def documents(
    session: Session,
    holding: Annotated[str, Say("only with this in their title or path", positional=True)] = "",
    *,
    source: Annotated[int, Say("only of this source, by its number in `status`")] = 0,
    state: Annotated[Sequence[str], Say("only in this state; by default all but deleted")] = (),
    before: Before = 0,
    limit: Limit = 50,
) -> Documents:
    """List the documents you may read, those that were shown last first."""
    unknown = set(state) - set(State)
    if unknown:
        raise Unknown.name("state", min(unknown), State)
    states = {State(one) for one in state} if state else set(State) - {State.DELETED}

    def look() -> Documents:
        classes = session.grants.classes
        return listed(session, classes, states, before, limit, source=source, holding=holding)

    return await asyncio.to_thread(look)


def listed(
    session: Session,
    classes: Collection[int] | None,
    states: Collection[State],
    before: int,
    limit: int,
    *,
    source: int = 0,
    holding: str = "",
) -> Documents:
    """Return a page of the documents of these access classes; None is every class."""
    if not 1 <= limit <= MOST:
        raise Invalid(f"limit is {limit}; ask for 1 to {MOST:,} documents.")
    wanted = Wanted(
        states=states,
        classes=classes,
        source=source if source else None,
        before=before if before else None,
        holding=holding,
    )
    found = session.app.journal.catalogue.page(wanted, limit)
    following = found[-1].id if len(found) == limit else None
    return Documents(documents=tuple(map(_line, found)), before=following)


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
