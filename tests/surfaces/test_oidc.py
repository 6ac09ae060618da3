"""Signing in with a real identity provider on loopback; skipped where it is not installed."""

import asyncio
import html
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from starlette.testclient import TestClient
from tests.surfaces.conftest import ORIGIN

import cairn
from cairn.errors import Denied, Unavailable
from cairn.operations import access, people
from cairn.operations.identity import SignInFailed
from cairn.operations.provider import welcome
from cairn.people import Claims
from cairn.session import Session
from cairn.surfaces.http.server import build

FOLDER = Path(__file__).parent / "provider"
INSTALLED = shutil.which("node") is not None and (FOLDER / "node_modules").is_dir()
needs_provider = pytest.mark.skipif(
    not INSTALLED, reason="no identity provider: npm ci in tests/surfaces/provider (.ci/run does)"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def issuer() -> Iterator[str]:
    port = free_port()
    command = ["node", "provider.mjs", str(port), f"{ORIGIN}/v1/session/oidc/callback"]
    with subprocess.Popen(
        command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None and "ready" in process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
        process.kill()


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Session]:
    wanted = "issuer" in request.fixturenames
    monkeypatch.setenv(
        "CAIRN_OIDC_ISSUER", request.getfixturevalue("issuer") if wanted else "https://id.example"
    )
    monkeypatch.setenv("CAIRN_OIDC_CLIENT", "cairn")
    monkeypatch.setenv("CAIRN_OIDC_SECRET", "a secret of tests only")
    monkeypatch.setenv("CAIRN_SERVE_WATCH_SECONDS", "0")
    with cairn.open() as opened:
        asyncio.run(access.access_add(opened, "person:amina", ["group:staff"]))
        yield opened


@pytest.fixture
def client(session: Session) -> Iterator[TestClient]:
    with TestClient(build(session.app, "127.0.0.1"), base_url=ORIGIN, follow_redirects=False) as opened:
        yield opened


def at_the_provider(place: str, name: str) -> str:
    """Do what a person does there, and return where they are sent back to."""
    with httpx.Client(trust_env=False) as browser:
        page = browser.get(place, follow_redirects=False)
        for _ in range(20):
            if page.is_redirect:
                place = urljoin(str(page.url), page.headers["location"])
                if place.startswith(ORIGIN):
                    return place
                page = browser.get(place, follow_redirects=False)
                continue
            form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
            assert form is not None, page.text
            hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)"', page.text))
            said = hidden | ({"login": name, "password": "x"} if hidden.get("prompt") == "login" else {})
            page = browser.post(urljoin(str(page.url), html.unescape(form[1])), data=said)
    raise AssertionError("the provider never came back")


def go(client: TestClient, name: str) -> Any:
    leaving = client.get("/v1/session/oidc")
    assert leaving.status_code == 303, leaving.text
    return client.get(at_the_provider(leaving.headers["location"], name))


@needs_provider
@pytest.mark.usefixtures("issuer")
def test_somebody_the_directory_knows_comes_in_with_their_groups(
    client: TestClient, session: Session
) -> None:
    assert go(client, "amina").status_code == 303
    assert client.get("/v1/session").json() == {"person": "amina", "roles": ["reader"]}
    groups = session.app.journal.directory.memberships()["person:amina"]
    assert groups == ("group:oidc/Board%20papers", "group:oidc/finance", "group:staff")
    account = session.app.journal.people.account("amina")
    assert account is not None and account.subject == "amina" and account.password is None


@needs_provider
@pytest.mark.usefixtures("issuer")
def test_somebody_the_directory_does_not_know_stays_out(client: TestClient, session: Session) -> None:
    answer = go(client, "mallory")
    assert answer.status_code == 401 and client.get("/v1/session").status_code == 401
    assert session.app.journal.directory.principals() == ["group:staff", "person:amina"]


