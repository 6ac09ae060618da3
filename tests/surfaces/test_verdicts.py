"""A written answer as programs, assistants and terminals get it: verdicts, notices, what was withdrawn."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.surfaces.conftest import House
from tests.writers import ScriptedChat, good

from cairn.surfaces.cli.show_answers import show
from cairn.surfaces.mcp.text import fenced
from cairn.types import Answer, Citation, Claim, Evidence

ASKED = "How many missing invoices did the audit find in Ostrel?"
SAID = "The audit found 12 missing invoices."
EVIDENCE = Evidence(
    id="p1", kind="passage", uri="audit.md", title="Audit", text=SAID, locators=(), scores={}, document=1
)
CITATION = Citation(
    evidence="p1", number=1, quote=SAID, uri="audit.md", title="Audit", locators=(), verdict="supported"
)
WRONG = Claim(text="It found 99.", citations=(), verdict="contradicted", reason="99 is 12 in what is cited")
ANSWER = Answer(
    text=f"{SAID} [1]",
    abstained=False,
    claims=(Claim(text=SAID, citations=(CITATION,), verdict="supported"),),
    evidence=(EVIDENCE,),
    confidence=0.9,
    seconds=1.0,
    trace="0" * 32,
    question="What did the audit of 2018 find?",
    writer="quill",
    notice="Not answered: And who paid?",
    withdrawn=(WRONG,),
)


def test_an_assistant_is_told_what_the_check_found_behind_the_fence() -> None:
    said = fenced(ANSWER)
    about, mark, *lines = said.splitlines()
    assert "Written by a language model" in about and "quill" not in said and "paid" not in about
    assert mark == lines[-1]
    assert lines[:4] == [
        "Asked: What did the audit of 2018 find?",
        "Notice: Not answered: And who paid?",
        f"{SAID} [1] (supported)",
        "Withdrawn, do not use: It found 99. (contradicted: 99 is 12 in what is cited)",
    ]
    quoted = replace(ANSWER, writer="", question="", notice="", withdrawn=())
    assert f"{SAID} [1]\n" in fenced(quoted)


def test_a_terminal_shows_what_was_withdrawn_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    show(ANSWER)
    said = capsys.readouterr().out
    assert said.startswith("Asked: What did the audit of 2018 find?\nNot answered: And who paid?\n")
    assert f"{SAID} [1]\n" in said
    assert "withdrawn: It found 99. (contradicted: 99 is 12 in what is cited)" in said
    assert "written by quill · 90% sure" in said


def test_a_stream_tells_words_then_claims_then_the_answer(house: House) -> None:
    house.session.app.__dict__["chats"] = {"quill": ScriptedChat(good, name="quill")}
    door = house.door("amina")
    told = door.post("/v1/ask", {"question": ASKED}, Accept="text/event-stream")
    events = [_read(event) for event in told.text.split("\n\n") if event.startswith("event")]
    kinds = [kind for kind, _ in events if kind in ("evidence", "text", "claim", "answer")]
    assert list(dict.fromkeys(kinds)) == ["evidence", "text", "claim", "answer"]
    (claim,) = [value for kind, value in events if kind == "claim"]
    assert claim["verdict"] == "supported" and claim["citations"][0]["evidence"]
    (answer,) = [value for kind, value in events if kind == "answer"]
    assert answer["writer"] == "quill" and [one["text"] for one in answer["claims"]] == [claim["text"]]
    further = {"question": "And where?", "follows": answer["trace"], "model": "none"}
    followed = door.post("/v1/ask", further).json()
    assert followed["writer"] == "" and followed["question"].endswith("And where?")
    described = door.get("/v1/openapi.json").json()["paths"]["/ask"]["post"]["responses"]["200"]["content"]
    assert "`claim`" in described["text/event-stream"]["schema"]["description"]


def _read(event: str) -> tuple[str, Any]:
    kind, data = event.split("\n", 1)
    return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))
