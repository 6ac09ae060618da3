"""The operation that erases: from journal, index and caches, and so that it does not come back."""

import asyncio
from collections.abc import Sequence
from shutil import rmtree
from typing import Annotated

from cairn.audit import touched
from cairn.flows.ingest import views
from cairn.operations.declare import Say, operation
from cairn.operations.documents import find, whole_source
from cairn.operations.uploads import FOLDER, literal
from cairn.people import Role
from cairn.protocols import Catalogue
from cairn.records import DocumentRecord, SourceRecord
from cairn.results import Forgotten
from cairn.session import Session


@operation("forget", role=Role.CURATOR, writes=True)
async def forget(
    session: Session,
    name: Annotated[str, Say("a document, or a whole source", positional=True, example="d12")],
) -> Forgotten:
    """Erase a document or a source from journal, index and caches."""
    return await asyncio.to_thread(_forget, session, name)


def _forget(session: Session, name: str) -> Forgotten:
    journal = session.app.journal
    source = whole_source(session, name)
    records = journal.catalogue.find(source=source.id) if source is not None else [find(session, name)]
    erased = [record.id for record in records]
    if source is None:
        erased += _parts(journal.catalogue, erased[0])
    touched(*(f"d{number}" for number in erased))
    with session.app.writing() as index:
        note = _kept_out(session, source, records)
        journal.library.forget(erased, source.id if source is not None else None)
        journal.library.sweep()
        views.apply(journal, index)
    for held in (journal.turns, journal.answers, journal.reports):
        held.erase(erased)
    grants = session.grants
    return Forgotten(
        documents=tuple(record.uri for record in records if grants.readable(record.access_class)),
        source=source.spec if source is not None else None,
        note=f"Gone from journal, index and caches.{note}",
    )


def _parts(catalogue: Catalogue, document: int) -> list[int]:
    """Return the files within a document, at any depth."""
    within = [one.id for one in catalogue.related(document) if one.parent == document]
    return [found for one in within for found in (one, *_parts(catalogue, one))]


def _kept_out(session: Session, source: SourceRecord | None, records: Sequence[DocumentRecord]) -> str:
    """Keep what is forgotten from coming back with the next look at its source; say how it may."""
    library, folder = session.app.journal.library, session.app.home / FOLDER
    if source is not None:
        if source.spec == f"files:{folder}":
            rmtree(folder, ignore_errors=True)
        return ""
    (record,) = records
    held = next(one for one in session.app.journal.catalogue.sources() if one.id == record.source)
    if record.parent is not None or not held.spec.startswith("files:"):
        return " While it stays in the source, the next ingest brings it back."
    if held.spec == f"files:{folder}":
        (folder / record.uri).unlink(missing_ok=True)
        return " The uploaded file is gone as well."
    options = dict(held.options)
    options["exclude"] = [*options.get("exclude", ()), "/" + literal(record.uri)]
    library.add_source(held.spec, options)
    return " Its file stays where it is, and is left out from now on."
