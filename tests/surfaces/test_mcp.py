"""MCP as an assistant meets it, over both transports and in both ages: what it finds, and what it may not."""

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import replace
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from tests.surfaces.assistants import MODES, QUESTION, command, numbers, over_http, served, text
from tests.surfaces.conftest import House

from cairn.operations import access, questions, tokens
from cairn.session import Session

SECRETS = ("pay.md", "9,000", "director is", "owner.md", "heron", "Diary")
Connect = Callable[[str], AbstractAsyncContextManager[Client]]


@asynccontextmanager
async def connected(house: House, transport: str, mode: str) -> AsyncIterator[Connect]:
    """Yield what connects whoever has a token."""
    if transport == "stdio":
        yield lambda token: Client(command(CAIRN_TOKEN=token), mode=mode)
        return
    async with served(house.session) as url:
        yield lambda token: over_http(url, token, mode)


@pytest.fixture(params=[f"{transport} {mode}" for transport in ("http", "stdio") for mode in MODES])
def talk(request: pytest.FixtureRequest, house: House) -> Iterator[Callable[..., Any]]:
    """Return what runs a conversation, with a way to connect, over each transport in each mode."""
    transport, mode = request.param.split()

    def run(conversation: Callable[[Connect], Awaitable[Any]]) -> Any:
        async def all_of_it() -> Any:
            async with connected(house, transport, mode) as connect:
                return await conversation(connect)

        return asyncio.run(all_of_it())

    yield run


async def issued(house: House, person: str) -> tuple[str, int]:
    made = await tokens.tokens_create(house.session, "assistant", person=person)
    return made.secret, made.tokens[0].id


def test_an_assistant_asks_searches_and_reads(house: House, talk: Callable[..., Any]) -> None:
    number = numbers(house)["audit.md"]

    async def conversation(connect: Connect) -> None:
        async with connect(house_token) as client:
            told: list[str | None] = []

            async def progress(done: float, total: float | None, message: str | None) -> None:
                told.append(message)

            answer = await client.call_tool("ask", QUESTION, progress_callback=progress)
            assert "The audit found 12 missing invoices in Ostrel. [1]" in text(answer)
            assert f"[1] Audit 2018: audit.md, line 3 cairn://document/{number}" in text(answer)
            assert answer.structured_content["claims"][0]["citations"][0]["uri"] == "audit.md"
            assert told[0] == "access" and {"retrieve", "extract", "ask"} <= set(told)
            found = await client.call_tool("search", {"query": "missing invoices", "k": 1})
            passage = found.structured_content["evidence"][0]
            assert f"[{passage['id']}] Audit 2018: audit.md" in text(found) and passage["text"] in text(found)
            read = await client.call_tool("document", {"name": "audit.md", "start": passage["id"]})
            assert read.structured_content["passages"][0]["text"] == passage["text"]
            resource = await client.read_resource(f"cairn://document/{number}")
            assert "12 missing invoices in Ostrel." in resource.contents[0].text
            status = await client.call_tool("status")
            assert status.structured_content["sources"][0]["states"] == {"indexed": 2}
            steps = await client.call_tool("trace", {"id": answer.structured_content["trace"]})
            assert steps.structured_content["steps"][0]["name"] == "ask"

    house_token = house.token("tomas")
    talk(conversation)


