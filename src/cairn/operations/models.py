"""Operations on the models that a library's vectors come from."""

import asyncio
from contextlib import closing
from typing import Annotated

from cairn import settings
from cairn.app import App
from cairn.errors import Invalid
from cairn.flows.ingest import views
from cairn.operations.declare import Say, operation
from cairn.people import Role
from cairn.results import Models, ModelView
from cairn.session import Session


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
        models=tuple(ModelView(model=m, vectors=n, serving=m == name) for m, n in sorted(held.items()))
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
