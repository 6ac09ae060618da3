"""Written answers given again: when, to whom, and when not."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.filling import fill
from tests.writers import ScriptedChat, good

import cairn
from cairn.access import NOBODY
from cairn.flows.answering import caching
from cairn.flows.answering.caching import interchangeable
from cairn.operations import access
from cairn.results import plain
from cairn.session import Session
from cairn.types import Regranted

pytestmark = pytest.mark.usefixtures("here")

T = TypeVar("T")
Run = Callable[[Awaitable[T]], T]

BUDGET = "What is the budget of the heat plan?"


DOCUMENTS = {
    "plan.md": "# Heat plan\n\nThe budget of the heat plan is EUR 4.2 million in 2025.\n",
    "secret.md": "# Heat plan\n\nThe real budget of the heat plan is EUR 9 million.\n",
}
RULES = "plan.md allow everyone\nsecret.md allow group:board\n"


@pytest.fixture
def owner(session: Session, folder: Path, run: Run[Any]) -> Session:
    run(fill(session, folder, DOCUMENTS, RULES, {"amina": ["group:board"], "tomas": [], "ada": []}))
    session.app.__dict__["chat"] = ScriptedChat(good)
    return session


def asked(session: Session) -> int:
    """Return how often the model was asked."""
    return len(session.app.__dict__["chat"].asked)


def as_(session: Session, name: str) -> Session:
    return replace(session, name=name, actor="")


def test_the_same_question_is_written_once(owner: Session, run: Run[Any]) -> None:
    first = run(cairn.ask(as_(owner, "tomas"), BUDGET))
    again = run(cairn.ask(as_(owner, "ada"), f"  {BUDGET.lower()} "))
    assert asked(owner) == 1 and again.claims == first.claims and again.evidence == first.evidence
    assert owner.app.lookups.found == {"exact": 1, "semantic": 0, "none": 1} and owner.app.lookups.tokens
    assert re.match(r"Written on \d{4}-\d\d-\d\d; ", again.notice), "the day, and no more of who asked when"
    assert again.writer == first.writer and again.trace != first.trace


def test_other_signs_are_other_questions(owner: Session, run: Run[Any]) -> None:
    for sign in "<", ">", "=":
        assert run(cairn.ask(owner, f"Is the budget of the heat plan {sign} EUR 4.2 million?")).notice == ""
    assert asked(owner) == 3


def test_other_words_for_the_same_are_given_it(owner: Session, run: Run[Any]) -> None:
    run(cairn.ask(owner, BUDGET))
    assert "Written on" in run(cairn.ask(owner, "Of the heat plan what is the budget?")).notice
    assert asked(owner) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the budget in 2024?", "What is the budget in 2025?"),
        ("What did Amina say?", "What did Tomas say?"),
        ("Which rooms are open?", "Which rooms are not open?"),
        ("Who spent the most?", "Who spent the least?"),
        ("Who approved it?", "When was it approved?"),
        ("Is it open?", "Isn't it open?"),
        ("Was ist vor Mai fällig?", "Was ist nach Mai fällig?"),
        ("Did Ostrel lend money to Vantor?", "Did Vantor lend money to Ostrel?"),
        ("Ostrel spent how much on beds?", "Vantor spent how much on beds?"),
        ("Does the nurse report to the doctor?", "Does the doctor report to the nurse?"),
        ("Which are below -5 degrees?", "Which are below 5 degrees?"),
        ("Which exceed 5 %?", "Which exceed 5?"),
        ("Who knows C++?", "Who knows C#?"),
    ],
)
def test_other_numbers_names_or_denials_are_other_questions(one: str, other: str) -> None:
    assert not interchangeable(one, other) and interchangeable(one, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Who approved the budget for 2025?", "who approved the 2025 budget"),
        ("When was the laundry sold?", "When did they sell the laundry?"),
        ("What is the plan's budget?", "What's the budget of the plan?"),
    ],
)
def test_wording_is_for_the_vectors_to_judge(one: str, other: str) -> None:
    assert interchangeable(one, other)


@given(st.text(max_size=60))
def test_a_question_is_interchangeable_with_itself(question: str) -> None:
    assert interchangeable(question, question)


def test_nobody_is_given_what_was_written_for_other_rights(owner: Session, run: Run[Any]) -> None:
    amina = run(cairn.ask(as_(owner, "amina"), BUDGET))
    assert "9 million" in amina.text
    tomas = run(cairn.ask(as_(owner, "tomas"), BUDGET))
    assert "9 million" not in tomas.text and tomas.notice == "" and asked(owner) == 2
    run(access.access_remove(owner, "person:amina", ["group:board"]))
    again = run(cairn.ask(as_(owner, "amina"), BUDGET))
    assert "9 million" not in again.text and "Written on" in again.notice, "she reads what Tomas reads"


def test_what_was_withdrawn_is_given_again_with_the_same_evidence_alone(
    owner: Session, folder: Path, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRN_UNSUPPORTED", "show")
    owner.app.__dict__.pop("settings")
    monkeypatch.setattr(caching, "_classes", lambda classes: "the same set")
    told = "The budget of the heat plan is EUR 4.2 million in 2025 [e1][e2]. The real one is EUR 9 million."
    owner.app.__dict__["chat"] = ScriptedChat(lambda prompt: "" if prompt.purpose == "repair" else told)
    rules = folder / ".cairn-access"
    rules.write_text("plan.md allow everyone\nsecret.md allow person:tomas\n")
    run(cairn.ingest(owner, str(folder)))
    tomas = as_(owner, "tomas")
    for _ in range(2):
        assert "9 million" in str(run(cairn.ask(tomas, BUDGET)).withdrawn)
    (one,) = owner.app.journal.catalogue.find(uri="secret.md")
    owner.app.journal.library.show(one.source, [Regranted(uri="secret.md", readers=NOBODY)])
    again = run(cairn.ask(tomas, "Of the heat plan what is the budget?"))
    assert "Written on" in again.notice and "9 million" not in str(plain(again))


def test_changed_evidence_is_read_anew(owner: Session, folder: Path, run: Run[Any]) -> None:
    tomas = as_(owner, "tomas")
    run(cairn.ask(tomas, BUDGET))
    (folder / "plan.md").write_text("# Heat plan\n\nThe budget of the heat plan is EUR 5 million in 2025.\n")
    run(cairn.ingest(owner, str(folder)))
    for question in (BUDGET, "Of the heat plan what is the budget?"):
        answer = run(cairn.ask(tomas, question))
        assert "5 million" in answer.text and "4.2" not in answer.text
    (folder / "plan.md").unlink()
    run(cairn.ingest(owner, str(folder)))
    assert run(cairn.ask(tomas, BUDGET)).abstained


def test_new_evidence_is_read_for_other_words_as_well(owner: Session, folder: Path, run: Run[Any]) -> None:
    tomas = as_(owner, "tomas")
    run(cairn.ask(tomas, BUDGET))
    (folder / "news.md").write_text(
        "# Heat plan\n\nThe budget of the heat plan was raised to EUR 6 million.\n"
    )
    (folder / ".cairn-access").write_text("*.md allow everyone\nsecret.md allow group:board\n")
    run(cairn.ingest(owner, str(folder)))
    assert "6 million" in run(cairn.ask(tomas, "Of the heat plan what is the budget?")).text


def test_a_renamed_file_is_cited_by_its_new_name(owner: Session, folder: Path, run: Run[Any]) -> None:
    run(cairn.ask(owner, BUDGET))
    (folder / "plan.md").rename(folder / "renamed.md")
    (folder / ".cairn-access").write_text("*.md allow everyone\nsecret.md allow group:board\n")
    run(cairn.ingest(owner, str(folder)))
    answer = run(cairn.ask(owner, BUDGET))
    assert "renamed.md" in {one.uri for claim in answer.claims for one in claim.citations}


def test_filters_and_models_have_answers_of_their_own(owner: Session, run: Run[Any]) -> None:
    run(cairn.ask(owner, BUDGET))
    run(cairn.ask(owner, BUDGET, type=["text"]))
    assert asked(owner) == 2
    owner.app.__dict__["chat"] = ScriptedChat(good, name="other")
    run(cairn.ask(owner, BUDGET))
    assert asked(owner) == 1


def test_it_can_be_switched_off(owner: Session, run: Run[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRN_ANSWER_CACHE_DAYS", "0")
    owner.app.__dict__.pop("settings")
    for _ in range(2):
        assert run(cairn.ask(owner, BUDGET)).notice == ""
    assert asked(owner) == 2
