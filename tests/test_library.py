"""A library from outside: what ingest keeps up with, who finds what, and what bad files do."""

import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import cairn
from cairn.access import NOBODY
from cairn.adapters.sources.files import FilesSource, _refused
from cairn.errors import Busy, Denied, Invalid, Storage, Unavailable, Unknown
from cairn.operations import access, history, measuring, people, questions, tokens
from cairn.records import Known
from cairn.results import Status
from cairn.session import Origin, Session
from cairn.trace import recording, span
from cairn.types import Deleted, Regranted, State

Run = Callable[[Awaitable[Any]], Any]


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def states(status: Status) -> dict[str, int]:
    (source,) = status.sources
    return dict(source.states)


def uris(run: Run, session: Session, query: str) -> list[str]:
    return [evidence.uri for evidence in run(cairn.search(session, query)).evidence]


def test_ingest_keeps_up_with_a_folder(run: Run, session: Session, folder: Path) -> None:
    write(folder, a_md="The otter sleeps.", b_md="The heron waits.", c_txt="The badger digs.")
    done = run(cairn.ingest(session, str(folder)))
    assert (done.indexed, done.unchanged, done.deleted) == (3, 0, 0)
    assert uris(run, session, "heron")[0] == "b.md"

    write(folder, b_md="The kingfisher dives.")
    (folder / "c.txt").unlink()
    done = run(cairn.ingest(session, str(folder)))
    assert (done.indexed, done.unchanged, done.deleted) == (1, 1, 1)
    found = run(cairn.search(session, "heron kingfisher badger")).evidence
    assert "heron" not in " ".join(e.text for e in found) and "badger" not in " ".join(e.text for e in found)
    assert states(run(cairn.status(session))) == {"indexed": 2, "deleted": 1}

    done = run(cairn.ingest(session, str(folder)))
    assert (done.indexed, done.unchanged, done.passages) == (0, 2, 0)


def test_classes_are_shown_while_documents_come_in(
    run: Run, session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, **{"a.md": "The otter sleeps."})
    run(cairn.ingest(session, str(folder)))
    directory = session.app.journal.directory
    classes = directory.classes

    def meanwhile() -> object:
        found = classes()
        monkeypatch.setattr(directory, "classes", classes)
        write(folder, **{"b.md": "The heron waits.", ".cairn-access": "b.md allow person:amina\n"})
        run(cairn.ingest(session, str(folder)))
        return found

    monkeypatch.setattr(directory, "classes", meanwhile)
    assert len(run(access.access_classes(session)).classes) == 1
    assert len(run(access.access_classes(session)).classes) == 2


def test_a_moved_file_is_followed_by_its_content(run: Run, session: Session, folder: Path) -> None:
    write(folder, a_md="The otter sleeps.", b_md="The heron waits.")
    run(cairn.ingest(session, str(folder)))
    before = run(cairn.document(session, "a.md")).id
    (folder / "deep").mkdir()
    (folder / "a.md").rename(folder / "deep/z.md")
    done = run(cairn.ingest(session, str(folder)))
    assert (done.renamed, done.deleted) == (1, 0)
    assert run(cairn.document(session, "deep/z.md")).id == before
    assert uris(run, session, "otter")[0] == "deep/z.md"
    with pytest.raises(Unknown):
        run(cairn.document(session, "a.md"))


def test_an_emptied_or_vanished_folder_deletes_nothing_unless_meant(
    run: Run, session: Session, folder: Path
) -> None:
    write(folder, a_md="The otter sleeps.", b_md="The heron waits.")
    run(cairn.ingest(session, str(folder)))
    shutil.move(folder, folder.with_name("elsewhere"))
    with pytest.raises(Unavailable):
        run(cairn.ingest(session, str(folder)))
    folder.mkdir()
    with pytest.raises(Unavailable, match="--prune"):
        run(cairn.ingest(session, str(folder)))
    write(folder, other_md="A note by the one who emptied it.")
    for _ in range(2):
        with pytest.raises(Unavailable, match="--prune"):
            run(cairn.ingest(session, str(folder)))
    status = run(cairn.status(session))
    assert states(status) == {"indexed": 2} and "--prune" in status.sources[0].error
    assert uris(run, session, "otter")
    assert run(cairn.ingest(session, str(folder), prune=True)).deleted == 2
    assert uris(run, session, "otter") == ["other.md"]