def test_who_may_not_read_learns_nothing(house: House, talk: Callable[..., Any]) -> None:
    """Every tool and resource; ids real and guessed; somebody else's trace."""
    hidden, others = (
        numbers(house)["pay.md"],
        asyncio.run(questions.ask(as_("tomas", house), "secret pay?")).trace,
    )
    token = house.token("ada")

    async def conversation(connect: Connect) -> None:
        async with connect(token) as client:
            offered = {tool.name for tool in (await client.list_tools()).tools}
            tried: dict[str, list[dict[str, Any]]] = {
                "ask": [{"question": "What is the secret pay of the director?"}, {"question": "heron diary"}],
                "report": [{"question": "What is the secret pay of the director, and who wrote a diary?"}],
                "search": [{"query": "secret pay director heron diary", "k": 100, "explain": True}],
                "document": [{"name": name} for name in ("pay.md", f"d{hidden}", "999", "d999")],
                "documents": [{}, {"holding": "pay"}, {"state": ["indexed"]}],
                "status": [{}],
                "trace": [{"id": others}, {"id": "0" * 32}],
            }
            assert offered == tried.keys()
            said = {name: [await client.call_tool(name, one) for one in each] for name, each in tried.items()}
            everything = json.dumps([one.model_dump() for each in said.values() for one in each])
            assert not [word for word in SECRETS if word in everything.replace("'pay.md'", "")]
            status = said["status"][0].structured_content
            assert sum(source["states"]["indexed"] for source in status["sources"]) == 1
            assert alike([text(one) for one in said["document"]], ["pay.md", f"d{hidden}", "999", "d999"])
            assert alike([text(one) for one in said["trace"]], [others, "0" * 32])
            refused = []
            for number in (hidden, 999):
                with pytest.raises(MCPError) as error:
                    await client.read_resource(f"cairn://document/{number}")
                refused.append((error.value.code, str(error.value), error.value.data))
            assert alike([str(one) for one in refused], [f"'{hidden}'", "'999'"])
            listed = [await client.list_resources(), await client.list_resource_templates()]
            assert not [word for word in SECRETS if word in str(listed)]

    talk(conversation)


def as_(name: str, house: House) -> Session:
    return Session(app=house.session.app, name=name)


def alike(said: list[str], names: list[str]) -> bool:
    """Tell whether these differ by nothing but what was asked for."""
    return len({one.replace(name, "it") for one, name in zip(said, names, strict=True)}) == 1


def test_a_right_taken_away_holds_at_the_next_call(house: House, talk: Callable[..., Any]) -> None:
    number = numbers(house)["pay.md"]
    asked = {"question": "What is the secret pay of the director?"}

    async def conversation(connect: Connect) -> None:
        secret, _ = await issued(house, "tomas")
        async with connect(secret) as client:
            assert "9,000" in text(await client.call_tool("ask", asked))
            assert "9,000" in (await client.read_resource(f"cairn://document/{number}")).contents[0].text
            await access.access_remove(house.session, "person:tomas", ["group:hr"])
            for name, given in (("ask", asked), ("search", {"query": "secret pay"}), ("status", {})):
                assert not [word for word in SECRETS if word in str(await client.call_tool(name, given))]
            assert (await client.call_tool("document", {"name": f"d{number}"})).is_error
            with pytest.raises(MCPError, match="No document"):
                await client.read_resource(f"cairn://document/{number}")

    talk(conversation)


LIVES = 6.0
"""Seconds of a short token: enough to start a process and ask once."""


@pytest.mark.parametrize("how", ["revoked", "expired", "disabled"])
def test_a_token_that_stands_no_longer_is_refused_at_the_next_call(
    house: House, talk: Callable[..., Any], how: str
) -> None:
    async def end(number: int) -> None:
        people = house.session.app.journal.people
        if how == "revoked":
            await tokens.tokens_revoke(house.session, number)
        elif how == "disabled":
            account = people.account("tomas")
            assert account is not None
            people.save(replace(account, disabled=True))
        else:
            expire(house, number)

    async def conversation(connect: Connect) -> None:
        secret, number = await issued(house, "tomas")
        async with connect(secret) as client:
            assert "12 missing" in text(await client.call_tool("ask", QUESTION))
            await end(number)
            for call in (
                lambda: client.call_tool("ask", QUESTION),
                lambda: client.call_tool("document", {"name": "audit.md"}),
                lambda: client.read_resource(f"cairn://document/{numbers(house)['audit.md']}"),
            ):
                assert re.search(r"not good, or no longer|Server returned an error", await refusal(call)), how

    talk(conversation)


def expire(house: House, number: int) -> None:
    """Let a token's time be over, as if it had passed."""
    with closing(sqlite3.connect(house.session.app.home / "service.db")) as database, database:
        database.execute("UPDATE tokens SET expires = ? WHERE id = ?", (time.time() - 1, number))


async def refusal(call: Callable[[], Awaitable[Any]]) -> str:
    """Return how a call was refused."""
    try:
        result = await call()
    except MCPError as error:
        said = str(error)
    else:
        assert result.is_error
        said = text(result)
    assert "\n" not in said and "invoices" not in said
    return said
