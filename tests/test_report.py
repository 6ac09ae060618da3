"""Reports as somebody asks for them: whole, honest about what is missing, never more than they may read."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.filling import fill

import cairn
from cairn.errors import CairnError, Invalid, Unknown
from cairn.operations import access, forgetting, history
from cairn.operations import reports as operations
from cairn.operations.forgetting import forget
from cairn.operations.reports import export, rendered, report
from cairn.results import plain
from cairn.results.reading import read
from cairn.results.reports import Report
from cairn.session import LOCAL, Session

QUESTION = (
    "What did the audit of 2018 find, what is the survey of otters in EUR, and who is the tsar of Mars?"
)
DOCUMENTS = {
    "audit.md": "# Audit 2018\n\nThe audit of 2018 did find 12 missing invoices in Ostrel.\n",
    "survey.md": "# Otters\n\n| Item | EUR |\n|---|---|\n| Boats | 120 |\n| Survey of otters | 42 |\n",
    "pay.md": "# Pay\n\nThe secret pay of the director, found by the audit of 2018, is 9,000.\n",
}
Run = Callable[[Awaitable[Any]], Any]


RULES = "*.md allow group:staff\npay.md deny group:staff\n"
PEOPLE: Mapping[str, list[str]] = {"amina": ["group:staff"], "lena": []}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library that is filled once, for each test to have a copy of."""
    folder, home = (tmp_path_factory.mktemp(name) for name in ("documents", "prepared"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CAIRN_EMBEDDER", "hash")
        patched.setenv("CAIRN_WORKERS", "1")
        with cairn.open(home) as session:
            asyncio.run(fill(session, folder, DOCUMENTS, RULES, PEOPLE))
    return home


@pytest.fixture
def library(prepared: Path, tmp_path: Path) -> Iterator[Session]:
    shutil.copytree(prepared, tmp_path / "library")
    with cairn.open() as session:
        yield session


def as_amina(session: Session, **more: Any) -> Session:
    return replace(session, name="amina", actor="amina", **more)


def test_a_long_question_is_answered_part_by_part(library: Session, run: Run) -> None:
    told: list[tuple[str, Any]] = []
    made = run(report(replace(library, tell=lambda kind, value: told.append((kind, value))), QUESTION))
    assert [section.title for section in made.sections][:3] == [
        "What did the audit of 2018 find",
        "What is the survey of otters in EUR",
        "Who is the tsar of Mars?",
    ]
    assert "12 missing invoices" in made.sections[0].claims[0].text
    (table,) = made.sections[1].tables
    assert table.header == (("Item", "EUR"),) and ("Survey of otters", "42") in table.rows
    assert not made.sections[2].answers() and any("tsar of Mars" in said for said in made.limits)
    assert [source.number for source in made.references] == list(range(1, len(made.references) + 1))
    titles = {source.number: source.title for source in made.references}
    cited = [one for section in made.sections for one in section.citations()]
    assert all(one.title == titles[one.number] and one.verdict == "supported" for one in cited)
    held = {one.id: one for section in made.sections for one in section.evidence}
    assert all(one.quote in held[one.evidence].text for one in cited)
    assert {claim.text for claim in made.summary} and not made.abstained
    assert [kind for kind, _ in told] == ["plan", *["section"] * len(made.sections)]
    assert told[0][1][:3] == [section.title for section in made.sections][:3]


def test_what_it_does_not_tell_is_said(session: Session, folder: Path, run: Run) -> None:
    run(fill(session, folder, DOCUMENTS, RULES, PEOPLE))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    run(cairn.ingest(session, str(folder)))
    said = run(report(session, QUESTION, type=["text"])).limits
    assert any("1 unreadable, 1 of a kind that is not read" in one for one in said)
    assert any("Only a part of the library" in one for one in said)
    assert any("no language model wrote any of it" in one for one in said)
    assert any("were last changed" in one for one in said)
    hers = run(report(as_amina(session), QUESTION)).limits
    assert not any("unreadable" in one for one in hers), "she may read neither"


def test_nobody_is_told_what_they_may_not_read(library: Session, run: Run) -> None:
    question = "What did the audit of 2018 find, what is the secret pay of the director, and who is paid?"
    told: list[Any] = []
    made = run(report(as_amina(library, tell=lambda kind, value: told.append(plain(value))), question))
    everything = json.dumps([plain(made), told]) + rendered(made, "markdown").content.decode()
    assert "12 missing invoices" in everything
    assert "9,000" not in everything and "pay.md" not in everything and "Pay" not in everything
    assert "9,000" in json.dumps(plain(run(report(library, question))))


def test_a_person_without_any_right_gets_a_report_that_says_so(library: Session, run: Run) -> None:
    made = run(report(replace(library, name="lena", actor="lena"), QUESTION))
    assert made.abstained and not made.references and not made.summary
    assert sum("was not answered" in one for one in made.limits) == 3


@pytest.mark.parametrize("format", ["markdown", "docx", "pdf"])
def test_it_can_be_had_as_a_file(library: Session, run: Run, format: str) -> None:
    amina = as_amina(library)
    made = run(report(amina, QUESTION))
    file = run(export(amina, made.trace, format, "https://cairn.example"))
    assert file.name.startswith("what-did-the-audit-of-2018-find") and file.content
    if format == "markdown":
        assert file.content == rendered(made, format, "https://cairn.example").content
        assert "https://cairn.example/library/d" in file.content.decode()


def refused(library: Session, run: Run, made: Report) -> bool:
    try:
        run(export(as_amina(library), made.trace, "markdown"))
    except Unknown as error:
        assert "12 missing" not in str(error)
        return True
    return False


def test_what_is_revoked_between_answering_and_export_is_not_exported(library: Session, run: Run) -> None:
    made = run(report(as_amina(library), QUESTION))
    assert not refused(library, run, made)
    run(access.access_remove(library, "person:amina", ["group:staff"]))
    assert refused(library, run, made)
    run(access.access_add(library, "person:amina", ["group:staff"]))
    assert not refused(library, run, made)


@pytest.mark.parametrize("change", ["edited", "deleted", "hidden", "forgotten"])
def test_what_no_longer_stands_is_not_exported(session: Session, folder: Path, run: Run, change: str) -> None:
    run(fill(session, folder, DOCUMENTS, RULES, PEOPLE))
    made = run(report(as_amina(session), QUESTION))
    audit = folder / "audit.md"
    if change == "edited":
        audit.write_text("# Audit 2018\n\nThe audit of 2018 did find nothing.\n")
    elif change == "deleted":
        audit.unlink()
    elif change == "hidden":
        (folder / ".cairn-access").write_text("*.md allow group:staff\naudit.md deny person:amina\n")
    if change == "forgotten":
        run(forget(session, "audit.md"))
        assert session.app.journal.reports.find(made.trace, "amina", "") is None, "nothing is left of it"
    else:
        run(cairn.ingest(session, str(folder)))
    assert refused(session, run, made)


@pytest.mark.parametrize("surface", ["web", "http"])
def test_a_report_is_its_askers_own_until_they_forget_it(library: Session, run: Run, surface: str) -> None:
    made = run(report(as_amina(library, origin=replace(LOCAL, surface=surface)), QUESTION))
    for other in (library, replace(library, name="amina", actor="owner")):
        with pytest.raises(Unknown):
            run(export(other, made.trace, "markdown"))
    with pytest.raises(Unknown):
        run(export(as_amina(library), made.trace, "papyrus"))
    run(history.history_forget(as_amina(library), made.trace))
    assert refused(library, run, made)


def test_a_part_that_fails_leaves_the_others(
    library: Session, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = operations.answered

    async def failing(session: Session, query: Any, write: Any) -> Any:
        if "otters" in query.text:
            raise CairnError("The disk is full.")
        return await answered(session, query, write)

    monkeypatch.setattr(operations, "answered", failing)
    made = run(report(library, QUESTION))
    assert "12 missing invoices" in made.sections[0].claims[0].text
    assert made.sections[1].note == "The disk is full."
    assert any("The disk is full." in said for said in made.limits)


def test_what_is_revoked_while_it_is_written_does_not_leave(
    library: Session, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = operations.answered

    async def revoking(session: Session, query: Any, write: Any) -> Any:
        answer = await answered(session, query, write)
        await access.access_remove(library, "person:amina", ["group:staff"])
        return answer

    monkeypatch.setattr(operations, "answered", revoking)
    with pytest.raises(Unknown, match="who may read it, while it was written"):
        run(report(as_amina(library), QUESTION))


def test_what_is_forgotten_while_it_is_written_is_not_kept(
    library: Session, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = library.app.journal.reports.keep

    def forgets(kept: Any) -> None:
        forgetting._forget(library, "audit.md")
        keep(kept)

    monkeypatch.setattr(library.app.journal.reports, "keep", forgets)
    with pytest.raises(Unknown, match="while it was written"):
        run(report(as_amina(library), QUESTION))
    with library.app.journal.turns._database.read() as connection:  # type: ignore[attr-defined]
        assert not connection.exec_driver_sql("SELECT * FROM reports").all()


def test_questions_of_any_length_are_answered_or_refused(library: Session, run: Run) -> None:
    long = "What did the audit of 2018 find? " * 300
    made = run(report(library, long[:10_000]))
    assert "12 missing invoices" in made.sections[0].claims[0].text and len(made.title) <= 110
    many = run(report(library, "\n".join(f"What did audit number {n} of 2018 find?" for n in range(100))))
    assert len(many.sections) <= 8 and any("Of 100 parts" in said for said in many.limits)
    for wrong in ("", " \n", "x" * 20_001):
        with pytest.raises(Invalid):
            run(report(library, wrong))


def test_it_ends_when_whoever_asked_goes(library: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = []

    async def slow(session: Session, query: Any, write: Any) -> Any:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(query.text)

    monkeypatch.setattr(operations, "answered", slow)

    async def leave() -> None:
        asking = asyncio.create_task(report(library, QUESTION))
        while not asking.done() and not ended:
            await asyncio.sleep(0.2)
            asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(leave())


def test_as_json_it_is_read_back(library: Session, run: Run) -> None:
    made = run(report(library, QUESTION))
    again = read(Report, json.loads(json.dumps(plain(made))))
    assert rendered(again, "markdown").content == rendered(made, "markdown").content
