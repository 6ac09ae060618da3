"""`cairn serve` as a process: how it begins and ends, streams, what the client for Python sees."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

import cairn
from cairn.errors import Denied, Invalid, ParseFailed, Unavailable, Unknown
from cairn.operations import access, auditing, tokens
from cairn.session import open_library
from cairn.surfaces.http import server as serving

CAIRN = [sys.executable, "-m", "cairn"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A server that is running."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        command = [*CAIRN, "serve", "--port", str(port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.said = [self.process.stdout.readline() for _ in range(2)]
        while not self.answers():
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ready", trust_env=False).status_code == 200
        except httpx.ConnectError:
            return False

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End it; return its exit status and what it said."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


def children(process: int) -> list[int]:
    """Return the processes that this one has started."""
    found = Path(f"/proc/{process}/task").glob("*/children")
    return [int(one) for path in found for one in path.read_text().split()]


def heedless(process: int) -> bool:
    """Tell whether ctrl-C is nothing to a process."""
    ignored = re.search(r"SigIgn:\s*(\w+)", Path(f"/proc/{process}/status").read_text())
    return ignored is not None and bool(int(ignored[1], 16) >> (signal.SIGINT - 1) & 1)


@pytest.fixture
def home(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a library of its own, which the server looks after only where a test says so."""
    monkeypatch.setenv("CAIRN_SERVE_WATCH_SECONDS", "0")
    shutil.copytree(prepared, tmp_path / "library")
    monkeypatch.setenv("CAIRN_ANSWER_THRESHOLD", "0")
    return tmp_path / "library"


@pytest.fixture
def server(home: Path) -> Iterator[Running]:
    running = Running(free_port())
    yield running
    if running.process.poll() is None:
        running.end()


def token(home: Path, person: str = "", *scopes: str) -> str:
    with open_library(home) as session:
        return asyncio.run(tokens.tokens_create(session, "tests", person=person, scopes=scopes)).secret


def events(answer: httpx.Response) -> Iterator[tuple[str, Any]]:
    kind = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


def stream(server: Running, path: str, body: Any, shown: str) -> Any:
    headers = {"Authorization": f"Bearer {shown}", "Accept": "text/event-stream"}
    return httpx.stream(
        "POST", f"{server.url}{path}", json=body, headers=headers, trust_env=False, timeout=60
    )


def test_a_newcomer_signs_in_by_the_link_and_asks(server: Running) -> None:
    link = re.search(r"http://\S+/link/\S+", server.said[1])
    assert link is not None
    with httpx.Client(trust_env=False, headers={"Origin": server.url}) as browser:
        assert browser.get(link[0]).status_code == 303
        question = {"question": "How many invoices did the audit find missing?"}
        assert "12 missing" in browser.post(f"{server.url}/v1/ask", json=question).text
    status, said = server.end(signal.SIGINT)
    assert status == 0 and said == ""


def test_a_question_tells_its_stages_evidence_and_answer_as_they_come(server: Running, home: Path) -> None:
    shown = token(home, "tomas")
    with stream(server, "/v1/ask", {"question": "How many invoices were missing?"}, shown) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = list(events(answer))
    kinds = [kind for kind, _ in told]
    assert kinds.index("stage") < kinds.index("evidence") < kinds.index("answer") < kinds.index("citations")
    assert kinds[-1] == "done" and told[-1][1]["trace"] == answer.headers["x-request-id"]
    assert {value["name"] for kind, value in told if kind == "stage"} >= {"retrieve", "extract", "ask"}
    with stream(server, "/v1/document", {"name": "owner.md"}, shown) as answer:
        (problem,) = [value for kind, value in events(answer) if kind == "problem"]
        assert problem["status"] == 404


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_what_answers_beside_a_server_ends_with_it_however_it_ends(server: Running, home: Path) -> None:
    shown = token(home, "tomas")
    with ThreadPoolExecutor(4) as users, cairn.connect(server.url, shown) as there:

        def ask(_: int) -> str:
            return asyncio.run(cairn.ask(there, "How many invoices were missing?")).text

        for _ in range(300):
            assert all("12 missing" in said for said in users.map(ask, range(4)))
            if beside := children(server.process.pid):
                break
        assert beside, "nothing was started"
        while not all(heedless(one) for one in beside):
            time.sleep(0.05)
        for one in beside:
            os.kill(one, signal.SIGINT)  # as ctrl-C does to all of a terminal's processes
        assert all("12 missing" in said for said in users.map(ask, range(4)))
    assert children(server.process.pid) == beside
    server.end(signal.SIGKILL)
    for _ in range(200):
        if not any(Path(f"/proc/{one}").exists() for one in beside):
            return
        time.sleep(0.05)
    raise AssertionError("they are still there")


def test_an_ingest_whose_client_goes_is_ended(server: Running, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number}.md").write_text(f"Document {number} speaks of badger {number}.")
    shown = token(home, "", "owner")
    with stream(server, "/v1/ingest", {"source": str(folder)}, shown) as answer:
        assert next(kind for kind, _ in events(answer)) in ("progress", "stage")
    with cairn.connect(server.url, shown) as there:
        for _ in range(600):
            page = asyncio.run(auditing.audit_list(there, action="ingest"))
            if page.entries[0].decision == "cancelled":
                break
            time.sleep(0.1)
        assert page.entries[0].decision == "cancelled"
        states = {s.source: s.states for s in asyncio.run(cairn.status(there)).sources}[f"files:{folder}"]
        assert states.get("indexed", 0) < 3000, "what was done is kept, the rest waits"


