"""A small library on a stage of its own: folders that change, what must be true of it, and its checksum.

The stage runs Cairn's own operations; only parsing happens in this process and not in others, so that
a run costs a tenth of a second and every call of it can be stopped at.
"""

import asyncio
import hashlib
import json
import os
import random
import shutil
import zipfile
from collections import defaultdict
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from tests.reading import reading_here

import cairn
from cairn import settings
from cairn.access import OWNER, decide
from cairn.flows.ingest.views import is_current
from cairn.operations import access
from cairn.records import Hits
from cairn.session import Session, open_library
from cairn.types import Filters, State

T = TypeVar("T")
WORDS = ["otter", "heron", "badger", "weir", "sluice", "meadow", "willow", "reed", "ford", "marsh"]
PEOPLE = ("amina", "tomas")
MOST = 100_000
ENVIRONMENT = {
    "CAIRN_WORKERS": "1",
    "CAIRN_PARSERS": "markdown,text,archives",
    "CAIRN_PASSAGE_TOKENS": "50",
    "CAIRN_NEIGHBOURS": "false",
    "CAIRN_DISTINCT": "false",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
"""Of the process that forks: no thread may have started in it. Searches show passages as they are stored."""
EMBEDDER = "hash"
"""At first; each library's own settings say it, so that it can be changed."""

World = Mapping[str, str]
"""A folder: path to text; a path that ends in .zip holds a World as JSON."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A library's home, a backup of it, and a folder to ingest that can become another at once."""

    root: Path

    @property
    def volume(self) -> Path:
        """All that is written by what is killed."""
        return self.root / "volume"

    @property
    def home(self) -> Path:
        return self.volume / "home"

    @property
    def backup(self) -> Path:
        return self.volume / "backup"

    @property
    def folder(self) -> Path:
        """A link to one of the worlds."""
        return self.root / "folder"

    def place(self, worlds: Sequence[World]) -> None:
        """Write every world; what is the same in several is one file, with one number and time."""
        for number, world in enumerate(worlds):
            for path, text in world.items():
                there = self.root / "worlds" / str(number) / path
                there.parent.mkdir(parents=True, exist_ok=True)
                os.link(self._content(text, zipped=path.endswith(".zip")), there)

    def show(self, world: int) -> None:
        """Let the folder be the world of this number."""
        draft = self.root / "draft"
        draft.unlink(missing_ok=True)
        draft.symlink_to(self.root / "worlds" / str(world))
        draft.replace(self.folder)

    def shown(self) -> int:
        """Return which world the folder is."""
        return int(self.folder.readlink().name)

    def _content(self, text: str, *, zipped: bool) -> Path:
        path = self.root / "contents" / hashlib.sha256(text.encode()).hexdigest()[:16]
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            if zipped:
                with zipfile.ZipFile(path, "w") as archive:
                    for name, held in json.loads(text).items():
                        archive.writestr(zipfile.ZipInfo(name), held)
            else:
                path.write_text(text, encoding="utf-8")
            os.utime(path, (1_700_000_000, 1_700_000_000))
        return path


def begin_process() -> None:
    """Let this process, and all that are forked from it, have the harness's environment."""
    os.environ.pop("CAIRN_EMBEDDER", None)
    os.environ.update(ENVIRONMENT)


def wait(operation: Awaitable[T]) -> T:
    """Return what an operation returns."""

    async def awaited() -> T:
        return await operation

    return asyncio.run(awaited())


def ingest(stage: Stage) -> None:
    """Do what ``cairn ingest FOLDER`` does."""
    with reading_here(), open_library(stage.home) as session:
        wait(cairn.ingest(session, str(stage.folder), prune=True))


def enrol(stage: Stage) -> None:
    """Begin a library in which two people are known: one of the staff, one of nothing."""
    stage.home.mkdir(parents=True, exist_ok=True)
    settings.write(stage.home, "embedder", EMBEDDER)
    with open_library(stage.home) as session:
        wait(access.access_add(session, "person:amina", ["group:staff"]))
        wait(access.access_add(session, "person:tomas"))


def world(seed: int, notes: Sequence[int], *, rules: str = "", prefix: str = "", zipped: int = 0) -> World:
    """Return a folder of notes; ``seed`` changes each text of the numbers that divide by three."""
    texts = {f"{prefix}n{number}.md": _text(number, seed if number % 3 == 0 else 0) for number in notes}
    inside = {f"z{number}.md": _text(1000 + number, seed) for number in range(zipped)}
    archives = {"parts.zip": json.dumps(inside)} if inside else {}
    return texts | archives | {".cairn-access": f"* allow group:staff\n{rules}"}


def _text(number: int, seed: int) -> str:
    number -= number % 10 == 7  # the sixth and the seventh of ten have the same words
    chance = random.Random(f"{number} {seed}")
    paragraphs = [" ".join(chance.choices(WORDS, k=45)) for _ in range(chance.randint(1, 5))]
    return "\n\n".join([f"# T{number}", *paragraphs, ""])


# --- what must hold of any library, at any time -------------------------------------------------


def look(session: Session) -> list[str]:
    """Ask as the next command would, for each person; return what is wrong with the library."""
    wrong = [error for name in _people(session) for error in _seen(replace(session, name=name), name)]
    return wrong + standing(session)


def standing(session: Session) -> list[str]:
    """Bring the index up to the journal as any question does; return how it differs from it then."""
    session.app.catch_up()
    return view_errors(session)


def _people(session: Session) -> list[str]:
    known = session.app.journal.directory.principals()
    return [OWNER, *(name for name in PEOPLE if f"person:{name}" in known)]


def _seen(session: Session, name: str) -> Iterator[str]:
    """Yield whatever a search shows that may not be shown or that is not so."""
    journal = session.app.journal
    found = wait(cairn.search(session, "otter heron weir", k=1000)).evidence
    citable = journal.catalogue.citable([int(one.id[1:]) for one in found])
    classes, person = journal.directory.classes(), session.grants.principal
    for one in found:
        held = citable.get(int(one.id[1:]))
        if held is None:
            yield f"{name} sees {one.id}, which is not there"
        elif not decide(person, classes[held.access_class]).allowed:
            yield f"{name} sees {one.uri}, which is forbidden"
        elif held.record.passage.text != one.text:
            yield f"{name} sees another text of {one.uri}"


def view_errors(session: Session) -> list[str]:
    """Return how the index differs from what the journal says that it must be, by a naive reading."""
    journal, index = session.app.journal, session.app.index
    head = journal.catalogue.head()
    stored = journal.catalogue.stored({record.id for record in journal.catalogue.find()})
    held = journal.catalogue.passages(stored)
    with_vectors = set(journal.vectors.load(stored)[0])
    wrong = [] if is_current(journal.catalogue, index) else [f"positions {index.positions()}, head {head}"]
    vector = session.app.embedder.embed(["otter heron"])[0]
    for person in _people(session):
        grants = session.app.grants(person)
        readable = {r.id for r in journal.catalogue.documents(stored) if grants.readable(r.access_class)}
        scope = grants.query("x", 10, Filters()).scope
        wanted = {one.id for one in held if one.document in readable}
        found = _ids(index.vectors(vector, scope, MOST))
        if found != wanted & with_vectors:
            wrong.append(f"vectors of {person}: {_difference(found, wanted & with_vectors)}")
        for word in WORDS:
            having = {one.id for one in held if one.id in wanted and word in one.passage.text.split()}
            found = _ids(index.words(word, scope, MOST))
            if found != having:
                wrong.append(f"{word} of {person}: {_difference(found, having)}")
    return wrong


def _ids(hits: Hits) -> set[int]:
    return set(hits.passages.tolist())


def _difference(found: set[int], wanted: set[int]) -> str:
    return f"{len(found - wanted)} too many, {len(wanted - found)} missing"


# --- the checksum --------------------------------------------------------------------------------


def fingerprint(session: Session) -> dict[str, str]:
    """Return a checksum for each side of a library: its documents, passages, vectors, people, and searches.

    Nothing in it depends on how often it was interrupted: documents go by their names, not numbers.
    """
    session.app.catch_up()
    journal = session.app.journal
    told = {
        "documents": _documents(session),
        "passages": _passages(session),
        "people": [journal.directory.principals(), journal.directory.memberships()],
        "searches": _searches(session),
        "waiting": journal.vectors.unembedded(),
        "embedder": session.app.embedder.name,
    }
    return {name: hashlib.sha256(repr(value).encode()).hexdigest()[:16] for name, value in told.items()}


def _documents(session: Session) -> list[Any]:
    catalogue = session.app.journal.catalogue
    classes = session.app.journal.directory.classes()
    records = catalogue.find()
    uri = {record.id: record.uri for record in records}
    return sorted(
        (
            *(record.uri, str(record.state), record.reason, classes[record.access_class].key()),
            *(record.title, record.media_type, record.size, record.modified.timestamp()),
            *(record.content, record.recipe, uri.get(record.parent or 0), record.twin),
        )
        for record in records
        if record.state is not State.DELETED
    )


def _passages(session: Session) -> list[Any]:
    journal = session.app.journal
    uri = {record.id: record.uri for record in journal.catalogue.find()}
    held = journal.catalogue.passages(uri.keys())
    vectors = dict(zip(*journal.vectors.load(uri.keys()), strict=True))
    return sorted(
        (uri[one.document], one.ordinal, repr(one.passage), vectors[one.id].tobytes().hex()) for one in held
    )


def _searches(session: Session) -> list[Any]:
    journal, index = session.app.journal, session.app.index
    uri = {record.id: record.uri for record in journal.catalogue.find()}
    name = {one.id: (uri[one.document], one.ordinal) for one in journal.catalogue.passages(uri.keys())}
    # Of documents with the same words the first stands for all: whichever was read first.
    same: defaultdict[Any, list[str]] = defaultdict(list)
    for record in journal.catalogue.find():
        same[record.twin, record.access_class].append(record.uri)
    first = {u: min(group) for (twin, _), group in same.items() if twin is not None for u in group}
    told = []
    for person in (OWNER, *PEOPLE):
        scope = session.app.grants(person).query("x", 10, Filters()).scope
        for word in WORDS:
            for hits, digits in (
                # Of words only what is found: BM25 counts removed passages until their segment is merged.
                (index.words(word, scope, MOST), None),
                (index.vectors(session.app.embedder.embed([word])[0], scope, MOST), 4),
            ):
                pairs = zip(hits.passages.tolist(), hits.scores.tolist(), strict=True)
                named = ((name.get(passage, ("gone", passage)), score) for passage, score in pairs)
                found = sorted(
                    (first.get(u, u), ordinal, 0.0 if digits is None else round(score, digits))
                    for (u, ordinal), score in named
                )
                told.append((person, word, found))
    return told


def copy(here: Path, there: Path) -> None:
    """Make ``there`` the same as ``here``."""
    shutil.rmtree(there, ignore_errors=True)
    shutil.copytree(here, there)
