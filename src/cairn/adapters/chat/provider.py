"""Language models behind OpenAI's or Anthropic's protocol, through pydantic-ai: one request, streamed.

Knows providers' addresses, keys and errors. Knows nothing of retries, limits of time or accounts: what
wraps it does those. pydantic-ai is imported at the first request, as that takes a second.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from cairn.adapters.chat import keys
from cairn.adapters.chat.failures import failed
from cairn.chat import Delta, Done, Event, Prompt, Usage
from cairn.errors import Invalid, ModelFailed, Unavailable

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponseStreamEvent
    from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
    from pydantic_ai.providers import Provider
    from pydantic_ai.settings import ModelSettings

_kept: set[asyncio.Task[None]] = set()
"""What holds connections open: a loop alone would let go of it."""
LOCAL = ("127.0.0.1", "localhost", "::1")


class Known(NamedTuple):
    """Where a provider's key and address are found."""

    key: str
    address: str
    url: str
    keyless: bool = False


PROVIDERS = {
    "openai": Known("OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1"),
    "anthropic": Known("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
    "ollama": Known("OLLAMA_API_KEY", "OLLAMA_BASE_URL", "http://127.0.0.1:11434/v1", keyless=True),
    "openai-compatible": Known("CAIRN_CHAT_KEY", "", "", keyless=True),
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A model at its provider."""

    provider: str
    model: str
    url: str
    key: str = field(repr=False)


class Provided:
    """See ``cairn.protocols.Chat``."""

    def __init__(self, name: str, place: Place) -> None:
        self.name = name
        self._place = place
        self._open: dict[asyncio.AbstractEventLoop, Model] = {}
        """By event loop, as connections belong to one."""

    def prepare(self) -> None:
        """See ``cairn.protocols.Preparing``."""
        import pydantic_ai.direct  # noqa: F401

        _model(self._place)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        known = PROVIDERS[self._place.provider]
        if not self._place.key and not known.keyless:
            raise ModelFailed(f"{self.name} has no key; set {known.key}, or chat_key_file.", charged=False)
        model = await self._model()
        from pydantic_ai.direct import model_request_stream

        said = False
        try:
            async with model_request_stream(
                model,
                _messages(prompt),
                model_settings=_settings(prompt, self._place.provider),
                model_request_parameters=_parameters(prompt, model),
            ) as answer:
                async for event in answer:
                    if text := _text(event):
                        said = said or not text.isspace()
                        yield Delta(text)
                yield self._done(answer, said=said)
        except ModelFailed:
            raise
        except Exception as error:
            # Without its cause: that repeats what was said, and a trace would keep it.
            raise failed(error, self.name, key=known.key, url=self._place.url) from None

    async def _model(self) -> Model:
        """Return the client for this event loop, which goes on until the loop ends."""
        loop = asyncio.get_running_loop()
        if loop not in self._open:
            model, client = await asyncio.to_thread(_model, self._place)
            if self._open.setdefault(loop, model) is model:
                keeping = loop.create_task(_keep(client))
                keeping.add_done_callback(lambda _: self._open.pop(loop))
                _kept.add(keeping)
                keeping.add_done_callback(_kept.discard)
        return self._open[loop]

    def _done(self, answer: StreamedResponse, *, said: bool) -> Done:
        """Return the end of an answer; raises ModelFailed unless it is one."""
        ended = answer.finish_reason
        if ended is None:
            raise ModelFailed(f"{self.name} broke off in the middle; ask again.", again=True)
        if ended not in ("stop", "length"):
            raise ModelFailed(f"{self.name} would not answer ({ended}); ask otherwise, or another model.")
        if not said:
            why = "used up its tokens before the first word" if ended == "length" else "said nothing"
            raise ModelFailed(f"{self.name} {why}; ask again, or another model.", again=ended == "stop")
        usage = answer.usage
        used = Usage(
            input=usage.input_tokens,
            cached=usage.cache_read_tokens,
            stored=usage.cache_write_tokens,
            output=usage.output_tokens,
        )
        return Done(used, answer.model_name, cut=ended == "length")


async def _keep(client: Provider[Any]) -> None:
    """Hold a client open until the event loop cancels what still runs."""
    async with client:
        await asyncio.Event().wait()


def _text(event: ModelResponseStreamEvent) -> str:
    """Return what is said; what was thought before is not."""
    from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta

    match event:
        case (
            PartStartEvent(part=TextPart(content=text))
            | PartDeltaEvent(delta=TextPartDelta(content_delta=text))
        ):
            return text
    return ""


def _messages(prompt: Prompt) -> list[ModelMessage]:
    """Return the prompt as messages, neighbours of one speaker as one."""
    from pydantic_ai import messages

    made: list[ModelMessage] = []
    asked: list[messages.ModelRequestPart] = []
    for speaker, parts in groupby(prompt.parts, key=lambda part: part.speaker):
        text = "\n\n".join(part.text for part in parts)
        if speaker == "assistant":
            answered = messages.ModelResponse(parts=[messages.TextPart(text)])
            made, asked = [*made, messages.ModelRequest(parts=asked), answered], []
        elif speaker == "system":
            asked.append(messages.SystemPromptPart(text))
        else:
            asked.append(messages.UserPromptPart(text))
    return [*made, messages.ModelRequest(parts=asked)] if asked else made


def _settings(prompt: Prompt, provider: str) -> ModelSettings:
    """Return what a request is limited to; whoever wraps this retries, and accounts for every try."""
    settings: dict[str, Any] = {"max_tokens": prompt.most, "max_retries": 0}
    if provider == "anthropic":
        settings["anthropic_cache_instructions"] = True  # others keep what stands first unasked
    return settings  # type: ignore[return-value]


def _parameters(prompt: Prompt, model: Model) -> ModelRequestParameters:
    """Return the form of the output: by the provider's own mode where it has one, else by asking for it."""
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.output import OutputObjectDefinition

    if prompt.schema is None:
        return ModelRequestParameters()
    shape = OutputObjectDefinition(json_schema=dict(prompt.schema), name=prompt.purpose)
    native = model.profile.get("supports_json_schema_output", False)
    return ModelRequestParameters(output_mode="native" if native else "prompted", output_object=shape)


def _model(place: Place) -> tuple[Model, Provider[Any]]:
    """Return a model of pydantic-ai's, and what holds its connections; the first takes a second."""
    if place.provider == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        holds = AnthropicProvider(api_key=place.key, base_url=place.url)
        # By itself it would tell Anthropic which trace this belongs to.
        silent = holds.client.with_options(open_telemetry={"propagation": False, "traces": False})
        return AnthropicModel(place.model, provider=AnthropicProvider(anthropic_client=silent)), holds
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.ollama import OllamaProvider
    from pydantic_ai.providers.openai import OpenAIProvider

    # Without a reason for its end an answer may be half of one.
    profile = OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)
    if place.provider != "openai":
        profile["openai_chat_supports_max_completion_tokens"] = False
        profile["openai_supports_strict_tool_definition"] = False
        profile["openai_chat_supports_multiple_system_messages"] = False
    # A key must be something, or the client takes OpenAI's from the environment.
    key = place.key if place.key else "none"
    server: Provider[Any]
    if place.provider == "ollama":
        server = OllamaProvider(place.url, key)
        # What Ollama passes on to its cloud takes a schema and does not keep to it.
        profile["supports_json_schema_output"] = not place.model.endswith("-cloud")
    else:
        server = OpenAIProvider(base_url=place.url, api_key=key)
    return OpenAIChatModel(place.model, provider=server, profile=profile), server


def load(
    rest: str, *, name: str, key_file: str = "", environment: Mapping[str, str] = os.environ
) -> Provided:
    """Return the model that ``name``, a provider and after a colon ``rest``, stands for.

    Raises Invalid for a name, an address or a file of keys that is none, Unavailable without pydantic-ai.
    """
    if find_spec("pydantic_ai") is None:
        raise Unavailable(f"{name} needs pydantic_ai; install it with: pip install 'cairn[chat]'")
    provider = name.partition(":")[0]
    known = PROVIDERS[provider]
    key = keys.find(known.key, key_file, environment)
    if known.address:
        url, model = environment.get(known.address, known.url), rest
    else:
        url, _, model = rest.partition("#")
    if not model:
        raise Invalid(
            f"{name!r} names no model; write {provider}:{'MODEL' if known.address else 'URL#MODEL'}."
        )
    _check(url, name, key)
    return Provided(name, Place(provider=provider, model=model, url=url, key=key))


def _check(url: str, name: str, key: str) -> None:
    """Raise Invalid for an address that is none, holds a secret, or would show the key."""
    parts = urlsplit(url)
    if parts.username is not None or parts.query:
        raise Invalid(
            f"The address of {parts.hostname} holds more than a place; give a key as docs/models.md says."
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid(f"{url!r} of {name} is no address; write one like https://models.example.org/v1.")
    if key and parts.scheme == "http" and parts.hostname not in LOCAL:
        raise Invalid(f"{url!r} of {name} would show the key to everybody on the way; use https.")
