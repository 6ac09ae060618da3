"""Written answers from a library: what is shown, withdrawn, repaired and told, and what a failure leaves."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.writers import FailingChat, ScriptedChat, good

import cairn
from cairn.errors import Unknown
from cairn.session import Session

T = TypeVar("T")
Run = Callable[[Awaitable[T]], T]

PLAN = """# Heat plan

The budget of the heat plan is EUR 4.2 million. The Board approved the heat plan on 14 May 2025.
The plan opens 31 cool rooms. Amina Weber leads the heat plan.
"""
QUESTION = "What is the budget of the heat plan?"


@pytest.fixture
def library(session: Session, folder: Path, run: Run[Any]) -> Session:
    (folder / "plan.md").write_text(PLAN)
    (folder / "otters.md").write_text(
        "# Otter survey\n\nThe otter survey counts 118 otters along the river.\n"
    )
    run(cairn.ingest(session, str(folder)))
    return session


def using(session: Session, chat: object) -> Session:
    """Let a session write with a model."""
    session.app.__dict__["chat"] = chat
    return session


def set_(session: Session, monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    """Give a library that is open other settings."""
    for name, value in settings.items():
        monkeypatch.setenv(f"CAIRN_{name.upper()}", value)
    session.app.__dict__.pop("settings", None)
    session.app.__dict__.pop("chats", None)
    session.app.__dict__.pop("chat", None)


def ask(
    session: Session, run: Run[Any], said: str | Callable[..., str], question: str = QUESTION, **more: Any
) -> Any:
    return run(cairn.ask(using(session, ScriptedChat(said)), question, **more))


def test_what_is_written_is_shown_with_its_citations(library: Session, run: Run[Any]) -> None:
    answer = ask(library, run, "The heat plan has a budget of EUR 4.2 million [e1].")
    assert answer.text == "The heat plan has a budget of EUR 4.2 million. [1]" and not answer.abstained
    (claim,) = answer.claims
    assert claim.verdict == "supported" and claim.citations[0].uri == "plan.md"
    assert claim.citations[0].quote in PLAN and answer.evidence[0].id == claim.citations[0].evidence
    assert answer.writer == "scripted" and answer.notice == ""


def test_an_invented_number_is_withdrawn(library: Session, run: Run[Any]) -> None:
    answer = ask(
        library, run, "The heat plan has a budget of EUR 4.2 million [e1]. It opens 99 cool rooms [e1]."
    )
    assert [claim.text for claim in answer.claims] == ["The heat plan has a budget of EUR 4.2 million."]
    assert answer.withdrawn == ()


def test_what_was_withdrawn_is_shown_where_that_is_set(
    library: Session, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_(library, monkeypatch, unsupported="show")
    answer = ask(library, run, "The budget of the plan is EUR 4.2 million [e1]. It opens 99 cool rooms [e1].")
    (withdrawn,) = answer.withdrawn
    assert "99" in withdrawn.text and "99" in withdrawn.reason and "99" not in answer.text


def test_the_grammar_writes_without_a_model(
    library: Session, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_(library, monkeypatch, chat="grammar")
    answer = run(cairn.ask(library, QUESTION))
    assert "4.2 million" in answer.text and answer.writer == "grammar"
    assert run(cairn.ask(library, QUESTION, model="none")).writer == ""
    with pytest.raises(Unknown, match="known: grammar, none"):
        run(cairn.ask(library, QUESTION, model="other"))


def test_a_model_that_fails_leaves_extracts(library: Session, run: Run[Any]) -> None:
    for after in (0, 30):
        broken = FailingChat("The heat plan has a budget of EUR 9 million [e1]. More", after=after)
        answer = run(cairn.ask(using(library, broken), QUESTION))
        assert answer.writer == "" and "extracts" in answer.notice and "broke off" in answer.notice
        assert "4.2 million" in answer.text and "9 million" not in answer.text


def test_good(library: Session, run: Run[Any]) -> None:
    assert not ask(library, run, good).abstained