def test_every_file_ends_in_a_state_that_status_explains(run: Run, session: Session, folder: Path) -> None:
    write(folder, good_md="The otter sleeps.", empty_md="", blank_txt=" \n\n ")
    (folder / "picture.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "data.bin").write_bytes(bytes(range(256)))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nthis is all there is")
    (folder / "legacy.txt").write_bytes("Überprüfung der Geräte für die Wärmepumpe".encode("cp1252"))
    (folder / "link.md").symlink_to(folder / "good.md")
    run(cairn.ingest(session, str(folder)))
    status = run(cairn.status(session))
    assert states(status) == {"indexed": 2, "failed": 1, "skipped": 5}
    reasons = {problem.examples: problem.reason for problem in status.sources[0].problems}
    assert reasons[("picture.md",)] == "needs OCR: it is an image"
    assert reasons[("empty.md",)] == "it is empty" and "no text" in reasons[("blank.txt",)]
    assert ("broken.pdf",) in reasons and ("link.md",) in reasons and ("data.bin",) in reasons
    assert uris(run, session, "Wärmepumpe")[0] == "legacy.txt"


def test_too_much_text_and_too_large_a_file_are_refused(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRN_TEXT_CHARACTERS", "1000")
    monkeypatch.setenv("CAIRN_FILE_MB", "1")
    write(folder, line_txt="word " * 400, huge_txt="x" * 1_500_000, good_txt="The otter sleeps.")
    with cairn.open() as session:
        run(cairn.ingest(session, str(folder)))
        problems = {p.examples[0]: p.reason for p in run(cairn.status(session)).sources[0].problems}
    assert "text_characters" in problems["line.txt"] and "file_mb" in problems["huge.txt"]


def test_a_mended_file_is_read_again(run: Run, session: Session, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"%PDF-1.7\nbroken")
    run(cairn.ingest(session, str(folder)))
    write(folder, a_pdf="The otter sleeps, in plain text under a wrong name.")
    assert run(cairn.ingest(session, str(folder))).indexed == 1
    assert states(run(cairn.status(session))) == {"indexed": 1}


def test_one_writes_and_others_read(run: Run, session: Session, folder: Path) -> None:
    write(folder, a_md="The otter sleeps.")
    run(cairn.ingest(session, str(folder)))
    with session.app.writing(), pytest.raises(Busy, match="writing this library"):
        run(cairn.ingest(session, str(folder)))
    with session.app.writing(), cairn.open() as other:
        assert uris(run, other, "otter") == ["a.md"]


def test_forgetting(run: Run, session: Session, folder: Path) -> None:
    write(folder, a_md="The otter sleeps.", b_md="The heron waits.")
    run(cairn.ingest(session, str(folder)))
    assert run(cairn.forget(session, str(folder / "a.md"))).documents == ("a.md",)
    assert uris(run, session, "otter") == ["b.md"] or uris(run, session, "otter") == []
    with pytest.raises(Unknown):
        run(cairn.document(session, "a.md"))
    gone = run(cairn.forget(session, str(folder)))
    assert gone.source == f"files:{folder}" and gone.documents == ("b.md",)
    assert run(cairn.status(session)).sources == ()
    journal = (session.app.home / "journal.db").read_bytes()
    assert b"heron waits" not in journal and b"otter sleeps" not in journal


def test_patterns_are_remembered(run: Run, session: Session, folder: Path) -> None:
    write(folder, a_md="The otter sleeps.", b_txt="The heron waits.")
    run(cairn.ingest(session, str(folder), exclude=["*.txt"]))
    run(cairn.ingest(session, str(folder)))
    assert states(run(cairn.status(session))) == {"indexed": 1}


def test_what_cannot_be_asked_says_what_can(run: Run, session: Session, folder: Path) -> None:
    for operation, error in [
        (cairn.ingest(session, str(folder / "nowhere")), Invalid),
        (cairn.search(session, "otter", k=0), Invalid),
        (cairn.ask(session, "  "), Invalid),
        (cairn.search(session, "otter", source=["nine"]), Unknown),
        (questions.trace(session, "0" * 32), Unknown),
        (access.access_add(session, "amina"), Invalid),
        (access.access_add(session, "person:owner"), Invalid),
        (access.access_remove(session, "person:nobody"), Unknown),
        (measuring.evaluate(session, str(folder)), Invalid),
    ]:
        with pytest.raises(error):
            run(operation)
    with pytest.raises(Unknown, match="known: owner"):
        cairn.open(as_="zoe")


# --- access ---------------------------------------------------------------------------------


@pytest.fixture
def shared(run: Run, session: Session, folder: Path) -> Session:
    """Hold a library in which amina may read everything but the draft, and tomas only the public note."""
    write(
        folder,
        public_md="The otter survey found 12 otters.",
        finance__plan_md="The secret otter budget is 4.2 million.",
        draft_md="An otter draft nobody may read.",
    )
    (folder / ".cairn-access").write_text("public.md allow everyone\nfinance/ allow group:finance\n")
    run(access.access_add(session, "group:finance", ["group:staff"]))
    run(access.access_add(session, "person:amina", ["group:finance"]))
    run(access.access_add(session, "person:tomas", ["group:staff"]))
    run(cairn.ingest(session, str(folder)))
    return session


def as_(session: Session, name: str) -> Session:
    return Session(app=session.app, name=name)


def test_each_finds_what_they_may_read(run: Run, shared: Session) -> None:
    assert sorted(uris(run, shared, "otter")) == ["draft.md", "finance/plan.md", "public.md"]
    assert sorted(uris(run, as_(shared, "amina"), "otter")) == ["finance/plan.md", "public.md"]
    assert uris(run, as_(shared, "tomas"), "otter") == ["public.md"]


def test_no_door_shows_more(run: Run, shared: Session) -> None:
    tomas = as_(shared, "tomas")
    secret = run(cairn.document(shared, "finance/plan.md"))
    for name in ("finance/plan.md", str(secret.id), f"d{secret.id}", "nothing.md"):
        with pytest.raises(Unknown) as refused:
            run(cairn.document(tomas, name))
        assert str(refused.value).startswith(f"No document {name!r} that tomas may read")
    answer = run(cairn.ask(tomas, "What is the secret otter budget?"))
    assert "4.2" not in repr(answer) and "plan.md" not in repr(answer)
    assert states(run(cairn.status(tomas))) == {"indexed": 1}
    asked = run(cairn.ask(shared, "What is the secret otter budget?")).trace
    with pytest.raises(Unknown):
        run(questions.trace(tomas, asked))
    assert run(questions.trace(tomas, answer.trace)).steps[0].name == "ask"


@pytest.mark.parametrize(
    "operation",
    [
        lambda tomas: cairn.ingest(tomas, "."),
        lambda tomas: cairn.forget(tomas, "public.md"),
        lambda tomas: access.access_add(tomas, "person:tomas", ["group:finance"]),
        lambda tomas: access.access_remove(tomas, "person:amina"),
        lambda tomas: access.access_load(tomas, "people.toml"),
        lambda tomas: access.access_list(tomas),
        lambda tomas: access.access_explain(tomas, "amina", "public.md"),
        lambda tomas: access.access_readers(tomas, "public.md"),
        lambda tomas: access.access_visible(tomas, "amina"),
        lambda tomas: measuring.evaluate(tomas, "."),
        lambda tomas: measuring.settings(tomas),
    ],
)
def test_only_the_owner_changes_anything(
    run: Run, shared: Session, operation: Callable[[Session], Any]
) -> None:
    with pytest.raises(Denied):
        run(operation(as_(shared, "tomas")))


def test_a_revoked_right_holds_from_the_next_request_whatever_the_index_believes(
    run: Run, shared: Session, folder: Path
) -> None:
    amina = as_(shared, "amina")
    assert "finance/plan.md" in uris(run, amina, "otter budget")
    run(access.access_remove(shared, "person:amina", ["group:finance"]))
    assert uris(run, amina, "otter budget") == ["public.md"]
    # The journal learns of new readers; the index is held back, and must not matter.
    run(access.access_add(shared, "person:amina", ["group:finance"]))
    with shared.app.writing():
        (source,) = shared.app.journal.catalogue.sources()
        opened = shared.app.source(source)
        (folder / ".cairn-access").write_text("* allow group:nobody\n")
        known = shared.app.journal.catalogue.known(source.id)
        shared.app.journal.library.show(source.id, list(opened.changes(known)))
        assert uris(run, amina, "otter") == []


def test_a_mistake_in_the_rules_changes_nothing_and_is_said(run: Run, shared: Session, folder: Path) -> None:
    (folder / ".cairn-access").write_text("* allow everyone\n* permit all\n")
    write(folder, new_md="A new otter.")
    with pytest.raises(Invalid, match=r"\.cairn-access:2:3"):
        run(cairn.ingest(shared, str(folder)))
    assert uris(run, as_(shared, "tomas"), "otter") == ["public.md"]
    assert ".cairn-access:2:3" in run(cairn.status(shared)).sources[0].error
    (folder / ".cairn-access").write_text("* allow everyone\n")
    run(cairn.ingest(shared, str(folder)))
    assert len(uris(run, as_(shared, "tomas"), "otter")) == 4


def test_access_is_explained(run: Run, shared: Session) -> None:
    why = run(access.access_explain(shared, "amina", "finance/plan.md"))
    assert why.allowed and why.reason == "allowed to group:finance" and "group:staff" in why.names
    assert not run(access.access_explain(shared, "tomas", "finance/plan.md")).allowed
    assert run(access.access_readers(shared, "finance/plan.md")).people == ("amina",)


def test_what_somebody_may_read_is_listed_page_by_page(run: Run, shared: Session) -> None:
    def visible(who: str, **more: int) -> Any:
        return run(access.access_visible(shared, who, **more))

    assert [one.uri for one in visible("tomas").documents] == ["public.md"]
    first = visible("amina", limit=1)
    second = visible("amina", limit=1, before=first.before)
    assert (first.count, first.total) == (2, 3)
    assert {one.uri for page in (first, second) for one in page.documents} == {"public.md", "finance/plan.md"}
    assert visible("amina", before=second.before).documents == ()
    with pytest.raises(Invalid, match="limit is 0"):
        visible("amina", limit=0)


@pytest.mark.parametrize("file", [False, True])
def test_what_somebody_asked_goes_when_they_are_struck(
    run: Run, shared: Session, tmp_path: Path, file: bool
) -> None:
    amina = Session(app=shared.app, name="amina", origin=Origin(surface=history.BROWSER))
    tomas = replace(amina, name="tomas")
    for session in (amina, tomas):
        run(questions.ask(session, "How many otters are there?"))
    if file:
        (tmp_path / "people.toml").write_text("[people]\ntomas = []\n")
        run(access.access_load(shared, str(tmp_path / "people.toml")))
    else:
        run(access.access_remove(shared, "person:amina", ["group:finance"]))
        assert len(run(history.history_list(amina)).questions) == 1, "she is in fewer groups, and here"
        run(access.access_remove(shared, "person:amina"))
    run(access.access_add(shared, "person:amina"))
    assert run(history.history_list(amina)).questions == ()
    assert len(run(history.history_list(tomas)).questions) == 1


@pytest.mark.parametrize("killed", [False, True])
def test_a_namesake_of_somebody_struck_cannot_sign_in_as_they_did(
    run: Run, session: Session, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    run(access.access_add(session, "person:amina"))
    run(access.access_add(session, "person:tomas"))
    for person in ("amina", "tomas"):
        run(people.people_add(session, person, ["admin"], password="correct horse battery"))
        run(tokens.tokens_create(session, "notebook", person=person))
    if killed:
        with monkeypatch.context() as patched, pytest.raises(Storage):
            patched.setattr(session.app.journal.upkeep, "strike", broken)
            run(access.access_remove(session, "person:amina"))
    else:
        run(access.access_remove(session, "person:amina"))
        assert [one.person for one in run(people.people_list(session)).accounts] == ["tomas"]
    run(access.access_add(session, "person:amina"))
    assert [one.person for one in run(people.people_list(session)).accounts] == ["tomas"]
    assert [one.person for one in run(tokens.tokens_list(session, everyone=True)).tokens] == ["tomas"]


def broken(*given: object) -> None:
    raise Storage("The disk is full.")


def test_several_questions_can_be_asked_in_one_trace(run: Run, shared: Session) -> None:
    async def several() -> list[str]:
        with recording(shared.app.sink.tracer), span("evaluate"):
            return [(await questions.ask(shared, said)).trace for said in ("otters?", "How many otters?")]

    assert len(set(run(several()))) == 1


def test_the_directory_becomes_what_a_file_says(run: Run, session: Session, tmp_path: Path) -> None:
    people = tmp_path / "people.toml"
    people.write_text('[groups]\nstaff = []\nhr = ["staff"]\n[people]\namina = ["hr"]\nbob = []\n')
    assert run(access.access_load(session, str(people))).people == {"amina": ("group:hr",), "bob": ()}
    people.write_text('[people]\namina = ["it"]\n')
    members = run(access.access_load(session, str(people)))
    assert members.people == {"amina": ("group:it",)} and members.groups == {"it": ()}
    people.write_text("[people]\namina = 3\n")
    with pytest.raises(Invalid, match=r"people\.amina"):
        run(access.access_load(session, str(people)))


def test_filters_narrow(run: Run, session: Session, folder: Path) -> None:
    write(folder, a_md="---\ntags: river, law\n---\nThe otter sleeps.", b_txt="The otter waits.")
    os.utime(folder / "b.txt", (0, 0))
    run(cairn.ingest(session, str(folder)))

    def found(**filters: Any) -> list[str]:
        return sorted(evidence.uri for evidence in run(cairn.search(session, "otter", **filters)).evidence)

    assert found() == ["a.md", "b.txt"]
    assert found(type=["text/plain"]) == ["b.txt"] and found(type=["text"]) == ["a.md", "b.txt"]
    assert found(tag=["river", "law"]) == ["a.md"] and found(tag=["river", "tax"]) == []
    assert found(source=["1"]) == ["a.md", "b.txt"]

    assert found(after=datetime(2000, 1, 1)) == ["a.md"] and found(before=datetime(2000, 1, 1)) == ["b.txt"]


# --- what hostile use found -------------------------------------------------------------------


def test_a_score_tells_nothing_of_words_in_hidden_documents(run: Run, shared: Session) -> None:
    tomas = as_(shared, "tomas")

    def score(query: str) -> list[float]:
        return [evidence.scores["words"] for evidence in run(cairn.search(tomas, query)).evidence]

    assert score("otter survey secret") == score("otter survey xyzzynope")


def test_a_hidden_source_is_as_unknown_as_none(run: Run, shared: Session, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    write(hidden, plan_md="A hidden otter.")
    run(cairn.ingest(shared, str(hidden)))
    for said in (str(hidden), "2", "files:/nowhere"):
        with pytest.raises(Unknown, match=r"known: 1\."):
            run(cairn.search(as_(shared, "tomas"), "otter", source=[said]))


def test_the_library_does_not_read_itself(run: Run, folder: Path) -> None:
    write(folder, a_md="The otter sleeps.")
    with cairn.open(folder / "library") as session:
        for _ in range(2):
            run(cairn.ingest(session, str(folder)))
        assert states(run(cairn.status(session))) == {"indexed": 1}


def test_what_failed_by_a_limit_is_tried_again_under_another(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, big_txt="The otter sleeps. " * 100_000)
    monkeypatch.setenv("CAIRN_FILE_MB", "1")
    with cairn.open() as session:
        run(cairn.ingest(session, str(folder)))
        assert states(run(cairn.status(session))) == {"skipped": 1}
    monkeypatch.setenv("CAIRN_FILE_MB", "10")
    with cairn.open() as session:
        assert run(cairn.ingest(session, str(folder))).indexed == 1


def test_links_stay_skipped_at_every_ingest(run: Run, session: Session, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("A secret beside the folder.")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    for _ in range(3):
        run(cairn.ingest(session, str(folder)))
        assert states(run(cairn.status(session))) == {"skipped": 1}


def test_a_document_is_read_in_pieces(run: Run, session: Session, folder: Path) -> None:
    (folder / "long.md").write_text("\n\n".join(f"# Part {n}\n\n" + f"word{n} " * 300 for n in range(5)))
    run(cairn.ingest(session, str(folder)))
    whole = run(cairn.document(session, "long.md"))
    assert len(whole.passages) > 2 and whole.next is None
    pieces, start = [], ""
    while True:
        piece = run(cairn.document(session, "long.md", start=start, limit=2))
        pieces += piece.passages
        if piece.next is None:
            break
        start = piece.next
    assert tuple(pieces) == whole.passages
    with pytest.raises(cairn.CairnError, match="has no passage 'p999999'"):
        run(cairn.document(session, "long.md", start="p999999"))
    with pytest.raises(cairn.CairnError, match="limit is -1"):
        run(cairn.document(session, "long.md", limit=-1))


def test_a_file_cannot_pass_for_a_document_by_its_number(run: Run, session: Session, folder: Path) -> None:
    write(folder, a_md="The otter sleeps.")
    run(cairn.ingest(session, str(folder)))
    number = run(cairn.document(session, "a.md")).id
    for name in (f"{number}", f"d{number}", "d999"):
        (folder / name).write_text("The heron waits.")
    run(cairn.ingest(session, str(folder)))
    assert run(cairn.document(session, f"d{number}")).uri == "a.md"
    assert run(cairn.document(session, f"{number}")).uri == "a.md"
    assert run(cairn.document(session, str(folder / f"d{number}"))).uri == f"d{number}"
    assert run(cairn.document(session, "d999")).uri == "d999"


def test_a_name_that_means_several_documents_forgets_none(run: Run, session: Session, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, readme_md="The otter sleeps.")
        run(cairn.ingest(session, str(tmp_path / name)))
    for said in ("readme.md", "", " "):
        with pytest.raises(Invalid):
            run(cairn.forget(session, said))
    assert run(cairn.forget(session, str(tmp_path / "two" / "readme.md"))).documents == ("readme.md",)


def test_readers_of_a_folder_that_cannot_be_listed_are_nobody(session: Session, folder: Path) -> None:
    write(folder, a_md="x", sub__b_md="y")
    (folder / ".cairn-access").write_text("* allow everyone\n")
    source = FilesSource(folder)
    known = {c.blob.uri: Known(c.blob.fingerprint, c.blob.readers) for c in source.changes({})}  # type: ignore[union-attr]
    (folder / "sub" / "b.md").unlink()
    (folder / "sub").rmdir()
    (folder / "sub").symlink_to("sub")  # a folder that is there and cannot be listed
    source._walk = lambda: iter(  # type: ignore[method-assign]
        [blob for blob in FilesSource._walk(source) if blob.uri == "a.md"]
        + [_refused("sub/", State.FAILED, "the folder cannot be listed")]
    )
    changes = list(source.changes(known))
    assert Regranted(uri="sub/b.md", readers=NOBODY) in changes
    assert not [change for change in changes if isinstance(change, Deleted)]


def test_a_rule_file_of_a_windows_editor_counts(run: Run, session: Session, folder: Path) -> None:
    write(folder, hr__secret_md="The otter's file.")
    (folder / ".cairn-access").write_text("* allow everyone\n")
    (folder / "hr" / ".cairn-access").write_bytes(b"\xef\xbb\xbf* allow group:hr\r\n")
    run(cairn.ingest(session, str(folder)))
    assert run(access.access_readers(session, "hr/secret.md")).allow == ("group:hr",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKERS", "-1"),
        ("PASSAGE_TOKENS", "0"),
        ("FILE_MB", "-1"),
        ("ANSWER_THRESHOLD", "nan"),
        ("JOURNAL", "sqlite:x"),
    ],
)
def test_a_setting_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"CAIRN_{name}", value)
    with pytest.raises(Invalid):
        cairn.open()


def test_a_file_of_people_with_a_misspelt_table_strikes_nobody(
    run: Run, shared: Session, tmp_path: Path
) -> None:
    people = tmp_path / "people.toml"
    for text in ("[person]\namina = []\n", "", "groups = 3\n"):
        people.write_text(text)
        with pytest.raises(Invalid):
            run(access.access_load(shared, str(people)))
    assert "amina" in run(access.access_list(shared)).people


def test_rights_are_kept_apart_whatever_people_are_called(run: Run, shared: Session) -> None:
    for name in ("epoch", "tomas", "epoch"):
        run(access.access_add(shared, f"person:{name}"))
        assert uris(run, as_(shared, name), "otter") == ["public.md"]


def test_whoever_keeps_no_traces_may_still_ask_twice(
    run: Run, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRN_TRACES", "none")
    write(folder, a_md="The otter sleeps in the reeds.")
    with cairn.open(tmp_path / "untraced") as session:
        run(cairn.ingest(session, str(folder)))
        for question in ("Where does the otter sleep?", "What sleeps in the reeds?"):
            assert run(cairn.ask(session, question)).evidence
            assert run(cairn.report(session, question)).question == question
