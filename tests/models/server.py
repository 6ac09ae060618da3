"""A scripted model server on a loopback port: real wire formats, made-up answers, troubles on demand.

Speaks OpenAI's chat completions (``/v1/chat/completions``) and Anthropic's messages (``/v1/messages``),
streamed or whole, one request a connection. Remembers what it was asked. Knows nothing of Cairn.
"""

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.models import wires
from tests.models.troubles import NONE, Trouble
from tests.models.wires import Heard

Behaviour = Callable[[Heard], str]
"""What the model would write, from what it was asked."""


def echo(heard: Heard) -> str:
    """Write the last message back, or something that fits what a schema asks for."""
    return heard.messages[-1].text if heard.schema is None else json.dumps(fitting(heard.schema))


def fitting(schema: Mapping[str, Any]) -> Any:
    """Return the first thing that comes to mind that satisfies a schema of the simple kinds."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: fitting(each) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [fitting(schema["items"])]
        case "string":
            return "word"
        case "boolean":
            return True
    return 1


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    heard: Heard


@dataclass
class ModelServer:
    """What the server does next and what it has seen; start it with ``serving``."""

    behave: Behaviour = echo
    troubles: list[Trouble] = field(default_factory=list)
    """One for each request to come, in order; none is left: all is well."""
    always: Trouble = NONE
    """For the requests that have none of their own."""
    asked: list[Asked] = field(default_factory=list)
    left: int = 0
    """Requests whose asker hung up before the end."""
    url: str = ""
    _cached: set[str] = field(default_factory=set)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one request of a connection."""
        try:
            asked = await _read(reader)
            self.asked.append(asked)
            trouble = self.troubles.pop(0) if self.troubles else self.always
            speaking = asyncio.ensure_future(self._speak(asked, trouble, writer))
            leaving = asyncio.ensure_future(reader.read(1))
            done, _ = await asyncio.wait((speaking, leaving), return_when=asyncio.FIRST_COMPLETED)
            self.left += speaking not in done
            for task in (speaking, leaving):
                task.cancel()
            await asyncio.gather(speaking, leaving, return_exceptions=True)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.left += 1
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _speak(self, asked: Asked, trouble: Trouble, writer: asyncio.StreamWriter) -> None:
        wire = wires.of(asked.path)
        if trouble.status != 200:
            said = f"refused: {asked.heard.messages[-1].text}"
            error = json.dumps(wire.error(trouble.status, trouble.code, said))
            _head(writer, trouble.status, "application/json", trouble.headers, len(error.encode()))
            writer.write(error.encode())
            await writer.drain()
            return
        await asyncio.sleep(trouble.first)
        written = "" if trouble.empty else self.behave(asked.heard)
        words = re.findall(r"\s*\S+\s*$|\s*\S+", written)
        reply = wires.Reply(
            model=asked.body["model"],
            words=words[: trouble.cut] if trouble.cut is not None else words,
            cut=trouble.cut is not None,
            read=_tokens(asked),
            cached=self._hit(asked, wire),
            stores=wire.stores(asked.body),
        )
        if not asked.body.get("stream"):
            whole = json.dumps(wire.whole(reply)).encode()
            _head(writer, 200, trouble.type or "application/json", {}, len(whole))
            writer.write(whole)
            await writer.drain()
            return
        _head(writer, 200, trouble.type or "text/event-stream", {}, None)
        await _stream(list(wire.stream(reply)), trouble, writer)

    def _hit(self, asked: Asked, wire: wires.Wire) -> int:
        """Return the tokens of the system part, if it was read before; remember it if it is to be."""
        system = "\n".join(m.text for m in asked.heard.messages if m.role == "system")
        hit = system in self._cached
        if wire.stores(asked.body):
            self._cached.add(system)
        return len(system) // 4 if hit else 0


def _tokens(asked: Asked) -> int:
    return sum(len(message.text) for message in asked.heard.messages) // 4


async def _stream(events: list[wires.Event], trouble: Trouble, writer: asyncio.StreamWriter) -> None:
    """Send events one by one; ``trouble`` says what happens after so many words."""
    words = 0
    for event in events:
        if trouble.after is not None and words == trouble.after and (event.word or event.last):
            await _happen(trouble, writer)
            return
        words += event.word
        _chunk(writer, event.text)
        await writer.drain()
        if event.word and trouble.gap:
            await asyncio.sleep(trouble.gap)
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _happen(trouble: Trouble, writer: asyncio.StreamWriter) -> None:
    match trouble.then:
        case "stall":
            await asyncio.sleep(3600)
        case "drop":
            writer.transport.abort()
            return
        case "garbage":
            _chunk(writer, 'event: content_block_delta\ndata: {"choices": [{"delta": {"cont\n\n')
        case "error":
            error = {"type": "error", "error": {"type": "overloaded_error", "message": "overloaded"}}
            _chunk(writer, f"event: error\ndata: {json.dumps(error)}\n\n")
    writer.write(b"0\r\n\r\n")  # a tidy end of the body, wherever the answer was
    await writer.drain()


def _head(
    writer: asyncio.StreamWriter, status: int, kind: str, headers: Mapping[str, str], length: int | None
) -> None:
    size = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
    lines = {"Content-Type": kind, "Connection": "close"} | size | dict(headers)
    said = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"HTTP/1.1 {status} Scripted\r\n{said}\r\n".encode())


def _chunk(writer: asyncio.StreamWriter, text: str) -> None:
    data = text.encode()
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))))
    path = head[0].split(" ")[1]
    return Asked(path=path, headers=headers, body=body, heard=wires.of(path).heard(body))


@contextmanager
def serving(
    behave: Behaviour = echo,
    troubles: Iterable[Trouble] = (),
    *,
    always: Trouble = NONE,
    port: int = 0,
) -> Iterator[ModelServer]:
    """Serve in a thread of its own, with its own event loop, until the block ends."""
    server = ModelServer(behave=behave, troubles=list(troubles), always=always)
    ready = threading.Event()
    stopping: list[Callable[[], None]] = []

    async def serve() -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        stopping.append(lambda: loop.call_soon_threadsafe(done.set))
        listening = await asyncio.start_server(server.answer, "127.0.0.1", port)
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        ready.set()
        await done.wait()
        listening.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        if not ready.wait(10):
            raise OSError(f"no model server on port {port}")
        yield server
    finally:
        for stop in stopping:
            stop()
        thread.join()
