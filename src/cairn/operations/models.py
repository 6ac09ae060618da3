"""Operations on models: those that vectors come from, and those that write answers."""

import asyncio
import json
from contextlib import aclosing, closing
from dataclasses import replace
from time import perf_counter
from typing import Annotated

from cairn import settings
from cairn.app import App
from cairn.chat import Done, Part, Prompt
from cairn.errors import Invalid, ModelFailed
from cairn.flows.ingest import views
from cairn.operations.declare import Say, operation
from cairn.people import Role
from cairn.protocols import Chat
from cairn.results import ModelLine, Models
from cairn.results.system import ChatLine, Chats
from cairn.session import Session

NUMBERS = {
    "type": "object",
    "properties": {"numbers": {"type": "array", "items": {"type": "integer"}}},
    "required": ["numbers"],
    "additionalProperties": False,
}


@operation("reembed", role=Role.OWNER, writes=True)
async def reembed(
    session: Session,
    model: Annotated[str, Say("an embedder, as in the setting of this name", positional=True)] = "",
    *,
    drop: Annotated[bool, Say("erase this embedder's vectors instead")] = False,
) -> Models:
    """Compute vectors with another embedder while the present one serves, then switch in one step.

    Stopped at any moment, the next call goes on. The former vectors stay until they are dropped, so
    that switching back computes only what is new since. Without a model, it shows what is kept.
    """
    if model:
        with closing(session.app.other(model)) as other:
            await asyncio.to_thread(_drop if drop else _switch, session, other, model)
    elif drop:
        raise Invalid("Say which embedder's vectors to erase: cairn reembed MODEL --drop")
    serving = settings.read(session.app.home).embedder
    with closing(session.app.other(serving)) as now:
        held = now.journal.vectors.models()
        name = now.embedder.name
    return Models(
        models=tuple(ModelLine(model=m, vectors=n, serving=m == name) for m, n in sorted(held.items()))
    )


def _switch(session: Session, other: App, model: str) -> None:
    serving = other.embedder.name == session.app.embedder.name
    # Most of the work, without the lock: ingest and questions go on meanwhile.
    views.embed(other.journal, other.embedder, session.report, serving=serving)
    with other.writing(session.report, vectors=serving) as index:
        if not serving:
            views.embed(other.journal, other.embedder, session.report, serving=False)
            index.drop_vectors()  # it may have seen documents whose vectors came later
            views.apply_vectors(other.journal, index, session.report)
        settings.write(session.app.home, "embedder", model)


def _drop(session: Session, other: App, model: str) -> None:
    if other.embedder.name == session.app.embedder.name:
        raise Invalid(f"{model} is in use; switch first: cairn reembed OTHER-MODEL")
    with other.writing(vectors=False) as index:
        index.drop_vectors()
        other.journal.vectors.drop()


@operation("models", role=Role.ADMIN, long=True)
async def models(
    session: Session,
    *,
    test: Annotated[bool, Say("ask each two short questions and say what it lacks")] = False,
) -> Chats:
    """Show which language models write answers, in the order in which they are asked."""
    chats = session.app.chats
    if not test:
        return Chats(chats=tuple(ChatLine(model=name) for name in chats), tested=False)
    views = await asyncio.gather(*(_tested(chat, session) for chat in chats.values()))
    return Chats(chats=tuple(views), tested=True, missed=tuple(one.model for one in views if not one.writer))


async def _tested(chat: Chat, session: Session) -> ChatLine:
    """Ask a model for a word, and for numbers in a form that a program reads."""
    asked = Prompt(
        parts=(
            Part("system", "system", "Say no more than what is asked for."),
            Part("user", "question", "Which colour has a clear sky at noon? Answer with one word."),
        ),
        purpose="test",
        version="test@1",
        asker=session.asker,
    )
    numbers = Part("user", "question", "List the numbers from 1 to 20 as JSON.")
    view = ChatLine(model=chat.name)
    try:
        _, first, done = await _heard(chat, asked)
        view = replace(view, writer=done.model, first=first)
        said, _, _ = await _heard(chat, replace(asked, parts=(asked.parts[0], numbers), schema=NUMBERS))
    except ModelFailed as error:
        return replace(view, lacks=(str(error),))
    has = {
        "structured output": _fits("".join(said)),
        "streaming": len(said) > 1,
        "a known price": session.app.prices.of(chat.name) is not None,
    }
    return replace(view, lacks=tuple(name for name, there in has.items() if not there))


async def _heard(chat: Chat, prompt: Prompt) -> tuple[list[str], float, Done]:
    """Return what a model says piece by piece, the seconds until the first, and the end."""
    said: list[str] = []
    began, first = perf_counter(), 0.0
    async with aclosing(chat.stream(prompt)) as events:
        async for event in events:
            if isinstance(event, Done):
                return said, first, event
            first = first if said else perf_counter() - began
            said.append(event.text)
    raise ModelFailed(f"{chat.name} did not come to an end; ask again.", again=True)


def _fits(text: str) -> bool:
    """Tell whether this is what ``NUMBERS`` asks for."""
    try:
        said = json.loads(text)
    except ValueError:
        return False
    return isinstance(said, dict) and isinstance(said.get("numbers"), list)
