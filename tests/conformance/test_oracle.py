"""Journal, index and directory together against a naive model in memory: who sees what, after anything.

A view may lag behind the journal here, as it does while ingest runs: then nothing forbidden and nothing
outdated may be shown. Once it has caught up, exactly what the model allows is found.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from numpy.typing import NDArray

from cairn.access import OWNER, Readers, decide, person
from cairn.adapters.indexes import segments
from cairn.app import open_library
from cairn.flows.ingest import views
from cairn.records import Hits, Parsed
from cairn.types import Blob, Deleted, Filters, Passage, Regranted, Upserted

WORDS = ["otter", "heron", "badger", "weir", "sluice", "meadow"]
PEOPLE = ("amina", "tomas", "bob")
GROUPS = ("group:a", "group:b", "group:c")
TYPES = ("text/plain", "application/pdf")
TAGS = ("red", "blue")
DAY = datetime(2024, 5, 1, tzinfo=UTC)
EVERYTHING = 10_000
CLOSE = 0.02
"""By how much a cosine of quantised vectors may differ from the exact one."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A document as the model knows it."""

    texts: tuple[str, ...]
    readers: Readers
    source: int
    media_type: str
    tags: tuple[str, ...]
    modified: datetime
    language: str | None
    read: bool = True
    """False while what it says has not been read for the first time."""


who = st.sampled_from(PEOPLE)
names = st.frozensets(st.sampled_from([*GROUPS, *(f"person:{p}" for p in PEOPLE), "everyone"]), max_size=2)
readers = st.builds(
    lambda a, d, r: Readers(allow=a, deny=d, require=r), names, names, st.just(frozenset()) | names
)
texts = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join), min_size=1, max_size=4
).map(tuple)
items = st.builds(
    Item,
    texts=texts,
    readers=readers,
    source=st.sampled_from([1, 2]),
    media_type=st.sampled_from(TYPES),
    tags=st.sampled_from([(), ("red",), ("red", "blue")]),
    modified=st.sampled_from([DAY, DAY + timedelta(days=9)]),
    language=st.sampled_from([None, "en", "de"]),
)
filters = st.builds(
    Filters,
    sources=st.sampled_from([(), (1,), (2,)]),
    types=st.sampled_from([(), ("text",), ("application/pdf",)]),
    tags=st.sampled_from([(), ("red",), ("red", "blue")]),
    languages=st.sampled_from([(), ("en",), ("de", "en")]),
    after=st.sampled_from([None, DAY + timedelta(days=1)]),
    before=st.sampled_from([None, DAY + timedelta(days=1)]),
)


