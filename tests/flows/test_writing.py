"""Written answers from a library: what is shown, withdrawn, repaired and told, and what a failure leaves."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.models.server import ModelServer
from tests.writers import FailingChat, ScriptedChat, garbage, good, obeying, served, uncited

import cairn
from cairn.chat import Delta, Event, Prompt
from cairn.errors import Invalid, Unknown
from cairn.operations.questions import trace
from cairn.session import Session

pytestmark = pytest.mark.usefixtures("here")

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


def test_what_is_neither_shown_nor_withdrawn_is_no_setting(
    library: Session, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_(library, monkeypatch, unsupported="hide")
    with pytest.raises(Invalid, match="must be withdraw or show"):
        ask(library, run, good)


def test_the_grammar_writes_without_a_model(
    library: Session, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_(library, monkeypatch, chat="grammar")
    answer = run(cairn.ask(library, QUESTION))
    assert "4.2 million" in answer.text and answer.writer == "grammar"
    spent = library.app.journal.accounts.spent(("model",), date.min)[("grammar",)]
    assert spent.calls and not spent.unpriced and spent.cost == 0, "it costs nothing, and that is known"
    assert run(cairn.ask(library, QUESTION, model="none")).writer == ""
    with pytest.raises(Unknown, match="known: grammar, none"):
        run(cairn.ask(library, QUESTION, model="other"))


def test_a_model_that_fails_leaves_extracts(library: Session, run: Run[Any]) -> None:
    for after in (0, 30):
        broken = FailingChat("The heat plan has a budget of EUR 9 million [e1]. More", after=after)
        answer = run(cairn.ask(using(library, broken), QUESTION))
        assert answer.writer == "" and "extracts" in answer.notice and "broke off" in answer.notice
        assert "4.2 million" in answer.text and "9 million" not in answer.text


def test_nothing_that_passes_leaves_extracts(library: Session, run: Run[Any]) -> None:
    for behaviour in (garbage, uncited, "Das Budget beträgt 99 Millionen Euro [e1].", "Yes [e77]."):
        answer = ask(library, run, behaviour)
        assert answer.writer == "" and "passed the check" in answer.notice and "4.2 million" in answer.text


def test_a_model_that_repeats_itself_is_stopped(library: Session, run: Run[Any]) -> None:
    chat = ScriptedChat(
        lambda prompt: "The budget of the heat plan is EUR 4.2 million [e1]. " * 10_000, piece=60
    )
    answer = run(cairn.ask(using(library, chat), QUESTION))
    assert len(answer.claims) == 1 and "cut short" in answer.notice and chat.closed == len(chat.asked) == 1


def test_what_was_cut_is_marked_and_its_last_words_are_dropped(library: Session, run: Run[Any]) -> None:
    said = "The budget of the heat plan is EUR 4.2 million [e1]. The plan opens 31 cool rooms in ✂"
    answer = ask(library, run, said)
    assert "cut short" in answer.notice and len(answer.claims) == 1
    assert ask(library, run, said).notice == answer.notice, "it is not given again"


def test_a_sentence_that_failed_is_written_once_more(library: Session, run: Run[Any]) -> None:
    said = {
        "answer": "The plan opens 99 cool rooms [e1]. Amina Weber leads the heat plan [e1]. It cost 7 [e1].",
        "repair": "1. The plan opens 31 cool rooms [e1].\n2. NONE\n5. Otto leads it [e1].",
    }
    chat = ScriptedChat(lambda prompt: said[prompt.purpose])
    answer = run(cairn.ask(using(library, chat), "Who leads the heat plan?"))
    assert [claim.text for claim in answer.claims] == [
        "The plan opens 31 cool rooms.",
        "Amina Weber leads the heat plan.",
    ]
    assert [prompt.purpose for prompt in chat.asked] == ["answer", "repair"]
    # All that was said before is said again as it was: providers have read it already.
    assert chat.asked[1].parts[: len(chat.asked[0].parts)] == chat.asked[0].parts


def test_no_answer_is_an_abstention(library: Session, run: Run[Any]) -> None:
    answer = ask(library, run, "NO ANSWER")
    assert answer.abstained and answer.writer == "scripted" and answer.evidence


def test_nothing_found_asks_no_model(session: Session, run: Run[Any]) -> None:
    chat = ScriptedChat(good)
    assert run(cairn.ask(using(session, chat), QUESTION)).abstained and chat.asked == []


def test_what_is_told_meanwhile_is_what_comes_out(library: Session, run: Run[Any]) -> None:
    told = list[tuple[str, Any]]()
    listening = replace(library, tell=lambda kind, value: told.append((kind, value)))
    said = "The heat plan has a budget of EUR 4.2 million [e1]. Amina Weber leads the heat plan [e1]."
    streamed, whole = ask(listening, run, said), ask(library, run, said + " ")
    assert "".join(value for kind, value in told if kind == "text") == said
    assert tuple(value for kind, value in told if kind == "claim") == streamed.claims
    assert told[0][0] == "evidence" and {one.id for one in streamed.evidence} <= {
        one.id for one in told[0][1]
    }
    assert streamed.claims == whole.claims and streamed.text == whole.text


def test_a_question_of_several_is_looked_up_one_by_one(library: Session, run: Run[Any]) -> None:
    says = {
        "plan": "- What is the budget of the heat plan?\n2. How many otters live on the moon?\n",
        "answer": "The budget of the heat plan is EUR 4.2 million [e1][e2].",
    }
    chat = ScriptedChat(lambda prompt: says.get(prompt.purpose, ""))
    answer = run(cairn.ask(using(library, chat), "What is the budget and how many otters live on the moon?"))
    assert "4.2 million" in answer.text and "on the moon?" in answer.notice
    assert [prompt.purpose for prompt in chat.asked][:2] == ["plan", "answer"]


def test_whoever_leaves_ends_the_request(library: Session, run: Run[Any]) -> None:
    began, ended = asyncio.Event(), list[bool]()

    class Slow(ScriptedChat):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
            try:
                yield Delta("The budget")
                began.set()
                await asyncio.sleep(60)
            finally:
                ended.append(True)

    async def leave() -> None:
        asking = asyncio.create_task(cairn.ask(using(library, Slow("")), QUESTION))
        await began.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    run(leave())
    assert ended == [True]


def test_the_trace_tells_what_was_left_out_and_which_prompt(
    library: Session, folder: Path, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        lines = (f"In ward {number} the heat plan has {line} rooms. " for line in range(60))
        (folder / f"{number}.md").write_text(f"# Heat plan {number}\n\n{''.join(lines)}")
    run(cairn.ingest(library, str(folder)))
    set_(library, monkeypatch, answer_tokens="800")
    answer = ask(library, run, good)
    steps = {step.name: step.attributes for step in run(trace(library, answer.trace)).steps}
    assert steps["write"]["prompt"] == "answer@1"
    reasons = [value for name, value in steps["pack"].items() if name.startswith("p")]
    assert "whole" in reasons and any(str(why).startswith("left out") for why in reasons)
    assert any("sentences" in str(why) for why in reasons)


def test_the_same_over_a_providers_wire(
    library: Session, run: Run[Any], models: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_(library, monkeypatch, chat="openai:gpt-5", answer_cache_days="0")
    for behaviour in (good, obeying):
        models.behave = served(behaviour)
        answer = run(cairn.ask(library, QUESTION))
        assert answer.writer.startswith("gpt-5") and "4.2 million" in answer.text and answer.notice == ""
