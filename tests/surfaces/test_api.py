"""The HTTP API as programs and browsers meet it: who is let in, and what they are told."""

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.surfaces.conftest import ORIGIN, PASSWORD, House
from tests.writers import ScriptedChat, good

import cairn
from cairn.chat import Event, Prompt
from cairn.operations import OPERATIONS, access, auditing, identity, people, tokens
from cairn.people import Kind, Role
from cairn.surfaces.http.doors import COOKIE, Doors
from cairn.surfaces.http.limits import Rate
from cairn.surfaces.http.server import build
from cairn.surfaces.http.signed_in import again
from cairn.surfaces.http.state import Metrics

QUESTION = {"question": "How many invoices did the audit find missing?"}


def told(answer: Any) -> Any:
    """Return a problem without what differs from one request to the next."""
    body = answer.json()
    return answer.status_code, {key: value for key, value in body.items() if key != "trace"}


def test_every_operation_is_offered_to_whoever_may_and_to_no_other(house: House) -> None:
    paths = house.nobody().get("/v1/openapi.json").json()["paths"]
    offered = {f"/{operation.name.replace('.', '/')}" for operation in OPERATIONS if operation.opens}
    assert offered <= paths.keys()
    tomas = house.door("tomas")
    for operation in OPERATIONS:
        if operation.opens:
            path = f"/v1/{operation.name.replace('.', '/')}"
            assert house.nobody().post(path).status_code in (401, 422), path
            if operation.role is not Role.READER:
                assert tomas.post(path, _some(paths[path.removeprefix("/v1")], house)).status_code == 403, (
                    path
                )