@needs_provider
@pytest.mark.usefixtures("issuer")
def test_an_answer_is_taken_once_and_by_the_browser_that_asked(client: TestClient) -> None:
    back = at_the_provider(client.get("/v1/session/oidc").headers["location"], "amina")
    other = TestClient(client.app, base_url=ORIGIN, follow_redirects=False)
    assert other.get(back).status_code == 401, "another browser"
    assert client.get(back).status_code == 401, "it was shown once"
    assert go(client, "amina").status_code == 303
    assert client.get("/v1/session/oidc/callback?state=x&code=y").status_code == 401
    leaving = client.get("/v1/session/oidc").headers["location"]
    state = re.search(r"state=([^&]+)", leaving)
    assert state is not None
    forged = client.get(f"/v1/session/oidc/callback?state={state[1]}&code=invented")
    assert forged.status_code == 403


def test_a_provider_that_does_not_answer_is_one_problem(client: TestClient) -> None:
    answer = client.get("/v1/session/oidc")
    assert answer.status_code == 503 and "identity provider" in answer.json()["detail"]


def claims(subject: str, **said: Any) -> Claims:
    return Claims(issuer="https://id.example", subject=subject, said=said)


def test_a_name_is_no_proof_for_an_account_that_is_there(session: Session) -> None:
    asyncio.run(people.people_add(session, "amina", ["admin"]))
    with pytest.raises(SignInFailed):
        welcome(session.app, claims("7", preferred_username="amina"))
    asyncio.run(access.access_add(session, "person:tomas"))
    asyncio.run(people.people_add(session, "tomas", ["curator"], provider=True))
    assert welcome(session.app, claims("8", preferred_username="tomas")) == "tomas"
    assert welcome(session.app, claims("8", preferred_username="amina")) == "tomas", "known by the subject"
    with pytest.raises(SignInFailed):
        welcome(session.app, claims("9", preferred_username="tomas"))


def test_the_providers_groups_are_its_own(session: Session) -> None:
    directory = session.app.journal.directory
    assert welcome(session.app, claims("7", preferred_username="amina", groups=["staff", "hr", "a:b"]))
    held = directory.memberships()["person:amina"]
    assert held == ("group:oidc/a%3Ab", "group:oidc/hr", "group:oidc/staff", "group:staff")
    epoch = directory.epoch()
    assert welcome(session.app, claims("7", groups=["staff", "hr", "a:b"])) and directory.epoch() == epoch
    assert welcome(session.app, claims("7")) == "amina"
    assert directory.memberships()["person:amina"] == ("group:staff",)
    for said in ({"groups": 7}, {"groups": [7]}, {"_claim_names": {"groups": "src1"}}):
        with pytest.raises(SignInFailed):
            welcome(session.app, claims("7", **said))


def test_somebody_disabled_or_struck_from_the_directory_stays_out(session: Session) -> None:
    welcome(session.app, claims("7", preferred_username="amina"))
    asyncio.run(people.people_disable(session, "amina"))
    with pytest.raises(SignInFailed):
        welcome(session.app, claims("7", preferred_username="amina"))
    asyncio.run(people.people_disable(session, "amina", enable=True))
    asyncio.run(access.access_remove(session, "person:amina"))
    with pytest.raises(SignInFailed):
        welcome(session.app, claims("7", preferred_username="amina"))


@needs_provider
def test_a_token_for_another_client_or_request_does_not_hold(issuer: str) -> None:
    from cairn.adapters.providers.oidc import load

    back = f"{ORIGIN}/v1/session/oidc/callback"
    ours = load(issuer, client="cairn", secret="a secret of tests only")
    verifier = "v" * 43
    for nonce, other in (("n1", "n2"), ("n1", "n1")):
        answer = at_the_provider(ours.begin(back, "s", nonce, verifier), "amina")
        code = httpx.URL(answer).params["code"]
        if nonce != other:
            with pytest.raises(Denied, match="does not hold"):
                ours.finish(back, code, other, verifier, None)
        else:
            with pytest.raises(Denied, match="another identity provider"):
                ours.finish(back, code, nonce, verifier, "https://evil.example")
            assert ours.finish(back, code, nonce, verifier, issuer).subject == "amina"
    with pytest.raises(Unavailable):
        load("http://127.0.0.1:1", client="cairn", secret="").begin(back, "s", "n", verifier)
