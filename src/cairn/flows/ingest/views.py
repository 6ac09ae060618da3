"""Brings an index up to the journal: reads the changes it has not seen, in order, and applies them.

Knows nothing of what caused a change. Killed at any moment, it goes on where the index stands.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

from cairn.protocols import Catalogue, Embedder, Index, Journal
from cairn.records import DocumentRecord, Entry, JournalChange, PassageRecord
from cairn.types import Passage

BATCH = 200
"""Changes applied in one step: a bound on memory, and on what a kill makes to be done again."""
DOCUMENTS = 16
"""Documents embedded before their vectors are stored."""
TEXTS = 512
"""Texts embedded at once: a document of any length is stored in parts of so many."""

OPENING = 150
"""Words at the beginning of a document that tell what it is."""

Report = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


def apply_words(catalogue: Catalogue, index: Index, report: Report = lambda *told: None) -> None:
    """Make everything that is parsed findable by words."""
    head = catalogue.head()
    positions = index.positions()
    if not _known(catalogue, positions.words, positions.words_stamp):
        index.reset()
    while batch := catalogue.changes(index.positions().words, BATCH):
        touched = _touched(batch, {"content", "readers", "removed"})
        index.write_words(touched, _entries(catalogue, touched), batch[-1].seq, batch[-1].stamp)
        report("words", batch[-1].seq, head)


def apply_vectors(journal: Journal, index: Index, report: Report = lambda *told: None) -> None:
    """Make everything that is embedded findable by meaning."""
    catalogue = journal.catalogue
    head = catalogue.head()
    positions = index.positions()
    if not _known(catalogue, positions.vectors, positions.vectors_stamp):
        index.reset()
    while batch := catalogue.changes(index.positions().vectors, BATCH):
        touched = _touched(batch, {"content", "vectors", "removed"})
        regranted = _touched(batch, {"readers"}) - touched
        classes = {record.id: record.access_class for record in catalogue.documents(regranted)}
        passages, vectors = journal.vectors.load(catalogue.stored(touched))
        entries = {entry.passage: entry for entry in _entries(catalogue, touched)}
        held = [entries[passage] for passage in passages]
        index.write_vectors(touched, classes, held, vectors, batch[-1].seq, batch[-1].stamp)
        report("meanings", batch[-1].seq, head)


def embed(journal: Journal, embedder: Embedder, report: Report, *, serving: bool = True) -> None:
    """Compute the vectors that are missing, newest documents first, and store them as they come.

    Those of a model that is not ``serving`` yet are no news to the view that is.
    """
    total = len(journal.vectors.unembedded())
    done = 0
    while documents := journal.vectors.unembedded(DOCUMENTS):
        report("vectors", done, total)
        missing = journal.vectors.missing(documents)
        for start in range(0, len(missing), TEXTS):
            part = missing[start : start + TEXTS]
            vectors = embedder.embed([text for _, text in part])
            journal.vectors.store([key for key, _ in part], vectors)
        journal.vectors.complete(documents, serving=serving)
        done += len(documents)
    report("vectors", done, total)


def is_current(catalogue: Catalogue, index: Index) -> bool:
    """Tell whether both views have applied all of this journal."""
    positions, head = index.positions(), catalogue.head()
    return (
        positions.words == positions.vectors == head
        and _known(catalogue, head, positions.words_stamp)
        and _known(catalogue, head, positions.vectors_stamp)
    )


def orphaned(catalogue: Catalogue, index: Index) -> bool:
    """Tell whether an index has applied changes of a journal, and the present one never had any."""
    positions = index.positions()  # before the journal, which another process may just be beginning
    return (positions.words > 0 or positions.vectors > 0) and catalogue.head() == 0


def lost(catalogue: Catalogue, index: Index) -> list[str]:
    """Say of each view why it must be built from nothing; of one that goes on, nothing."""
    positions = index.positions()
    views = (
        ("words", positions.words, positions.words_stamp),
        ("vectors", positions.vectors, positions.vectors_stamp),
    )
    others = [f"{view}: of another journal" for view, *where in views if not _known(catalogue, *where)]
    return [*others, *(index.upkeep.lost() if catalogue.head() else [])]


def _known(catalogue: Catalogue, position: int, stamp: int) -> bool:
    """Tell whether this journal is the one that a view has applied: not so once a backup was restored."""
    return position == 0 or [c.stamp for c in catalogue.changes(position - 1, 1)] == [stamp]


def _touched(batch: Sequence[JournalChange], kinds: set[str]) -> set[int]:
    return {change.document for change in batch if change.kind in kinds}


def _entries(catalogue: Catalogue, documents: set[int]) -> list[Entry]:
    serving = {record.id: record for record in catalogue.documents(catalogue.stored(documents))}
    records = catalogue.passages(serving.keys())
    openings = {held.document: _opening(held) for held in records if held.ordinal == 0}
    return [_entry(held, serving[held.document], openings[held.document]) for held in records]


def _opening(record: PassageRecord) -> str:
    return " ".join(record.passage.text.split()[:OPENING])


def _headings(passage: Passage) -> Iterator[str]:
    for anchor in passage.anchors:
        if anchor.kind == "heading":
            yield passage.text[anchor.start : anchor.end]


def _entry(record: PassageRecord, document: DocumentRecord, opening: str) -> Entry:
    passage = record.passage
    tags = document.metadata.get("tags", "")
    return Entry(
        passage=record.id,
        document=document.id,
        source=document.source,
        access_class=document.access_class,
        media_type=document.media_type,
        modified=document.modified,
        language=document.language,
        tags=tuple(tag.strip() for tag in tags.split(",") if tag.strip()),
        name=f"{document.title} {PurePosixPath(document.uri).stem}",
        opening=opening,
        context="\n".join([passage.context, *_headings(passage)]),
        text=passage.text,
    )
