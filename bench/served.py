"""A server over a library of many passages, and those who use it, each over a connection of their own.

Knows nothing of what is measured. The clients are kept small (``http.client``): they share the cores with
the server.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple

from bench.corpus import FOLDER, corpus
from bench.peers.cairn_whole import Peer
from cairn import registry
from cairn.access import OWNER
from cairn.operations import identity
from cairn.people import Account, Kind, Role
from cairn.records import Tokens
from cairn.session import open_library

READERS = ("third", "few", "one")
"""People of bench.corpus who see 30 %, 2 % and 0.01 %; ``third`` is a curator."""
PATIENCE = 120.0
HZ = os.sysconf("SC_CLK_TCK")


class Answered(NamedTuple):
    """What came back, and after how many seconds."""

    status: int
    body: bytes
    seconds: float
    trace: str


class Client:
    """Somebody with a token, or with a cookie."""

    def __init__(self, port: int, **shown: str) -> None:
        self.port = port
        self._shown = shown
        self._line = self._connected()

    def _connected(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask(self, operation: str, **given: Any) -> Answered:
        """Run an operation."""
        headers = {"Content-Type": "application/json"}
        return self._send("POST", f"/v1/{operation.replace('.', '/')}", json.dumps(given).encode(), headers)

    def get(self, path: str) -> Answered:
        """Look at a page."""
        return self._send("GET", path, None, {"Accept": "text/html"})

    def put(self, path: str, content: bytes) -> Answered:
        """Upload a file."""
        return self._send("PUT", path, content, {})

    def leave(self, operation: str, after: float, **given: Any) -> None:
        """Ask for a stream of events, or for the answer alone, and go away after so many seconds."""
        events = {"Accept": "text/event-stream"} if after else {}
        headers = {"Content-Type": "application/json", **events, **self._shown}
        with closing(self._connected()) as line:
            line.request("POST", f"/v1/{operation}", json.dumps(given), headers)
            time.sleep(after)

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answered:
        began = time.perf_counter()
        self._line.request(method, path, body, {**headers, **self._shown})
        response = self._line.getresponse()
        content = response.read()
        return Answered(response.status, content, time.perf_counter() - began, _trace(response))

    def close(self) -> None:
        self._line.close()


def _trace(response: HTTPResponse) -> str:
    found = response.getheader("x-request-id")
    return "" if found is None else found


class Server:
    """A server that is ready."""

    ready: float
    """Seconds until it was."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = _free_port()
        environment = os.environ | {"CAIRN_HOME": str(home), "CAIRN_REQUESTS_PER_MINUTE": "1000000"}
        command = [sys.executable, "-m", "cairn", "serve", "--port", str(self.port)]
        began = time.perf_counter()
        with (home.parent / f"{home.name}.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

        while not self._answers():
            if self.process.poll() is not None:
                raise RuntimeError(f"The server ended; see {self.home}.log")
            time.sleep(0.01)
        self.ready = time.perf_counter() - began

    def _answers(self) -> bool:
        try:
            with closing(Client(self.port)) as client:
                return client.get("/ready").status == 200
        except OSError:
            return False

    def processor(self) -> float:
        """Return the seconds of processor time that it and its processes have used."""
        return sum(int(ticks) for one in self._all() for ticks in _stat(one)[11:13]) / HZ

    def memory(self) -> dict[str, float]:
        """Return megabytes that are resident, of all its processes: all, their own, and pages of files."""
        held: Counter[str] = Counter()
        for one in self._all():
            for line in Path(f"/proc/{one}/status").read_text().splitlines():
                name, _, value = line.partition(":")
                if name in ("VmRSS", "RssAnon", "RssFile"):
                    held[name] += int(value.split()[0])
        return {name: held[name] / 1024 for name in ("VmRSS", "RssAnon", "RssFile")}

    def _all(self) -> Iterator[int]:
        """Yield its process and those that it has started and that last: not those that read files."""
        yield self.process.pid
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (
                    int(_stat(int(place.name))[1]) == self.process.pid
                    and b"beside" in (place / "cmdline").read_bytes()
                ):
                    yield int(place.name)

    def end(self, number: int = signal.SIGTERM) -> None:
        """End it, by this signal."""
        self.process.send_signal(number)
        self.process.wait()


def _stat(process: int) -> list[str]:
    """Return what /proc says of a process, from its state on."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """Serve a library, and end that whatever comes."""
    server = Server(home)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Read(Peer):
    """Cairn with passages that were read in full, as answers need them: half an hour for 100,000."""

    def __init__(self) -> None:
        self._embedder = registry.load("embedders", "minilm", home=FOLDER)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        return list(self._embedder.encode(texts).tokens)


def library(n: int) -> Path:
    """Return a copy of a library of ``n`` passages, made once, whose readers may sign in."""
    made = FOLDER / f"load-{n}"
    if not made.is_dir():
        draft = made.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        Read().build(corpus(n), draft)
        draft.rename(made)
    copy = FOLDER / f"load-{n}-{os.getpid()}"
    shutil.copytree(made, copy)
    with open_library(copy) as session:
        for person in READERS:
            roles = {Role.READER, *([Role.CURATOR] if person == "third" else [])}
            session.app.journal.people.save(Account(person=person, roles=frozenset(roles)))
    return copy


def tokens(home: Path, people: Sequence[str]) -> list[dict[str, str]]:
    """Return for each of these people a header that shows a new token of theirs."""
    with open_library(home) as session:
        made = [
            identity.issue(
                session.app, Kind.API, person, timedelta(days=1), name="load", scopes=frozenset(Role)
            )
            for person in people
        ]
    return [{"Authorization": f"Bearer {secret}"} for secret, _ in made]


def cookie(server: Server) -> dict[str, str]:
    """Return the headers of a browser in which the owner has signed in."""
    with open_library(server.home) as session:
        secret = identity.link(session.app, OWNER)
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)) as line:
        line.request("GET", f"/v1/session/link/{secret}")
        set_cookie = str(line.getresponse().getheader("set-cookie"))
    return {"Cookie": set_cookie.partition(";")[0], "Origin": f"http://127.0.0.1:{server.port}"}
