"""What every journal must do, over each dialect; PostgreSQL where CAIRN_TEST_POSTGRESQL points to one."""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn import registry
from cairn.access import EVERYONE, NOBODY, Epoch, Readers, decide, person
from cairn.adapters.journal import schema
from cairn.errors import Invalid, Storage
from cairn.people import Asked
from cairn.protocols import Journal
from cairn.records import Encoded, Known, Parsed, SpanRecord, Tokens, Unread, Wanted
from cairn.types import (
    WITHIN,
    Anchor,
    Blob,
    Box,
    Change,
    Deleted,
    Locator,
    Part,
    Passage,
    Regranted,
    State,
    Upserted,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STAFF = Readers(allow=frozenset({"group:staff"}))


@pytest.fixture(params=["sqlite", "postgresql"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    spec = request.param if request.param == "sqlite" else f"postgresql:{_database()}"
    opened = registry.load("journal", spec, home=tmp_path, model="m1")
    yield opened
    opened.close()


def _database() -> str:
    """Make a fresh database on the test server and return its URL."""
    url = os.environ.get("CAIRN_TEST_POSTGRESQL")
    if url is None:
        pytest.skip("CAIRN_TEST_POSTGRESQL does not point to a PostgreSQL server")
    name = f"cairn_{uuid4().hex}"
    base = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(base, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return base.set(database=name, drivername="postgresql").render_as_string(hide_password=False)


def blob(uri: str, fingerprint: str = "1", readers: Readers = NOBODY, **more: Any) -> Upserted:
    return Upserted(
        blob=Blob(uri=uri, size=3, modified=NOW, fingerprint=fingerprint, readers=readers, **more)
    )


def passage(text: str) -> Passage:
    locator = Locator(page=2, boxes=(Box(1, 2, 3, 4.5),), heading=("A", "B"))
    anchors = (Anchor(0, len(text), locator, "table"),)
    return Passage(text=text, context="Title > A", anchors=anchors, tokens=7, kind="table")


def encoded(vectors: Any) -> Encoded:
    """Return texts of two words each, that mean the same as the text."""
    return Encoded(vectors, [Tokens(np.stack([vector, vector]), [0, 7]) for vector in vectors])


def kept_texts(journal: Any) -> int:
    """Return of how many texts tokens are kept, those of passages that are gone included."""
    with journal.vectors._database.read() as connection:
        return int(
            connection.execute(
                sqlalchemy.select(sqlalchemy.func.count()).select_from(schema.token_vectors)
            ).scalar_one()
        )


def parsed(document: int, *texts: str, recipe: str = "r1", content: str = "c1") -> Parsed:
    return Parsed(
        document=document,
        content=content,
        recipe=recipe,
        media_type="text/plain",
        title="Title",
        metadata={"author": "Ada", "tags": "x, y"},
        language="en",
        pages=3,
        passages=[passage(text) for text in texts],
    )


def shown(journal: Journal, *changes: Change) -> int:
    source = journal.library.add_source("files:/a", {})
    journal.library.show(source.id, changes)
    return source.id


def ids(journal: Journal) -> dict[str, int]:
    return {record.uri: record.id for record in journal.catalogue.find()}


def kinds(journal: Journal, since: int = 0) -> list[tuple[str, int]]:
    return [(change.kind, change.document) for change in journal.catalogue.changes(since, 1000)]


def test_what_a_source_shows_is_pending_until_it_is_parsed(journal: Journal) -> None:
    source = shown(journal, blob("x", readers=STAFF), blob("y"))
    assert journal.catalogue.known(source) == {"x": Known("1", STAFF), "y": Known("1", NOBODY)}
    assert [record.state for record in journal.catalogue.find()] == [State.PENDING, State.PENDING]
    x = ids(journal)["x"]
    journal.library.parsed([parsed(x, "one", "two")])
    (record,) = journal.catalogue.documents([x])
    assert (record.state, record.title, record.version, record.pages) == (State.INDEXED, "Title", 1, 3)
    assert record.modified == NOW and record.metadata == {"author": "Ada", "tags": "x, y"}
    stored = journal.catalogue.passages([x])
    assert [one.passage for one in stored] == [passage("one"), passage("two")]
    assert [one.ordinal for one in stored] == [0, 1]
    assert kinds(journal) == [("content", x)]


def test_a_changed_item_serves_its_old_passages_until_it_is_read_again(journal: Journal) -> None:
    shown(journal, blob("x"))
    x = ids(journal)["x"]
    journal.library.parsed([parsed(x, "old")])
    (old,) = journal.catalogue.passages([x])
    shown(journal, blob("x", fingerprint="2"))
    assert [record.state for record in journal.catalogue.find()] == [State.PENDING]
    assert journal.catalogue.citable([old.id])[old.id].record == old
    journal.library.parsed([parsed(x, "new", content="c2")])
    assert journal.catalogue.citable([old.id]) == {}
    (record,) = journal.catalogue.documents([x])
    assert record.version == 2


@pytest.mark.parametrize("state", [State.FAILED, State.SKIPPED])
def test_what_is_not_read_has_its_reason_and_no_passages(journal: Journal, state: State) -> None:
    shown(journal, blob("x"))
    x = ids(journal)["x"]
    journal.library.parsed([parsed(x, "old")])
    journal.library.unread([Unread(x, state, "it broke", "application/pdf", "r1")])
    (record,) = journal.catalogue.documents([x])
    assert (record.state, record.reason, record.media_type) == (state, "it broke", "application/pdf")
    assert journal.catalogue.passages([x]) == []
    assert kinds(journal)[-1] == ("removed", x)


def test_a_source_may_show_what_it_cannot_offer(journal: Journal) -> None:
    shown(journal, blob("x", state=State.FAILED, reason="permission denied"))
    (record,) = journal.catalogue.find()
    assert (record.state, record.reason) == (State.FAILED, "permission denied")


def test_deleted_items_are_remembered_and_come_back(journal: Journal) -> None:
    source = shown(journal, blob("x"))
    x = ids(journal)["x"]
    journal.library.parsed([parsed(x, "text")])
    shown(journal, Deleted(uri="x"))
    assert journal.catalogue.known(source) == {}
    assert list(journal.catalogue.counts()) == [
        (source, State.DELETED, journal.catalogue.find()[0].access_class)
    ]
    shown(journal, blob("x"))
    assert ids(journal) == {"x": x} and journal.catalogue.find()[0].state is State.PENDING


def test_new_readers_change_the_class_and_no_passage(journal: Journal) -> None:
    shown(journal, blob("x"))
    x = ids(journal)["x"]
    journal.library.parsed([parsed(x, "text")])
    before, head = journal.catalogue.passages([x]), journal.catalogue.head()
    shown(journal, Regranted(uri="x", readers=STAFF))
    (record,) = journal.catalogue.documents([x])
    assert journal.directory.classes()[record.access_class] == STAFF
    assert journal.catalogue.passages([x]) == before
    assert kinds(journal, head) == [("readers", x)]


def test_equal_readers_share_a_class(journal: Journal) -> None:
    epoch = journal.directory.epoch()
    shown(journal, blob("x", readers=STAFF), blob("y", readers=STAFF), blob("z"))
    assert sorted(map(str, journal.directory.classes().values())) == sorted(map(str, [STAFF, NOBODY]))
    assert journal.directory.epoch() > epoch


def test_a_renamed_item_stays_the_same_document(journal: Journal) -> None:
    shown(journal, blob("old"))
    old = ids(journal)["old"]
    journal.library.parsed([parsed(old, "text")])
    shown(journal, blob("new", fingerprint="9", readers=STAFF))
    journal.library.rename({old: ids(journal)["new"]})
    (record,) = journal.catalogue.find()
    assert (record.id, record.uri, record.state, record.fingerprint) == (old, "new", State.PENDING, "9")
    assert journal.directory.classes()[record.access_class] == STAFF
    assert len(journal.catalogue.passages([old])) == 1


def test_another_recipe_makes_pending_again(journal: Journal) -> None:
    source = shown(journal, blob("x"), blob("y"), blob("z"))
    x, y, z = ids(journal).values()
    journal.library.parsed([parsed(x, "text"), parsed(y, "text", recipe="r2")])
    journal.library.unread([Unread(z, State.FAILED, "crashed", "text/plain", None)])
    assert journal.library.reread(source + 1, {"text/plain": "r2"}, "limits 1") == 0, "of another source"
    assert journal.library.reread(source, {"text/plain": "r2", "text/html": "r1"}, "limits 1") == 2
    states = [record.state for record in journal.catalogue.find()]
    assert states == [State.PENDING, State.INDEXED, State.PENDING]


def test_vectors_are_kept_by_text_and_model(journal: Journal) -> None:
    shown(journal, blob("x"), blob("y"))
    x, y = ids(journal).values()
    journal.library.parsed([parsed(x, "one", "two"), parsed(y, "two")])
    assert journal.vectors.unembedded() == [y, x]
    missing = dict(journal.vectors.missing([x, y]))
    assert sorted(missing.values()) == ["Title > A\none", "Title > A\ntwo"]
    vectors = np.eye(2, 8, dtype=np.float32)
    journal.vectors.store(list(missing), encoded(vectors))
    journal.vectors.complete([x, y])
    assert journal.vectors.unembedded() == [] and journal.vectors.missing([x, y]) == []
    loaded, rows = journal.vectors.load([x, y])
    assert len(loaded) == 3 and rows.shape == (3, 8)
    held = [journal.catalogue.standing([passage])[passage].hash for passage in loaded]
    found = journal.vectors.of([held[1], "nobody's", held[1], held[0]], 8)
    assert found == pytest.approx(np.stack([rows[1], np.zeros(8), rows[1], rows[0]]))
    assert journal.vectors.of([], 8).shape == (0, 8)
    assert kinds(journal)[-2:] == [("vectors", x), ("vectors", y)]
    journal.library.parsed([parsed(x, "two", "three", content="c2")])
    assert [text for _, text in journal.vectors.missing([x])] == ["Title > A\nthree"]


@pytest.mark.parametrize("dimensions", [1, 6, 8, 128])
def test_tokens_are_kept_rounded(journal: Journal, dimensions: int) -> None:
    shown(journal, blob("x"), blob("y"))
    x, y = ids(journal).values()
    journal.library.parsed([parsed(x, "one"), parsed(y, "two", "none")])
    missing = dict(journal.vectors.missing([x, y]))
    vectors = np.random.default_rng(1).normal(size=(300, dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    said = {
        "one": Tokens(vectors[:200], list(range(0, 400, 2))),
        "two": Tokens(vectors[200:], [0, 65_534, *range(70_000, 70_098)]),
        "none": Tokens(vectors[:0], []),
    }
    read = [said[text.rpartition("\n")[2]] for text in missing.values()]
    journal.vectors.store(list(missing), Encoded(np.eye(3, dimensions, dtype=np.float32), read))
    passages = {one.passage.text: one.id for one in journal.catalogue.passages([x, y])}
    kept = journal.vectors.tokens([*passages.values(), 999], dimensions)
    assert kept.keys() == set(passages.values())
    one, two, none = (kept[passages[text]] for text in ("one", "two", "none"))
    assert list(one.starts) == said["one"].starts and list(two.starts) == [0, 65_534]
    assert none.vectors.shape == (0, dimensions) and not len(none.starts)
    assert np.linalg.norm(one.vectors, axis=1) == pytest.approx(1)
    assert (one.vectors * vectors[:200]).sum(axis=1).min() > 0.8
    np.testing.assert_array_equal(np.sign(two.vectors), np.sign(vectors[200:202]))
    journal.vectors.drop()
    assert journal.vectors.tokens(list(passages.values()), dimensions) == {}


def test_a_document_has_vectors_once_it_lacks_none(journal: Journal) -> None:
    shown(journal, blob("x"))
    x = ids(journal)["x"]
    journal.library.parsed([parsed(x, "one", "two")])
    journal.vectors.store(list(dict(journal.vectors.missing([x]))), encoded(np.eye(2, 8, dtype=np.float32)))
    assert not journal.vectors.load([x])[0] and kinds(journal)[-1] == ("content", x)
    journal.vectors.complete([x])
    assert len(journal.vectors.load([x])[0]) == 2 and kinds(journal)[-1] == ("vectors", x)


def test_what_was_read_again_or_forgotten_while_it_was_embedded_is_not_complete(journal: Journal) -> None:
    shown(journal, blob("x"), blob("y"))
    x, y = ids(journal).values()
    journal.library.parsed([parsed(x, "one"), parsed(y, "two")])
    missing = dict(journal.vectors.missing([x, y]))
    journal.library.parsed([parsed(x, "three")])
    journal.library.forget([y], None)
    journal.vectors.store(list(missing), encoded(np.eye(2, 8, dtype=np.float32)))
    journal.vectors.complete([x, y])
    assert journal.vectors.unembedded() == [x] and "vectors" not in dict(kinds(journal))


def test_a_list_of_any_length_is_looked_up(journal: Journal) -> None:
    shown(journal, *(blob(name) for name in "xyz"))
    there = {*ids(journal).values()}
    assert journal.catalogue.forgotten(range(1, 1_201)) == {*range(1, 1_201)} - there
    assert journal.catalogue.forgotten([]) == set()


def test_forgetting_leaves_no_trace_of_the_text(journal: Journal) -> None:
    source = shown(journal, blob("x"), blob("y"))
    x, y = ids(journal).values()
    journal.library.parsed([parsed(x, "one"), parsed(y, "two")])
    missing = dict(journal.vectors.missing([x, y]))
    journal.vectors.store(list(missing), encoded(np.eye(2, 8, dtype=np.float32)))
    journal.vectors.complete([x, y])
    journal.library.forget([x], None)
    journal.library.sweep()
    assert list(ids(journal)) == ["y"] and len(journal.vectors.load([x, y])[0]) == 1
    assert kinds(journal)[-1] == ("removed", x) and journal.vectors.models() == {"m1": 1}
    assert kept_texts(journal) == 1
    journal.vectors.store(list(missing), encoded(np.eye(2, 8, dtype=np.float32)))
    assert journal.vectors.models() == {"m1": 1}, "of what is gone nothing comes back"
    journal.library.parsed([parsed(y, "two", "three", content="c2")])
    journal.library.sweep()
    assert journal.vectors.models() == {"m1": 1}, "what stands again keeps its vector"
    journal.library.unread([Unread(y, State.FAILED, "broken", "text/plain", None)])
    journal.library.sweep()
    assert journal.vectors.models() == {}
    journal.library.forget([y], source)
    assert journal.catalogue.sources() == [] and journal.catalogue.find() == []


def test_the_sequence_grows_and_is_read_in_parts(journal: Journal) -> None:
    shown(journal, *(blob(str(n)) for n in range(5)))
    for document in ids(journal).values():
        journal.library.parsed([parsed(document, "text")])
    first = journal.catalogue.changes(0, 2)
    rest = journal.catalogue.changes(first[-1].seq, 100)
    assert [c.document for c in first + rest] == list(ids(journal).values())
    assert journal.catalogue.head() == rest[-1].seq


KINDS = ("allow", "deny", "require")
SIZES = ((0, 1, 2), (0, 0, 0, 1), (0, 0, 0, 1))


def test_directory_of_nested_groups(journal: Journal) -> None:
    pairs = [("person:amina", "group:finance"), ("group:finance", "group:staff")]
    epoch = journal.directory.epoch()
    journal.directory.enrol(["person:bob"], pairs)
    journal.directory.enrol([], pairs)
    assert journal.directory.principals() == ["group:finance", "group:staff", "person:amina", "person:bob"]
    assert journal.directory.memberships() == {member: (group,) for member, group in pairs}
    assert journal.directory.epoch() > epoch
    journal.directory.remove(["group:finance"], [])
    assert journal.directory.memberships() == {}


def test_what_somebody_may_read_is_found_by_their_names_and_equals_every_decision(journal: Journal) -> None:
    chance = random.Random(7)
    groups = [f"group:{n}" for n in range(6)]
    people = [f"person:{n}" for n in range(3)]
    everyone = [*groups, *people, EVERYONE]
    directory = journal.directory
    directory.enrol([*people, *groups], [])
    assert directory.expanded("person:nobody") == directory.expanded("group:none") == frozenset()
    epoch, held = Epoch(0, 0), dict.fromkeys(people, frozenset[int]())
    for step in range(25):
        directory.enrol([], [(chance.choice(everyone[:-1]), chance.choice(groups)) for _ in range(step % 3)])
        sets = [[frozenset(chance.sample(everyone, chance.choice(n))) for n in SIZES] for _ in range(4)]
        blobs = [
            blob(f"{step} {n}", readers=Readers(**dict(zip(KINDS, s, strict=True))))
            for n, s in enumerate(sets)
        ]
        shown(journal, *blobs)
        now = directory.epoch()
        for one in people:
            somebody = person(one[7:], directory.memberships())
            assert directory.expanded(one) | {EVERYONE} == somebody.names
            since, known = (epoch.classes, held[one]) if now.people == epoch.people else (0, frozenset[int]())
            held[one] = known | {
                number
                for number, readers in directory.allowing(somebody.names, since).items()
                if readers is None or decide(somebody, readers).allowed
            }
            wanted = {n for n, readers in directory.classes().items() if decide(somebody, readers).allowed}
            assert held[one] == wanted
        epoch = now


def test_a_source_keeps_its_options_and_its_error(journal: Journal) -> None:
    journal.library.add_source("files:/a", {})
    record = journal.library.add_source("files:/a", {"include": ["*.md"]})
    journal.library.source_error(record.id, "gone")
    assert journal.catalogue.sources() == [record._replace(error="gone")]
    assert record.options == {"include": ["*.md"]}


def test_traces_and_jobs(journal: Journal) -> None:
    root = SpanRecord("t1", "s1", None, "ask", 10, 90, {"person": "owner"})
    child = SpanRecord("t1", "s2", "s1", "words", 20, 30, {"candidates": 5})
    journal.runs.record([child, root])
    assert journal.runs.trace("t1") == [root, child] and journal.runs.trace("t2") == []
    large = [SpanRecord(f"t{n}", f"s{n}", None, "ask", n, n, {"said": 'a "long" word' * n}) for n in (8, 9)]
    journal.runs.record(large)
    (found,) = journal.runs.large(datetime.fromtimestamp(0, UTC), 100)
    assert (found.name, found.spans, found.traces) == ("ask", 2, ("t9", "t8"))
    assert 100 < found.largest < found.characters + 200
    job = journal.runs.begin("ingest")
    journal.runs.end(job, "done", "3")


def test_documents_are_listed_by_class_name_and_page(journal: Journal) -> None:
    shown(journal, *(blob(f"report {n}.md") for n in range(3)), blob("100%.md", readers=Readers(allow={"a"})))
    open_, closed = (journal.catalogue.find(uri=uri)[0].access_class for uri in ("report 2.md", "100%.md"))

    def page(limit: int = 10, **more: Any) -> list[str]:
        found = journal.catalogue.page(Wanted(**{"states": [State.PENDING]} | more), limit)
        return [record.uri for record in found]

    assert page(2) == ["100%.md", "report 2.md"]
    assert page(before=ids(journal)["report 2.md"]) == ["report 1.md", "report 0.md"]
    with pytest.raises(Invalid, match="journal can hold"):
        page(before=2**63)
    assert page(holding="REPORT 1") == ["report 1.md"] and page(holding="%") == ["100%.md"]
    assert page(classes=[closed]) == ["100%.md"] and page(classes=[]) == []
    assert page(classes={closed, *range(10_000, 60_000)}) == ["100%.md"], "more than SQLite has variables"
    assert page(classes=[open_], limit=1) == ["report 2.md"] and page(states=[State.FAILED]) == []


def test_versions_are_kept_and_what_could_not_be_read_is_found(journal: Journal) -> None:
    source = shown(journal, blob("x"), blob("y"))
    x, y = ids(journal).values()
    journal.library.parsed([parsed(x, "one")])
    journal.library.parsed([parsed(x, "two", content="c2")])
    failed = Unread(y, State.FAILED, "broken", "text/plain", None)
    journal.library.unread([failed])
    assert [number for number, _ in journal.catalogue.versions(x)] == [2, 1]
    assert [record.uri for record in journal.catalogue.unread(source)] == ["y"]


def test_questions_are_their_askers(journal: Journal) -> None:
    for number, asker in enumerate(("amina", "amina", "tomas")):
        at = datetime(2026, 11, 21, 10, number, tzinfo=UTC)
        asked = Asked(trace=f"t{number}", person=asker, behalf="", question="Why?", at=at, answered=True)
        journal.questions.keep(asked)
    held = journal.questions
    assert [one.trace for one in held.of("amina", 10)] == ["t1", "t0"]
    assert [one.trace for one in held.of("amina", 10, held.of("amina", 1)[0].at)] == ["t0"]
    judged = held.judge("t0", "amina", False, "too short")
    assert judged is not None and (judged.trace, judged.helpful, judged.note) == ("t0", False, "too short")
    assert held.judge("t0", "tomas", True, "") is None and held.of("amina", 10)[1] == judged
    assert held.judge("t2", "tomas", None, "thanks") and not held.review("t1", "ada")
    assert [one.trace for one in held.judged(10)] == ["t2", "t0"] and held.judged(1)[0].trace == "t2"
    assert held.judged(10, held.judged(1)[0].at) == [judged]
    assert held.review("t0", "ada") and len(held.judged(10)) == 1
    assert held.judged(10, reviewed=True)[1] == replace(judged, reviewer="ada")
    assert held.judge("t0", "amina", True, "") and len(held.judged(10)) == 2, "said anew"
    assert held.forget("tomas", "t0") == 0 and held.forget("amina") == 2
    assert held.of("amina", 10) == [] and len(held.of("tomas", 10)) == 1


def test_a_journal_of_a_newer_cairn_is_refused(tmp_path: Path) -> None:
    registry.load("journal", "sqlite", home=tmp_path, model="m1").close()
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/journal.db")
    with engine.begin() as connection:
        connection.execute(schema.meta.update().where(schema.meta.c.key == "schema").values(value="99"))
    engine.dispose()
    with pytest.raises(Storage, match="newer Cairn"):
        registry.load("journal", "sqlite", home=tmp_path, model="m1")


def test_a_damaged_journal_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"not a database at all, sorry" * 100)
    with pytest.raises(Storage, match="damaged"):
        registry.load("journal", "sqlite", home=tmp_path, model="m1")


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["show", "delete", "parse", "fail", "regrant", "forget"]), st.integers(0, 4)),
    max_size=25,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(actions=ACTIONS)
def test_every_item_is_in_one_state_and_views_can_follow(
    tmp_path: Path, actions: list[tuple[str, int]]
) -> None:
    """Whatever happens, a view that applies the changes in order holds what the journal holds."""
    home = tmp_path / uuid4().hex
    home.mkdir()
    journal: Journal = registry.load("journal", "sqlite", home=home, model="m1")
    source = journal.library.add_source("files:/a", {}).id
    for number, (action, item) in enumerate(actions):
        _act(journal, source, action, f"u{item}", number)
    records = journal.catalogue.find()
    assert sum(journal.catalogue.counts().values()) == len(records)
    view: set[int] = set()
    for change in journal.catalogue.changes(0, 10_000):
        view.discard(change.document)
        view |= {held.document for held in journal.catalogue.passages([change.document])}
    assert view == {record.document for record in journal.catalogue.passages([r.id for r in records])}
    serving = {r.id for r in records if r.state in (State.INDEXED, State.PENDING)}
    assert view <= serving
    journal.close()


def _act(journal: Journal, source: int, action: str, uri: str, number: int) -> None:
    known = ids(journal)
    if action == "show":
        journal.library.show(source, [blob(uri, fingerprint=str(number))])
    elif uri not in known:
        return
    elif action == "delete":
        journal.library.show(source, [Deleted(uri=uri)])
    elif action == "regrant":
        journal.library.show(source, [Regranted(uri=uri, readers=STAFF)])
    elif action == "parse" and journal.catalogue.documents([known[uri]])[0].state is State.PENDING:
        journal.library.parsed([parsed(known[uri], f"text {number}")])
    elif action == "fail" and journal.catalogue.documents([known[uri]])[0].state is State.PENDING:
        journal.library.unread([Unread(known[uri], State.FAILED, "broke", "", None)])
    elif action == "forget":
        journal.library.forget([known[uri]], None)


# --- files within files, and files with the same words --------------------------------------

URIS = ["a", "b", "c"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("show"), st.sampled_from(URIS), st.sampled_from([NOBODY, STAFF])),
        st.tuples(st.just("parse"), st.integers(0, 20), st.sampled_from(["t1", "t2", None])),
        st.tuples(st.just("hold"), st.integers(0, 20), st.lists(st.sampled_from("xyz"), unique=True)),
        st.tuples(st.just("fail"), st.integers(0, 20), st.none()),
        st.tuples(st.just("grant"), st.sampled_from(URIS), st.sampled_from([NOBODY, STAFF])),
        st.tuples(st.just("delete"), st.sampled_from(URIS), st.none()),
        st.tuples(st.just("move"), st.sampled_from(URIS), st.sampled_from([NOBODY, STAFF])),
        st.tuples(st.just("forget"), st.integers(0, 20), st.none()),
    ),
    max_size=25,
)


def take(journal: Journal, source: int, what: str, which: Any, how: Any) -> None:
    """Do one step of what ingest may do, to the which-th document there is."""
    library, documents = journal.library, journal.catalogue.find(source=source)
    there = [one for one in documents if one.state is not State.DELETED]
    one = there[which % len(there)] if isinstance(which, int) and there else None
    if what == "show":
        library.show(source, [blob(which, uuid4().hex, how)])
    elif what == "grant":
        library.show(source, [Regranted(uri=which, readers=how)])
    elif what == "move":
        gone = next((one for one in there if one.uri == which), None)
        uri = uuid4().hex
        library.show(source, [blob(uri, uuid4().hex, how)])
        (taken,) = journal.catalogue.find(source=source, uri=uri)
        if gone is not None:
            library.rename({gone.id: taken.id})
    elif what == "delete":
        library.show(source, [Deleted(uri=which)])
    elif one is not None and what in ("parse", "hold"):
        parts = [Part(name=name, key=name) for name in how] if what == "hold" else []
        twin = how if what == "parse" else None
        library.parsed([parsed(one.id, "words")._replace(twin=twin, parts=parts)])
    elif one is not None and what == "fail":
        library.unread([Unread(one.id, State.FAILED, "why", "text/plain", "r1")])
    elif one is not None:
        library.forget([one.id], None)


@given(STEPS)
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_view_that_follows_the_changes_stores_one_of_each_set_of_twins(
    journal: Journal, steps: Any
) -> None:
    source = journal.library.add_source(f"files:/{uuid4().hex}", {}).id
    held: set[int] = set()
    seen = journal.catalogue.head()
    for step in steps:
        take(journal, source, *step)
        changes = journal.catalogue.changes(seen, 1000)
        touched = {change.document for change in changes}
        seen = changes[-1].seq if changes else seen
        held = (held - touched) | journal.catalogue.stored(touched)

        documents = journal.catalogue.find(source=source)
        saying = {held.document for held in journal.catalogue.passages([one.id for one in documents])}
        serving = [one for one in documents if one.id in saying]
        first: dict[Any, int] = {}
        for one in serving:
            key = (one.twin, one.access_class, one.media_type) if one.twin is not None else one.id
            first.setdefault(key, one.id)
        assert held & {one.id for one in serving} == set(first.values())
        by_id = {one.id: one for one in documents}
        for one in documents:
            if one.parent is not None and one.state is not State.DELETED:
                outer = by_id[one.parent]
                assert outer.state is not State.DELETED and one.access_class == outer.access_class
                assert one.uri.startswith(f"{outer.uri}{WITHIN}")
