"""What every chat model must do, run over every provider's client against a server that speaks its wire."""

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from tests.models.server import ModelServer
from tests.models.troubles import BROKEN, REFUSALS, Trouble

from cairn import registry
from cairn.chat import Delta, Done, Part, Prompt
from cairn.errors import Invalid, ModelFailed, Unavailable, Unknown
from cairn.protocols import Chat
from cairn.trace import recording, span

Run = Callable[[Awaitable[Any]], Any]
PROVIDERS = ("openai:gpt-5", "anthropic:claude-opus-4-8", "ollama:qwen3:8b", "openai-compatible")
SECRET = "The otter survey has a budget of 4,200."
PROMPT = Prompt(
    parts=(
        Part("system", "system", "You answer from the evidence alone. " * 30),
        Part("user", "evidence", SECRET),
        Part("user", "question", "What is the budget of the survey?"),
    ),
    purpose="answer",
    version="answer@1",
    asker="amina",
    most=77,
)
SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "cites": {"type": "array", "items": {"type": "integer"}}},
    "required": ["text", "cites"],
    "additionalProperties": False,
}


MEANT = {
    "400": "refused the request",
    "401": "refused the key",
    "403": "refused the key",
    "404": "is not known at",
    "413": "refused the request",
    "429": "is asked too often; wait",
    "500": "failed on its side",
    "502": "failed on its side",
    "503": "is overloaded",
    "504": "failed on its side",
    "529": "is overloaded",
    "429 insufficient_quota": "has no credit left",
    "400 context_length_exceeded": "cannot read so much at once",
}


@pytest.fixture(params=PROVIDERS)
def chat(request: pytest.FixtureRequest, models: ModelServer) -> Chat:
    name = f"{request.param}:{models.url}/v1#tiny" if request.param == PROVIDERS[-1] else request.param
    made: Chat = registry.load("chat", name, name=name)
    return made


async def heard(chat: Chat, prompt: Prompt = PROMPT) -> tuple[list[str], Done]:
    async with aclosing(chat.stream(prompt)) as events:
        *deltas, done = [event async for event in events]
    assert isinstance(done, Done) and all(isinstance(delta, Delta) and delta.text for delta in deltas)
    return [delta.text for delta in deltas], done


def test_what_is_said_comes_piece_by_piece_and_ends_with_what_it_took(
    run: Run, chat: Chat, models: ModelServer
) -> None:
    said, done = run(heard(chat))
    assert "".join(said) == f"{SECRET}\n\nWhat is the budget of the survey?" and len(said) > 5
    (asked,) = models.asked
    assert (
        done.model
        == asked.body["model"]
        == chat.name.replace("#", ":").rpartition("/v1")[2].partition(":")[2]
    )
    assert done.usage.input == sum(len(m.text) for m in asked.heard.messages) // 4
    assert done.usage.output > 5 and not done.cut
    assert PROMPT.asker not in str(asked), "who asks is nobody else's affair"


def test_neighbours_of_one_speaker_are_one_message_and_turns_stay_in_order(
    run: Run, chat: Chat, models: ModelServer
) -> None:
    turns = (Part("assistant", "history", "It was [e1]."), Part("user", "question", "And before?"))
    run(heard(chat, replace(PROMPT, parts=PROMPT.parts + turns)))
    (asked,) = models.asked
    assert [message.role for message in asked.heard.messages] == ["system", "user", "assistant", "user"]
    assert asked.heard.messages[1].text.startswith(SECRET) and asked.heard.messages[3].text == "And before?"
    assert 77 in asked.body.values(), "the limit of tokens is sent"


def test_a_schema_is_sent_and_kept_to(run: Run, chat: Chat, models: ModelServer) -> None:
    said, _ = run(heard(chat, replace(PROMPT, schema=SCHEMA)))
    assert json.loads("".join(said)) == {"text": "word", "cites": [1]}
    assert models.asked[0].heard.schema == SCHEMA


