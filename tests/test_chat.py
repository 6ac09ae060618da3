"""Which language models a library has, and what each of them lacks."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.models.server import ModelServer, echo
from tests.models.troubles import REFUSALS, Trouble
from tests.models.wires import Heard

import cairn
from cairn.errors import Denied, Invalid, Unknown
from cairn.operations import models as operations
from cairn.people import Role
from cairn.results.system import Chats

Run = Callable[[Awaitable[Any]], Any]


def shown(run: Run, *, test: bool = True) -> Chats:
    with cairn.open() as session:
        found: Chats = run(operations.models(session, test=test))
    return found


def test_without_any_there_is_none(run: Run) -> None:
    with cairn.open() as session:
        assert session.app.chat is None and not session.app.chats
    assert shown(run) == Chats(chats=(), tested=True)


def test_they_are_listed_in_the_order_in_which_they_are_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch, models: ModelServer
) -> None:
    monkeypatch.setenv("CAIRN_CHAT", "ollama:qwen3, anthropic:claude-opus-4-8,")
    found = shown(run, test=False)
    assert [one.model for one in found.chats] == ["ollama:qwen3", "anthropic:claude-opus-4-8"]
    assert not models.asked, "nobody is asked unless that is wanted"


def test_a_good_one_lacks_nothing(run: Run, monkeypatch: pytest.MonkeyPatch, models: ModelServer) -> None:
    monkeypatch.setenv("CAIRN_CHAT", "openai:gpt-5,anthropic:claude-opus-4-8,ollama:qwen3")
    found = shown(run)
    assert [(one.writer, one.lacks) for one in found.chats] == [
        ("gpt-5", ()),
        ("claude-opus-4-8", ()),
        ("qwen3", ("a known price",)),
    ]
    assert all(one.first is not None for one in found.chats) and not found.missed
    assert len(models.asked) == 6


def in_prose(heard: Heard) -> str:
    return "One, two and so on." if heard.schema else "Blue."


def at_once(heard: Heard) -> str:
    return '{"numbers":[1,2]}' if heard.schema else "Blue."


def of_another_shape(heard: Heard) -> str:
    return '[1, "two"]' if heard.schema else "Blue."


@pytest.mark.parametrize(
    ("behave", "lacks"),
    [(in_prose, "structured output"), (of_another_shape, "structured output"), (at_once, "streaming")],
)
def test_what_one_cannot_do_is_said(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    models: ModelServer,
    behave: Callable[[Heard], str],
    lacks: str,
) -> None:
    models.behave = behave
    monkeypatch.setenv("CAIRN_CHAT", "openai:gpt-5")
    (one,) = shown(run).chats
    assert one.lacks == (lacks,) and one.writer == "gpt-5"


def test_one_that_does_not_answer_says_why(
    run: Run, monkeypatch: pytest.MonkeyPatch, models: ModelServer
) -> None:
    monkeypatch.setenv("CAIRN_CHAT_ATTEMPTS", "1")
    monkeypatch.setenv("CAIRN_CHAT", "openai:gpt-5,anthropic:claude-opus-4-8")
    monkeypatch.delenv("OPENAI_API_KEY")
    models.always = REFUSALS["401"]
    found = shown(run)
    assert found.missed == ("openai:gpt-5", "anthropic:claude-opus-4-8")
    assert "has no key; set OPENAI_API_KEY" in found.chats[0].lacks[0]
    assert "(401) refused the key; set ANTHROPIC_API_KEY" in found.chats[1].lacks[0]


def test_one_that_refuses_a_schema_alone_is_not_missed(
    run: Run, monkeypatch: pytest.MonkeyPatch, models: ModelServer
) -> None:
    monkeypatch.setenv("CAIRN_CHAT", "ollama:qwen3")
    models.troubles = [Trouble(), REFUSALS["400"]]
    found = shown(run)
    assert found.missed == () and "(400) refused the request" in found.chats[0].lacks[0]


def test_it_takes_an_admin(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRN_CHAT", "ollama:qwen3")
    with cairn.open() as session:
        with pytest.raises(Denied):
            run(operations.models(replace(session, roles=frozenset({Role.READER}))))
        assert run(operations.models(replace(session, roles=frozenset({Role.ADMIN})))).chats


@pytest.mark.parametrize(
    ("chat", "error"), [("gpt-5", Unknown), ("ollama:", Invalid), ("openai-compatible:nowhere#m", Invalid)]
)
def test_a_setting_that_makes_no_sense_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch, chat: str, error: type[Exception]
) -> None:
    monkeypatch.setenv("CAIRN_CHAT", chat)
    with pytest.raises(error) as told:
        shown(run, test=False)
    with cairn.open() as session:
        assert run(cairn.status(session)).writing == str(told.value)
        assert run(cairn.status(replace(session, roles=frozenset({Role.READER})))).writing == ""


@pytest.mark.parametrize("name", ["BUDGETS", "PRICES", "PROMPTS", "JUDGE"])
def test_whatever_else_is_set_wrong_is_said_before_anybody_asks(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("CAIRN_CHAT", "grammar")
    with cairn.open() as session:
        assert run(cairn.status(session)).writing == ""
    monkeypatch.setenv(f"CAIRN_{name}", "nowhere")
    with cairn.open() as session:
        assert "nowhere" in run(cairn.status(session)).writing
        assert run(cairn.ask(session, "Why?", model="none")).abstained, "who asks for extracts has them"


def test_a_model_is_prepared_without_being_asked(
    monkeypatch: pytest.MonkeyPatch, models: ModelServer
) -> None:
    monkeypatch.setenv("CAIRN_CHAT", "openai:gpt-5,anthropic:claude-opus-4-8,grammar")
    with cairn.open() as session:
        session.app.prepare()
        assert "verifier" in vars(session.app) and not models.asked
    monkeypatch.setenv("CAIRN_CHAT", "")
    with cairn.open() as session:
        session.app.prepare()
        assert "verifier" not in vars(session.app)


def test_the_scripted_server_answers_whole_as_well(models: ModelServer) -> None:
    from urllib.request import Request, urlopen

    said = {"model": "m", "messages": [{"role": "user", "content": "Hello there."}]}
    for path in ("/v1/chat/completions", "/v1/messages"):
        with urlopen(Request(models.url + path, json.dumps(said).encode(), method="POST")) as answer:
            assert "Hello there." in answer.read().decode()
    assert echo(models.asked[0].heard) == "Hello there."
