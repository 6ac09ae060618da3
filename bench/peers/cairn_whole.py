"""Cairn end to end: journal, views and the Hybrid retriever, asked as a person with memberships.

Each access class is a group and each reader a person in the groups of the classes they see. A fused answer
includes embedding the question, looking for documents that it names, reading the candidates from the journal
with the second access decision, and loading the ten. Words and vectors alone are the index part's.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import cairn
from bench.corpus import Corpus
from bench.peers.given import EVERYTHING, Floats, Given, Reader, readers
from cairn.access import OWNER, Readers
from cairn.flows.ingest.views import apply
from cairn.protocols import Journal
from cairn.records import Encoded, Parsed, Tokens
from cairn.types import Anchor, Blob, Filters, Locator, Passage, Upserted

TOGETHER = 500
"""Documents in one transaction."""
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


class Peer:
    modes: tuple[str, ...] = ("fused",)
    persistent = True

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return no tokens: passages come with their vectors, and only answers need more."""
        return [Tokens(np.empty((0, 384), np.float32), [])] * len(texts)

    def build(self, given: Given, folder: Path) -> None:
        with cairn.open(folder) as session:
            journal = session.app.journal
            source = journal.library.add_source("files:/bench", {}).id
            _enrol(journal, given)
            for rows in _together(given.documents):
                _write(journal, source, given, rows, self.tokens)
            with session.app.writing() as index:
                apply(journal, index)

    def open(self, given: Given, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()

    def reader(self, reader: Reader) -> Any:
        return cairn.open(self._folder, as_=OWNER if reader.name == EVERYTHING else reader.name)

    def words(self, text: str, reader: Any, k: int) -> list[int]:
        raise NotImplementedError

    def vectors(self, vector: Floats, reader: Any, k: int) -> list[int]:
        raise NotImplementedError

    def fused(self, text: str, vector: Floats, reader: Any, k: int) -> list[int]:
        # The rights are looked up anew for every question, and it is embedded: the vector given is not used.
        query = reader.grants.query(text, k, Filters())
        found = self._loop.run_until_complete(reader.app.read(query))
        return [int(evidence.id[1:]) - 1 for evidence in found]


def _enrol(journal: Journal, given: Given) -> None:
    if isinstance(given, Corpus):
        people = [reader for reader in readers(given) if reader.classes is not None]
        members = [(f"person:{each.name}", f"group:{one}") for each in people for one in each.classes or ()]
        journal.directory.enrol([f"person:{each.name}" for each in people], members)


def _together(documents: Any) -> Iterator[range]:
    """Yield the passages of so many documents at a time."""
    starts = np.flatnonzero(np.diff(documents, prepend=-1))[::TOGETHER].tolist()
    for start, stop in zip(starts, [*starts[1:], len(documents)], strict=True):
        yield range(start, stop)


def _write(
    journal: Journal,
    source: int,
    given: Given,
    rows: range,
    read: Callable[[Sequence[str]], Sequence[Tokens]],
) -> None:
    """Show documents, store what they were parsed to, and the vectors of that."""
    held: dict[int, list[Passage]] = {}
    classes: dict[int, int] = {}
    for row, text in zip(rows, given.texts(rows.start, rows.stop), strict=True):
        document = int(given.documents[row])
        classes[document] = int(given.classes[row])
        held.setdefault(document, []).append(_passage(given.title(document), text))
    journal.library.show(source, [_shown(document, granted) for document, granted in classes.items()])
    # A new journal numbers documents and passages from 1 in the order in which they come.
    journal.library.parsed([_parsed(given, document, passages) for document, passages in held.items()])
    row_of = {passage.embedded_text(): row for row, passage in enumerate(p for d in held.values() for p in d)}
    missing = journal.vectors.missing([document + 1 for document in held])
    vectors = given.vectors[rows.start : rows.stop].astype(np.float32)
    wanted = vectors[[row_of[text] for _, text in missing]]
    journal.vectors.store([key for key, _ in missing], Encoded(wanted, read([text for _, text in missing])))
    journal.vectors.complete([document + 1 for document in held])


def _passage(title: str, text: str) -> Passage:
    anchors = (Anchor(0, len(text), Locator(lines=(1, 1))),)
    return Passage(text=text, context=title, anchors=anchors, tokens=len(text) // 5)


def _shown(document: int, granted: int) -> Upserted:
    readers_ = Readers(allow=frozenset({f"group:{granted}"}))
    return Upserted(
        blob=Blob(uri=f"{document}.txt", size=1, modified=WHEN, fingerprint="1", readers=readers_)
    )


def _parsed(given: Given, document: int, passages: list[Passage]) -> Parsed:
    return Parsed(
        document=document + 1,
        content=str(document),
        recipe="bench/1",
        media_type="text/plain",
        title=given.title(document),
        metadata={},
        language="en",
        pages=None,
        passages=passages,
    )
