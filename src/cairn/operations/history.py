"""Operations on what one has asked: look, judge, forget.

A question is kept in its asker's own words. What it was answered is kept for a while, for questions that
follow on it (``following``), and not shown here: whoever opens a question asks again, with the rights they
have then. What one says of an answer is for curators to see (``feedback``).
"""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal

from cairn.audit import touched
from cairn.errors import Invalid, Unknown
from cairn.operations.declare import Say, operation
from cairn.people import Asked
from cairn.protocols import Journal
from cairn.results.people import History, Question
from cairn.results.reports import Report
from cairn.session import Session
from cairn.types import Answer

BROWSER = "web"
"""The surface of whoever shows a cookie."""
MOST = 500
"""Questions of one page, at most."""
LONGEST = 2000
"""Characters of a note."""

Trace = Annotated[str, Say("the trace id that came with the answer", positional=True)]


@operation("history.list", audited=False)
async def history_list(
    session: Session,
    *,
    before: Annotated[datetime | None, Say("only what was asked before")] = None,
    limit: Annotated[int, Say("so many questions at most")] = 50,
) -> History:
    """List what you asked in a browser, newest first, with what you said of the answers, but not these."""
    if not 1 <= limit <= MOST:
        raise Invalid(f"limit is {limit}; ask for 1 to {MOST} questions.")
    held = session.app.journal.questions
    found = await asyncio.to_thread(held.of, session.asker, limit, before)
    return History(questions=tuple(map(shown, found)))


@operation("history.forget", writes=True)
async def history_forget(
    session: Session, id: Annotated[str, Say("a trace id; all by default", positional=True)] = ""
) -> History:
    """Erase a question from your history with what it was answered, or all of them."""
    gone = await asyncio.to_thread(_erase, session.app.journal, session.asker, id if id else None)
    if id and not gone:
        raise Unknown(f"No question {id!r} in the history of {session.asker}.")
    return await history_list(session)


@operation("history.judge", writes=True)
async def history_judge(
    session: Session,
    id: Trace,
    verdict: Annotated[Literal["helpful", "unhelpful", ""], Say("what you think of the answer")] = "",
    *,
    note: Annotated[str, Say("what was missing or wrong")] = "",
) -> Question:
    """Say what you think of an answer that you were given in a browser; curators see it with its question."""
    if len(note) > LONGEST:
        raise Invalid(f"The note has {len(note):,} characters, more than {LONGEST:,}; shorten it.")
    touched(f"trace:{id}")
    helpful = verdict == "helpful" if verdict else None
    held = session.app.journal.questions
    judged = await asyncio.to_thread(held.judge, id, session.asker, helpful, note)
    if judged is None:
        raise Unknown(f"No question {id!r} in the history of {session.asker}.")
    return shown(judged)


def _erase(journal: Journal, person: str, trace: str | None = None) -> int:
    """Erase a question of somebody's, or all, from every place that keeps what was asked; return how many."""
    places = (journal.questions, journal.turns, journal.answers, journal.reports)
    return sum(place.forget(person, trace) for place in places)


def remember(session: Session, question: str, answer: Answer | Report) -> None:
    """Keep a question that was asked in a browser; programs have memories of their own."""
    if session.origin.surface == BROWSER:
        session.app.journal.questions.keep(
            Asked(
                trace=answer.trace,
                person=session.asker,
                behalf=session.name if session.name != session.asker else "",
                question=question,
                at=datetime.now(UTC),
                answered=not answer.abstained,
            )
        )


def shown(asked: Asked) -> Question:
    """Return a question as its asker sees it."""
    return Question(
        trace=asked.trace,
        behalf=asked.behalf,
        question=asked.question,
        at=asked.at,
        answered=asked.answered,
        helpful=asked.helpful,
        note=asked.note,
    )
