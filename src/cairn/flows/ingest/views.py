"""Brings an index up to the journal: reads the changes it has not seen, in order, and applies them.

Knows nothing of what caused a change. Killed at any moment, it goes on where the index stands.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from cairn.protocols import Catalogue, Embedder, Index, Journal
from cairn.records import DocumentRecord, Entry, JournalChange, PassageRecord, Place
from cairn.types import Passage

BATCH = 200
"""Changes whose documents are in memory at once."""
STEP = 10_000
"""Changes applied in one step of the words: a bound on what a kill makes to be done again."""
AHEAD = 20_000
"""Changes looked at ahead: of several touches of one document only the last is applied."""
DOCUMENTS = 16
"""Documents embedded before their vectors are stored."""
TEXTS = 128
"""Texts embedded at once: a document of any length is stored in parts of so many."""

OPENING = 150
"""Words at the beginning of a document that tell what it is."""

Report = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


def apply(journal: Journal, index: Index, report: Report = lambda *told: None) -> None:
    """Bring both views up to the journal, beside each other: each mostly waits for its own engine."""
    _check(journal.catalogue, index)
    with ThreadPoolExecutor(1) as beside:
        vectors = beside.submit(copy_context().run, _apply_vectors, journal, index, report)
        _apply_words(journal.catalogue, index, report)
        vectors.result()


def apply_words(catalogue: Catalogue, index: Index, report: Report = lambda *told: None) -> None:
    """Make everything that is parsed findable by words."""
    _check(catalogue, index)
    _apply_words(catalogue, index, report)


def apply_vectors(journal: Journal, index: Index, report: Report = lambda *told: None) -> None:
    """Make everything that is embedded findable by meaning."""
    _check(journal.catalogue, index)
    _apply_vectors(journal, index, report)


def _check(catalogue: Catalogue, index: Index) -> None:
    """Empty an index that has applied another journal."""
    positions = index.positions()
    if not (
        _known(catalogue, positions.words, positions.words_stamp)
        and _known(catalogue, positions.vectors, positions.vectors_stamp)
    ):
        index.reset()


def _apply_words(catalogue: Catalogue, index: Index, report: Report) -> None:
    head = catalogue.head()
    for news in _news(catalogue, index.positions().words, STEP, {"content", "readers", "removed"}):
        entries = _entries(catalogue, news.touched)
        index.write_words(news.touched, entries, news.last.seq, news.last.stamp)
        report("words", news.last.seq, head)


def _apply_vectors(journal: Journal, index: Index, report: Report) -> None:
    catalogue = journal.catalogue
    head = catalogue.head()
    for news in _news(catalogue, index.positions().vectors, BATCH, {"content", "vectors", "removed"}):
        classes = {record.id: record.access_class for record in catalogue.documents(news.regranted)}
        stored = {record.id: record for record in catalogue.documents(catalogue.stored(news.touched))}
        passages, vectors = journal.vectors.load(stored.keys())
        held = groupby(passages, key=passages.__getitem__)
        places = [Place(passages=list(numbers), **_place(stored[of])) for of, numbers in held]
        index.write_vectors(news.touched, classes, places, vectors, news.last.seq, news.last.stamp)
        report("meanings", news.last.seq, head)


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
            encoded = embedder.encode([text for _, text in part])
            journal.vectors.store([key for key, _ in part], encoded)
        journal.vectors.complete(documents, serving=serving)
        done += len(documents)
    report("vectors", done, total)


def is_current(catalogue: Catalogue, index: Index) -> bool:
    """Tell whether both views have applied all of this journal."""
    at = index.positions()
    stamps = {at.words_stamp, at.vectors_stamp}  # one, but after a kill
    found = [(change.seq, change.stamp) for change in catalogue.changes(at.words - 1, 2)]
    return at.words == at.vectors and found == [(at.words, stamp) for stamp in stamps if at.words]


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


class _News(NamedTuple):
    """What is to be applied in one step."""

    touched: set[int]
    """Documents to be dropped and added as they are now."""
    regranted: set[int]
    """Documents of which only the readers are others."""
    last: JournalChange
    """Up to which the view is brought."""


def _news(catalogue: Catalogue, since: int, step: int, touching: Set[str]) -> Iterator[_News]:
    """Yield what changes after ``since`` come to, a document once for all that can be looked at ahead."""
    while ahead := catalogue.changes(since, AHEAD):
        # A touch waits for a later touch, never for less: whoever goes on after a kill sees that one alone.
        last = {change.document: change.seq for change in ahead if change.kind in touching}
        for start in range(0, len(ahead), step):
            part = ahead[start : start + step]
            touched = {change.document for change in part if last.get(change.document) == change.seq}
            regranted = {change.document for change in part if change.kind == "readers"} - touched
            yield _News(touched, regranted, part[-1])
        since = ahead[-1].seq


def _entries(catalogue: Catalogue, documents: set[int]) -> Iterator[Entry]:
    wanted = sorted(documents)
    for start in range(0, len(wanted), BATCH):
        stored = catalogue.stored(wanted[start : start + BATCH])
        records = {record.id: record for record in catalogue.documents(stored)}
        for number, held in groupby(catalogue.passages(stored), key=lambda one: one.document):
            yield _entry(records[number], list(held))


def _entry(document: DocumentRecord, held: Sequence[PassageRecord]) -> Entry:
    passages = [one.passage for one in held]
    return Entry(
        passages=[one.id for one in held],
        **_place(document),
        name=f"{document.title} {PurePosixPath(document.uri).stem}",
        opening=" ".join(passages[0].text.split()[:OPENING]),
        texts=[("\n".join([one.context, *_headings(one)]), one.text) for one in passages],
    )


def _place(document: DocumentRecord) -> dict[str, Any]:
    """Return what all passages of a document have in common."""
    tags = document.metadata.get("tags", "")
    return {
        "document": document.id,
        "source": document.source,
        "access_class": document.access_class,
        "media_type": document.media_type,
        "modified": document.modified,
        "language": document.language,
        "tags": tuple(tag.strip() for tag in tags.split(",") if tag.strip()),
    }


def _headings(passage: Passage) -> Iterator[str]:
    for anchor in passage.anchors:
        if anchor.kind == "heading":
            yield passage.text[anchor.start : anchor.end]