def _some(path: Any, house: House) -> dict[str, Any]:
    """Return a body with what an operation needs."""
    schemas = house.nobody().get("/v1/openapi.json").json()["components"]["schemas"]
    name = path["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    values = {"string": "x", "integer": 1, "array": ["x"]}
    shape = schemas[name]
    return {key: values[shape["properties"][key]["type"]] for key in shape.get("required", ())}


def test_a_question_is_answered_with_citations_and_a_trace(house: House) -> None:
    answer = house.door("tomas").post("/v1/ask", QUESTION)
    body = answer.json()
    assert "12 missing invoices" in body["text"] and body["claims"][0]["citations"][0]["uri"] == "audit.md"
    assert answer.headers["x-request-id"] == body["trace"]
    assert house.door("tomas").post("/v1/trace", {"id": body["trace"]}).json()["steps"][0]["name"] == "ask"


def test_a_written_answer_may_take_longer_than_a_request(house: House) -> None:
    class Slow(ScriptedChat):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
            await asyncio.sleep(0.3)
            async for event in super().stream(prompt):
                yield event

    house.session.app.settings._values["request_seconds"] = 0.1
    vars(house.session.app)["chat"] = Slow(good)
    answer = house.door("amina").post("/v1/ask", QUESTION)
    assert answer.status_code == 200 and answer.json()["writer"] == "scripted"


def test_what_is_not_there_and_what_may_not_be_read_are_answered_alike(house: House) -> None:
    amina = house.door("amina", "curator")
    hidden = {record.uri: record.id for record in house.session.app.journal.catalogue.find()}["pay.md"]
    real, guessed = f"d{hidden}", "d999"
    for path in ("/v1/document", "/v1/access/readers", "/v1/forget", "/v1/retry"):
        answers = [told(amina.post(path, {"name": name})) for name in (real, guessed)]
        assert answers[0][0] == 404
        assert str(answers[0]).replace(real, guessed) == str(answers[1]), path
    for path in ("/v1/documents/{}/original", "/v1/documents/{}/pages/1"):
        answers = [told(amina.get(path.format(name))) for name in (real, guessed)]
        assert answers[0][0] == 404
        assert str(answers[0]).replace(real, guessed) == str(answers[1]), path
    explained = [told(amina.post("/v1/access/explain", {"who": "tomas", "name": n})) for n in (real, guessed)]
    assert str(explained[0]).replace(real, guessed) == str(explained[1])
    assert house.door("tomas").get(f"/v1/documents/{real}/original").status_code == 200


def test_counts_lists_and_answers_hold_only_what_the_asker_may_read(house: House) -> None:
    amina = house.door("amina", "curator", "auditor")
    for path, body in (
        ("/v1/status", {}),
        ("/v1/search", {"query": "secret pay director heron diary", "k": 50}),
        ("/v1/ask", {"question": "What is the secret pay of the director?"}),
        ("/v1/access/visible", {"who": "tomas"}),
        ("/v1/audit/list", {"limit": 1000}),
    ):
        answer = amina.post(path, body)
        assert answer.status_code == 200, answer.text
        assert not any(word in answer.text for word in ("pay.md", "9,000", "owner.md", "heron")), path
    (source,) = amina.post("/v1/status").json()["sources"]
    assert source["states"] == {"indexed": 1}
    assert amina.post("/v1/access/visible", {"who": "tomas"}).json()["total"] == 1


def test_a_right_revoked_a_moment_ago_no_longer_holds(house: House) -> None:
    tomas = house.door("tomas")
    hidden = {record.uri: record.id for record in house.session.app.journal.catalogue.find()}["pay.md"]
    wanted = {"query": "secret pay of the director"}
    assert "9,000" in tomas.post("/v1/search", wanted).text
    asyncio.run(access.access_remove(house.session, "person:tomas", ["group:hr"]))
    assert "9,000" not in tomas.post("/v1/search", wanted).text
    assert tomas.get(f"/v1/documents/{hidden}/original").status_code == 404
    asyncio.run(access.access_remove(house.session, "person:tomas"))
    assert tomas.post("/v1/search", wanted).status_code == 401


def test_roles_tokens_and_accounts_end_with_the_next_request(house: House) -> None:
    amina, ada = house.door("amina", "curator", "auditor"), house.door("ada", "admin")
    assert amina.post("/v1/access/list").status_code == 200
    assert ada.post("/v1/people/roles", {"person": "amina", "roles": ["reader"]}).status_code == 200
    assert amina.post("/v1/access/list").status_code == 403
    listed = amina.post("/v1/tokens/list").json()["tokens"]
    assert amina.post("/v1/tokens/revoke", {"id": listed[0]["id"]}).status_code == 200
    assert amina.post("/v1/status").status_code == 401
    tomas = house.door("tomas")
    ada.post("/v1/people/disable", {"person": "tomas"})
    assert tomas.post("/v1/status").status_code == 401


def test_scopes_bound_what_a_token_may_do(house: House) -> None:
    assert house.door("amina").post("/v1/access/list").status_code == 403
    assert house.door("amina", "curator").post("/v1/access/list").status_code == 200
    assert house.door("tomas", "curator", "admin", "owner").post("/v1/access/list").status_code == 403
    assert house.door("owner").post("/v1/settings").status_code == 403
    assert house.door("owner", "owner").post("/v1/settings").status_code == 200


def test_an_expired_or_invented_token_opens_nothing(house: House) -> None:
    app = house.session.app
    secret, _ = identity.issue(app, Kind.API, "tomas", timedelta(0), scopes=frozenset({Role.READER}))
    for shown in (secret, "cairn_invented", "", "x" * 5000, house.token("tomas") + "x"):
        answer = house.client.post("/v1/status", json={}, headers={"Authorization": f"Bearer {shown}"})
        assert answer.status_code == 401 and "www-authenticate" in answer.headers
    session, _ = identity.issue(app, Kind.SESSION, "tomas", timedelta(1), scopes=frozenset(Role))
    answer = house.client.post("/v1/status", json={}, headers={"Authorization": f"Bearer {session}"})
    assert answer.status_code == 401, "a browser's secret is no token"


def test_nobody_makes_or_ends_what_is_anothers(house: House) -> None:
    app = house.session.app
    secret, held = identity.issue(app, Kind.API, "ada", timedelta(1), scopes=frozenset({Role.READER}))
    tomas = house.door("tomas")
    answers = [told(tomas.post("/v1/tokens/revoke", {"id": number})) for number in (held.id, 9999)]
    assert str(answers[0]).replace(str(held.id), "9999") == str(answers[1])
    assert identity.session(app, secret, Kind.API, house.session.origin) is not None
    assert tomas.post("/v1/tokens/create", {"name": "more"}).status_code == 403


def test_signing_in_and_out(house: House) -> None:
    browser = house.browser()
    wrong = told(browser.post("/v1/session", {"person": "amina", "password": "something else"}))
    unknown = told(browser.post("/v1/session", {"person": "nobody", "password": "something else"}))
    assert wrong == unknown and wrong[0] == 401
    answer = browser.post("/v1/session", {"person": "amina", "password": PASSWORD})
    assert answer.status_code == 200
    kept = answer.headers["set-cookie"].lower()
    assert "httponly" in kept and "samesite=lax" in kept
    assert browser.get("/v1/session").json() == {"person": "amina", "roles": ["reader", "curator", "auditor"]}
    assert browser.post("/v1/status").status_code == 200
    assert browser.client.delete("/v1/session", headers=browser.headers).status_code == 204
    assert browser.get("/v1/session").status_code == 401


def test_another_sites_page_writes_nothing_in_somebodys_name(house: House) -> None:
    browser = house.browser()
    browser.post("/v1/session", {"person": "amina", "password": PASSWORD})
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {"Origin": ORIGIN.replace("8484", "8485")},
    ):
        assert browser.post("/v1/access/add", {"who": "group:x"}, **headers).status_code == 403
    told_nothing = house.browser()
    told_nothing.client.cookies = browser.client.cookies
    told_nothing.headers = {}
    assert told_nothing.post("/v1/access/add", {"who": "group:x"}).status_code == 403
    assert browser.post("/v1/access/add", {"who": "group:x"}).status_code == 200


