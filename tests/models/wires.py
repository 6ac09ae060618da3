"""The wire formats of two families of model servers, as much of them as a written answer takes.

OpenAI's chat completions and Anthropic's messages, after their public references. Knows nothing of HTTP.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol


class Message(NamedTuple):
    """What one side said."""

    role: str
    text: str


class Heard(NamedTuple):
    """A request, whichever way it was said."""

    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered, and the tokens it is said to have taken."""

    model: str
    words: list[str]
    cut: bool
    read: int
    cached: int
    stores: bool

    @property
    def text(self) -> str:
        return "".join(self.words)


class Event(NamedTuple):
    """A piece of a stream."""

    text: str
    word: bool = False
    """Whether it is a word of the answer."""
    last: bool = False
    """Whether it is what ends the answer."""


class Wire(Protocol):
    """One family's format."""

    def heard(self, body: Mapping[str, Any]) -> Heard: ...
    def stores(self, body: Mapping[str, Any]) -> bool: ...
    def error(self, status: int, code: str, message: str) -> Any: ...
    def whole(self, reply: Reply) -> Any: ...
    def stream(self, reply: Reply) -> Iterator[Event]: ...


def of(path: str) -> Wire:
    """Return the format that is spoken at a path."""
    return Anthropic() if path.partition("?")[0].endswith("/messages") else OpenAI()


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


class OpenAI:
    """``POST /v1/chat/completions``."""

    def heard(self, body: Mapping[str, Any]) -> Heard:
        messages = tuple(Message(m["role"], _text(m["content"])) for m in body["messages"])
        asked = body.get("response_format", {}).get("json_schema", {})
        return Heard(messages, asked.get("schema"))

    def stores(self, body: Mapping[str, Any]) -> bool:
        return True  # whatever was read is kept for a while, unasked

    def error(self, status: int, code: str, message: str) -> Any:
        return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}

    def _usage(self, reply: Reply) -> Any:
        return {
            "prompt_tokens": reply.read,
            "completion_tokens": len(reply.words),
            "total_tokens": reply.read + len(reply.words),
            "prompt_tokens_details": {"cached_tokens": reply.cached},
        }

    def whole(self, reply: Reply) -> Any:
        message = {"role": "assistant", "content": reply.text}
        return self._about(reply, "chat.completion") | {
            "choices": [{"index": 0, "message": message, "finish_reason": _stop(reply, "length", "stop")}],
            "usage": self._usage(reply),
        }

    def stream(self, reply: Reply) -> Iterator[Event]:
        yield self._event(reply, {"role": "assistant", "content": ""})
        for word in reply.words:
            yield self._event(reply, {"content": word})._replace(word=True)
        yield self._event(reply, {}, _stop(reply, "length", "stop"))._replace(last=True)
        about = self._about(reply, "chat.completion.chunk")
        yield Event(f"data: {json.dumps(about | {'choices': [], 'usage': self._usage(reply)})}\n\n")
        yield Event("data: [DONE]\n\n")

    def _event(self, reply: Reply, delta: Any, stop: str | None = None) -> Event:
        about = self._about(reply, "chat.completion.chunk")
        choices = [{"index": 0, "delta": delta, "finish_reason": stop}]
        return Event(f"data: {json.dumps(about | {'choices': choices, 'usage': None})}\n\n")

    def _about(self, reply: Reply, kind: str) -> dict[str, Any]:
        return {"id": "chatcmpl-1", "object": kind, "created": 1_790_000_000, "model": reply.model}


class Anthropic:
    """``POST /v1/messages``."""

    TYPES: ClassVar = {
        400: "invalid_request_error",
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        413: "request_too_large",
        429: "rate_limit_error",
        529: "overloaded_error",
    }

    def heard(self, body: Mapping[str, Any]) -> Heard:
        system = _text(body.get("system", ""))
        said = [Message("system", system)] if system else []
        said += [Message(m["role"], _text(m["content"])) for m in body["messages"]]
        return Heard(tuple(said), body.get("output_config", {}).get("format", {}).get("schema"))

    def stores(self, body: Mapping[str, Any]) -> bool:
        system = body.get("system", "")
        return not isinstance(system, str) and any("cache_control" in part for part in system)

    def error(self, status: int, code: str, message: str) -> Any:
        kind = self.TYPES.get(status, "api_error")
        if code == "insufficient_quota":
            kind = "billing_error"
        if code == "context_length_exceeded":
            message = f"prompt is too long; {message}"
        return {"type": "error", "error": {"type": kind, "message": message}}

    def _usage(self, reply: Reply) -> Any:
        """Count as Anthropic does: what was cached or stored is not part of the input."""
        stored = reply.read // 2 if reply.stores and not reply.cached else 0
        return {
            "input_tokens": reply.read - reply.cached - stored,
            "cache_creation_input_tokens": stored,
            "cache_read_input_tokens": reply.cached,
            "output_tokens": len(reply.words),
        }

    def whole(self, reply: Reply) -> Any:
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": reply.model,
            "content": [{"type": "text", "text": reply.text}] if reply.words else [],
            "stop_reason": _stop(reply, "max_tokens", "end_turn"),
            "stop_sequence": None,
            "usage": self._usage(reply),
        }

    def stream(self, reply: Reply) -> Iterator[Event]:
        usage = self._usage(reply)
        begun = self.whole(reply) | {
            "content": [],
            "stop_reason": None,
            "usage": usage | {"output_tokens": 1},
        }
        yield self._event("message_start", message=begun)
        yield self._event("ping")
        if reply.words:
            yield self._event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for word in reply.words:
            delta = {"type": "text_delta", "text": word}
            yield self._event("content_block_delta", index=0, delta=delta)._replace(word=True)
        if reply.words:
            yield self._event("content_block_stop", index=0)
        ended = {"stop_reason": _stop(reply, "max_tokens", "end_turn"), "stop_sequence": None}
        yield self._event("message_delta", delta=ended, usage=usage)._replace(last=True)
        yield self._event("message_stop")

    def _event(self, kind: str, **data: Any) -> Event:
        return Event(f"event: {kind}\ndata: {json.dumps({'type': kind} | data)}\n\n")


def _stop(reply: Reply, cut: str, whole: str) -> str:
    return cut if reply.cut else whole