def test_where_there_is_no_mode_for_schemas_the_prompt_asks(run: Run, models: ModelServer) -> None:
    name = "ollama:qwen3-cloud"
    run(heard(registry.load("chat", name, name=name), replace(PROMPT, schema=SCHEMA)))
    (asked,) = models.asked
    assert asked.heard.schema is None
    assert [message.role for message in asked.heard.messages] == ["system", "user"]
    assert '"cites"' in asked.heard.messages[0].text


def test_a_prefix_read_before_is_counted_as_cached(run: Run, chat: Chat, models: ModelServer) -> None:
    async def twice() -> tuple[Done, Done]:
        return (await heard(chat))[1], (await heard(chat))[1]

    first, second = run(twice())
    assert first.usage.cached == 0 and second.usage.cached > 200
    assert first.usage.input == second.usage.input, "cached or not, it was read"
    stores = chat.name.startswith("anthropic")
    assert (first.usage.stored > 0) is stores, "where it is to be asked for, it is"


def test_an_answer_cut_at_its_limit_says_so(run: Run, chat: Chat, models: ModelServer) -> None:
    models.always = Trouble(cut=3)
    said, done = run(heard(chat))
    assert done.cut and len(said) == 3


def test_closing_it_early_hangs_up(run: Run, chat: Chat, models: ModelServer) -> None:
    models.always = Trouble(after=2, then="stall")

    async def look() -> None:
        async with aclosing(chat.stream(PROMPT)) as events:
            await anext(events)
        await hung_up(models)

    run(look())


def test_cancelling_the_asker_hangs_up(run: Run, chat: Chat, models: ModelServer) -> None:
    models.always = Trouble(first=3600)

    async def give_up() -> None:
        asking = asyncio.create_task(heard(chat))
        while not models.asked:
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await hung_up(models)

    run(give_up())


async def hung_up(models: ModelServer) -> None:
    deadline = monotonic() + 20
    while not models.left:
        assert monotonic() < deadline, "the server still talks to nobody"
        await asyncio.sleep(0.01)


def test_it_serves_one_event_loop_after_another(run: Run, chat: Chat) -> None:
    assert run(heard(chat)) == run(heard(chat)) or chat.name  # caching may differ
    assert run(heard(chat))[0]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_is_told_once_with_the_way_out(
    run: Run, chat: Chat, models: ModelServer, refusal: str
) -> None:
    models.always = REFUSALS[refusal]
    status = refusal[:3]
    with pytest.raises(ModelFailed, match=MEANT[refusal]) as failed:
        run(heard(chat))
    assert str(failed.value).startswith(f"{chat.name} ({status}") and str(failed.value).endswith(".")
    assert failed.value.again is (status in ("429", "500", "502", "503", "504", "529") and " " not in refusal)
    assert failed.value.after == (1.0 if refusal == "429" else None)
    assert failed.value.charged is (status in ("500", "502", "504"))
    assert len(models.asked) == 1, "whoever retries is not the client"


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_answer_is_no_answer(run: Run, chat: Chat, models: ModelServer, fault: str) -> None:
    models.always = BROKEN[fault]
    with pytest.raises(ModelFailed, match=chat.name) as failed:
        run(heard(chat))
    assert failed.value.again and failed.value.charged


def test_nothing_that_was_said_and_no_key_gets_anywhere(
    run: Run,
    chat: Chat,
    models: ModelServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO)
    exported: list[str] = []

    class Sink:
        def on_start(self, span: Any, parent_context: Any = None) -> None: ...
        def on_end(self, span: Any) -> None:
            exported.append(span.to_json())

        def shutdown(self) -> None: ...
        def _on_ending(self, span: Any) -> None: ...

    provider = TracerProvider()
    provider.add_span_processor(Sink())  # type: ignore[arg-type]

    async def ask() -> str:
        with recording(provider.get_tracer("test")), span("ask"):
            await heard(chat)
        return ""

    run(ask())
    for trouble in [*REFUSALS.values(), *BROKEN.values()]:
        models.always = trouble
        with pytest.raises(ModelFailed) as failed:
            run(ask())
        exported += [str(failed.value), repr(failed.value)]
    told = "\n".join([*exported, caplog.text, repr(chat), repr(vars(chat))])
    assert "otter" not in told and "key-of" not in told and "refused:" not in told
    assert all("traceparent" not in asked.headers for asked in models.asked), (
        "traces are nobody else's affair"
    )
    if not chat.name.startswith("openai-compatible"):
        assert "key-of-" in str(models.asked[0].headers)


