"""Whatever a model server does, asking ends: with the next model's whole answer, or with an error."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from tests.models.server import ModelServer, serving
from tests.models.troubles import BROKEN, REFUSALS, STALLED, Trouble

import cairn
from cairn.chat import Done, Part, Prompt
from cairn.errors import ModelFailed
from cairn.flows.gateway import retrying
from cairn.protocols import Chat
from cairn.session import Session

Run = Callable[[Awaitable[Any]], Any]
FAULTS = REFUSALS | BROKEN | STALLED
WIRES = ("openai:gpt-5", "anthropic:claude-opus-4-8")
QUESTION = "One two three four five."
PROMPT = Prompt(
    parts=(Part("user", "question", QUESTION),), purpose="answer", version="answer@1", asker="amina"
)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC))
SECONDS = 60
"""More than any of these may take, on the slowest machine."""


@pytest.fixture
def good(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """Hold a server that is always well, and make those that wait for the other one wait briefly."""
    for wire in ("openai", "anthropic"):
        import_module(f"pydantic_ai.models.{wire}")  # here, where no limit of time runs
    for name, value in (("FIRST_SECONDS", "8"), ("PAUSE_SECONDS", "4"), ("ATTEMPTS", "2")):
        monkeypatch.setenv(f"CAIRN_CHAT_{name}", value)
    monkeypatch.setattr(retrying, "BASE", 0.01)
    with serving() as server:
        yield server


@contextmanager
def configured(name: str) -> Iterator[Session]:
    """Hold a library whose chat model is this."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CAIRN_CHAT", name)
        with cairn.open() as session:
            yield session


async def asked(chat: Chat | None) -> tuple[str, Done | ModelFailed]:
    """Return what was passed on, and how it ended."""
    assert chat is not None
    said = ""
    try:
        async with asyncio.timeout(SECONDS), aclosing(chat.stream(PROMPT)) as events:
            async for event in events:
                if isinstance(event, Done):
                    return said, event
                said += event.text
    except ModelFailed as error:
        return said, error
    raise AssertionError("it ended without an end")


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_in_an_error_or_the_next_models_answer(
    run: Run,
    models: ModelServer,
    good: ModelServer,
    fault: str,
    wire: str,
) -> None:
    models.always = FAULTS[fault]
    fallback = f"openai-compatible:{good.url}/v1#good"

    async def both() -> Any:
        with configured(wire) as alone, configured(f"{wire},{fallback}") as backed:
            ended = await asyncio.gather(asked(alone.app.chat), asked(backed.app.chat))
            return *ended, alone.app.journal.accounts.calls(*EVER, 99)

    (alone, error), (said, end), calls = run(both())
    assert isinstance(error, ModelFailed) and wire in str(error) and QUESTION not in str(error)
    assert QUESTION.startswith(alone)
    if alone:
        assert isinstance(end, ModelFailed) and not good.asked, "half an answer is not made whole by another"
    else:
        assert isinstance(end, Done) and end.model == "good" and said == QUESTION
    assert len(calls) == len(models.asked) + len(good.asked), "each request is in the accounts"
    assert Counter(call.outcome for call in calls) == Counter(failed=len(models.asked), done=len(good.asked))


@pytest.mark.parametrize("wire", WIRES)
def test_a_slow_model_is_no_fault(run: Run, models: ModelServer, good: ModelServer, wire: str) -> None:
    models.always = Trouble(first=0.1, gap=0.02)
    with configured(wire) as session:
        said, end = run(asked(session.app.chat))
    assert said == QUESTION and isinstance(end, Done)


@pytest.mark.parametrize("wire", WIRES)
def test_a_fault_that_passes_is_tried_again(
    run: Run, models: ModelServer, good: ModelServer, wire: str
) -> None:
    models.troubles = [REFUSALS["529"]]
    with configured(wire) as session:
        said, end = run(asked(session.app.chat))
    assert said == QUESTION and isinstance(end, Done) and len(models.asked) == 2
