"""Operations on what people said of their answers: look, and mark as looked at.

Whoever judges an answer shows its question and their note to those who look after the library. The answer is
shown as far as the looker may read what it rests on.
"""

import asyncio
from datetime import datetime
from functools import partial
from typing import Annotated

from cairn.audit import touched
from cairn.errors import Invalid, Unknown
from cairn.flows.answering.conversation import recalled
from cairn.operations.declare import Say, operation
from cairn.operations.history import Trace, shown
from cairn.people import Asked, Role
from cairn.results.people import Feedback, Judged, Reviewed
from cairn.session import Session

PAGE = 200
"""Judged answers of one page, at most."""


@operation("feedback.list", role=Role.CURATOR)
async def feedback_list(
    session: Session,
    *,
    reviewed: Annotated[bool, Say("also what somebody has looked at")] = False,
    before: Annotated[datetime | None, Say("only what was asked before")] = None,
    limit: Annotated[int, Say("so many at most")] = 50,
) -> Feedback:
    """Show what people said of their answers, with the question, and the answer as far as you may read it."""
    if not 1 <= limit <= PAGE:
        raise Invalid(f"limit is {limit}; ask for 1 to {PAGE}.")
    return await asyncio.to_thread(_feedback, session, reviewed, before, limit)


@operation("feedback.review", role=Role.CURATOR, writes=True)
async def feedback_review(session: Session, id: Trace) -> Reviewed:
    """Mark what was said of an answer as looked at."""
    touched(f"trace:{id}")
    if not await asyncio.to_thread(session.app.journal.questions.review, id, session.asker):
        raise Unknown(f"Nobody judged an answer {id!r}; see: cairn feedback list")
    return Reviewed(trace=id, reviewer=session.asker)


def _feedback(session: Session, reviewed: bool, before: datetime | None, limit: int) -> Feedback:
    found = session.app.journal.questions.judged(limit, before, reviewed=reviewed)
    touched(*(f"trace:{one.trace}" for one in found))
    more = found[-1].at if len(found) == limit else None
    return Feedback(judged=tuple(_judged(session, one) for one in found), before=more)


def _judged(session: Session, asked: Asked) -> Judged:
    claims = _claims(session, asked)
    return Judged(asked=shown(asked), person=asked.person, claims=claims, reviewer=asked.reviewer)


def _claims(session: Session, asked: Asked) -> tuple[str, ...]:
    journal = session.app.journal
    behalf = asked.behalf if asked.behalf else asked.person
    own = partial(journal.turns.find, person=asked.person, behalf=behalf)
    answer = recalled(asked.trace, own, journal.catalogue, session.grants.readable)
    return tuple(claim.text for claim in answer.turns[-1].claims) if answer is not None else ()
