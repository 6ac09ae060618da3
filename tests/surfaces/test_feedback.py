"""What people say of their answers, and who may look at it: nobody learns more than they may read."""

import asyncio
from typing import Any

import pytest
from tests.surfaces.conftest import Door, House
from tests.surfaces.test_cli import cairn as command

from cairn.operations import access, people
from cairn.surfaces.mcp.tools import offered

PASSWORD = "a password of tomas"
QUESTION = "What is the secret pay of the director?"


def judge(house: House, **said: str) -> tuple[Door, str]:
    """Let tomas, of group:hr, ask in a browser and say what he thinks; return his door and the trace."""
    asyncio.run(people.people_password(house.session, "tomas", password=PASSWORD))
    tomas = house.browser()
    assert tomas.post("/v1/session", {"person": "tomas", "password": PASSWORD}).status_code == 200
    answer = tomas.post("/v1/ask", {"question": QUESTION}).json()
    assert "9,000" in answer["text"]
    assert tomas.post("/v1/history/judge", {"id": answer["trace"], **said}).status_code == 200
    return tomas, answer["trace"]


def listed(door: Door, **said: Any) -> list[dict[str, Any]]:
    answer = door.post("/v1/feedback/list", said)
    assert answer.status_code == 200, answer.text
    held: list[dict[str, Any]] = answer.json()["judged"]
    return held


def test_a_curator_sees_what_was_said_and_of_the_answer_what_they_may_read(house: House) -> None:
    _, trace = judge(house, verdict="unhelpful", note="that was last year's")
    amina = house.door("amina", "curator")
    (one,) = listed(amina)
    asked = one["asked"]
    assert (one["person"], asked["question"], asked["helpful"]) == ("tomas", QUESTION, False)
    assert asked["note"] == "that was last year's" and asked["trace"] == trace and one["claims"] == []
    page = amina.get("/feedback", Accept="text/html").text
    assert "that was last year" in page and QUESTION in page and "9,000" not in page
    assert f"/trace/{trace}" not in page, "a trace of somebody else's takes an auditor"
    assert f"/trace/{trace}" in house.door("ada", "admin").get("/feedback", Accept="text/html").text
    asyncio.run(access.access_add(house.session, "person:amina", ["group:hr"]))
    assert "9,000" in listed(amina)[0]["claims"][0]
    assert "9,000" in amina.get("/feedback", Accept="text/html").text
    asyncio.run(access.access_remove(house.session, "person:amina", ["group:hr"]))
    assert listed(amina)[0]["claims"] == []


@pytest.mark.parametrize("role", ["", "auditor"])
def test_it_takes_a_curator(house: House, role: str) -> None:
    _, trace = judge(house, verdict="helpful")
    amina = house.door("amina", *([role] if role else []))
    for path, body in (("list", {}), ("review", {"id": trace})):
        assert amina.post(f"/v1/feedback/{path}", body).status_code == 403
    page = amina.get("/feedback", Accept="text/html")
    assert page.status_code == 403 and QUESTION not in page.text and 'href="/feedback"' not in page.text
    assert not any("feedback" in name for name in offered())


def test_what_was_looked_at_is_out_of_the_way_until_more_is_said(house: House) -> None:
    tomas, trace = judge(house, note="thanks")
    amina = house.door("amina", "curator")
    marked = amina.post("/v1/feedback/review", {"id": trace}).json()
    assert marked == {"trace": trace, "reviewer": "amina"}, "what writes return is kept: no content"
    assert listed(amina) == [] and "Nothing to look at" in amina.get("/feedback", Accept="text/html").text
    assert [one["reviewer"] for one in listed(amina, reviewed=True)] == ["amina"]
    assert "looked at by amina" in amina.get("/feedback?reviewed=1", Accept="text/html").text
    tomas.post("/v1/history/judge", {"id": trace, "verdict": "unhelpful"})
    assert [one["reviewer"] for one in listed(amina)] == [""]


def test_what_nobody_judged_or_its_asker_forgot_is_nobody_elses(house: House) -> None:
    tomas, trace = judge(house, verdict="helpful")
    unsaid = tomas.post("/v1/ask", {"question": "And the pay of others?"}).json()["trace"]
    amina = house.door("amina", "curator")
    assert [one["asked"]["trace"] for one in listed(amina, reviewed=True)] == [trace]
    answers = [amina.post("/v1/feedback/review", {"id": one}) for one in (unsaid, "0" * 32)]
    assert {answer.status_code for answer in answers} == {404}
    tomas.post("/v1/history/forget", {"id": trace})
    assert listed(amina, reviewed=True) == []


def test_the_command_line_shows_it_and_marks_it(house: House) -> None:
    _, trace = judge(house, verdict="unhelpful", note="too short")
    said = command("feedback").stdout
    assert "not helpful" in said and QUESTION in said and "too short" in said and "9,000" in said
    assert f"cairn feedback review {trace}" in said
    assert command("feedback", "review", trace).stdout == "Looked at by owner.\n"
    assert "looked at by owner" in command("feedback", "list", "--reviewed").stdout
    assert command("feedback", "list").stdout == "Nothing to look at.\n"
    assert "takes the role curator" in command("feedback", "--as", "amina").stderr


def test_as_somebody_else_an_admin_reaches_nothing_of_their_history(house: House) -> None:
    tomas, trace = judge(house, verdict="helpful")
    ada, as_tomas = house.door("ada", "admin"), {"Cairn-As": "tomas"}
    assert ada.post("/v1/history/list", **as_tomas).json()["questions"] == []
    for path in ("judge", "forget"):
        assert ada.post(f"/v1/history/{path}", {"id": trace}, **as_tomas).status_code == 404
    assert ada.post("/v1/history/forget", **as_tomas).status_code == 200
    assert ada.post("/v1/feedback/list", **as_tomas).status_code == 403
    assert QUESTION not in ada.get("/history", Accept="text/html", **as_tomas).text
    assert [one["helpful"] for one in tomas.post("/v1/history/list").json()["questions"]] == [True]