def test_guessing_passwords_has_to_wait(house: House) -> None:
    browser = house.browser()
    said = [browser.post("/v1/session", {"person": "amina", "password": f"guess {n}"}) for n in range(7)]
    assert said[-1].status_code == 429 and int(said[-1].headers["retry-after"]) >= 1
    right = browser.post("/v1/session", {"person": "amina", "password": PASSWORD})
    assert right.status_code == 429, "not even who knows it, so that waiting tells nothing"


def test_a_link_signs_in_once(house: House) -> None:
    link = identity.link(house.session.app)
    browser = house.browser()
    first = browser.client.get(f"/v1/session/link/{link}", follow_redirects=False)
    assert first.status_code == 303 and browser.get("/v1/session").json()["person"] == "owner"
    assert house.browser().client.get(f"/v1/session/link/{link}", follow_redirects=False).status_code == 401


def test_an_admin_may_ask_as_somebody_and_the_audit_says_so(house: House) -> None:
    ada = house.door("ada", "admin")
    wanted = {"query": "secret pay of the director"}
    assert "9,000" not in ada.post("/v1/search", wanted).text, "an admin reads no more than anybody"
    assert "9,000" in ada.post("/v1/search", wanted, **{"Cairn-As": "tomas"}).text
    assert ada.post("/v1/settings", **{"Cairn-As": "tomas"}).status_code == 403
    assert ada.post("/v1/search", wanted, **{"Cairn-As": "owner"}).status_code == 403
    assert (
        house.door("amina", "curator").post("/v1/search", wanted, **{"Cairn-As": "tomas"}).status_code == 403
    )
    page = asyncio.run(auditing.audit_list(house.session, person="ada", action="search"))
    assert "tomas" in [entry.behalf for entry in page.entries]


def test_a_curator_changes_nothing_of_what_they_may_read_themselves(house: House) -> None:
    amina = house.door("amina", "curator")
    assert amina.post("/v1/access/add", {"who": "person:amina", "groups": ["group:hr"]}).status_code == 403
    assert amina.post("/v1/access/add", {"who": "group:a", "groups": ["group:hr"]}).status_code == 200
    assert amina.post("/v1/access/add", {"who": "person:amina", "groups": ["group:a"]}).status_code == 403
    assert "9,000" not in amina.post("/v1/search", {"query": "pay of the director"}).text


