"""Processes that answer questions beside a server's: the same answers, rights, traces and audit."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cairn
from cairn.access import OWNER
from cairn.errors import Denied, Invalid
from cairn.operations import access, auditing, questions
from cairn.operations.beside import PATIENCE, Errand, Processes, _run, _unheard
from cairn.operations.declare import DECLARED, Operation
from cairn.people import Role
from cairn.session import Origin, Session, open_library
from cairn.trace import request, watching

QUESTION = "How many invoices were missing?"


@pytest.fixture
def home(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(prepared, tmp_path / "library")
    monkeypatch.setenv("CAIRN_ANSWER_THRESHOLD", "0")
    return tmp_path / "library"


@asynccontextmanager
async def beside(home: Path, size: int = 2) -> AsyncIterator[Session]:
    """Hold the owner's session on a library that has such processes, which are ready."""
    with open_library(home) as opened:
        app = opened.app
        processes = Processes(app.process("answer", "cairn.operations.beside"), app.settings, size)
        session = replace(opened, app=replace(app, beside=processes))
        try:
            with session:
                await asyncio.gather(*(cairn.search(session, "audit") for _ in range(2)))
                while sum(one.ready.is_set() for one in processes.running) < size:
                    await asyncio.sleep(0.05)
                yield session
        finally:
            await processes.close()


def being(session: Session, person: str) -> Session:
    return replace(session, name=person, actor="", origin=Origin(surface="http", address="10.0.0.1"))


def run(home: Path, test: Callable[[Session], Awaitable[Any]]) -> Any:
    async def inside() -> Any:
        async with beside(home) as session:
            # Whatever is run in this process now is told apart.
            return await test(session)

    return asyncio.run(inside())


def test_the_answer_is_what_this_process_would_have_said(home: Path) -> None:
    async def test(session: Session) -> None:
        alone = replace(session, app=replace(session.app, beside=None))
        for person in (OWNER, "amina", "tomas"):
            there = await cairn.ask(being(session, person), QUESTION)
            here = await cairn.ask(being(alone, person), QUESTION)
            assert replace(there, trace="", seconds=0) == replace(here, trace="", seconds=0)
            found = await cairn.search(being(session, person), "pay heron audit")
            same = await cairn.search(being(alone, person), "pay heron audit")
            assert [one.id for one in found.evidence] == [one.id for one in same.evidence]
        alone.app.close()

    run(home, test)


def test_its_trace_can_be_looked_at_at_once_and_it_is_in_the_audit_once(home: Path) -> None:
    async def test(session: Session) -> None:
        with request() as trace:
            answer = await cairn.ask(being(session, "tomas"), QUESTION)
        assert answer.trace == trace
        shown = await questions.trace(being(session, "tomas"), trace)
        assert {step.name for step in shown.steps} >= {"ask", "retrieve", "extract"}
        page = await auditing.audit_list(session, action="ask")
        (entry,) = [one for one in page.entries if one.trace == trace]
        assert (entry.person, entry.decision, entry.origin) == ("tomas", "allowed", "http 10.0.0.1")
        assert not (await auditing.audit_verify(session)).missed

    run(home, test)


def test_a_right_that_is_taken_away_holds_from_the_next_question_on(home: Path) -> None:
    async def test(session: Session) -> None:
        tomas = being(session, "tomas")
        assert "9,000" in str(await cairn.search(tomas, "secret pay of the director"))
        await access.access_remove(session, "person:tomas", ["group:hr"])
        for _ in range(4):
            assert "9,000" not in str(await cairn.search(tomas, "secret pay of the director"))

    run(home, test)


def test_who_may_not_ask_is_refused_there(home: Path) -> None:
    async def test(session: Session) -> None:
        with pytest.raises(Denied, match="takes the role reader"):
            await cairn.ask(replace(being(session, "tomas"), roles=frozenset()), QUESTION)
        with pytest.raises(Invalid, match="The question is empty"):
            await cairn.ask(being(session, "tomas"), " ")
        assert await cairn.ask(replace(being(session, "tomas"), roles=frozenset({Role.READER})), QUESTION)

    run(home, test)


def test_what_happens_is_told_while_it_happens(home: Path) -> None:
    async def test(session: Session) -> None:
        told: list[str] = []
        with watching(lambda name, seconds: told.append(name)):
            await cairn.ask(replace(session, tell=lambda kind, value: told.append(kind)), QUESTION)
        assert (
            told.index("journal check") < told.index("evidence") < told.index("extract") < told.index("ask")
        )

    run(home, test)


def test_a_document_that_was_read_a_moment_ago_is_found(home: Path, tmp_path: Path) -> None:
    async def test(session: Session) -> None:
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "badger.md").write_text("A badger was seen in Ostrel.")
        await cairn.ingest(session, str(tmp_path / "new"))
        assert "badger was seen" in str(await cairn.search(session, "badger"))

    run(home, test)


def test_a_question_that_is_given_up_is_cancelled_there(home: Path) -> None:
    async def test(session: Session) -> None:
        decisions: list[str] = []
        for seconds in (0.0, 0.001, 0.002, 0.004, 0.008):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(seconds):
                    await cairn.ask(session, QUESTION)
                    raise TimeoutError
            await asyncio.sleep(0.1)
            page = await auditing.audit_list(session, action="ask")
            decisions = [one.decision for one in page.entries]
        assert set(decisions) <= {"cancelled", "allowed"}
        assert (await cairn.ask(session, QUESTION)).claims

    run(home, test)


def test_one_question_waits_for_another_but_not_for_ever(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    async def test(opened: Session) -> None:
        turn, goes_on = asyncio.Lock(), asyncio.Event()

        async def long(session: Session) -> None:
            said.append("long begins")
            await goes_on.wait()

        async def quick(session: Session) -> None:
            said.append("quick")

        monkeypatch.setitem(DECLARED, "long", Operation("long", long))
        monkeypatch.setitem(DECLARED, "quick", Operation("quick", quick))
        errands = [Errand(name, {}, opened, (1, 1), told=False) for name in ("long", "quick")]
        first, second = (asyncio.create_task(_run(opened.app, turn, _unheard, one)) for one in errands)
        await asyncio.sleep(PATIENCE / 2)
        assert said == ["long begins"]
        await second
        assert said == ["long begins", "quick"] and not first.done()
        goes_on.set()
        await first

    with open_library(home) as opened:
        asyncio.run(test(opened))


def test_where_they_are_killed_nobody_waits_for_ever(home: Path) -> None:
    async def test(session: Session) -> None:
        processes = session.app.beside
        assert isinstance(processes, Processes)
        asked = [asyncio.create_task(cairn.ask(session, QUESTION)) for _ in range(6)]
        await asyncio.sleep(0.005)
        for one in processes.running:
            os.kill(one.number, signal.SIGKILL)
        answers = await asyncio.gather(*asked)
        assert all("12 missing" in answer.claims[0].text for answer in answers)
        assert not any(one.alive for one in processes.running)
        assert (await cairn.ask(session, QUESTION)).claims

    run(home, test)


def test_they_end_with_the_server(home: Path) -> None:
    async def test(session: Session) -> list[int]:
        assert isinstance(session.app.beside, Processes)
        return [one.number for one in session.app.beside.running]

    for number in run(home, test):
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)
