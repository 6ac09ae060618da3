"""A library behind its doors, and the people who come to them."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import cairn
from cairn.operations import access, people, tokens
from cairn.session import Session
from cairn.surfaces.http.server import build

ORIGIN = "http://127.0.0.1:8484"
PASSWORD = "a password of amina"


class Door:
    """The server as one caller meets it."""

    def __init__(self, client: TestClient, **headers: str) -> None:
        self.client = client
        self.headers = headers

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(path, json={} if body is None else body, headers=self.headers | headers)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=self.headers | headers)

    def put(self, path: str, content: bytes, **headers: str) -> Any:
        return self.client.put(path, content=content, headers=self.headers | headers)


class House:
    """A library that is served, with the owner's session on it."""

    def __init__(self, session: Session, client: TestClient) -> None:
        self.session = session
        self.client = client

    def token(self, person: str, *scopes: str, **more: Any) -> str:
        made = asyncio.run(
            tokens.tokens_create(
                self.session, "tests", person="" if person == "owner" else person, scopes=scopes, **more
            )
        )
        return made.secret

    def door(self, person: str, *scopes: str) -> Door:
        return Door(self.client, Authorization=f"Bearer {self.token(person, *scopes)}")

    def nobody(self) -> Door:
        return Door(self.client)

    def browser(self) -> Door:
        """Return a caller that does as a page of this server does."""
        return Door(TestClient(self.client.app, base_url=ORIGIN), Origin=ORIGIN)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library that is filled once, for each test to have a copy of."""
    folder, home = (tmp_path_factory.mktemp(name) for name in ("documents", "library"))
    (folder / "audit.md").write_text("# Audit 2018\n\nThe audit found 12 missing invoices in Ostrel.\n")
    (folder / "pay.md").write_text("# Pay\n\nThe secret pay of the director is 9,000 a month.\n")
    (folder / "owner.md").write_text("# Diary\n\nThe diary of the owner mentions a heron.\n")
    (folder / ".cairn-access").write_text("audit.md allow everyone\npay.md allow group:hr\n")

    async def fill(session: Session) -> None:
        for person, groups in (("amina", ()), ("tomas", ("group:hr",)), ("ada", ())):
            await access.access_add(session, f"person:{person}", groups)
        await cairn.ingest(session, str(folder))
        await people.people_add(session, "amina", ["curator", "auditor"], password=PASSWORD)
        await people.people_add(session, "tomas")
        await people.people_add(session, "ada", ["admin"])

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CAIRN_EMBEDDER", "hash")
        patched.setenv("CAIRN_WORKERS", "1")
        with cairn.open(home) as session:
            asyncio.run(fill(session))
    return home


@pytest.fixture
def house(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Hold a library behind its doors, with a curator, somebody of group:hr and an admin."""
    shutil.copytree(prepared, tmp_path / "library")
    monkeypatch.setenv("CAIRN_ANSWER_THRESHOLD", "0")
    monkeypatch.setenv("CAIRN_SERVE_WATCH_SECONDS", "0")
    monkeypatch.setenv("CAIRN_REQUESTS_PER_MINUTE", "6000")
    with cairn.open(wire=False) as opened, replace(opened, app=replace(opened.app, patience=60.0)) as session:
        session.app.wire()
        with TestClient(build(session.app, "127.0.0.1"), base_url=ORIGIN) as client:
            yield House(session, client)