def test_a_curator_shows_the_library_no_folder_of_the_machine(house: House, tmp_path: Path) -> None:
    amina = house.door("amina", "curator")
    answers = [amina.post("/v1/ingest", {"source": place}) for place in (str(tmp_path), "/nowhere")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


def test_a_write_with_the_same_key_is_done_once(house: House) -> None:
    owner = house.door("owner", "owner")
    key = {"Idempotency-Key": "k1"}
    first = owner.post("/v1/access/add", {"who": "group:x"}, **key)
    again = owner.post("/v1/access/add", {"who": "group:x"}, **key)
    assert first.json() == again.json() and again.headers["idempotent-replayed"] == "true"
    assert owner.post("/v1/access/add", {"who": "group:y"}, **key).status_code == 400
    page = asyncio.run(auditing.audit_list(house.session, action="access.add", decision="allowed"))
    assert sum("group:x" in entry.objects for entry in page.entries) == 1
    made = owner.post("/v1/people/password", {"person": "tomas"}, **{"Idempotency-Key": "k2"})
    replayed = owner.post("/v1/people/password", {"person": "tomas"}, **{"Idempotency-Key": "k2"})
    assert made.json()["password"] and replayed.json()["password"] == "", "a secret is shown once"


def test_an_upload_is_read_by_whoever_it_is_for(house: House) -> None:
    amina = house.door("amina", "curator")
    kept = amina.put("/v1/uploads/plan%20%5Ba%5D.md?allow=group:hr", b"The badger plan has nine steps.")
    assert kept.status_code == 202 and kept.json()["uri"] == "amina/plan [a].md"
    while not amina.post("/v1/search", {"query": "badger"}).json()["evidence"][0]["uri"].startswith("amina/"):
        time.sleep(0.2)  # it is read in the background
    for person, sees in (("amina", True), ("tomas", True), ("ada", False)):
        found = house.door(person).post("/v1/search", {"query": "badger plan steps"}).json()["evidence"]
        assert ("amina/plan [a].md" in [one["uri"] for one in found]) is sees
    forgotten = amina.post("/v1/forget", {"name": "amina/plan [a].md"}).json()
    assert "uploaded file is gone" in forgotten["note"]
    assert not (house.session.app.home / "uploads" / "amina" / "plan [a].md").exists()


def test_an_upload_has_no_other_source_read(house: House, tmp_path: Path) -> None:
    (tmp_path / "roads").mkdir()
    (road := tmp_path / "roads" / "road.md").write_text("The road has two lanes.")
    asyncio.run(cairn.ingest(house.session, str(road.parent)))
    road.write_text("The road has a row of elms.")
    owner = house.door("owner", "curator")
    assert owner.put("/v1/uploads/badger.md", b"The badger sleeps.").status_code == 202
    while "badger" not in owner.post("/v1/search", {"query": "badger"}).json()["evidence"][0]["uri"]:
        time.sleep(0.2)
    assert "elms" not in owner.post("/v1/search", {"query": "road"}).text


@pytest.mark.parametrize(
    "name", ["..%2fx.md", ".x.md", "a%2Fb.md", "a%00b.md", "a%22.md", "%20.md", "a" * 201]
)
def test_an_uploads_name_leads_nowhere(house: House, name: str) -> None:
    answer = house.door("amina", "curator").put(f"/v1/uploads/{name}", b"x")
    assert answer.status_code in (400, 404, 422)
    assert not list((house.session.app.home / "uploads").rglob("*.md"))


def test_bodies_are_bounded_and_mistakes_named(house: House) -> None:
    owner = house.door("owner", "owner")
    assert owner.post("/v1/search", {"query": "x" * 2_000_000}).status_code == 413
    assert owner.post("/v1/search", {"query": "x", "k": 0}).status_code == 400
    wrong = owner.post("/v1/search", {"question": "secret words"})
    assert wrong.status_code == 422 and "secret words" not in wrong.text and "query" in wrong.json()["detail"]
    raw = {"Content-Type": "application/json"}
    for body in (b"{", b"\xff\xfe", b"[]", b'{"query": "\\ud800"}', b""):
        answer = house.client.post("/v1/search", content=body, headers=owner.headers | raw)
        assert 400 <= answer.status_code < 500, body
        assert answer.headers["content-type"] == "application/problem+json"


def test_only_this_servers_name_is_answered(house: House) -> None:
    answer = house.client.get("/v1/session", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    for path in ("/nope", "/v1/nope", "/v1/documents/x/original", "/health"):
        headers = house.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff" and "content-security-policy" in headers
        assert "access-control-allow-origin" not in headers and "server" not in headers


def test_too_many_requests_have_to_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.client.app, "_rate", Rate(12))
    tomas = house.door("tomas")
    assert [tomas.get("/v1/session").status_code for _ in range(3)] == [200, 200, 429]
    assert house.door("ada").get("/v1/session").status_code == 200, "each caller has their own"


def test_numbers_are_for_auditors_and_hold_no_names(house: House) -> None:
    house.door("tomas").post("/v1/document", {"name": "pay.md"})
    assert house.nobody().get("/health").json() == {"status": "alive"}
    assert house.nobody().get("/ready").json() == {"status": "ready"}
    assert house.nobody().get("/metrics").status_code == 401
    assert house.nobody().get("/ready").json() == {"status": "ready"}
    assert house.door("tomas").get("/metrics").status_code == 403
    numbers = house.door("amina", "auditor").get("/metrics").text
    assert 'route="/document"' in numbers and "pay" not in numbers and "tomas" not in numbers


def test_the_audit_names_who_what_whence_and_what_was_decided(house: House) -> None:
    tomas = house.door("tomas")
    trace = tomas.post("/v1/ask", QUESTION).json()["trace"]
    tomas.post("/v1/settings")
    tomas.post("/v1/document", {"name": "owner.md"})
    page = asyncio.run(auditing.audit_list(house.session, person="tomas"))
    missed, denied, asked = page.entries
    assert (asked.action, asked.decision, asked.trace) == ("ask", "allowed", trace)
    assert asked.origin.startswith("http testclient api ") and any(id.startswith("p") for id in asked.objects)
    assert (denied.action, denied.decision) == ("settings", "denied") and "admin" in denied.reason
    assert (missed.action, missed.decision, missed.objects) == ("document", "not found", ())
    everything = str(asyncio.run(auditing.audit_list(house.session, limit=1000)))
    assert not any(word in everything for word in ("invoices", "Audit 2018", "owner.md", "How many"))
    assert asyncio.run(auditing.audit_verify(house.session)).missed == ()


def test_a_password_in_the_name_field_is_not_kept(house: House) -> None:
    house.browser().post("/v1/session", {"person": PASSWORD, "password": "x"})
    (entry,) = asyncio.run(auditing.audit_list(house.session, action="sign in", decision="denied")).entries
    assert entry.person == "" and PASSWORD not in str(entry)


def test_a_session_lasts_its_hours(house: House) -> None:
    app = house.session.app
    secret = identity.begin(app, "amina", house.session.origin)
    found = app.journal.people.bearer(identity.digest(secret))
    assert found is not None
    hours = app.settings.session_hours
    assert abs(found[0].expires - datetime.now(UTC) - timedelta(hours=hours)) < timedelta(minutes=5)


def test_a_new_password_ends_what_was_signed_in(house: House) -> None:
    browser = house.browser()
    browser.post("/v1/session", {"person": "amina", "password": PASSWORD})
    asyncio.run(people.people_password(house.session, "amina"))
    assert browser.get("/v1/session").status_code == 401


def test_tokens_are_listed_without_their_secrets(house: House) -> None:
    secret = house.token("tomas")
    listed = asyncio.run(tokens.tokens_list(house.session, everyone=True))
    assert secret not in str(listed) and any(one.person == "tomas" for one in listed.tokens)


def test_the_owner_comes_in_only_where_nobody_else_can(house: House) -> None:
    secret = house.token("owner", "owner")
    elsewhere = TestClient(build(house.session.app, "0.0.0.0"), base_url="http://localhost")
    for client, status in ((house.client, 200), (elsewhere, 401)):
        answer = client.post("/v1/status", json={}, headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == status


def test_an_auditor_sees_of_anothers_mistake_only_what_kind_it_was(house: House) -> None:
    trace = house.door("tomas").post("/v1/document", {"name": "my secret thought.md"}).json()["trace"]
    seen = house.door("amina", "auditor").post("/v1/trace", {"id": trace})
    assert seen.status_code == 200 and "secret thought" not in seen.text
    assert seen.json()["steps"][0]["attributes"]["error"] == "Unknown"
    assert "secret thought" in house.door("tomas").post("/v1/trace", {"id": trace}).text
    assert house.door("ada").post("/v1/trace", {"id": trace}).status_code == 404


def test_a_defect_is_said_by_its_trace_alone(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret pay of the director")

    monkeypatch.setattr(type(house.session.app.journal.catalogue), "counts", broken)
    client = TestClient(house.client.app, base_url=ORIGIN, raise_server_exceptions=False)
    answer = client.post("/v1/status", json={}, headers=house.door("tomas").headers)
    assert answer.status_code == 500 and answer.headers["content-type"] == "application/problem+json"
    assert "secret pay" not in answer.text and "secret pay" not in caplog.text
    assert answer.json()["trace"] in caplog.text and "RuntimeError" in caplog.text


def test_who_fails_from_one_place_keeps_nobody_out_elsewhere() -> None:
    throttle = identity.Throttle()
    here, there = (
        {"both amina 10.0.0.1": 5, "person amina": 50},
        {"both amina 10.0.0.2": 5, "person amina": 50},
    )
    for _ in range(6):
        throttle.failed(here)
    with pytest.raises(identity.TooOften):
        throttle.check(here)
    throttle.check(there)


def test_pages_of_the_audit_follow_each_other(house: House) -> None:
    amina = house.door("amina", "auditor")
    whole = amina.post("/v1/audit/list", {"limit": 1000}).json()["entries"]
    numbers, before = [], 0
    while before is not None:
        page = amina.post("/v1/audit/list", {"limit": 4, "before": before or whole[0]["number"] + 1}).json()
        numbers += [entry["number"] for entry in page["entries"]]
        before = page["before"]
    assert numbers == [entry["number"] for entry in whole]


def test_no_route_answers_whoever_is_not_signed_in(house: House) -> None:
    described = house.nobody().get("/v1/openapi.json").json()["paths"]
    expired, _ = identity.issue(
        house.session.app, Kind.API, "ada", timedelta(0), scopes=frozenset({Role.ADMIN})
    )
    routes = [(path, method) for path, methods in described.items() for method in methods]
    assert len(routes) > 30
    for path, method in routes:
        if (path, method) in (("/session", "post"), ("/session", "delete")):
            continue
        name = "0" * 32 if "/reports/" in path else "d1"
        place = "/v1" + path.format(id=name, number=1, name="x.md", format="pdf")
        body = _some(described[path], house) if method == "post" else None
        for shown in ({"Authorization": f"Bearer {expired}"}, {}):
            answer = house.client.request(method, place, json=body, headers=shown)
            assert answer.status_code == 401, (method, place, shown)


def test_a_body_that_is_longer_than_it_says_or_too_long_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(house.session.app.settings._values, "upload_mb", 1)
    amina = house.door("amina", "curator")
    assert amina.put("/v1/uploads/big.bin", b"x" * 1_000_001).status_code == 413
    assert not list((house.session.app.home / "uploads").rglob("*big*"))


def test_a_websocket_learns_that_its_session_has_ended(house: House) -> None:
    async def ask(socket: WebSocket) -> None:
        await socket.accept()
        while await socket.receive_text():
            session = await again(socket)
            await socket.send_text(session.name if session is not None else "nobody")

    site = Starlette(routes=[WebSocketRoute("/ask", ask)])
    app = house.session.app
    doors = Doors(site, app, {"127.0.0.1"}, Metrics(app), uploads="/v1/uploads/", owner=True)
    secret = identity.begin(house.session.app, "tomas", house.session.origin)
    client = TestClient(doors, base_url=ORIGIN, cookies={COOKIE: secret}, headers={"Origin": ORIGIN})
    with client.websocket_connect("ws://127.0.0.1:8484/ask") as socket:
        socket.send_text("who?")
        assert socket.receive_text() == "tomas"
        identity.end(house.session.app, secret)
        socket.send_text("who?")
        assert socket.receive_text() == "nobody"
    evil = {"Origin": "https://evil.example"}
    other = TestClient(doors, base_url=ORIGIN, cookies={COOKIE: secret}, headers=evil)
    with pytest.raises(WebSocketDisconnect), other.websocket_connect("ws://127.0.0.1:8484/ask"):
        pass


def test_a_report_is_made_in_parts_and_sent_as_a_file(house: House) -> None:
    door = house.door("amina")
    asked = {"question": "What did the audit find, and what is the secret pay of the director?"}
    events = door.post("/v1/report", asked, Accept="text/event-stream").text
    kinds = re.findall(r"^event: (\w+)$", events, re.M)
    assert kinds.index("plan") < kinds.index("section") < kinds.index("result") < kinds.index("done")
    made = door.post("/v1/report", asked).json()
    assert "12 missing invoices" in json.dumps(made) and "9,000" not in json.dumps(made) + events
    for format, begins in (("pdf", b"%PDF"), ("docx", b"PK"), ("markdown", b"# What did")):
        file = door.get(f"/v1/reports/{made['trace']}/{format}")
        assert file.status_code == 200 and file.content.startswith(begins)
        assert file.headers["content-disposition"].startswith('attachment; filename="what-did-the-audit')
        assert file.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert f"{ORIGIN}/library/d" in door.get(f"/v1/reports/{made['trace']}/markdown").text
    for other, trace in ((house.door("tomas"), made["trace"]), (door, "0" * 32)):
        assert other.get(f"/v1/reports/{trace}/pdf").status_code == 404
    assert door.get(f"/v1/reports/{made['trace']}/papyrus").status_code == 404
