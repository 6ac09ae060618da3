"""What questions leave behind for those that follow on them, and what those find of it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cairn.errors import Unknown
from cairn.flows.answering.conversation import Conversation, StandAlone, recalled
from cairn.operations import history
from cairn.protocols import Chat
from cairn.records import Said, Turn
from cairn.session import Session
from cairn.trace import UNTRACED, dispensable
from cairn.types import Answer


async def standalone(
    session: Session, question: str, follows: str, chat: Chat | None, readable: Callable[[int], bool]
) -> StandAlone:
    """Return a question that needs no earlier one; raises Unknown for an answer that is not theirs."""
    if not follows or not session.app.settings.conversation_days:
        return StandAlone(question)
    app = session.app
    before = await asyncio.to_thread(_recalled, session, follows, readable)
    return await before.standalone(question, chat, app.prompts, session.asker)


def remember(session: Session, question: str, follows: str, alone: StandAlone, answer: Answer) -> None:
    """Keep what was asked and answered, for a while, for the asker alone."""
    with dispensable("question"):
        history.remember(session, question, answer)
        _keep(session, question, follows, alone, answer)


def _keep(session: Session, question: str, follows: str, alone: StandAlone, answer: Answer) -> None:
    days = session.app.settings.conversation_days
    if not days or answer.trace == UNTRACED:
        return
    now = datetime.now(UTC)
    turn = Turn(
        trace=answer.trace,
        person=session.asker,
        behalf=session.name,
        asked=question,
        question=alone.text,
        rests=alone.rests,
        claims=tuple(
            Said(claim.text, tuple(dict.fromkeys(one.evidence for one in claim.citations)))
            for claim in answer.claims
        ),
        documents=alone.documents.union(one.document for one in answer.evidence if answer.claims),
        follows=follows,
        thread=alone.thread if alone.thread else answer.trace,
        at=now,
    )
    journal = session.app.journal
    journal.turns.keep(turn, now - timedelta(days=days))
    # What was forgotten meanwhile took along only what was kept by then.
    journal.turns.erase(journal.catalogue.forgotten(turn.documents))


def _recalled(session: Session, follows: str, readable: Callable[[int], bool]) -> Conversation:
    journal = session.app.journal
    since = datetime.now(UTC) - timedelta(days=session.app.settings.conversation_days)

    def own(trace: str) -> Turn | None:
        turn = journal.turns.find(trace, session.asker, session.name)
        return turn if turn is not None and turn.at >= since else None

    found = recalled(follows, own, journal.catalogue, readable)
    if found is None:
        raise Unknown(f"No answer {follows!r} of {session.asker}'s to follow on.")
    return found
