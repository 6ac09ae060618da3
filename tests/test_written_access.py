"""Whatever is asked, revoked, changed or forgotten: nobody sees, nor does a model, what may not be read."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.writers import ScriptedChat, good

import cairn
from cairn.errors import Storage, Unknown
from cairn.operations import access, forgetting
from cairn.operations.reports import report
from cairn.results import plain
from cairn.session import Origin, Session

pytestmark = pytest.mark.usefixtures("here")

PEOPLE = ("amina", "tomas", "ada")
GROUPS = ("heat", "board")
PLANS = {"heat": "zebra", "board": "walrus", "everyone": "heron"}
"""Each plan is read by one group and called by a word that stands nowhere else."""


def test_what_is_forgotten_while_it_is_answered_is_kept_nowhere(
    session: Session, folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(number: int) -> None:
        (folder / f"{number}.md").write_text("# Plan\n\nThe budget of the plan is EUR 4 million.\n")
        run(cairn.ingest(session, str(folder)))

    def forgets(kind: str, value: object) -> None:
        if kind == "evidence":
            assert isinstance(value, Sequence) and value
            forgetting._forget(session, value[0].uri)

    asking = replace(session, tell=forgets)
    for number, chat in enumerate((None, ScriptedChat(good))):
        session.app.__dict__["chat"] = chat
        fill(number)
        answer = run(cairn.ask(asking, "What is the budget of the plan?"))
        assert "4 million" in answer.text, "it was found when it was there"
        assert session.app.journal.turns.find(answer.trace, "owner", "owner") is None
        with session.app.journal.turns._database.read() as connection:  # type: ignore[attr-defined]
            assert not connection.exec_driver_sql("SELECT * FROM answers").all()


def test_a_full_disk_takes_no_answer_away(
    session: Session,
    folder: Path,
    run: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*given: object) -> None:
        raise Storage("The disk is full.")

    (folder / "plan.md").write_text("# Plan\n\nThe budget of the plan is EUR 4 million.\n")
    run(cairn.ingest(session, str(folder)))
    journal, question = session.app.journal, "What is the budget of the plan?"
    asking = replace(session, origin=Origin(surface="web"))
    for chat in (None, ScriptedChat(good)):
        session.app.__dict__["chat"] = chat
        run(cairn.ask(asking, question))
        with monkeypatch.context() as patched:
            for held, name in (
                (journal.questions, "keep"),
                (journal.turns, "keep"),
                (journal.answers, "keep"),
                (journal.accounts, "cited"),
                (journal.reports, "keep"),
            ):
                patched.setattr(held, name, full)
            for asked in (question, "The budget of the plan is what?", "Which budget has 4 million?"):
                assert "4 million" in run(cairn.ask(asking, asked)).text
            assert not run(report(asking, question)).abstained
    for what in ("question", "answer", "share that was cited", "report"):
        assert f"{what} not kept: The disk is full." in caplog.text


ASK = st.tuples(st.just("ask"), st.sampled_from(PEOPLE), st.integers(0, 3), st.booleans())
GRANT = st.tuples(
    st.sampled_from(["add", "remove"]), st.sampled_from(PEOPLE), st.sampled_from(GROUPS), st.none()
)
CHANGE = st.tuples(
    st.sampled_from(["edit", "drop", "forget"]), st.sampled_from(sorted(PLANS)), st.none(), st.none()
)


class Library:
    """A library of one plan a group, and what each person was last answered."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder = session, folder
        self.chat = ScriptedChat(self._writes)
        self.member = {(person, group): False for person in PEOPLE for group in GROUPS}
        self.last: dict[str, str] = {}
        self.edits = 0
        folder.mkdir(exist_ok=True)
        rules = [f"{group}.md allow group:{group}\n" for group in GROUPS]
        (folder / ".cairn-access").write_text("everyone.md allow everyone\n" + "".join(rules))
        session.app.__dict__["chat"] = self.chat

    def _writes(self, prompt: Any) -> str:
        """Repeat all of the history in the question, as a model may."""
        if prompt.purpose != "rewrite":
            return good(prompt)
        history = next(part.text for part in prompt.parts if part.origin == "history")
        return " ".join(line.partition(": ")[2] for line in history.splitlines() if ": " in line)[:500]

    async def begin(self) -> None:
        for person in PEOPLE:
            await access.access_add(self.session, f"person:{person}")
        for group in GROUPS:
            await access.access_add(self.session, f"group:{group}")
        for group in PLANS:
            await self.edit(group)

    async def edit(self, group: str) -> None:
        self.edits += 1
        text = f"# Plan {group}\n\nThe plan of the {PLANS[group]} has a budget of EUR {self.edits} million.\n"
        (self.folder / f"{group}.md").write_text(text)
        await cairn.ingest(self.session, str(self.folder))

    async def drop(self, group: str) -> None:
        (self.folder / f"{group}.md").unlink(missing_ok=True)
        await cairn.ingest(self.session, str(self.folder), prune=True)

    async def forget(self, group: str) -> None:
        try:
            await cairn.forget(self.session, f"{group}.md")
        except Unknown:
            return
        with self.session.app.journal.turns._database.read() as connection:  # type: ignore[attr-defined]
            for table in ("turns", "answers"):
                for row in connection.exec_driver_sql(f"SELECT * FROM {table}"):
                    assert f"of the {PLANS[group]} has" not in str(row)

    async def ask(self, person: str, number: int, follows: bool) -> None:
        questions = ["What is the budget of the plan?", "And its budget?", "Of the plan the budget is what?"]
        question = [*questions, "What does the plan of the zebra and the walrus cost?"][number]
        self.chat.asked.clear()
        theirs = replace(self.session, name=person, actor="")
        try:
            answer = await cairn.ask(theirs, question, follows=self.last.get(person, "") if follows else "")
        except Unknown:
            assert follows and self.last.pop(person)  # what it follows on was forgotten
            return
        self.last[person] = answer.trace
        told = "".join(part.text for prompt in self.chat.asked for part in prompt.parts)
        shown = str(plain(answer)) + told
        for group in GROUPS:
            if not self.member[person, group]:
                assert f"of the {PLANS[group]} has" not in shown, (person, question)

    async def do(self, what: str, who: Any, of: Any, more: Any) -> None:
        match what:
            case "ask":
                await self.ask(who, of, more)
            case "add":
                await access.access_add(self.session, f"person:{who}", [f"group:{of}"])
                self.member[who, of] = True
            case "remove":
                await access.access_remove(self.session, f"person:{who}", [f"group:{of}"])
                self.member[who, of] = False
            case "edit" | "drop" | "forget":
                await getattr(self, what)(who)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # each is a library of its own and some dozen requests
@given(steps=st.lists(st.one_of(ASK, ASK, ASK, GRANT, GRANT, CHANGE), min_size=5, max_size=18))
def test_nothing_is_told_beyond_the_rights_of_that_moment(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    place = tmp_path_factory.mktemp("library")

    async def run(library: Library) -> None:
        await library.begin()
        for step in [("add", "amina", "heat", None), ("add", "tomas", "board", None), *steps]:
            await library.do(*step)

    with cairn.open(place / "home") as session:
        asyncio.run(run(Library(session, place / "folder")))