class Library(RuleBasedStateMachine):
    """What can happen to a library, to its people and to its processes."""

    uris = Bundle("uris")

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.home = Path(self._folder.name)
        self.session = open_library(self.home)
        self.reader = open_library(self.home)
        self.items: dict[str, Item] = {}
        self.groups: dict[str, tuple[str, ...]] = {f"person:{name}": () for name in PEOPLE}
        self.count = 0

    def teardown(self) -> None:
        self.session.app.close()
        self.reader.app.close()
        self._folder.cleanup()

    @initialize()
    def begin(self) -> None:
        journal = self.session.app.journal
        journal.directory.enrol(list(self.groups), [])
        for name in ("/a", "/b"):
            journal.library.add_source(f"files:{name}", {})

    # --- documents ---

    @rule(target=uris, item=items)
    def add(self, item: Item) -> str:
        self.count += 1
        uri = f"d{self.count}"
        self._show(uri, item)
        self._read(uri, item)
        return uri

    @rule(target=uris, item=items, number=st.integers(2, 3))
    def add_copies(self, item: Item, number: int) -> Any:
        return multiple(*(self.add(item) for _ in range(number)))

    @rule(target=uris, item=items)
    def add_unread(self, item: Item) -> str:
        self.count += 1
        uri = f"d{self.count}"
        self._show(uri, replace(item, read=False))
        return uri

    @rule(uri=uris, said=texts)
    def change(self, uri: str, said: tuple[str, ...]) -> None:
        item = replace(self.items[uri], texts=said, read=True)
        self._show(uri, item)
        self._read(uri, item)

    @rule(uri=uris)
    def change_seen_and_not_read(self, uri: str) -> None:
        self._show(uri, self.items[uri])  # it serves what was read before

    @rule(uri=uris, whom=readers)
    def regrant(self, uri: str, whom: Readers) -> None:
        item = self.items[uri] = replace(self.items[uri], readers=whom)
        self.session.app.journal.library.show(item.source, [Regranted(uri=uri, readers=whom)])

    @rule(uri=consumes(uris))
    def delete(self, uri: str) -> None:
        self.session.app.journal.library.show(self.items.pop(uri).source, [Deleted(uri=uri)])

    @rule(uri=consumes(uris))
    def forget(self, uri: str) -> None:
        self.session.app.journal.library.forget([self._id(uri)], None)
        self.session.app.journal.library.sweep()
        del self.items[uri]

    # --- people ---

    @rule(member=who.map("person:{}".format) | st.sampled_from(GROUPS), group=st.sampled_from(GROUPS))
    def join(self, member: str, group: str) -> None:
        self.session.app.journal.directory.enrol([], [(member, group)])
        self.groups[member] = tuple({*self.groups.get(member, ()), group})

    @rule(member=who.map("person:{}".format) | st.sampled_from(GROUPS), group=st.sampled_from(GROUPS))
    def leave(self, member: str, group: str) -> None:
        self.session.app.journal.directory.remove([], [(member, group)])
        self.groups[member] = tuple(name for name in self.groups.get(member, ()) if name != group)

    # --- views and processes ---

    @rule()
    def embed(self) -> None:
        views.embed(self.session.app.journal, self.session.app.embedder, lambda *_: None)

    @rule()
    def words_alone(self) -> None:
        with self.session.app.writing() as index:
            views.apply_words(self.session.app.journal.catalogue, index)

    @rule()
    def vectors_alone(self) -> None:
        with self.session.app.writing() as index:
            views.apply_vectors(self.session.app.journal, index)

    @rule()
    def restart(self) -> None:
        self.session.app.close()
        self.session = open_library(self.home)

    @rule()
    def rebuild(self) -> None:
        with self.session.app.writing() as index:
            index.reset()

    # --- what is asked ---

    @rule(
        name=who | st.just(OWNER),
        words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
        narrow=filters,
    )
    def ask_while_behind(self, name: str, words: list[str], narrow: Filters) -> None:
        for session in (self.session, self.reader):
            query = session.app.grants(name).query(" ".join(words), 50, narrow)
            for one in asyncio.run(session.app.read(query)):
                item = self.items.get(one.uri)
                assert item is not None and item.read, f"{one.uri} is gone"
                assert self._may(name, item), f"{name} sees {one.uri}"
                assert one.text in item.texts, f"an outdated text of {one.uri}"

    @rule(
        name=who | st.just(OWNER),
        words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
        narrow=filters,
        k=st.sampled_from([1, 3, EVERYTHING]),
    )
    def ask(self, name: str, words: list[str], narrow: Filters, k: int) -> None:
        self.embed()
        self.reader.app.catch_up()
        query = " ".join(words)
        wanted = self._wanted(name, narrow)
        for session in (self.session, self.reader):
            scope = session.app.grants(name).query(query, k, narrow).scope
            hits = session.app.index.words(query, scope, k)
            having = {passage for passage, text in wanted.items() if set(words) & set(text.split())}
            found = set(hits.passages.tolist())
            assert found <= having and len(found) == min(k, len(having)), (found, having)
            vector = session.app.embedder.embed([query])[0]
            self._check_vectors(session.app.index.vectors(vector, scope, k), vector, wanted, k)

    @invariant()
    def nothing_is_lost(self) -> None:
        known = {uri for source in (1, 2) for uri in self.session.app.journal.catalogue.known(source)}
        assert known == set(self.items)

    # --- the model ---

    def _check_vectors(self, hits: Hits, vector: NDArray[np.float32], wanted: dict[int, str], k: int) -> None:
        """Compare with an exact ranking; hits may change places only within what quantising hides."""
        texts_ = list(wanted.values())
        rows = self.session.app.embedder.embed([f"\n{text}" for text in texts_])
        exact = dict(zip(wanted, (rows @ vector).tolist(), strict=True))
        found = hits.passages.tolist()
        assert set(found) <= wanted.keys() and len(found) == min(k, len(wanted))
        for passage, score in zip(found, hits.scores.tolist(), strict=True):
            assert score == pytest.approx(exact[passage], abs=CLOSE)
        assert hits.scores.tolist() == sorted(hits.scores.tolist(), reverse=True)
        left = [score for passage, score in exact.items() if passage not in found]
        if left and found:
            assert max(left) <= min(exact[passage] for passage in found) + 2 * CLOSE

    def _wanted(self, name: str, narrow: Filters) -> dict[int, str]:
        """Return the passages that are to be found, with their texts: of copies, those of the first."""
        groups: dict[Any, str] = {}
        for uri in sorted(self.items, key=self._id):
            item = self.items[uri]
            if item.read:
                groups.setdefault((item.texts, item.source, item.media_type, item.readers), uri)
        seen = {uri: self.items[uri] for uri in groups.values()}
        shown = {
            self._id(uri): item.texts
            for uri, item in seen.items()
            if self._may(name, item) and _passes(item, narrow)
        }
        held = self.session.app.journal.catalogue.passages(shown)
        assert sorted((one.document, one.passage.text) for one in held) == sorted(
            (document, text) for document, said in shown.items() for text in said
        )
        return {one.id: one.passage.text for one in held}

    def _may(self, name: str, item: Item) -> bool:
        return name == OWNER or decide(person(name, self.groups), item.readers).allowed

    def _id(self, uri: str) -> int:
        found = self.session.app.journal.catalogue.find(uri=uri)
        return found[0].id

    def _show(self, uri: str, item: Item) -> None:
        self.items[uri] = item
        self.count += 1  # a fingerprint that was never there
        blob = Blob(
            uri=uri, size=1, modified=item.modified, fingerprint=str(self.count), readers=item.readers
        )
        self.session.app.journal.library.show(item.source, [Upserted(blob=blob)])

    def _read(self, uri: str, item: Item) -> None:
        passages = [
            Passage(text=text, context="", anchors=(), tokens=len(text.split()), kind="text")
            for text in item.texts
        ]
        parsed = Parsed(
            document=self._id(uri),
            content=f"{uri} {item.texts}",
            recipe="r",
            media_type=item.media_type,
            title="",
            metadata={"tags": ", ".join(item.tags)},
            language=item.language,
            pages=None,
            passages=passages,
            twin=repr(item.texts),
        )
        self.session.app.journal.library.parsed([parsed])


def _passes(item: Item, narrow: Filters) -> bool:
    return (
        (not narrow.sources or item.source in narrow.sources)
        and (not narrow.types or bool({item.media_type, item.media_type.split("/")[0]} & set(narrow.types)))
        and set(narrow.tags) <= set(item.tags)
        and (not narrow.languages or item.language in narrow.languages)
        and (narrow.after is None or item.modified >= narrow.after)
        and (narrow.before is None or item.modified < narrow.before)
    )


@pytest.fixture(autouse=True)
def small_steps() -> Iterator[None]:
    """Let every view need several steps, and segments merge."""
    with (
        patch.object(views, "BATCH", 5),
        patch.object(views, "STEP", 5),
        patch.object(segments, "MOST_SEGMENTS", 2),
    ):
        yield


def test_a_library_is_what_a_naive_model_says(small_steps: None) -> None:
    limits = settings(
        max_examples=25,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # to shrink a failing run of this size takes minutes
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Library, settings=limits)
