"""Reports that a language model writes: whatever it writes, what stands in them was checked."""

import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.writers import Behaviour, FailingChat, ScriptedChat, good

import cairn
from cairn.chat import Prompt
from cairn.operations.reports import export, rendered, report
from cairn.results import plain
from cairn.session import Session

pytestmark = pytest.mark.usefixtures("here")

PLAN = """# Heat plan

The budget of the heat plan is EUR 4.2 million. The Board approved the heat plan on 14 May 2025.
The plan opens 31 cool rooms. Amina Weber leads the heat plan.
"""
QUESTIONS = ["What is the budget of the heat plan?", "Who leads the heat plan?"]
QUESTION = " ".join(QUESTIONS)
Run = Callable[[Awaitable[Any]], Any]


@pytest.fixture
def library(session: Session, folder: Path, run: Run) -> Iterator[Session]:
    (folder / "plan.md").write_text(PLAN)
    run(cairn.ingest(session, str(folder)))
    yield session


def by_purpose(**said: Behaviour | str) -> Behaviour:
    """Return a model that says this for a purpose, and what is good for any other."""

    def behave(prompt: Prompt) -> str:
        meant = said.get(prompt.purpose, good)
        return meant if isinstance(meant, str) else meant(prompt)

    return behave


def written(session: Session, run: Run, behaviour: Behaviour, question: str = QUESTION, **more: Any) -> Any:
    session.app.__dict__["chat"] = ScriptedChat(behaviour)
    return run(report(session, question, **more))


def set_(session: Session, monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"CAIRN_{name.upper()}", value)
    session.app.__dict__.pop("settings", None)


def test_a_model_plans_writes_and_sums_up_and_everything_is_checked(library: Session, run: Run) -> None:
    made = written(library, run, by_purpose(summary="The budget of the heat plan is EUR 4.2 million [e1]."))
    assert [section.title for section in made.sections] == QUESTIONS and made.writer == "scripted"
    assert "4.2 million" in made.sections[0].claims[0].text
    assert "Amina Weber" in " ".join(claim.text for claim in made.sections[1].claims)
    assert [claim.text for claim in made.summary] == ["The budget of the heat plan is EUR 4.2 million."]
    claims = [claim for part in ((made.summary), *(one.claims for one in made.sections)) for claim in part]
    assert all(claim.verdict == "supported" and claim.citations[0].number == 1 for claim in claims)
    assert any("Written by scripted" in said for said in made.limits)
    held = {one.id: one.text for section in made.sections for one in section.evidence}
    assert all(one.quote in held[one.evidence] for claim in claims for one in claim.citations)
    assert run(export(library, made.trace, "markdown")).content == rendered(made, "markdown").content


def test_what_fails_the_check_is_withdrawn_and_counted(library: Session, run: Run) -> None:
    false = "The heat plan has a budget of EUR 9 million [e1]."
    made = written(
        library,
        run,
        by_purpose(answer=f"The heat plan has a budget of EUR 4.2 million [e1]. {false}", summary=false),
    )
    said = rendered(made, "markdown").content.decode()
    assert "4.2 million" in said and "9 million" not in said
    assert [claim.text for claim in made.summary] == ["The heat plan has a budget of EUR 4.2 million."]
    assert any("3 statements were withdrawn" in one for one in made.limits)
    assert any("summary is quoted from the sections" in one for one in made.limits)


def test_what_was_withdrawn_is_shown_where_that_is_set(
    library: Session, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_(library, monkeypatch, unsupported="show")
    answer = "The heat plan has a budget of EUR 4.2 million [e1]. It opens 99 cool rooms [e1]."
    made = written(library, run, by_purpose(answer=answer))
    (withdrawn,) = made.sections[0].withdrawn
    assert "99" in withdrawn.text and "99" in withdrawn.reason
    assert not any("99" in claim.text for claim in (*made.summary, *made.sections[0].claims))


def test_what_was_withdrawn_is_not_kept_for_it_rests_on_nothing_that_can_be_looked_at_again(
    library: Session, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_(library, monkeypatch, unsupported="show")
    answer = "The heat plan has a budget of EUR 4.2 million [e1]. Its secret director is paid EUR 9,000."
    made = written(library, run, by_purpose(answer=answer, repair="1. NONE"))
    assert "9,000" in rendered(made, "markdown").content.decode()
    assert "9,000" not in run(export(library, made.trace, "markdown")).content.decode()


def test_a_plan_of_a_hundred_questions_is_cut_and_said(library: Session, run: Run) -> None:
    plan = json.dumps({"questions": [f"Which cool rooms does heat plan {n} open?" for n in range(100)]})
    made = written(library, run, by_purpose(plan=plan))
    assert len(made.sections) == 8 and any("Of 100 parts" in said for said in made.limits)


@pytest.mark.parametrize("plan", ["", "No.", '{"questions": "x"}', '{"questions": [1, ""]}', "[" * 9_000])
def test_a_plan_that_cannot_be_read_is_made_by_rule(library: Session, run: Run, plan: str) -> None:
    made = written(library, run, by_purpose(plan=plan))
    assert [section.title for section in made.sections][:2] == QUESTIONS
    assert any("parts were told by rule" in said for said in made.limits)


def test_what_a_plan_says_is_no_more_than_a_question(library: Session, run: Run) -> None:
    plan = json.dumps({"questions": ["# Ignore\n\n<script>\x00 " + "x" * 3_000 + "?", *QUESTIONS]})
    made = written(library, run, by_purpose(plan=plan))
    assert all(len(one.title) <= 110 and "\n" not in one.title for one in made.sections)
    assert b"<script>" not in rendered(made, "markdown").content.replace(b"\\<", b"")


def test_a_model_that_fails_leaves_a_report_in_the_documents_own_words(library: Session, run: Run) -> None:
    for after in (0, 40):
        library.app.__dict__["chat"] = FailingChat("The heat plan has a budget of EUR 9", after=after)
        made = run(report(library, QUESTION))
        assert "4.2 million" in made.sections[0].claims[0].text and made.writer == ""
        assert "extracts" in made.sections[0].note and any("by rule" in said for said in made.limits)
        assert "EUR 9" not in json.dumps(plain(made))


def test_a_report_takes_no_more_tokens_than_it_may(
    library: Session, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_(library, monkeypatch, report_tokens="3000")
    chat = ScriptedChat(by_purpose())
    library.app.__dict__["chat"] = chat
    made = run(report(library, QUESTION))
    assert sum(1_000 + len(good(prompt)) // 4 for prompt in chat.asked) <= 3_000
    assert "4.2 million" in made.sections[0].claims[0].text, "what was not written is quoted"
    spent = "the 3,000 tokens that a report may take are spent"
    assert any(spent in said for said in (*made.limits, *(one.note for one in made.sections)))


def test_without_a_model_by_choice_nothing_is_asked_of_one(library: Session, run: Run) -> None:
    chat = ScriptedChat(good)
    library.app.__dict__["chat"] = chat
    made = run(report(library, QUESTION, model="none"))
    assert not chat.asked and made.writer == "" and "4.2 million" in made.sections[0].claims[0].text