def test_nobody_gets_the_key_of_another(
    run: Run, models: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "key-of-somebody")
    monkeypatch.delenv("OLLAMA_API_KEY")
    for name in ("ollama:qwen3", f"openai-compatible:{models.url}/v1#tiny"):
        run(heard(registry.load("chat", name, name=name)))
    assert "key-of" not in str([asked.headers for asked in models.asked])


@pytest.mark.parametrize(
    ("name", "variable"), [(PROVIDERS[0], "OPENAI_API_KEY"), (PROVIDERS[1], "ANTHROPIC_API_KEY")]
)
def test_a_key_is_missed_where_there_is_none(
    run: Run, models: ModelServer, monkeypatch: pytest.MonkeyPatch, name: str, variable: str
) -> None:
    monkeypatch.delenv(variable)
    with pytest.raises(ModelFailed, match=f"has no key; set {variable}, or chat_key_file"):
        run(heard(registry.load("chat", name, name=name)))
    assert not models.asked


def test_a_key_may_stand_in_a_file_that_nobody_else_reads(
    run: Run, models: ModelServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    file = tmp_path / "keys"
    file.write_text("# ours\n\nOPENAI_API_KEY = key-in-a-file\nCAIRN_CHAT_KEY=other\n")

    def made(file: Path) -> Chat:
        chat: Chat = registry.load("chat", PROVIDERS[0], name=PROVIDERS[0], key_file=str(file))
        return chat

    file.chmod(0o640)
    with pytest.raises(Invalid, match="may be read by others; chmod 600"):
        made(file)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    run(heard(made(file)))
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    file.chmod(0o600)
    run(heard(made(file)))
    assert [asked.headers["authorization"] for asked in models.asked] == ["Bearer key-in-a-file"] * 2
    with pytest.raises(Invalid, match="cannot be read: No such file"):
        made(tmp_path / "nothing")
    file.write_bytes(b"\xff")
    with pytest.raises(Invalid, match="it is not UTF-8"):
        made(file)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("openai", "names no model; write openai:MODEL"),
        ("openai-compatible:http://127.0.0.1:1/v1", "names no model; write openai-compatible:URL#MODEL"),
        ("openai-compatible:127.0.0.1:1#m", "is no address"),
        ("openai-compatible:https://me:secret@models.example.org/v1#m", "holds more than a place"),
        ("openai-compatible:https://models.example.org/v1?key=secret#m", "holds more than a place"),
        ("openai-compatible:http://models.example.org/v1#m", "would show the key"),
    ],
)
def test_a_name_or_address_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    monkeypatch.setenv("CAIRN_CHAT_KEY", "key-of-theirs")
    with pytest.raises(Invalid, match=says) as refused:
        registry.load("chat", name, name=name)
    assert "secret" not in str(refused.value) and "key-of" not in str(refused.value)


def test_an_unknown_provider_is_told_from_the_known() -> None:
    with pytest.raises(Unknown, match="known: anthropic, grammar, ollama, openai, openai-compatible"):
        registry.load("chat", "gemini:pro", name="gemini:pro")


def test_without_pydantic_ai_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.adapters.chat.provider.find_spec", lambda name: None)
    with pytest.raises(Unavailable, match=r"pip install 'cairn\[chat\]'"):
        registry.load("chat", "ollama:qwen3", name="ollama:qwen3")


def test_nothing_else_answers_than_what_was_asked(run: Run, models: ModelServer) -> None:
    assert "OPENAI_BASE_URL" in os.environ
    name = "openai-compatible:http://127.0.0.1:9/v1#tiny"
    with pytest.raises(ModelFailed, match=r"cannot be reached at http://127\.0\.0\.1:9/v1") as failed:
        run(heard(registry.load("chat", name, name=name)))
    assert failed.value.again and not failed.value.charged and not models.asked