def test_the_client_offers_the_same_calls_and_results(server: Running, home: Path) -> None:
    shown = token(home, "tomas")
    with cairn.connect(server.url, shown) as there, open_library(home, as_="tomas") as here:
        question = "How many invoices did the audit find missing?"
        far, near = (asyncio.run(cairn.ask(session, question)) for session in (there, here))
        assert far.text == near.text and far.claims == near.claims
        assert asyncio.run(cairn.document(there, "audit.md")) == asyncio.run(cairn.document(here, "audit.md"))
        assert asyncio.run(cairn.status(there)) == asyncio.run(cairn.status(here))
        original = asyncio.run(there.original(far.evidence[0].document))
        assert original.startswith(b"# Audit 2018")
        made = asyncio.run(cairn.report(there, question))
        assert made.summary == asyncio.run(cairn.report(here, question)).summary != ()
        assert asyncio.run(there.report(made.trace, "pdf")).startswith(b"%PDF")
        for call, error in (
            (lambda: cairn.document(there, "owner.md"), Unknown),
            (lambda: access.access_list(there), Denied),
            (lambda: cairn.search(there, "x", k=0), Invalid),
            (lambda: there.page(far.evidence[0].document, 1), ParseFailed),
        ):
            with pytest.raises(error):
                asyncio.run(call())
    with cairn.connect(server.url, "cairn_invented") as there, pytest.raises(Denied):
        asyncio.run(cairn.status(there))
    with cairn.connect(f"http://127.0.0.1:{free_port()}", "x") as there, pytest.raises(Unavailable):
        asyncio.run(cairn.status(there))
    with pytest.raises(Invalid, match="https"):
        cairn.connect("http://cairn.example.org", "x")


def test_what_appears_in_a_source_is_found_without_a_word(
    server: Running, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server.end()
    monkeypatch.setenv("CAIRN_SERVE_WATCH_SECONDS", "0.2")
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "a.md").write_text("The first badger.")
    with open_library(home) as session:
        asyncio.run(cairn.ingest(session, str(folder)))
    again, shown = Running(free_port()), token(home, "", "owner")
    (folder / "b.md").write_text("The second walrus.")
    with cairn.connect(again.url, shown) as there:
        while "b.md" not in [e.uri for e in asyncio.run(cairn.search(there, "walrus", k=1)).evidence]:
            time.sleep(0.2)
        asyncio.run(cairn.forget(there, str(folder / "b.md")))
        (folder / "c.md").write_text("The third lemur.")
        while "c.md" not in [e.uri for e in asyncio.run(cairn.search(there, "lemur", k=1)).evidence]:
            time.sleep(0.2)
        with pytest.raises(Unknown):
            asyncio.run(cairn.document(there, "b.md"))
    again.end()


def test_what_was_acknowledged_outlives_a_kill(server: Running, home: Path) -> None:
    shown = token(home, "", "owner")
    with cairn.connect(server.url, shown) as there:
        for number in range(20):
            asyncio.run(access.access_add(there, f"group:g{number}"))
    server.end(signal.SIGKILL)
    again = Running(free_port())
    with cairn.connect(again.url, shown) as there:
        groups = asyncio.run(access.access_list(there)).groups
        assert {f"g{number}" for number in range(20)} <= set(groups)
        assert asyncio.run(auditing.audit_verify(there)).missed == ()
    again.end()


def refused(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [*CAIRN, "serve", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_it_says_in_one_line_why_it_does_not_begin(server: Running, tmp_path: Path) -> None:
    port = server.url.rpartition(":")[2]
    assert f"listens on 127.0.0.1:{port}" in refused("--port", port)
    empty = tmp_path / "empty"
    assert "no library" in refused(CAIRN_HOME=str(empty))
    empty.mkdir()
    assert "people add" in refused("--host", "0.0.0.0", CAIRN_HOME=str(empty))
    assert "known: anthropic" in refused("--port", "1", CAIRN_HOME=str(empty), CAIRN_CHAT="gpt-5")
    assert "cannot be listened on" in refused("--host", "192.0.2.1", "--port", "1")


def test_a_client_that_says_nothing_holds_nobody_up(server: Running, home: Path) -> None:
    port = int(server.url.rpartition(":")[2])
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    try:
        for connection in idle[:50]:
            connection.sendall(b"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n")
        with cairn.connect(server.url, token(home, "tomas")) as there:
            assert asyncio.run(cairn.search(there, "invoices")).evidence
    finally:
        for connection in idle:
            connection.close()


def test_a_connection_outlives_the_patience_of_a_proxy(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[uvicorn.Config] = []

    async def noted(self: uvicorn.Server, sockets: list[socket.socket]) -> None:
        served.append(self.config)

    monkeypatch.setattr(serving._Server, "serve", noted)
    with open_library(home) as session:
        asyncio.run(serving.serve(session.app, "127.0.0.1", free_port(), lambda: None))
    assert served[0].timeout_keep_alive > 60, "nginx and load balancers keep one for a minute"
